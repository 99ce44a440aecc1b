{#- On every node of a region: its minion watches what can go wrong beside keystones and memcached, and says so: whether
    the services' files are as they are to be; on a keystone node, whether its keys are home's; on the server of a
    region's keystone database, how its replica is; at home, whether there is a backup that is new enough.

    A master tells what it hears, when it is told to react:

        reactor:
          - 'salt/beacon/*/replication_health/':
            - salt://reactor/alarm.sls
          - 'salt/beacon/*/keystone_keys_behind/':
            - salt://reactor/alarm.sls
          - 'salt/beacon/*/regions_drift/':
            - salt://reactor/alarm.sls
          - 'salt/beacon/*/regions_backup_age/':
            - salt://reactor/alarm.sls

    A minion reads its configuration when it starts. It is restarted a few seconds after this, when its job is over; with
    openstack_regions:minion:restart false in pillar that is left to you. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set cloud = salt['regions.settings']() %}

{%- if cloud.regions.get(cloud.region) %}
{%- set watched = {'regions_drift': [{'interval': 600}]} %}
{%- if salt['match.compound'](cloud.targets.keystone | replace('{region}', cloud.region)) %}
{%- do watched.update({'keystone_keys_behind': [{'interval': 60}]}) %}
{%- if cloud.region == cloud.home %}
{%- do watched.update({'regions_backup_age': [{'interval': 3600}]}) %}
{%- endif %}
{%- endif %}
{%- if cloud.region != cloud.home and salt['match.compound'](cloud.targets.database | replace('{region}', cloud.region)) %}
{%- do watched.update({'replication_health': [{'interval': 30}]}) %}
{%- endif %}

its minion watches what can go wrong:
  file.serialize:
    - name: {{ mapdata.alarms.config }}
    - serializer: yaml
    - mode: '0600'
    - makedirs: true
    - dataset:
        beacons: {{ watched | json }}

{%- if mapdata.minion.restart %}

its minion reads what can go wrong:
  cmd.run:
    - name: systemd-run --on-active=3 systemctl restart {{ mapdata.minion.service }}
    - onchanges:
      - file: its minion watches what can go wrong
{%- endif %}
{%- else %}
nothing is watched here:
  test.nop: []
{%- endif %}
