{#- On a keystone node: its fernet keys are keystone's alone, and whole. How they come from home is orch.keys'. #}
{%- from "regions/map.jinja" import mapdata with context %}

keystone's keys are its own:
  keystone_keys.protected:
    - config: {{ mapdata.keystone.config }}

keystone's keys are whole:
  keystone_keys.whole:
    - config: {{ mapdata.keystone.config }}
    - require:
      - keystone_keys: keystone's keys are its own
