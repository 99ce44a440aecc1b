{#- On the node of a region's keystone database (P10): home's lets the others read its log; any other is home's replica,
    fenced, seeded where it never was, and kept running. What home lacks is lost only where pillar says `discard`. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}

{%- if cloud.region == cloud.home %}
home's keystone can be replicated:
  mysql_replication.primary: []
{%- elif cloud.regions.get(cloud.region) %}
home's identity is here:
  mysql_replication.replica: []

it is there after a restart, too:
  file.managed:
    - name: {{ mapdata.replication.option_file }}
    - contents: {{ salt['mysql_replication.option_file']() | json }}
    - mode: '0644'
    - require:
      - mysql_replication: home's identity is here
{%- else %}
this node belongs to no region:
  test.nop: []
{%- endif %}
