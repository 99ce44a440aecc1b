{#- On a keystone node whose memcached regions.tokens set up: it has the size of pillar's memcached:size, and its minion
    watches whether that is enough (M1).

    Where memcached can take a size as it runs (since 1.4.27), it does, and keeps what it holds. An older one keeps its
    old size until it is restarted; up to Newton, where tokens live in memcached, that signs everybody out. So it is
    restarted only at your word, when it suits; then it is looked at for pillar's pressure:verify, and whether that helped
    is told, by total_items and total_connections too:

        salt NODE state.apply regions.cachesize pillar='{"openstack_regions": {"pressure": {"restart": true} } }'

    A minion reads its configuration when it starts. It is restarted a few seconds after this, when its job is over; with
    openstack_regions:minion:restart false in pillar that is left to you. #}
{%- from "regions/map.jinja" import mapdata with context %}
{#- Here null in pillar says something: not at all. -#}
{%- set pressure = salt['pillar.get']('openstack_regions:pressure') or {} %}
{%- set verify = pressure.get('verify', mapdata.pressure.verify) %}

memcached has its size:
  memcached_pressure.sized:
    - size: {{ mapdata.memcached.size | json }}
    - restart: {{ mapdata.pressure.restart | json }}
    - verify: {{ verify | json }}
    - service: {{ mapdata.memcached.service }}
    - config: {{ mapdata.memcached.config }}
    - style: {{ mapdata.memcached.style }}

{%- if mapdata.pressure.watch %}

its minion watches memcached:
  file.serialize:
    - name: {{ mapdata.pressure.config }}
    - serializer: yaml
    - mode: '0600'
    - makedirs: true
    - dataset:
        beacons:
          memcached_pressure:
            - interval: 60

{%- if mapdata.minion.restart %}

its minion reads what to watch of memcached:
  cmd.run:
    - name: systemd-run --on-active=3 systemctl restart {{ mapdata.minion.service }}
    - onchanges:
      - file: its minion watches memcached
{%- endif %}
{%- endif %}
