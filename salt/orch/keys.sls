{#- Every keystone node of every region gets home's fernet keys, of tokens and credentials; those that have them are left
    alone. On home's master:

        salt-run state.orchestrate orch.keys test=True
        salt-run state.orchestrate orch.keys

    A region whose keystone still has keys of its own is refused until it is named, for what they made ends with them:

        salt-run state.orchestrate orch.keys pillar='{"openstack_regions": {"join": "RegionThree"} }'

    So are keys older than what a region had from home, unless home was restored from a backup, and you say so:

        salt-run state.orchestrate orch.keys pillar='{"openstack_regions": {"keys": {"older": true} } }' #}
{%- set cloud = salt['regions.settings'](strict=False) %}

every keystone has home's keys:
  regions_identity.keys_spread:
    - joining: {{ (cloud.join if not cloud.error else none) | json }}
