{#- A region whose home can't be reached signs people in by itself (P11, K3). On the region's own master:

        salt-run regions.failover RegionTwo test=True
        salt-run regions.failover RegionTwo

    salt/reactor/keystone_reach.sls starts it with the id of the minion whose beacon spoke; then the region is what this
    master knows of that minion, and its controllers are asked what they see before anything is done.

    Stop it or kill it anywhere and run it again, on both masters at once if it comes so: it happens once. #}
{%- set wish = salt['pillar.get']('regions_move', {}) %}

{%- if wish.get('minion') %}
what the beacon of {{ wish.minion }} tells is looked into:
  regions.failed_over:
    - minion: {{ wish.minion | json }}
{%- else %}
{{ wish.get('region') or 'no region' }} goes on by itself:
  regions.failed_over:
    - name: {{ wish.get('region') | json }}
    - reason: {{ wish.get('reason') | json }}
{%- endif %}
