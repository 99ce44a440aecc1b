{#- Home's identity in the region named in pillar (openstack_regions:join), once that has joined (P10, K1): home's keys,
    and its keystone database as a replica that lets people in but not be written. On home's master:

        salt-run state.orchestrate orch.identity test=True
        salt-run state.orchestrate orch.identity

    Stop it or kill it anywhere and run it again: each step looks first, and does what is still to do. #}
{%- set cloud = salt['regions.settings']() %}
{%- set home = cloud.targets.keystone.replace('{region}', cloud.home) %}
{%- set member = cloud.targets.keystone.replace('{region}', cloud.join) %}

{{ cloud.home }}'s keystone can be replicated:
  salt.state:
    - tgt: {{ home }}
    - tgt_type: compound
    - sls: regions.replication

{#- Before its database changes: by then every keystone reads what the other wrote, tokens and credentials. #}

every keystone has the keys of {{ cloud.home }}:
  regions.keys_spread:
    - joining: {{ cloud.join | json }}
    - require:
      - salt: {{ cloud.home }}'s keystone can be replicated

the identity of {{ cloud.home }} is in {{ cloud.join }}:
  salt.state:
    - tgt: {{ member }}
    - tgt_type: compound
    - sls: regions.replication
    - require:
      - regions: every keystone has the keys of {{ cloud.home }}
