{#- On the keystone nodes of a region that had another name: its tables and the admin's openrc files say the new one (P4).
    A backup is made first (P3); nothing happens on nodes of other regions. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}
{%- set region = cloud.regions.get(cloud.region) or {} %}

{#- A replica says what home says, of all regions. #}
{%- if region.get('renamed_from') and not salt['mysql_replication.replicates']() %}
{{ region.name | json }}:
  keystone_catalog.region_renamed:
    - old: {{ region.renamed_from | json }}
    - scope: {{ mapdata.backup.scope }}

{%- for file in mapdata.openrc.files %}

{{ file }}:
  keystone_catalog.openrc_region:
    - region: {{ region.name | json }}
    - backups: {{ mapdata.backup.directory }}
    - require:
      - keystone_catalog: {{ region.name | json }}
{%- endfor %}
{%- else %}
this region keeps its name:
  test.nop: []
{%- endif %}
