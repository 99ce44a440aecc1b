{#- Home's identity in the region named in pillar (openstack_regions:join), once that has joined (P10, K1): home's
    keystone database as a replica that lets people in but can't be written, and home's keys. On home's master:

        salt-run state.orchestrate orch.identity test=True
        salt-run state.orchestrate orch.identity

    Stop it or kill it anywhere and run it again: each step looks first, and does what is still to do. #}
{%- set cloud = salt['regions.settings']() %}
{%- set home = cloud.targets.keystone.replace('{region}', cloud.home) %}
{%- set member = cloud.targets.keystone.replace('{region}', cloud.join) %}

the keystone of {{ cloud.home }} can be replicated:
  salt.state:
    - tgt: {{ home }}
    - tgt_type: compound
    - sls: regions.replication

the identity of {{ cloud.home }} is in {{ cloud.join }}:
  salt.state:
    - tgt: {{ member }}
    - tgt_type: compound
    - sls: regions.replication
    - require:
      - salt: the keystone of {{ cloud.home }} can be replicated

{#- After the database: with home's keys the region could not read its own credentials any more. #}

every keystone of {{ cloud.join }} has the keys of {{ cloud.home }}:
  regions.keys_spread:
    - regions: {{ [cloud.join] | json }}
    - joining: {{ cloud.join | json }}
    - require:
      - salt: the identity of {{ cloud.home }} is in {{ cloud.join }}

{#- What the region revoked while it was cut off; nothing on the first run. #}

{{ cloud.join | json }}:
  regions.revocations_carried:
    - require:
      - salt: the identity of {{ cloud.home }} is in {{ cloud.join }}
