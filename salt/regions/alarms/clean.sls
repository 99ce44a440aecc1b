{#- The way back: the minion watches none of this any more. A master's reactors are taken out of its configuration by
    hand. #}
{%- from "regions/map.jinja" import mapdata with context %}

its minion watches for nothing that goes wrong:
  file.absent:
    - name: {{ mapdata.alarms.config }}

{%- if mapdata.minion.restart %}

its minion forgets what can go wrong:
  cmd.run:
    - name: systemd-run --on-active=3 systemctl restart {{ mapdata.minion.service }}
    - onchanges:
      - file: its minion watches for nothing that goes wrong
{%- endif %}
