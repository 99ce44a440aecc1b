{#- A controller's beacon says that home's keystone is gone, or back, or a node has come up: this master looks into it. Off
    until a master is told to; on the region's own master, for home's may be gone too, and on home's for the way back:

        reactor:
          - 'salt/beacon/*/keystone_reach/':
            - salt://reactor/keystone_reach.sls
          - 'salt/minion/*/start':
            - salt://reactor/keystone_reach.sls

    A minion can send any event under any other's name, and Salt does not look. So of this one nothing is believed. Its
    body only spares work where it says that nothing is wrong; the id in its tag only says whose region is to be looked
    at: regions.react asks that region's own controllers, and their answers decide. One event or a hundred, on one master or
    two: the region moves once. #}
{%- set minion = tag.split('/')[2] %}
{%- set switch = data.get('switch') if data.get('switch') is mapping else {} %}
{%- set started = tag.split('/')[1] == 'minion' %}
{%- set gone = data.get('state') == 'down' and switch.get('identity') != 'local' %}
{%- set back = data.get('state') == 'up' and switch.get('identity') != 'home' %}

{%- if minion is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') and (started or gone or back or switch.get('unfinished')) %}
{{ minion }} is looked after:
  runner.regions.react:
    - args:
      - minion: {{ minion | json }}
{%- endif %}
