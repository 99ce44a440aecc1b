{#- What salt/reactor/keystone_reach.sls starts: a minion's beacon spoke, or a minion came back. Its region is what this
    master knows of it; the region's controllers are asked what they see; and what follows from that is done, once,
    however often and on however many masters this runs. #}
{%- set minion = salt['pillar.get']('regions_move:minion', 'nobody') %}

what {{ minion }} told is looked into:
  regions.reacted:
    - name: {{ minion | json }}
