{#- Home's identity in the region named in pillar (openstack_regions:join), once that is in home's catalog (P10, K1): home's
    keystone database as a replica that lets people in but can't be written, and home's keys. It is the second half of
    orch.join, and what is run again after a region was cut off. On home's master:

        salt-run state.orchestrate orch.identity test=True
        salt-run state.orchestrate orch.identity

    Stop it or kill it anywhere and run it again: each step looks first, and does what is still to do. #}
{%- set cloud = salt['regions.settings']() %}
{%- set home = cloud.targets.database.replace('{region}', cloud.home) %}
{%- set member = cloud.targets.database.replace('{region}', cloud.join) %}
{%- set keystones = cloud.targets.keystone.replace('{region}', cloud.join) %}

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

every keystone of {{ cloud.join }} serves the identity of {{ cloud.home }}:
  salt.state:
    - tgt: {{ keystones }}
    - tgt_type: compound
    - sls: regions.replication.served
    - require:
      - salt: the identity of {{ cloud.home }} is in {{ cloud.join }}

{#- After the database: with home's keys the region could not read its own credentials any more. #}

every keystone of {{ cloud.join }} has the keys of {{ cloud.home }}:
  regions_identity.keys_spread:
    - regions: {{ [cloud.join] | json }}
    - joining: {{ cloud.join | json }}
    - require:
      - salt: every keystone of {{ cloud.join }} serves the identity of {{ cloud.home }}

{#- What the region revoked while it was cut off; nothing on the first run. #}

what {{ cloud.join }} revoked is revoked at {{ cloud.home }}:
  regions_identity.revocations_carried:
    - name: {{ cloud.join | json }}
    - require:
      - salt: the identity of {{ cloud.home }} is in {{ cloud.join }}

people and tokens of {{ cloud.home }} are known in {{ cloud.join }}:
  regions_identity.proven:
    - name: {{ cloud.join | json }}
    - require:
      - regions_identity: every keystone of {{ cloud.join }} has the keys of {{ cloud.home }}
      - regions_identity: what {{ cloud.join }} revoked is revoked at {{ cloud.home }}
