{#- The way back: the minion watches nobody, and does not act alone. A region that goes on by itself does so until
    regions.failback; a master's reactor is taken out of its configuration by hand. #}
{%- from "regions/map.jinja" import mapdata with context %}

its minion watches nobody:
  file.absent:
    - name: {{ mapdata.minion.config }}

{%- if mapdata.minion.restart %}

its minion forgets that:
  cmd.run:
    - name: systemd-run --on-active=3 systemctl restart {{ mapdata.minion.service }}
    - onchanges:
      - file: its minion watches nobody
{%- endif %}
