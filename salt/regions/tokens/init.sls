{#- On a keystone node: its tokens are kept where a read-only database does no harm (P1), and that is proved (P2).
    memcached is installed, closed to others and running; keystone has the options that its release wants, knows its own
    address, is restarted only when it must be, and is waited for. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}
{%- set region = cloud.regions.get(cloud.region) or {} %}

memcached and keystone's client for it are installed:
  pkg.installed:
    - pkgs:
      - {{ mapdata.memcached.package }}
      {%- if mapdata.memcached.python_package %}
      - {{ mapdata.memcached.python_package }}
      {%- endif %}

memcached listens where it should:
  keystone_tokens.memcached_listens:
    - addresses: {{ mapdata.memcached.listen | json }}
    - port: {{ mapdata.memcached.port | json }}
    - config: {{ mapdata.memcached.config }}
    - style: {{ mapdata.memcached.style }}
    - require:
      - pkg: memcached and keystone's client for it are installed

memcached runs:
  keystone_tokens.memcached_serving:
    - service: {{ mapdata.memcached.service }}
    - config: {{ mapdata.memcached.config }}
    - style: {{ mapdata.memcached.style }}
    - watch:
      - keystone_tokens: memcached listens where it should

keystone keeps its tokens out of its database:
  keystone_tokens.configured:
    - store: {{ mapdata.tokens.store }}
    - servers: {{ (region.get('memcached_servers') or mapdata.tokens.servers) | json }}
    - cache_backend: {{ mapdata.tokens.cache_backend | json }}
    - config: {{ mapdata.keystone.config }}
    - require:
      - keystone_tokens: memcached runs

{%- if region %}

keystone knows its address:
  keystone_tokens.public_endpoint:
    - url: {{ region.public_endpoint }}
    - admin: {{ region.admin_endpoint | json }}
    - config: {{ mapdata.keystone.config }}
    - require:
      - keystone_tokens: keystone keeps its tokens out of its database
{%- endif %}

keystone serves:
  keystone_tokens.serving:
    - service: {{ mapdata.keystone.service | json }}
    - config: {{ mapdata.keystone.config }}
    - url: {{ mapdata.keystone.url | json }}
    - timeout: {{ mapdata.keystone.wait }}
    - watch:
      - keystone_tokens: keystone keeps its tokens out of its database
      {#- A process of keystone's that asks while memcached is away leaves it alone for five minutes. #}
      - keystone_tokens: memcached runs
      {%- if region %}
      - keystone_tokens: keystone knows its address
      {%- endif %}

{%- if mapdata.tokens.verify %}

tokens live where they should:
  keystone_tokens.verified:
    - tokens: {{ mapdata.tokens.verify_tokens }}
    - openrc: {{ mapdata.openrc.admin }}
    - url: {{ mapdata.keystone.url | json }}
    - service: {{ mapdata.keystone.service | json }}
    - config: {{ mapdata.keystone.config }}
    - require:
      - keystone_tokens: keystone serves
{%- endif %}
