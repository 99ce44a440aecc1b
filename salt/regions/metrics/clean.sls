{#- The way back from `regions.metrics`: no timer, and no metrics that grow old. -#}
{%- from "regions/map.jinja" import mapdata with context %}

metrics are not written:
  service.dead:
    - name: openstack-regions-metrics.timer
    - enable: false

metrics are gone:
  file.absent:
    - names:
      - /etc/systemd/system/openstack-regions-metrics.timer
      - /etc/systemd/system/openstack-regions-metrics.service
      - {{ mapdata.metrics.directory }}/openstack_regions.prom
    - require:
      - service: metrics are not written
