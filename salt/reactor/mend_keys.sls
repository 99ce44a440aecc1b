{#- A keystone's keys are not home's: orch.keys gives home's to all. On home's master alone, for it reaches every
    keystone. Off until a master is told to:

        reactor:
          - 'salt/beacon/*/keystone_keys_behind/':
            - salt://reactor/mend_keys.sls

    Of the event only the minion's id in its tag is used: regions_alarms.mend asks that minion itself, and does nothing
    where nothing is wrong. Twice, or on two masters at once, it does no more than once. #}
{%- set minion = tag.split('/')[2] %}

{%- if minion is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') %}
what keystone_keys_behind of {{ minion }} holds is mended:
  runner.regions_alarms.mend:
    - args:
      - minion: {{ minion | json }}
      - beacon: keystone_keys_behind
{%- endif %}
