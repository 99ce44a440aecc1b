{#- A region whose home can't be reached signs people in by itself (P11, K3). On the region's own master:

        salt-run regions.failover RegionTwo test=True
        salt-run regions.failover RegionTwo

    Stop it or kill it anywhere and run it again, on both masters at once if it comes so: it happens once. With no master
    left, on each node: salt-call --local regions.failover. #}
{%- set wish = salt['pillar.get']('regions_move', {}) %}
{%- set region = wish.get('region') or 'no region' %}

{{ region }} goes on by itself:
  regions_failover.failed_over:
    - name: {{ region | json }}
    - reason: {{ wish.get('reason') | json }}
