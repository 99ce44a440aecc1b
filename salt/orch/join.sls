{#- One cloud out of two clusters: the region named in pillar (openstack_regions:join) joins home (P1 to P10):
    its services first, then its identity. On home's master:

        salt-run state.orchestrate orch.join test=True     # the whole plan, nothing changed
        salt-run state.orchestrate orch.join

    Stop it or kill it anywhere and run it again: each step looks first, and does what is still to do. #}
{%- set cloud = salt['regions.settings'](strict=False) %}

{#- What is wrong with the pillar is the preflight's to say. #}
{%- set sound = not cloud.error and cloud.join %}

include:
  - orch.preflight
{%- if sound %}
  - orch.identity
{%- endif %}

{%- if sound %}
{%- set home = cloud.targets.keystone.replace('{region}', cloud.home) %}
{%- set member = cloud.targets.keystone.replace('{region}', cloud.join) %}
{%- set home_nodes = cloud.targets.region.replace('{region}', cloud.home) %}
{%- set member_nodes = cloud.targets.region.replace('{region}', cloud.join) %}

the services of {{ cloud.join }} can follow {{ cloud.home }}:
  regions.services_fit:
    - name: {{ cloud.join | json }}
    - require:
      - regions_identity: its identity can give way to home's

{{ cloud.join }} fits into the catalog of {{ cloud.home }}:
  regions.endpoints_fit:
    - name: {{ cloud.join | json }}
    - require:
      - regions: the services of {{ cloud.join }} can follow {{ cloud.home }}

tokens are kept out of both databases (P1, P2):
  salt.state:
    - tgt: ( {{ home }} ) or ( {{ member }} )
    - tgt_type: compound
    - sls:
      - regions.catalog.client
      - regions.tokens
    - require:
      - regions: {{ cloud.join }} fits into the catalog of {{ cloud.home }}

{%- if cloud.regions[cloud.join].renamed_from %}

{{ cloud.join }} is called so, in its tables and by its admin (P3, P4):
  salt.state:
    - tgt: {{ member }}
    - tgt_type: compound
    - sls: regions.catalog.renamed
    - require:
      - salt: tokens are kept out of both databases (P1, P2)
    - require_in:
      - regions: {{ cloud.join }} is in the catalog of {{ cloud.home }} (P5, P6)
{%- endif %}

{#- Before the second region can be seen at home: a service that names none takes the first endpoint of any. #}

the services of {{ cloud.home }} name their region:
  salt.state:
    - tgt: {{ home_nodes }}
    - tgt_type: compound
    - sls: regions.services
    - require:
      - salt: tokens are kept out of both databases (P1, P2)

{{ cloud.join }} is in the catalog of {{ cloud.home }} (P5, P6):
  regions.endpoints_carried:
    - name: {{ cloud.join | json }}
    - require:
      - salt: the services of {{ cloud.home }} name their region

every keystone serves what its tables say:
  salt.state:
    - tgt: ( {{ home }} ) or ( {{ member }} )
    - tgt_type: compound
    - sls: regions.catalog.served
    - require:
      - regions: {{ cloud.join }} is in the catalog of {{ cloud.home }} (P5, P6)

the services of {{ cloud.join }} follow {{ cloud.home }} (P7, P8, P9):
  salt.state:
    - tgt: {{ member_nodes }}
    - tgt_type: compound
    - sls: regions.services
    - require:
      - salt: every keystone serves what its tables say

{{ cloud.join }} and {{ cloud.home }} are one cloud:
  regions.joined:
    - name: {{ cloud.join | json }}
    - require:
      - salt: the services of {{ cloud.join }} follow {{ cloud.home }} (P7, P8, P9)

every service accepts a token of {{ cloud.home }}, and validates there:
  regions.services_proven:
    - name: {{ cloud.join | json }}
    - require:
      - regions: {{ cloud.join }} and {{ cloud.home }} are one cloud
    - require_in:
      - salt: the keystone of {{ cloud.home }} can be replicated
{%- endif %}
