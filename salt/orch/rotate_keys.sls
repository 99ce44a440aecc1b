{#- Home's fernet keys are rotated when it is time, once every keystone node of every region has the present ones; then
    all get the new ones. Nothing happens before it is time, and nothing while a node is silent. On home's master:

        salt-run state.orchestrate orch.rotate_keys test=True
        salt-run state.orchestrate orch.rotate_keys

    Before it is time, which ends the tokens whose key goes, for once:

        salt-run state.orchestrate orch.rotate_keys pillar='{"openstack_regions": {"keys": {"force": true} } }'

    By the clock, in the master's configuration (/etc/salt/master.d/openstack_regions.conf): often, for it rotates when
    it is time alone (pillar openstack_regions:keys:every), and what was postponed is made up for by the next look.

        schedule:
          rotate keystone's keys:
            function: state.orchestrate
            args: [orch.rotate_keys]
            minutes: 60
            maxrunning: 1 #}

every keystone has home's present keys:
  regions_identity.keys_spread: []

keystone's keys are young:
  regions_identity.keys_rotated:
    - require:
      - regions_identity: every keystone has home's present keys
