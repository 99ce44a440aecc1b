{#- On a master: the status as metrics, for node_exporter's textfile collector, every so often by a timer of systemd.

    The collector is told of the directory by `--collector.textfile.directory`; Debian's package has it so by itself. Rules for
    alerts and a dashboard lie beside this, in regions/metrics/files: give them to Prometheus and Grafana as you do others.

    A target that is no master has nothing to run, and is refused. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- set program = salt['cmd.which']('salt-run') %}
{#- A clock can wait for longer than a person: what is slow is told as slow then, and not as unknown. -#}
{%- set timeout = [salt['pillar.get']('openstack_regions:status:timeout') or 0, 12] | max | int %}

{%- if program %}

the directory of metrics is there:
  file.directory:
    - name: {{ mapdata.metrics.directory }}
    - mode: '0755'
    - makedirs: true

metrics have a service:
  file.managed:
    - name: /etc/systemd/system/openstack-regions-metrics.service
    - source: salt://regions/metrics/files/metrics.service.jinja
    - template: jinja
    - mode: '0644'
    - context:
        program: {{ program }}
        path: {{ mapdata.metrics.directory }}/openstack_regions.prom
        timeout: {{ timeout }}
    - require:
      - file: the directory of metrics is there

metrics have a timer:
  file.managed:
    - name: /etc/systemd/system/openstack-regions-metrics.timer
    - source: salt://regions/metrics/files/metrics.timer.jinja
    - template: jinja
    - mode: '0644'
    - context:
        every: {{ mapdata.metrics.every }}
    - require:
      - file: metrics have a service

{#- Salt has systemd read anew only the unit that it starts, the timer. Another directory is in the service alone. #}

systemd reads the units of metrics:
  cmd.run:
    - name: systemctl daemon-reload
    - onchanges:
      - file: metrics have a service
      - file: metrics have a timer

{#- One that was killed between the two leaves them unread, and changes nothing the next time. #}

systemd reads what an earlier run left unread:
  cmd.run:
    - name: systemctl daemon-reload
    - onlyif: >-
        systemctl show --property=NeedDaemonReload openstack-regions-metrics.service openstack-regions-metrics.timer
        | grep -q yes
    - require:
      - cmd: systemd reads the units of metrics

metrics are written:
  service.running:
    - name: openstack-regions-metrics.timer
    - enable: true
    - require:
      - cmd: systemd reads what an earlier run left unread
    - watch:
      - file: metrics have a timer
{%- else %}

metrics are written by a master:
  test.fail_without_changes:
    - name: "there is no salt-run on {{ grains['id'] }}: apply regions.metrics to the minion on a master"
{%- endif %}
