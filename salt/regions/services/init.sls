{#- On every node of a region: its services use home's keystone, by their accounts there, and this region's endpoints
    (P7, P8); exactly those whose configuration changed are restarted, and waited for (P9). At home itself it names the
    region alone: an unset one takes the first endpoint of any region. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}

{%- if cloud.regions.get(cloud.region) %}
{%- set at = salt['regions.switch']().at %}

this node knows the cloud without a master:
  regions_failover.settings_kept: []

services follow identity:
  oslo_conf.repointed:
    - at: {{ at | json }}
    - roots: {{ mapdata.repoint.roots | json }}
    - backups: {{ mapdata.backup.directory }}

services serve:
  oslo_conf.serving:
    - at: {{ at | json }}
    - roots: {{ mapdata.repoint.roots | json }}
    - wait: {{ mapdata.repoint.wait }}
    - backups: {{ mapdata.backup.directory }}
    - require:
      - oslo_conf: services follow identity
{%- else %}
this node belongs to no region:
  test.nop: []
{%- endif %}
