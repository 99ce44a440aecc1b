"""The line is cut and home's master is gone: RegionTwo goes on by itself, and returns; each moment of it is told."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from . import join, machine, status
from .cloud import node
from .network import heal, hole
from .openstack import need, openstack
from .progress import Progress
from .settings import Host, controller
from .shell import wait

REGION = "RegionTwo"
_REACTOR = """reactor:
  - 'salt/beacon/*/keystone_reach/':
    - salt://reactor/keystone_reach.sls
  - 'salt/minion/*/start':
    - salt://reactor/keystone_reach.sls
"""
_MOMENTS = ("fault", "seen", "decided", "switched", "written", "restarted", "proved")
_WATCHED = '"home": {"state": "up"'
# Asks a service with a token that comes by standard input, until it has failed and answers again.
_ASK = """
import sys, time, urllib.request
url, token, failed, until = sys.argv[1], sys.stdin.read().strip(), False, time.time() + float(sys.argv[2])
while time.time() < until:
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers={"X-Auth-Token": token}), timeout=2)
        if failed:
            sys.exit(print(time.time()))
    except OSError:
        failed = True
    time.sleep(0.2)
sys.exit(f"{url} did not fail, or did not come back")
"""
_LIMIT, _PATIENCE = 60, 120  # seconds: until services answer again, and until minions do


def shown(progress: Progress) -> None:
    """Each promise, tried; LabError at the first that does not hold."""
    home, member = controller(1), controller(2)
    progress.title("Home is cut off with its master, and RegionTwo goes on by itself")
    with progress.step("RegionTwo's minions watch home's keystone, both masters react: state.apply regions.failover"):
        _watched(home, member)
    with progress.step("the line swallows everything: glance and placement of RegionTwo answer again"):
        began, answered = _fails(home, member)
    moments = _timeline(member)
    progress.say(_told(began, moments | {"first good answer": answered}))
    with progress.step("people sign in at RegionTwo's own keystone, and home's tokens are taken there"):
        openstack(member, "token", "issue")
    progress.say(_said(member))
    status.cut(progress, member)
    progress.title("The line is whole again, and RegionTwo returns: salt-run regions.failback RegionTwo")
    with progress.step("home is back, and has been well for half a minute"):
        steps = _returns(home, member)
    progress.say("\n".join(steps))
    compared = join.ask(member.name, "mysql_replication.compare")[member.name]
    need(compared["clean"], f"rows differ: {compared}")
    progress.say(f"mysql_replication.compare: {compared['rows']} rows of {compared['tables']} tables alike")


def _watched(home: Host, member: Host) -> None:
    for master in (home, member):
        machine.execute(master, "tee", "/etc/salt/master.d/reactor.conf", stdin=_REACTOR)
        machine.execute(master, "systemctl", "restart", "salt-master")
    _answering(member, 2)
    machine.execute(member, "salt", "--out=json", "--static", "-t", "60", "*", "state.apply", "regions.failover")

    def seen() -> bool:
        look = ("grep", "-q", _WATCHED, "/run/openstack-regions/reach.json")
        return all(machine.execute(one, *look, check=False).returncode == 0 for one in (member, node(2)))

    wait("RegionTwo's nodes see home's keystone up", seen, seconds=_PATIENCE)
    _answering(member, 2)
    # What a service has once validated it believes for five minutes; here each request is to be asked about.
    for host, path, unit in (
        (member, "/etc/glance/glance-api.conf", "glance-api"),
        (node(2), "/etc/placement/placement.conf", "placement-api"),
    ):
        words = ("oslo_conf.set", path, "keystone_authtoken", "token_cache_time", "value=-1")
        machine.execute(host, "salt-call", "--local", *words)
        machine.execute(host, "systemctl", "restart", unit)


def _fails(home: Host, member: Host) -> tuple[float, float]:
    """Let the line and home's master fail; when that was, and when both services answered again."""
    token = openstack(home, "token", "issue")["id"]
    answered: dict[str, str] = {}

    def ask(url: str) -> None:
        done = machine.execute(node(2), "python3", "-c", _ASK, url, str(_LIMIT), stdin=token, check=False)
        answered[url] = done.stdout.strip() or done.stderr.strip()

    urls = (f"http://{member.address}:9292/v2/images", f"http://{node(2).address}:8778/resource_providers")
    asking = [threading.Thread(target=ask, args=(url,)) for url in urls]
    for one in asking:
        one.start()
    time.sleep(2)
    machine.execute(home, "systemctl", "stop", "--no-block", "salt-master")
    began = time.time()
    hole()
    for one in asking:
        one.join()
    for said in answered.values():
        need(said.replace(".", "", 1).isdigit(), said)
    return began, max(map(float, answered.values()))


def _timeline(member: Host) -> dict[str, float]:
    """The moments of the move: of both nodes' the earlier where something led to it, else the later."""
    switches: dict[str, Any] = {}

    def told() -> bool:
        switches.update(_asked(member, "*", "regions.switch"))
        return all(one["last"] and one["last"]["epoch"] == one["epoch"] for one in switches.values())

    wait("what came of the move", told, seconds=_PATIENCE)
    found: dict[str, list[float]] = {}
    for one in switches.values():
        need(one["identity"] == "local", f"the switch is {one}")
        for name, at in one["last"]["timeline"].items():
            found.setdefault(name, []).append(at)
    return {name: (min if name in _MOMENTS[:3] else max)(found[name]) for name in _MOMENTS if name in found}


def _told(began: float, moments: dict[str, float]) -> str:
    words = [f"{name} +{max(at - began, 0):.1f} s" for name, at in sorted(moments.items(), key=lambda item: item[1])]
    return f"since the fault: {', '.join(words)}"


def _said(member: Host) -> str:
    (first, *_) = _asked(member, "*", "regions.switch").values()
    return f"{REGION} signs people in by itself (epoch {first['epoch']}): {first['reason']}"


def _returns(home: Host, member: Host) -> list[str]:
    heal()
    machine.execute(home, "systemctl", "start", "salt-master")
    for one in (member, node(2)):  # else it may take minutes until the broken connection is noticed
        machine.execute(one, "systemctl", "restart", "salt-minion")
    _answering(home, 4)
    until = time.monotonic() + 120
    while True:
        words = ("salt-run", "--out=json", "regions.failback", REGION)
        text = machine.execute(home, *words, check=False, timeout=300).stdout
        found: dict[str, Any] = json.loads(text[text.index("{") :]) if "{" in text else {"ok": False, "steps": [text]}
        if found["ok"]:
            return [str(one) for one in found["steps"]]
        need(time.monotonic() < until, "\n".join(found["steps"]))
        time.sleep(3)


def _asked(master: Host, target: str, function: str, *words: str) -> dict[str, Any]:
    argv = ("salt", "--static", "--out=json", "-t", "60", target, function, *words)
    found: dict[str, Any] = json.loads(machine.execute(master, *argv).stdout)
    return found


def _answering(master: Host, count: int) -> None:
    """Wait until so many minions answer a master; a ping that comes too early is given up soon, and sent anew."""
    words = ("salt", "--out=txt", "--timeout=3", "*", "test.ping")

    def ready() -> bool:
        return machine.execute(master, *words, check=False).stdout.count("True") == count

    wait(f"minions of {master.name} answer", ready, seconds=_PATIENCE)
