"""M1 in the lab: a cache of a megabyte made too small by real token traffic, told, resized, and better for it."""

from __future__ import annotations

import contextlib
import json
import subprocess

import pytest

from tests.lab import cloud
from tests.lab.failing import LAB, until

pytestmark = pytest.mark.timeout(900)  # the first test waits for a lab that is made anew

HOST = cloud.CONTROLLERS[0]
# The catalog that keystone keeps of each takes 8 kB. A page of memcached's, of half a megabyte, has room for 42.
PROJECTS = 60
# As in a cloud of many services, of which the admin works in many projects.
MANY = f"""
INSERT INTO service (id, type, enabled, extra)
  SELECT MD5(CONCAT('service', seq)), CONCAT('kind', seq), 1, '{{}}' FROM seq_1_to_25;
INSERT INTO endpoint (id, interface, service_id, url, extra, enabled, region_id)
  SELECT MD5(CONCAT(interface, seq)), interface, MD5(CONCAT('service', seq)),
    CONCAT('http://10.213.1.11:', 20000 + seq), '{{}}', 1, 'RegionOne'
  FROM seq_1_to_25, (SELECT 'public' AS interface UNION SELECT 'internal' UNION SELECT 'admin') AS interfaces;
INSERT INTO project (id, name, extra, description, enabled, domain_id, parent_id, is_domain)
  SELECT MD5(CONCAT('project', seq)), CONCAT('project', seq), '{{}}', '', 1, 'default', 'default', 0
  FROM seq_1_to_{PROJECTS};
INSERT INTO assignment (type, actor_id, target_id, role_id, inherited)
  SELECT 'UserProject', (SELECT user_id FROM local_user WHERE name = 'admin'), MD5(CONCAT('project', seq)),
    (SELECT MIN(id) FROM role WHERE name = 'admin'), 0
  FROM seq_1_to_{PROJECTS};
"""
# Tokens made out of one another take no password's time; two at once validate one after the other, round and round.
TRAFFIC = """
import concurrent.futures, itertools, json, os, re, sys, threading, urllib.request
URL = "http://10.213.1.11:5000/v3/auth/tokens"
env = dict(re.findall(r"export (OS_\\w+)=(\\S+)", open("/root/keystonerc_admin").read()))
def issue(identity, project):
    scope = {"project": {"name": project, "domain": {"name": "Default"}}}
    body = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
    ask = urllib.request.Request(URL, body, {"Content-Type": "application/json"})
    return urllib.request.urlopen(ask, timeout=240).headers["X-Subject-Token"]
user = {"name": env["OS_USERNAME"], "password": env["OS_PASSWORD"], "domain": {"name": "Default"}}
first = issue({"methods": ["password"], "password": {"user": user}}, env["OS_PROJECT_NAME"])
again = {"methods": ["token"], "token": {"id": first}}
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    tokens = list(pool.map(lambda one: issue(again, f"project{one + 1}"), range(int(sys.argv[1]))))
print("issued", flush=True)
def validate(mine):
    for token in itertools.cycle(mine):
        if os.path.exists("/run/validated-enough"):
            return
        ask = urllib.request.Request(URL, headers={"X-Auth-Token": first, "X-Subject-Token": token})
        urllib.request.urlopen(ask, timeout=240).read()
for half in (tokens[::2], tokens[1::2]):
    threading.Thread(target=validate, args=(half,)).start()
"""


@pytest.fixture(scope="module", autouse=True)
def fresh(lab):
    """Keystone caches in memcached, which has a megabyte: less than it takes with items of the usual size."""
    lab.reset("standalone")
    cloud.sync(lab)
    assert all(state["result"] for state in applied(lab, "regions.tokens").values())
    lab.exec(HOST, "mariadb", "keystone", input=MANY)
    # A process of keystone's that met memcached away would leave it alone for five minutes.
    small = "sed -i 's/^-m .*/-m 1\\n-I 512k\\n-f 2/' /etc/memcached.conf; systemctl restart memcached keystone"
    lab.shell(HOST, small)
    up = ("curl", "-sf", "http://10.213.1.11:5000/v3")
    until(lambda: lab.exec(HOST, *up, check=False).returncode == 0, "keystone", 60)


def applied(lab, formula, **pillar):
    """Apply a formula on the controller; return {id: result}."""
    more = [f"pillar={json.dumps({'openstack_regions': pillar})}"] if pillar else []
    (states,) = lab.salt(HOST, HOST, "state.apply", formula, *more).values()
    assert isinstance(states, dict), states
    return {state["__id__"]: state for state in states.values()}


def call(lab, function, *words):
    return lab.salt(HOST, HOST, f"memcached_pressure.{function}", *words)[HOST]


def running(lab, unit="memcached"):
    return lab.shell(HOST, f"systemctl show --property=MainPID --value {unit}")


@contextlib.contextmanager
def restarted(lab):
    """What is done here has the minion restarted some seconds later; returns when it was, and takes jobs again."""
    before = running(lab, "salt-minion")
    yield
    until(lambda: running(lab, "salt-minion") not in (before, "0"), "the minion starts anew", 60)
    cloud.minions_answer(lab)


@contextlib.contextmanager
def validating(lab):
    """While this lasts, real tokens are validated at home's keystone."""
    lab.exec(HOST, "tee", "/root/traffic.py", input=TRAFFIC)
    lab.exec(HOST, "rm", "-f", "/run/validated-enough")
    command = [str(LAB / "exec"), HOST, "python3", "/root/traffic.py", str(PROJECTS)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "issued\n"
        yield
    finally:
        lab.exec(HOST, "touch", "/run/validated-enough")
        process.wait(90)


def test_too_small_is_told_resized_as_it_runs_and_better(lab):
    with validating(lab):
        # The first round fills it. How long that takes is the machine's to say.
        looks = []

        def too_small():
            looks.append(call(lab, "verdict", "interval=10"))
            return looks[-1]["code"] == "evicts_live" and looks[-1]["figures"]["per_second"]["evictions"] > 1

        until(too_small, "it is too small", 120)
        small = looks[-1]
        assert (small["code"], small["size"]) == ("evicts_live", 1), small
        pid = running(lab)
        size = small["proposed"]
        with restarted(lab):
            done = applied(lab, "regions.cachesize", memcached={"size": size})
        assert done["memcached has its size"]["changes"]["running"] == {"old": 1, "new": size}, done
        assert running(lab) == pid
        until(lambda: call(lab, "verdict", "interval=5")["figures"]["hit_rate"] > 0.99, "it fills", 240)
        assert call(lab, "verdict", "interval=5")["verdict"] == "fine"
        helped = call(lab, "verify", "interval=10")
        print(json.dumps({"small": small["figures"], "helped": helped}))
        assert helped["helped"] is True, helped
        assert helped["hit_rate"]["new"] > small["figures"]["hit_rate"] + 0.05
        assert helped["evictions"]["new"] == 0
    again = applied(lab, "regions.cachesize", memcached={"size": size})
    assert again["memcached has its size"]["changes"] == {}


def test_a_restart_that_is_due_waits_for_the_word(lab):
    """One that can't take its size as it runs: what else is applied meanwhile does not restart it either."""
    pid = running(lab)
    due = call(lab, "resize", "96", "live=False")
    assert due["restart_due"] and due["changes"] == {"size": {"old": due["changes"]["size"]["old"], "new": 96}}
    assert lab.salt(HOST, HOST, "keystone_tokens.memcached_needs_restart")[HOST]["needed"] is False
    assert all(state["result"] for state in applied(lab, "regions.tokens", memcached={"size": 96}).values())
    assert running(lab) == pid
    done = call(lab, "resize", "96", "live=False", "restart=True")
    assert done["changes"]["running"]["new"] == 96
    assert running(lab) != pid
    assert call(lab, "size")["running"] == 96
    lab.shell(HOST, "echo '-c 2048' >>/etc/memcached.conf")  # another argument than the size
    assert lab.salt(HOST, HOST, "keystone_tokens.memcached_needs_restart")[HOST]["needed"] is True


def test_its_minion_watches_and_the_way_back(lab):
    """It has watched since its size was set, which is longer ago than a minute."""
    until(lambda: call(lab, "seen") is not None, "the minion looks", 150, pause=5)
    with restarted(lab):
        states = applied(lab, "regions.cachesize.clean")
    assert all(state["result"] for state in states.values()), states
    assert "\n-m 1\n" in lab.shell(HOST, "cat /etc/memcached.conf")
    assert lab.shell(HOST, "ls /etc/salt/minion.d").find("pressure") == -1
