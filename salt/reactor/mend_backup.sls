{#- There is no backup of home's keystone database that is new enough: keystone_catalog.backup makes one. Off until a
    master is told to:

        reactor:
          - 'salt/beacon/*/regions_backup_age/':
            - salt://reactor/mend_backup.sls

    Of the event only the minion's id in its tag is used: regions_alarms.mend asks that minion itself, and does nothing
    where nothing is wrong. Twice, or on two masters at once, it does no more than once. #}
{%- set minion = tag.split('/')[2] %}

{%- if minion is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') %}
what regions_backup_age of {{ minion }} holds is mended:
  runner.regions_alarms.mend:
    - args:
      - minion: {{ minion | json }}
      - beacon: regions_backup_age
{%- endif %}
