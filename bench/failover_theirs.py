"""What a user would pick instead: Salt's own parts, and an Ansible playbook, each written as its manual shows it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from tests.lab import cloud, failing
from tests.lab.conftest import Lab
from tests.lab.failing import HOME, MEMBER, NODE
from tests.support import venvs

_CONF = {
    MEMBER: ("/etc/glance/glance-api.conf", "glance-api"),
    NODE: ("/etc/placement/placement.conf", "placement-api"),
}
_AT = {"home": "http://10.213.1.11:5000", "own": "http://10.213.2.11:5000"}

# The beacon: each second a request, with a time-out; it speaks when the command fails.
_BEACON = """beacons:
  salt_monitor:
    - salt_fun:
        - cmd.retcode:
            args: ['curl -sf -m 1 -o /dev/null http://10.213.1.11:5000/v3']
    - interval: 1
"""
_REACTOR = """reactor:
  - 'salt/beacon/two-controller/salt_monitor/':
    - /srv/stock/reactor.sls
file_roots:
  base: [/srv/stock]
"""
_REACTION = """fail over:
  local.state.apply:
    - tgt: two-*
    - args:
      - mods: over
"""
_OVER = """{%- set conf, unit = {'two-controller': ('/etc/glance/glance-api.conf', 'glance-api'),
                         'two-node': ('/etc/placement/placement.conf', 'placement-api')}[grains.id] %}
{{ conf }}:
  ini.options_present:
    - separator: '='
    - sections:
        keystone_authtoken:
          auth_url: http://10.213.2.11:5000
          www_authenticate_uri: http://10.213.2.11:5000

{{ unit }}:
  service.running:
    - watch:
      - ini: {{ conf }}
"""
_PLAY = """- hosts: all
  gather_facts: false
  tasks:
    - name: keystone of {{ place }}
      ansible.builtin.lineinfile:
        path: "{{ conf }}"
        regexp: "^{{ item }} *="
        line: "{{ item }} = {{ keystone }}"
      loop: [auth_url, www_authenticate_uri]
      notify: restart
  handlers:
    - name: restart
      ansible.builtin.command: systemctl restart {{ unit }}
"""


def stock(lab: Lab) -> None:
    """Wire Salt's own beacon to a reactor on the region's master; ours is taken out."""
    for host in (MEMBER, NODE):
        lab.exec(host, "rm", "-f", "/etc/salt/minion.d/zz-openstack-regions.conf")
    lab.exec(MEMBER, "tee", "/etc/salt/minion.d/stock.conf", input=_BEACON)
    lab.exec(MEMBER, "mkdir", "-p", "/srv/stock")
    lab.exec(MEMBER, "tee", "/srv/stock/reactor.sls", input=_REACTION)
    lab.exec(MEMBER, "tee", "/srv/stock/over.sls", input=_OVER)
    for host in cloud.CONTROLLERS:
        lab.exec(host, "rm", "-f", "/etc/salt/master.d/reactor.conf")
    lab.exec(MEMBER, "tee", "/etc/salt/master.d/zz-stock.conf", input=_REACTOR)
    _restarted(lab)


def stock_back(lab: Lab) -> None:
    """By hand, as everything is there: the files, the services."""
    lab.exec(MEMBER, "systemctl", "stop", "salt-minion")
    _written(lab, _AT["home"])
    _restarted(lab)


def _restarted(lab: Lab) -> None:
    for host in cloud.CONTROLLERS:
        lab.exec(host, "systemctl", "restart", "salt-master")
    for host in (MEMBER, NODE):
        lab.exec(host, "systemctl", "restart", "salt-minion")
    cloud.minions_answer(lab)


def _written(lab: Lab, url: str) -> None:
    for host, (path, unit) in _CONF.items():
        for option in ("auth_url", "www_authenticate_uri"):
            lab.exec(host, "sed", "-i", f"s#^{option} *=.*#{option} = {url}#", path)
        lab.exec(host, "systemctl", "restart", unit)
    time.sleep(8)


def nobody(lab: Lab) -> None:
    """Take the automatics out: a person acts."""
    for host in (MEMBER, NODE):
        lab.exec(host, "rm", "-f", "/etc/salt/minion.d/zz-openstack-regions.conf", "/etc/salt/minion.d/stock.conf")
        lab.exec(host, "systemctl", "stop", "salt-minion")
    _ansible()


def play(lab: Lab) -> None:
    """Start the playbook, the moment that the line fails."""
    _play("RegionTwo", _AT["own"])


def play_back(lab: Lab) -> None:
    """Start it the other way round."""
    _play("RegionOne", _AT["home"])
    lab.exec(HOME, "systemctl", "start", "salt-master")
    time.sleep(8)


def _ansible() -> Path:
    """ansible-core in an environment of its own, and the playbook with its inventory; the folder."""
    folder = venvs.CACHE / "ansible"
    if not (folder / "bin" / "ansible-playbook").exists():
        subprocess.run(["python3", "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", "ansible-core"], check=True)
    (folder / "play.yml").write_text(_PLAY)
    hosts = ["[all]"]
    for host, (path, unit) in _CONF.items():
        # A shell in the host in place of ssh: what the network would cost is not held against it.
        shell = folder / f"in-{host}"
        shell.write_text(f'#!/bin/sh\nexec {failing.LAB / "exec"} {host} sh "$@"\n')
        shell.chmod(0o755)
        hosts.append(f"{host} ansible_connection=local ansible_shell_executable={shell} conf={path} unit={unit}")
    (folder / "hosts").write_text("\n".join(hosts) + "\n")
    return folder


def _play(place: str, keystone: str) -> None:
    folder = _ansible()
    words = [
        "-i",
        str(folder / "hosts"),
        "-e",
        f"place={place}",
        "-e",
        f"keystone={keystone}",
        str(folder / "play.yml"),
    ]
    environment = {**os.environ, "ANSIBLE_PIPELINING": "True", "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3"}
    subprocess.run([str(folder / "bin" / "ansible-playbook"), *words], check=True, env=environment, capture_output=True)
