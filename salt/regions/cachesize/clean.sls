{#- The way back: memcached has the size that it had before one was first set here, unless somebody set another since; its
    minion watches it no more. A master's reactor is taken out of its configuration by hand. #}
{%- from "regions/map.jinja" import mapdata with context %}

memcached has the size that it had:
  memcached_pressure.restored:
    - restart: {{ mapdata.pressure.restart | json }}
    - service: {{ mapdata.memcached.service }}
    - config: {{ mapdata.memcached.config }}
    - style: {{ mapdata.memcached.style }}

its minion watches memcached no more:
  file.absent:
    - name: {{ mapdata.pressure.config }}

{%- if mapdata.minion.restart %}

its minion forgets memcached:
  cmd.run:
    - name: systemd-run --on-active=3 systemctl restart {{ mapdata.minion.service }}
    - onchanges:
      - file: its minion watches memcached no more
{%- endif %}
