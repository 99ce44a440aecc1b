{#- On a keystone node of a region whose database has become home's replica: caches forget what was there before, keystone
    starts anew, and the admin's openrc files sign in by home's account. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}

keystone's caches are this database's:
  keystone_catalog.database_known:
    - config: {{ mapdata.keystone.config }}

keystone serves it:
  keystone_tokens.serving:
    - service: {{ mapdata.keystone.service | json }}
    - config: {{ mapdata.keystone.config }}
    - url: {{ mapdata.keystone.url | json }}
    - timeout: {{ mapdata.keystone.wait }}
    - watch:
      - keystone_catalog: keystone's caches are this database's

{%- if cloud.region != cloud.home and (pillar.get('openstack_regions', {}).get('credentials') or {}).get('admin') %}
{%- for file in mapdata.openrc.files %}

{{ file }}:
  keystone_catalog.openrc_account:
    - backups: {{ mapdata.backup.directory }}
    - require:
      - keystone_tokens: keystone serves it
{%- endfor %}
{%- endif %}
