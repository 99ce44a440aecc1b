{#- The way back: keystone's files say what they said before regions.tokens first changed them, and keystone runs with
    that. An option that somebody set since is left alone. memcached stays, installed and closed to others: a keystone
    that cached in it before still does, and opening it again would be nobody's wish. Tokens of a store that goes end. #}
{%- from "regions/map.jinja" import mapdata with context %}

keystone's options are what they were:
  keystone_tokens.restored:
    - config: {{ mapdata.keystone.config }}

keystone serves as it did:
  keystone_tokens.serving:
    - service: {{ mapdata.keystone.service | json }}
    - config: {{ mapdata.keystone.config }}
    - url: {{ mapdata.keystone.url | json }}
    - timeout: {{ mapdata.keystone.wait }}
    - watch:
      - keystone_tokens: keystone's options are what they were
