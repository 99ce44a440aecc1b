{#- On every node of a region that home serves (P11): its minion watches home's keystone, and the region's own; and where no
    master acts, it acts itself. A node of home's has nobody to watch.

    The region's own master acts first, for all its nodes at once, when it is told to react:

        reactor:
          - 'salt/beacon/*/keystone_reach/':
            - salt://reactor/keystone_reach.sls
          - 'salt/minion/*/start':
            - salt://reactor/keystone_reach.sls

    A minion reads its configuration when it starts. It is restarted a few seconds after this, when its job is over; with
    openstack_regions:minion:restart false in pillar that is left to you.

    A minion that has engines of its own keeps them: they are taken over into this file, for it is read last. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}

{%- if cloud.regions.get(cloud.region) and cloud.region != cloud.home %}
{%- set engines = [] %}
{%- for engine in salt['config.get']('engines', []) if 'regions_failover' not in engine %}
{%- do engines.append(engine) %}
{%- endfor %}
{%- do engines.append({'regions_failover': {}}) %}

this node knows the cloud without a master:
  regions_failover.settings_kept: []

its minion watches, and acts alone:
  file.serialize:
    - name: {{ mapdata.minion.config }}
    - serializer: yaml
    - mode: '0600'
    - makedirs: true
    - dataset:
        beacons:
          keystone_reach:
            - interval: 1
        # Not only while a master is there.
        beacons_before_connect: true
        engines: {{ engines | json }}
        # A master that started anew while the line was cut is noticed within half a minute, not after many.
        tcp_keepalive: true
        tcp_keepalive_idle: 10
        tcp_keepalive_intvl: 5
        tcp_keepalive_cnt: 3
    - require:
      - regions_failover: this node knows the cloud without a master

{%- if mapdata.minion.restart %}

its minion reads that:
  cmd.run:
    - name: systemd-run --on-active=3 systemctl restart {{ mapdata.minion.service }}
    - onchanges:
      - file: its minion watches, and acts alone
{%- endif %}
{%- else %}
nobody is watched here:
  test.nop: []
{%- endif %}
