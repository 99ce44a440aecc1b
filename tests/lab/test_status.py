"""`salt-run regions.status` in the lab: nothing wrong while all is well, and each real fault under its own code.

The faults come in groups; with OPENSTACK_REGIONS_TEST_LONG each comes alone, and nothing else may be told with it.
"""

from __future__ import annotations

import contextlib
import json
import time

import pytest

from tests.lab import cloud, failing
from tests.lab.failing import HOME, MEMBER, NODE
from tests.lab.faults import FAULTS, SWITCH, TOGETHER

pytestmark = pytest.mark.timeout(900)  # the first test waits for a lab that is made anew
GROUPS = failing.count(TOGETHER, tuple((code,) for code in FAULTS))
# What each brings with it, and rightly.
COMPANIONS = {
    "home_keystone_down": {"endpoint_silent", "sign_in_fails"},
    "own_keystone_down": {"sign_in_fails", "unread"},
    "keys_behind": {"sign_in_fails"},
    "minion_silent": {"no_minions"},
}


@pytest.fixture(scope="module")
def joined(lab):
    """A joined cloud whose RegionTwo has home's identity, and a backup of home's."""
    failing.ready(lab)
    lab.exec(HOME, "salt-call", "keystone_catalog.backup")
    well(lab)
    yield lab
    lab.command("heal")


def read(lab, master=HOME):
    """What the runner returns."""
    return lab.runner(master, "regions.status", check=False)


def until(look, ready, seconds):
    """Look until it is so; what was seen last is told where it never is."""
    limit = time.monotonic() + seconds
    while not ready(found := look()):
        assert time.monotonic() < limit, found
    return found


def codes(lab):
    return {one["code"] for one in read(lab)["findings"]}


def well(lab, seconds=90):
    """Wait until nothing is wrong."""
    until(lambda: read(lab)["findings"], lambda found: not found, seconds)


def test_a_healthy_cloud_has_no_finding_each_time(joined):
    for _ in range(failing.count(4, 100)):
        found = read(joined)
        assert found["findings"] == [] and found["retcode"] == 0, found["findings"]


def test_what_a_person_reads(joined):
    text = joined.exec(HOME, "salt-run", "--no-color", "regions.status").stdout
    for line in (
        "nothing is wrong",
        "  identity    at RegionOne, never moved",
        "  keystone    RegionOne's, http://10.213.1.11:5000: answers 2 of 2 nodes",
        "  replica     of 10.213.1.11:3306, 0.",
        "              placement on two-node validates at RegionOne",
    ):
        assert line in text, text


def test_the_page_and_its_past(joined):
    found = joined.runner(HOME, "regions.report")
    assert found["ok"] and found["retcode"] == 0
    text = joined.exec(HOME, "cat", found["path"]).stdout
    assert "Nothing is wrong." in text and "How far the replica is behind: 0." in text
    assert joined.exec(HOME, "stat", "-c", "%a", found["path"]).stdout.strip() == "600"


def test_metrics_are_written_by_a_timer(joined):
    cloud.applied(joined, HOME, "regions.metrics")
    path = "/var/lib/prometheus/node-exporter/openstack_regions.prom"
    text = until(lambda: joined.exec(HOME, "cat", path, check=False).stdout, bool, 60)
    assert "openstack_regions_status_worst 0\n" in text
    assert 'openstack_regions_replica_running{region="RegionTwo"} 1\n' in text
    assert joined.exec(HOME, "systemctl", "is-failed", "openstack-regions-metrics", check=False).returncode
    states = joined.salt(HOME, HOME, "state.apply", "regions.metrics")[HOME]
    assert not [key for key, one in states.items() if one["changes"]]
    cloud.applied(joined, HOME, "regions.metrics.clean")
    assert joined.exec(HOME, "test", "-e", path, check=False).returncode


def test_a_regions_own_master_tells_of_its_region(joined):
    found = read(joined, MEMBER)
    assert [one["code"] for one in found["findings"]] == ["own_master"] and found["retcode"] == 0, found["findings"]
    assert list(found["regions"]["RegionTwo"]["nodes"]) == [MEMBER, NODE]


def test_no_secret_is_in_it(joined):
    text = json.dumps(read(joined))
    for host in cloud.CONTROLLERS:
        for path, pattern in (
            ("/root/keystonerc_admin", "s/^export OS_PASSWORD=//p"),
            ("/etc/glance/glance-api.conf", "s/^password *= *//p"),
            ("/etc/keystone/keystone.conf", "s#^connection *=.*//[^:]*:\\([^@]*\\)@.*#\\1#p"),
        ):
            for secret in joined.shell(host, f"sed -n '{pattern}' {path}").split():
                assert secret not in text


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_each_fault_shows_under_its_own_code_and_goes_with_it(joined, group):
    """Nothing was wrong before: each of these ends by waiting for that."""
    with contextlib.ExitStack() as made:
        for code in group:
            made.enter_context(FAULTS[code](joined))
        found = until(lambda: read(joined), lambda said: set(group) <= {one["code"] for one in said["findings"]}, 60)
        print(f"{' '.join(group)}: {[one['code'] for one in found['findings']]}")
        assert found["retcode"] in (1, 2)
        allowed = set(group).union(*(COMPANIONS.get(code, ()) for code in group))
        assert {one["code"] for one in found["findings"]} <= allowed, found["findings"]
    well(joined)


def test_where_identity_is_and_what_a_move_left_undone(joined):
    """One node alone goes over; then the region does; then one switch is damaged, and one node's work not done."""
    joined.exec(NODE, "salt-call", "regions.failover")
    until(lambda: codes(joined), lambda found: "services_astray" in found, 60)
    assert failing.moved(joined, "failover", "RegionTwo")["ok"]
    until(lambda: codes(joined), lambda found: found == {"identity_local"}, 60)
    joined.shell(NODE, f"echo damaged >{SWITCH}/now.json")
    joined.shell(MEMBER, f"touch {SWITCH}/unfinished")
    until(lambda: codes(joined), lambda found: {"switch_damaged", "services_unfinished"} <= found, 60)
    joined.shell(NODE, f"cp -p {SWITCH}/copy.json {SWITCH}/now.json")
    joined.shell(MEMBER, f"rm {SWITCH}/unfinished")
    failing.returned(joined)
    well(joined)


@pytest.mark.parametrize("how", failing.count(("hole",), ("cut", "hole")))
def test_a_region_that_is_cut_off_is_a_finding_and_no_hang(joined, how):
    joined.command(how)
    try:
        # Home's minions have home's master alone: RegionTwo's misses home's keystone, and not them.
        for master, code, where in ((HOME, "minion_silent", "RegionTwo"), (MEMBER, "home_keystone_down", "RegionTwo")):
            began = time.monotonic()
            found = read(joined, master)
            took = time.monotonic() - began
            assert (code, where) in {(one["code"], one["where"]) for one in found["findings"]}, found
            print(f"{how}, on {master}: {found['seconds']} s, {took:.1f} s with salt-run")
            assert found["seconds"] < 5
    finally:
        joined.command("heal")
    failing.reconnected(joined)
    well(joined)
