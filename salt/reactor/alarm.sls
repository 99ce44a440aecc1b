{#- A node's beacon says what it holds to be wrong, or that all is well: this master tells it, in its log and on its event
    bus, under openstack_regions/alarm/MINION/BEACON. Nothing is changed. Off until a master is told to:

        reactor:
          - 'salt/beacon/*/replication_health/':
            - salt://reactor/alarm.sls
          - 'salt/beacon/*/keystone_keys_behind/':
            - salt://reactor/alarm.sls
          - 'salt/beacon/*/regions_drift/':
            - salt://reactor/alarm.sls
          - 'salt/beacon/*/regions_backup_age/':
            - salt://reactor/alarm.sls

    A minion can send any event under any other's name, and Salt does not look. So of this one nothing is believed but the
    id and the beacon's name in its tag, and they only say who is asked what: regions_alarms.tell asks that minion
    itself. #}
{%- set minion, beacon = tag.split('/')[2], tag.split('/')[3] %}

{%- if minion is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') and beacon is match('^[a-z_]+$') %}
what {{ beacon }} of {{ minion }} holds is told:
  runner.regions_alarms.tell:
    - args:
      - minion: {{ minion | json }}
      - beacon: {{ beacon | json }}
{%- endif %}
