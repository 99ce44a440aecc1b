"""A minion whose memcached is too small says so, and its master tells it: real daemons, beacon, reactor and runner."""

import json
import sys
import time

import pytest

from tests.delivery.conftest import ROOT
from tests.support.node import MINION

pytestmark = [pytest.mark.one_salt, pytest.mark.timeout(600)]  # a busy machine takes its time

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
    node.master(pillar, reactor=[{"salt/beacon/*/memcached_pressure/": [str(REACTOR)]}])
    return node


def test_what_a_minion_sees_its_master_tells_and_a_lie_is_not_told(cloud):
    beacons = {"memcached_pressure": [{"interval": 1}]}
    cloud.minion(engine=False, master="127.0.0.1", beacons=beacons, beacons_before_connect=False, loop_interval=1)
    (told,) = cloud.heard(f"openstack_regions/pressure/{MINION}", 1, 240)
    told = told.get("data", told)
    assert (told["verdict"], told["code"], told["size"], told["proposed"]) == ("too small", "evicts_live", 1, 64)
    line = f"openstack-regions: memcached of {MINION} is too small: "
    cloud.wait(lambda: line in cloud.masters_log, "the master's log", 20)
    assert "give it 64 MB: salt-call memcached_pressure.resize 64" in cloud.masters_log
    for text in (json.dumps(told), cloud.masters_log, cloud.log):
        assert "a-secret" not in text

    # Somebody says in the minion's name that all is well: the master asks the minion, and tells what that one says.
    lie = {"id": MINION, "verdict": "fine", "sentence": "all is well"}
    cloud.fire(f"salt/beacon/{MINION}/memcached_pressure/", lie)
    cloud.wait(lambda: cloud.masters_log.count(line) == 2, "what the minion itself says", 40)
    assert "all is well" not in cloud.masters_log

    # It is given its size, and the master hears that, too.
    assert cloud.call("memcached_pressure.size")["running"] == 1
    done = cloud.call("memcached_pressure.resize", "64", "config=" + str(cloud.folder / "memcached.conf"))
    assert done["changes"]["running"] == {"old": 1, "new": 64}, done
    cloud.wait(lambda: f"memcached of {MINION} is fine: " in cloud.masters_log, "that it is well", 90)
    time.sleep(5)
    assert cloud.masters_log.count(f"memcached of {MINION} is fine: ") == 1
