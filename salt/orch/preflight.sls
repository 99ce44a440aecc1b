{#- Whether the region named in pillar (openstack_regions:join) can join home. Changes nothing.
    On home's master: salt-run state.orchestrate orch.preflight #}
{%- set cloud = salt['regions.settings']() %}

{{ cloud.join }} can join {{ cloud.home }}:
  regions.preflight_passed:
    - name: {{ cloud.join }}
