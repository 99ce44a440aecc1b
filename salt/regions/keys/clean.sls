{#- The way back: the keys that this node had of its own before home's first came. Tokens of home's, and credentials
    that home's keys encrypted, end here with that; nothing changes on home's own nodes. #}
{%- from "regions/map.jinja" import mapdata with context %}

keystone's keys are this region's own:
  keystone_keys.own:
    - config: {{ mapdata.keystone.config }}
