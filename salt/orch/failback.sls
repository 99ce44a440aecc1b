{#- A region that went on by itself returns to home (P11). On home's master, for what the region revoked is carried home:

        salt-run regions.failback RegionTwo test=True
        salt-run regions.failback RegionTwo

    Looks first whether home is well and the replica has all of home's rows; whatever speaks against it is told, with the
    choices, and nothing moves. Then one node after another. Run it again after a failure: what was done is not done
    twice. #}
{%- set wish = salt['pillar.get']('regions_move', {}) %}
{%- set region = wish.get('region') or 'no region' %}

{{ region }} can return:
  regions_failover.fit_to_return:
    - name: {{ region | json }}
    - minion: {{ wish.get('minion') | json }}

what {{ region }} revoked is revoked at home:
  regions_identity.revocations_carried:
    - name: {{ region | json }}
    - require:
      - regions_failover: {{ region }} can return

{{ region }} uses the keystone of home:
  regions_failover.failed_back:
    - name: {{ region | json }}
    - reason: {{ wish.get('reason') | json }}
    - require:
      - regions_identity: what {{ region }} revoked is revoked at home

{#- Once more: tokens were revoked in the region until its last node was back. #}

nothing that {{ region }} revoked is left there:
  regions_identity.revocations_carried:
    - name: {{ region | json }}
    - require:
      - regions_failover: {{ region }} uses the keystone of home
