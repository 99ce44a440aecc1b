{#- The way back: on home's keystone nodes every joined region leaves the catalog; on a joined region's own, its old name
    comes back. Endpoints alone go; services stay for whoever else uses them. Backups are made first, as always. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}
{%- set region = cloud.regions.get(cloud.region) or {} %}

{%- if cloud.region == cloud.home %}
{%- for name in cloud.regions if name != cloud.home %}
{{ name }} is not in home's catalog:
  keystone_catalog.region_absent:
    - name: {{ name }}
    - scope: {{ mapdata.backup.scope }}
{%- endfor %}
{%- elif region.get('renamed_from') %}
{{ region.renamed_from }}:
  keystone_catalog.region_renamed:
    - old: {{ region.name }}
    - scope: {{ mapdata.backup.scope }}

{%- for file in mapdata.openrc.files %}

{{ file }}:
  keystone_catalog.openrc_region:
    - region: {{ region.renamed_from }}
    - backups: {{ mapdata.backup.directory }}
    - require:
      - keystone_catalog: {{ region.renamed_from }}
{%- endfor %}
{%- else %}
nothing to undo here:
  test.nop: []
{%- endif %}
