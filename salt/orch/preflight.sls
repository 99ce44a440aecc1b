{#- Whether the region named in pillar (openstack_regions:join) can join home. Changes nothing.
    On home's master: salt-run state.orchestrate orch.preflight #}

preflight:
  regions.preflight_passed:
    - name: {{ ((pillar.get('openstack_regions') or {}).get('join') or '') | json }}
