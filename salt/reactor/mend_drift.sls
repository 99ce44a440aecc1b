{#- Services' files are not as they are to be: state.apply regions.services makes them so, and restarts what it changed.
    Not for nodes where people try things by hand. Off until a master is told to:

        reactor:
          - 'salt/beacon/*/regions_drift/':
            - salt://reactor/mend_drift.sls

    Of the event only the minion's id in its tag is used: regions_alarms.mend asks that minion itself, and does nothing
    where nothing is wrong. Twice, or on two masters at once, it does no more than once. #}
{%- set minion = tag.split('/')[2] %}

{%- if minion is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') %}
what regions_drift of {{ minion }} holds is mended:
  runner.regions_alarms.mend:
    - args:
      - minion: {{ minion | json }}
      - beacon: regions_drift
{%- endif %}
