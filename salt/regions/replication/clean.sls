{#- The way back: home's accounts of the others go; a region replicates no more, and its keystone may write again. Home's
    rows stay there; the region's own database comes back by `mysql_replication.restore latest`. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}

{%- if cloud.region == cloud.home %}
nobody replicates home:
  mysql_replication.primary_absent: []
{%- else %}
home is not replicated here:
  mysql_replication.absent: []

nothing is left of that in the option files:
  file.absent:
    - name: {{ mapdata.replication.option_file }}

identity can be written here:
  mysql_replication.unfenced:
    - require:
      - mysql_replication: home is not replicated here
{%- endif %}
