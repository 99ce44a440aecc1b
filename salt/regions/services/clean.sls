{#- The way back: the services' files say, to the byte, what they said before regions.services first changed them, but for
    lines that somebody changed since; and the services run with that. #}
{%- from "regions/map.jinja" import mapdata with context %}

services' options are what they were:
  oslo_conf.restored:
    - backups: {{ mapdata.backup.directory }}

services serve as they did:
  oslo_conf.serving:
    - undone: true
    - roots: {{ mapdata.repoint.roots | json }}
    - wait: {{ mapdata.repoint.wait }}
    - backups: {{ mapdata.backup.directory }}
    - require:
      - oslo_conf: services' options are what they were
