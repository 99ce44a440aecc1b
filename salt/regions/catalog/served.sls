{#- On a keystone node: what it serves is what its tables hold, or its caches are told. #}
{%- from "regions/map.jinja" import mapdata with context %}

keystone serves what its tables say:
  keystone_catalog.served:
    - openrc: {{ mapdata.openrc.admin }}
