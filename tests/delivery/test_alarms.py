"""A node's minion sees that a service's file drifts; its master tells it, and mends it: real daemons and reactors."""

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.delivery.conftest import ROOT
from tests.delivery.test_memcached_pressure import FIRE, heard, log_of_master
from tests.support.node import HOME, LOCAL, MINION

RIGHT = f"[keystone_authtoken]\nauth_url = http://{HOME}:5000\nregion_name = RegionTwo\n"
TAG = "salt/beacon/*/regions_drift/"


@pytest.fixture
def cloud(node):
    """A master that tells and mends, and the pillar of a node whose one service is glance."""
    pillar = node.pillar()
    pillar["openstack_regions"]["alarms"] = {"times": 1, "remind": 1}
    folder = node.folder / "roots" / "glance"
    folder.mkdir()
    (folder / "glance-api.conf").write_text(RIGHT)
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
        "file_roots": {"base": [str(ROOT / "salt")]},
        "pillar_roots": {"base": [str(roots)]},
        "reactor": [{TAG: [str(ROOT / "salt/reactor/alarm.sls"), str(ROOT / "salt/reactor/mend_drift.sls")]}],
        "user": "root",
    }
    (master / "master").write_text(yaml.safe_dump(settings))
    node.start([str(Path(sys.executable).parent / "salt-master"), "-c", str(master)])
    return node


def test_a_file_that_drifts_is_told_and_mended_and_a_lie_is_not(cloud):
    beacons = {"regions_drift": [{"interval": 5}]}
    cloud.minion(engine=False, master="127.0.0.1", beacons=beacons, beacons_before_connect=False, loop_interval=1)
    tag = f"openstack_regions/alarm/{MINION}/regions_drift"
    (told,) = heard(cloud, tag, 1, 120)
    assert told.get("data", told)["well"], told

    # Somebody says in the minion's name that it is broken: the minion is asked, and nothing is told or done of that.
    lie = {"id": MINION, "well": False, "codes": ["drift"], "findings": [{"code": "drift", "sentence": "all is lost"}]}
    fire = [sys.executable, "-c", FIRE, str(cloud.folder / "master" / "master"), json.dumps(lie)]
    well = f"openstack-regions: {MINION}, regions_drift: all is well"
    before = log_of_master(cloud).count(well)
    cloud.run(*fire, TAG.replace("*", MINION))
    cloud.wait(lambda: log_of_master(cloud).count(well) > before, "what the minion itself says", 60)
    assert "all is lost" not in log_of_master(cloud) and "openstack_regions/mended" not in log_of_master(cloud)

    # Nobody is asked for one that this master does not know, and nobody hears of it.
    cloud.run(*fire, "salt/beacon/nobody/regions_drift/")

    conf = cloud.folder / "roots" / "glance" / "glance-api.conf"
    conf.write_text(RIGHT.replace(HOME, LOCAL))
    line = f"openstack-regions: {MINION}, regions_drift: [drift] RegionTwo: 1 options are not as they are to be: {conf}"
    cloud.wait(lambda: line in log_of_master(cloud), "the master's log", 60)
    cloud.wait(lambda: conf.read_text() == RIGHT, "the file as it is to be", 60)
    mended = f"openstack-regions: {MINION}, state.apply: "
    cloud.wait(lambda: mended in log_of_master(cloud), "that it was mended", 60)
    before = log_of_master(cloud).count(well)
    cloud.wait(lambda: log_of_master(cloud).count(well) > before, "that it is well again", 60)
    assert "nobody" not in log_of_master(cloud)
