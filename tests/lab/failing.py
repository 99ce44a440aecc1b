"""What the tests of fail-over do in the lab, and what they look at there."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from osregions.reach import timeline as moments
from tests.lab import cloud

HOME, MEMBER = cloud.CONTROLLERS
NODE = "two-node"
OWN, AT_HOME = "http://10.213.2.11:5000/v3", "http://10.213.1.11:5000/v3"
SELF = {MEMBER: "http://10.213.2.11:5000", NODE: "http://10.213.2.11:5000"}
TO_HOME = {MEMBER: "http://10.213.1.11:5000", NODE: "http://10.213.1.11:5000"}
IMAGES, PLACES = "http://10.213.2.11:9292/v2/images", "http://10.213.2.12:8778/resource_providers"
LAB = Path(__file__).resolve().parents[2] / "lab"
_REACTOR = """reactor:
  - 'salt/beacon/*/keystone_reach/':
    - salt://reactor/keystone_reach.sls
  - 'salt/minion/*/start':
    - salt://reactor/keystone_reach.sls
"""
_TOKENS = """
import json, re, sys, urllib.request
env = dict(re.findall(r"export (OS_\\w+)=(\\S+)", open("/root/keystonerc_admin").read()))
user = {"name": env["OS_USERNAME"], "password": env["OS_PASSWORD"], "domain": {"name": "Default"}}
scope = {"project": {"name": env["OS_PROJECT_NAME"], "domain": {"name": "Default"}}}
identity = {"methods": ["password"], "password": {"user": user}}
body = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
for _ in range(int(sys.argv[2])):
    ask = urllib.request.Request(sys.argv[1] + "/auth/tokens", body, {"Content-Type": "application/json"})
    print(urllib.request.urlopen(ask, timeout=30).headers["X-Subject-Token"])
"""
_ASK = """
import json, os, sys, threading, time, urllib.error, urllib.request
url, pause, patience, enough = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
said, threads = [], []
def ended():
    if os.path.exists("/run/asked-enough"):
        return True
    bad = [at for at, (began, _, status) in enumerate(said) if status != 200]
    return enough and bad and len(said) - bad[-1] > enough
def ask(token, began):
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    try:
        status = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=patience).status
    except urllib.error.HTTPError as error:
        status = error.code
    except Exception as error:
        status = type(getattr(error, "reason", error)).__name__
    said.append((began, time.time(), status))
for token in sys.stdin.read().split():
    threads.append(threading.Thread(target=ask, args=(token, time.time())))
    threads[-1].start()
    time.sleep(pause)
    if ended():
        break
for thread in threads:
    thread.join()
json.dump(sorted(said), sys.stdout)
"""


def count(few, all_of_them):
    """How often, or how long: with OPENSTACK_REGIONS_TEST_LONG set as the promise says, else what CI has time for."""
    return all_of_them if os.environ.get("OPENSTACK_REGIONS_TEST_LONG") else few


def ready(lab, keystone=None, horizon=False, fresh=False):
    """A joined cloud whose RegionTwo has home's identity, and keeps what a node needs for bad days.

    Its keystone is OPENSTACK_REGIONS_TEST_KEYSTONE's where none is named, 22 else. Where the tests before left one that
    is at home again, it is taken as it is, unless it is to be `fresh`: moved by nobody, and watched by nobody.
    """
    wanted = keystone or os.environ.get("OPENSTACK_REGIONS_TEST_KEYSTONE", "22"), horizon
    fits = lab.ready in (wanted, (wanted[0], True))
    if not fresh and fits and places(lab) == TO_HOME and not any(unfinished(lab)):
        return
    lab.reset("joined", *wanted)
    cloud.orchestrate(lab, "orch.identity")
    states = lab.salt(HOME, "two-*", "state.apply", "regions.services")
    assert all(one["result"] for node in states.values() for one in node.values()), states
    lab.ready = wanted


def watched(lab):
    """Both masters react, RegionTwo's minions watch and act alone; returns when they see both keystones up."""
    for host in cloud.CONTROLLERS:
        lab.exec(host, "tee", "/etc/salt/master.d/reactor.conf", input=_REACTOR)
        lab.exec(host, "systemctl", "restart", "salt-master")
    answering(lab)
    states = lab.salt(MEMBER, "*", "state.apply", "regions.failover")
    assert all(one["result"] for node in states.values() for one in node.values()), states
    seen(lab, "up")
    answering(lab)  # they were restarted for it


def answering(lab):
    """Wait until RegionTwo's own master reaches its minions; a ping that comes too early is given up soon."""
    words = ("salt", "--out=txt", "--timeout=3", "*", "test.ping")
    until(lambda: lab.exec(MEMBER, *words, check=False).stdout.count("True") == 2, "RegionTwo's minions", 120)


def seen(lab, state, seconds=90):
    """Wait until both nodes of RegionTwo see home's keystone so, and their own up, with home's keys."""

    def sees(host):
        text = lab.exec(host, "cat", "/run/openstack-regions/reach.json", check=False).stdout
        one = json.loads(text) if text else {"at": 0}
        return (
            time.time() - one["at"] < 12  # it is written anew each 10 s, and at once when something changes
            and one["home"]["state"] == state
            and one["local"]["state"] == "up"
            and one["keys"]
        )

    def look():
        return all(sees(host) for host in (MEMBER, NODE))

    until(look, f"home is seen {state}", seconds)


def until(ready, what, seconds, pause=0.5):
    """Ask until it is so; the seconds that took."""
    began = time.monotonic()
    while not ready():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(pause)
    return time.monotonic() - began


def switch(lab, host):
    """A node's switch, out of its file; a node that was never moved is at home."""
    text = lab.exec(host, "cat", "/var/lib/openstack-regions/switch/now.json", check=False).stdout
    return json.loads(text) if text else {"identity": "home", "epoch": 0}


def timeline(lab):
    """The moments of RegionTwo's last move, over both of its nodes, once that is proved; seconds since the epoch."""
    found = {}

    def told():
        for host in (MEMBER, NODE):
            text = lab.exec(host, "cat", "/var/lib/openstack-regions/switch/outcome.json", check=False).stdout
            found[host] = json.loads(text) if text else {"epoch": 0}
        return all(found[host]["epoch"] == switch(lab, host)["epoch"] for host in found)

    until(told, "what came of the move", 30)
    return moments.merged(one["timeline"] for one in found.values())


def moves(lab, host):
    """How often a node changed its place, by its own history."""
    done = lab.exec(host, "cat", "/var/lib/openstack-regions/switch/history.jsonl", check=False)
    return len(done.stdout.splitlines())


def places(lab):
    """Where the services of RegionTwo sign in."""
    return {
        host: lab.shell(host, f"sed -n 's/^auth_url *= *//p' {path}")
        for host, path in ((MEMBER, "/etc/glance/glance-api.conf"), (NODE, "/etc/placement/placement.conf"))
    }


def tokens(lab, count, url=AT_HOME, host=HOME):
    """Tokens of the admin's."""
    return lab.exec(host, "python3", "-", url, str(count), input=_TOKENS).stdout.split()


def ask(lab, url, those, pause=0.0, patience=8.0, host=NODE, enough=0):
    """Send each token once; [when it was sent, when it was answered, status or what went wrong].

    `enough`: end after so many good answers in a row that come after a bad one; 0: never.
    """
    words = ("python3", "-c", _ASK, url, *map(str, (pause, patience, enough)))
    done = lab.exec(host, *words, input="\n".join(those), timeout=900)
    return json.loads(done.stdout)


@contextlib.contextmanager
def asking(lab, url, host=NODE):
    """Ask ten times a second with one token of home's, until this ends; a list, which has `ask`'s answers then."""
    found = []
    token = tokens(lab, 1)
    lab.exec(host, "rm", "-f", "/run/asked-enough")
    thread = threading.Thread(target=lambda: found.extend(ask(lab, url, token * 10000, 0.1, host=host)))
    thread.start()
    try:
        yield found
    finally:
        time.sleep(2)
        lab.exec(host, "touch", "/run/asked-enough")
        thread.join()
        lab.exec(host, "rm", "-f", "/run/asked-enough")


def signs_in(lab, url, user):
    """The status with which a keystone answers a sign-in on RegionTwo's controller."""
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    words = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json", "-d", "@-")
    return int(lab.exec(MEMBER, *words, f"{url}/auth/tokens", input=json.dumps(body)).stdout)


def unbelieving(lab):
    """What glance and placement have once validated they believe for five minutes; from now on they ask each time."""
    for host, path, unit in (
        (MEMBER, "/etc/glance/glance-api.conf", "glance-api"),
        (NODE, "/etc/placement/placement.conf", "placement-api"),
    ):
        words = (path, "keystone_authtoken", "token_cache_time", "value=-1")
        lab.exec(host, "salt-call", "--local", "oslo_conf.set", *words)
        lab.exec(host, "systemctl", "restart", unit)


def moved(lab, kind, region, *words, master=MEMBER):
    """Run `salt-run regions.failover` or `failback`; what it returned."""
    return lab.runner(master, f"regions.{kind}", region, *words, check=False, timeout=300)


def returned(lab):
    """Have RegionTwo return as soon as it is let: who watches home does not call it back before half a minute."""
    found = {}

    def ask_again():
        found.clear()
        found.update(moved(lab, "failback", "RegionTwo", master=HOME))
        return found["ok"] or "not yet held to be back" not in found["steps"][0]

    until(ask_again, "home is back", 120, pause=3)
    assert found["ok"], found


def home_again(lab):
    """The line is whole again, home's master runs; RegionTwo goes back."""
    lab.command("heal")
    lab.exec(HOME, "systemctl", "start", "salt-master")
    reconnected(lab)
    returned(lab)
    assert places(lab) == TO_HOME


def reconnected(lab):
    """RegionTwo's minions have both their masters; else it may take minutes until a broken connection is noticed."""
    for host in (MEMBER, NODE):
        lab.exec(host, "systemctl", "restart", "salt-minion")
    cloud.minions_answer(lab)


def numbers(lab, region=None, **failover):
    """Say in every pillar what the numbers of fail-over are, and what RegionTwo's modes; without any, the defaults."""
    top = (cloud.ROOT / "pillar.example" / "top.sls").read_text()
    first = "    - openstack_regions\n"
    assert first in top
    said = {"openstack_regions": {"failover": failover, "regions": {"RegionTwo": region or {}}}}
    for host in cloud.CONTROLLERS:
        lab.exec(host, "tee", "/srv/pillar/top.sls", input=top.replace(first, f"{first}    - numbers\n", 1))
        lab.exec(host, "tee", "/srv/pillar/numbers.sls", input=json.dumps(said))
        lab.salt(host, "*", "saltutil.refresh_pillar")


def unfinished(lab):
    """Whether each node's services are still to follow its switch."""
    words = ("test", "-e", "/var/lib/openstack-regions/switch/unfinished")
    return [lab.exec(host, *words, check=False).returncode == 0 for host in (MEMBER, NODE)]


def power(host, on):
    """Pull a host's plug, or start it again."""
    act = "machine.boot(one)" if on else "machine.kill([one])"
    code = f"from tworegions import machine, settings; one = settings.host({host!r}); {act}"
    subprocess.run([sys.executable, "-c", code], cwd=LAB, check=True, timeout=120)
