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
from tests.lab.seen import PATIENT, codes, page, read, until, well

pytestmark = pytest.mark.timeout(900)  # the first test waits for a lab that is made anew
GROUPS = failing.count(TOGETHER, tuple((code,) for code in FAULTS))
# What each brings with it, and rightly.
COMPANIONS = {
    "service_elsewhere": {"drift"},
}


def test_a_healthy_cloud_has_no_finding_each_time(whole):
    for _ in range(failing.count(4, 100)):
        found = read(whole, HOME, failing.count(PATIENT, "timeout=3.5"))
        assert found["findings"] == [] and found["retcode"] == 0, found["findings"]


def test_what_a_person_reads(whole):
    text = whole.exec(HOME, "salt-run", "--no-color", "regions.status", PATIENT).stdout
    for line in (
        "nothing is wrong",
        "  identity    at RegionOne, never moved",
        "  keystone    RegionOne's, http://10.213.1.11:5000: answers 2 of 2 nodes",
        "  replica     of 10.213.1.11:3306, 0.",
        "              placement on two-node validates at RegionOne",
    ):
        assert line in text, text


def test_the_page_and_its_past(whole):
    found = whole.runner(HOME, "regions.report", PATIENT)
    assert found["ok"] and found["retcode"] == 0
    text = whole.exec(HOME, "cat", found["path"]).stdout
    assert "Nothing is wrong." in text and "How far the replica is behind: 0." in text
    assert whole.exec(HOME, "stat", "-c", "%a", found["path"]).stdout.strip() == "600"


def test_metrics_are_written_by_a_timer(whole):
    cloud.applied(whole, HOME, "regions.metrics")
    path = "/var/lib/prometheus/node-exporter/openstack_regions.prom"
    text = until(lambda: whole.exec(HOME, "cat", path, check=False).stdout, bool, 60)
    assert "openstack_regions_status_worst 0\n" in text
    assert 'openstack_regions_replica_running{region="RegionTwo"} 1\n' in text
    assert whole.exec(HOME, "systemctl", "is-failed", "openstack-regions-metrics", check=False).returncode
    states = whole.salt(HOME, HOME, "state.apply", "regions.metrics")[HOME]
    assert not [key for key, one in states.items() if one["changes"]]
    cloud.applied(whole, HOME, "regions.metrics.clean")
    assert whole.exec(HOME, "test", "-e", path, check=False).returncode


def test_a_regions_own_master_tells_of_its_region(whole):
    found = read(whole, MEMBER)
    assert [one["code"] for one in found["findings"]] == ["own_master"] and found["retcode"] == 0, found["findings"]
    assert list(found["regions"]["RegionTwo"]["nodes"]) == [MEMBER, NODE]


def test_no_secret_is_in_it(whole):
    text = json.dumps(read(whole))
    for host in cloud.CONTROLLERS:
        for path, pattern in (
            ("/root/keystonerc_admin", "s/^export OS_PASSWORD=//p"),
            ("/etc/glance/glance-api.conf", "s/^password *= *//p"),
            ("/etc/keystone/keystone.conf", "s#^connection *=.*//[^:]*:\\([^@]*\\)@.*#\\1#p"),
        ):
            for secret in whole.shell(host, f"sed -n '{pattern}' {path}").split():
                assert secret not in text


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_each_fault_shows_under_its_own_code_and_goes_with_it(whole, group):
    """Nothing was wrong before: each of these ends by waiting for that."""
    with contextlib.ExitStack() as made:
        for code in group:
            made.enter_context(FAULTS[code](whole))
        found = until(lambda: read(whole), lambda said: set(group) <= {one["code"] for one in said["findings"]}, 60)
        print(f"{' '.join(group)}: {[one['code'] for one in found['findings']]}")
        assert found["retcode"] in (1, 2)
        allowed = set(group).union(*(COMPANIONS.get(code, ()) for code in group))
        assert {one["code"] for one in found["findings"]} <= allowed, found["findings"]
    well(whole)


def test_where_identity_is_and_what_a_move_left_undone(whole):
    """One node alone goes over; then the region does; then one switch is damaged, and one node's work not done."""
    whole.exec(NODE, "salt-call", "regions.failover")
    until(lambda: codes(whole), lambda found: "services_astray" in found, 60)
    assert failing.moved(whole, "failover", "RegionTwo")["ok"]
    until(lambda: codes(whole), lambda found: found == {"identity_local"}, 60)
    assert "RegionTwo uses its own keystone" in page(whole) and "<code>identity_local</code>" in page(whole, MEMBER)
    whole.shell(NODE, f"echo damaged >{SWITCH}/now.json")
    whole.shell(MEMBER, f"touch {SWITCH}/unfinished")
    until(lambda: codes(whole), lambda found: {"switch_damaged", "services_unfinished"} <= found, 60)
    whole.exec(NODE, "salt-call", "regions.failover")  # as the remedy says: it is written anew, and nothing moves
    whole.shell(MEMBER, f"rm {SWITCH}/unfinished")
    failing.returned(whole)
    well(whole)
    text = page(whole)
    assert "Nothing is wrong." in text and "RegionTwo uses RegionOne&#39;s keystone" in text


@pytest.mark.parametrize("how", failing.count(("hole",), ("cut", "hole")))
def test_a_region_that_is_cut_off_is_a_finding_and_no_hang(whole, how):
    whole.command(how)
    try:
        # Home's minions have home's master alone: RegionTwo's misses home's keystone, and not them.
        for master, code, where in ((HOME, "minion_silent", "RegionTwo"), (MEMBER, "home_keystone_down", "RegionTwo")):
            began = time.monotonic()
            found = read(whole, master, "timeout=3.5")
            took = time.monotonic() - began
            assert (code, where) in {(one["code"], one["where"]) for one in found["findings"]}, found
            assert f"<code>{code}</code>, {where}" in page(whole, master)
            print(f"{how}, on {master}: {found['seconds']} s, {took:.1f} s with salt-run")
            assert found["seconds"] < 5
        # The node that has the replica waits for home's database, and answers all the same.
        until(lambda: read(whole, MEMBER)["regions"]["RegionTwo"]["silent"], lambda silent: not silent, 60)
    finally:
        whole.command("heal")
    failing.reconnected(whole)
    well(whole)
