{#- The way back, for the region that pillar names (openstack_regions:join) and no other: on home's keystone nodes it leaves
    the catalog; on its own, its old name comes back. Its endpoints go; services stay for whoever else uses them.
    Backups are made first, as always. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}
{%- set region = cloud.regions.get(cloud.join) or {} %}

{%- if cloud.join and cloud.region == cloud.home %}
{{ cloud.join | json }}:
  keystone_catalog.region_absent:
    - scope: {{ mapdata.backup.scope }}
{%- elif cloud.region == cloud.join and region.get('renamed_from') %}
{{ region.renamed_from | json }}:
  keystone_catalog.region_renamed:
    - old: {{ region.name | json }}
    - scope: {{ mapdata.backup.scope }}

{%- for file in mapdata.openrc.files %}

{{ file }}:
  keystone_catalog.openrc_region:
    - region: {{ region.renamed_from | json }}
    - backups: {{ mapdata.backup.directory }}
    - require:
      - keystone_catalog: {{ region.renamed_from | json }}
{%- endfor %}
{%- else %}
nothing to undo here:
  test.nop: []
{%- endif %}
