{#- A keystone node comes back: what it serves is laid beside its tables, and its caches are told where the two differ;
    a change that was made while it was off never reached them. Off until a master is told to:

        reactor:
          - 'salt/minion/*/start':
            - salt://reactor/minion_start.sls

    Of the event only the minion's id is used, as the master knows it, and only to target that minion; whether it is a
    keystone node is its grains' to say. Doing it twice, or on two masters at once, does no more than doing it once. #}
{%- if data.id is match('^[A-Za-z0-9][A-Za-z0-9_.-]*$') %}
keystone serves what its tables say:
  local.state.apply:
    - tgt: L@{{ data.id }} and G@roles:keystone
    - tgt_type: compound
    - args:
      - mods: regions.catalog.served
{%- endif %}
