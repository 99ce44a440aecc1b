"""A minion whose memcached is too small says so, and its master tells it: real daemons, beacon, reactor and runner."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.delivery.conftest import ROOT
from tests.support.node import MINION

REACTOR = ROOT / "salt" / "reactor" / "memcached_pressure.sls"
# Three megabytes that are asked for again and again, in a cache of one.
TRAFFIC = """
import itertools, memcache, random
client = memcache.Client(["127.0.0.1:11211"])
for _ in itertools.count():
    key = f"a-secret-key-{random.randrange(1500)}"
    if client.get(key) is None:
        client.set(key, "a-secret-value" * 150, time=3600)
"""


@pytest.fixture
def cloud(node):
    """A master that reacts, and a minion that watches a memcached of one megabyte that much is asked of."""
    conf = node.folder / "memcached.conf"
    conf.write_text("-m 1\n-I 512k\n-u root\n-l 127.0.0.1\n-U 0\n")
    node.start(["/usr/share/memcached/scripts/systemd-memcached-wrapper", str(conf)])
    node.start([sys.executable, "-c", TRAFFIC])
    pillar = node.pillar()
    pillar["openstack_regions"] |= {
        "memcached": {"config": str(conf), "style": "debian"},
        "pressure": {"window": 2, "times": 2},
    }
    roots = node.folder / "pillar"
    roots.mkdir()
    (roots / "top.sls").write_text("base: {'*': [cloud]}\n")
    (roots / "cloud.sls").write_text(yaml.safe_dump(pillar))
    master = node.folder / "master"
    master.mkdir()
    settings = {
        "interface": "127.0.0.1",
        "root_dir": str(node.folder / "master-root"),
        "sock_dir": "sock",
        "log_file": "master.log",
        "log_level_logfile": "info",
        "open_mode": True,
        "auto_accept": True,
        "pillar_roots": {"base": [str(roots)]},
        "reactor": [{"salt/beacon/*/memcached_pressure/": [str(REACTOR)]}],
        "user": "root",
    }
    (master / "master").write_text(yaml.safe_dump(settings))
    node.start([str(Path(sys.executable).parent / "salt-master"), "-c", str(master)])
    return node


def heard(node, pattern, count, seconds):
    """Listen on the master's bus for so many events; return the data of each."""
    listener = subprocess.Popen(
        node.inside(
            *(str(Path(sys.executable).parent / "salt-run"), "-c", str(node.folder / "master")),
            *("state.event", pattern, f"count={count}"),
        ),
        env=node.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said, _ = listener.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        listener.kill()
        raise AssertionError(f"no {pattern} within {seconds} s; the minion's log:\n{node.log[-3000:]}") from None
    return [json.loads(line.partition("\t")[2]) for line in said.splitlines() if "\t" in line]


def log_of_master(node):
    (path,) = (node.folder / "master-root").rglob("master.log")
    return path.read_text()


def test_what_a_minion_sees_its_master_tells_and_a_lie_is_not_told(cloud):
    beacons = {"memcached_pressure": [{"interval": 1}]}
    cloud.minion(engine=False, master="127.0.0.1", beacons=beacons, beacons_before_connect=False, loop_interval=1)
    (told,) = heard(cloud, f"openstack_regions/pressure/{MINION}", 1, 120)
    told = told.get("data", told)
    assert (told["verdict"], told["code"], told["size"], told["proposed"]) == ("too small", "evicts_live", 1, 64)
    line = f"openstack-regions: memcached of {MINION} is too small: "
    cloud.wait(lambda: line in log_of_master(cloud), "the master's log", 20)
    assert "give it 64 MB: salt-call memcached_pressure.resize 64" in log_of_master(cloud)
    for text in (json.dumps(told), log_of_master(cloud), cloud.log):
        assert "a-secret" not in text

    # Somebody says in the minion's name that all is well: the master asks the minion, and tells what that one says.
    lie = {"id": MINION, "verdict": "fine", "sentence": "all is well"}
    cloud.run(
        *(sys.executable, "-c", FIRE, str(cloud.folder / "master" / "master"), json.dumps(lie)),
        f"salt/beacon/{MINION}/memcached_pressure/",
    )
    cloud.wait(lambda: log_of_master(cloud).count(line) == 2, "what the minion itself says", 40)
    assert "all is well" not in log_of_master(cloud)

    # It is given its size, and the master hears that, too.
    assert cloud.call("memcached_pressure.size")["running"] == 1
    done = cloud.call("memcached_pressure.resize", "64", "config=" + str(cloud.folder / "memcached.conf"))
    assert done["changes"]["running"] == {"old": 1, "new": 64}, done
    cloud.wait(lambda: f"memcached of {MINION} is fine: " in log_of_master(cloud), "that it is well", 90)
    time.sleep(5)
    assert log_of_master(cloud).count(f"memcached of {MINION} is fine: ") == 1


FIRE = """
import json, sys, salt.config, salt.utils.event as e
opts = salt.config.master_config(sys.argv[1])
with e.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
    bus.fire_event(json.loads(sys.argv[2]), sys.argv[3])
"""
