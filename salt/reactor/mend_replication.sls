{#- A region's replica stands still, or its fence is broken: mysql_replication.resume has it go on where that loses
    nothing, mysql_replication.fence puts the fence up again. What was written past it, mysql_replication.compare shows.
    Off until a master is told to:

        reactor:
          - 'salt/beacon/*/replication_health/':
            - salt://reactor/mend_replication.sls

    Of the event only the minion's id in its tag is used: regions_alarms.mend asks that minion itself, and does nothing
    where nothing is wrong. Twice, or on two masters at once, it does no more than once. #}
{%- set minion = tag.split('/')[2] %}

{%- if minion is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') %}
what replication_health of {{ minion }} holds is mended:
  runner.regions_alarms.mend:
    - args:
      - minion: {{ minion | json }}
      - beacon: replication_health
{%- endif %}
