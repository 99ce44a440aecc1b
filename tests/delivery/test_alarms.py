"""A node's minion sees that a service's file drifts; its master tells it, and mends it: real daemons and reactors."""

import pytest

from tests.delivery.conftest import ROOT
from tests.support.node import HOME, LOCAL, MINION

pytestmark = pytest.mark.one_salt

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
    reactor = [{TAG: [str(ROOT / "salt/reactor/alarm.sls"), str(ROOT / "salt/reactor/mend_drift.sls")]}]
    node.master(pillar, reactor=reactor, file_roots={"base": [str(ROOT / "salt")]})
    return node


def test_a_file_that_drifts_is_told_and_mended_and_a_lie_is_not(cloud):
    beacons = {"regions_drift": [{"interval": 5}]}
    cloud.minion(engine=False, master="127.0.0.1", beacons=beacons, beacons_before_connect=False, loop_interval=1)
    tag = f"openstack_regions/alarm/{MINION}/regions_drift"
    (told,) = cloud.heard(tag, 1, 120)
    assert told.get("data", told)["well"], told

    # Somebody says in the minion's name that it is broken: the minion is asked, and nothing is told or done of that.
    lie = {"id": MINION, "well": False, "codes": ["drift"], "findings": [{"code": "drift", "sentence": "all is lost"}]}
    well = f"openstack-regions: {MINION}, regions_drift: all is well"
    before = cloud.masters_log.count(well)
    cloud.fire(TAG.replace("*", MINION), lie)
    cloud.wait(lambda: cloud.masters_log.count(well) > before, "what the minion itself says", 60)
    assert "all is lost" not in cloud.masters_log and "openstack_regions/mended" not in cloud.masters_log

    # Nobody is asked for one that this master does not know, and nobody hears of it.
    cloud.fire("salt/beacon/nobody/regions_drift/", lie)

    conf = cloud.folder / "roots" / "glance" / "glance-api.conf"
    conf.write_text(RIGHT.replace(HOME, LOCAL))
    line = f"openstack-regions: {MINION}, regions_drift: [drift] RegionTwo: 1 options are not as they are to be: {conf}"
    cloud.wait(lambda: line in cloud.masters_log, "the master's log", 60)
    cloud.wait(lambda: conf.read_text() == RIGHT, "the file as it is to be", 60)
    mended = f"openstack-regions: {MINION}, state.apply: "
    cloud.wait(lambda: mended in cloud.masters_log, "that it was mended", 60)
    before = cloud.masters_log.count(well)
    cloud.wait(lambda: cloud.masters_log.count(well) > before, "that it is well again", 60)
    assert "nobody" not in cloud.masters_log
