{#- Whether the region named in pillar (openstack_regions:join) can join home, and take home's identity; who would give way.
    Changes nothing. On home's master: salt-run state.orchestrate orch.preflight #}
{%- set name = ((pillar.get('openstack_regions') or {}).get('join') or '') %}

preflight:
  regions.preflight_passed:
    - name: {{ name | json }}

its identity can give way to home's:
  regions_identity.fits:
    - name: {{ name | json }}
    - require:
      - regions: preflight
