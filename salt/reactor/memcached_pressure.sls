{#- A keystone node's beacon says what its memcached is held to be: this master tells it, in its log and on its event bus,
    under openstack_regions/pressure/MINION. Nothing is changed: a size has its own moment. Off until a master is told to:

        reactor:
          - 'salt/beacon/*/memcached_pressure/':
            - salt://reactor/memcached_pressure.sls

    A minion can send any event under any other's name, and Salt does not look. So of this one nothing is believed but the
    id in its tag, and that only says who is asked: memcached_pressure.tell asks that minion itself. #}
{%- set minion = tag.split('/')[2] %}

{%- if minion is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') %}
what memcached of {{ minion }} is held to be is told:
  runner.memcached_pressure.tell:
    - args:
      - minion: {{ minion | json }}
{%- endif %}
