"""Two real clusters that both call themselves RegionOne become one cloud of one identity (P1 to P10), in the lab."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab import cloud

HOME, MEMBER = cloud.CONTROLLERS
HOSTS = (*cloud.CONTROLLERS, *cloud.NODES)


@pytest.fixture(scope="module")
def standalone(lab):
    """Two clusters on their own, with the extension synced."""
    lab.reset("standalone")
    cloud.sync(lab)
    lab.before = {host: cloud.conf(lab, host) for host in HOSTS}
    return lab


@pytest.fixture(scope="module")
def planned(standalone):
    """The plan of a join, and what the clusters were before and after it was made."""
    before = {host: (cloud.rows(standalone, host), cloud.sums(standalone, host)) for host in cloud.CONTROLLERS}
    results = cloud.join(standalone, "test=True")
    after = {host: (cloud.rows(standalone, host), cloud.sums(standalone, host)) for host in cloud.CONTROLLERS}
    return before, results, after


@pytest.fixture(scope="module")
def joined(standalone, planned):
    """The outcome of the join."""
    return cloud.join(standalone)


def test_the_plan_changes_nothing(planned):
    before, _, after = planned
    assert after == before


def test_the_plan_is_what_is_done(planned, joined):
    planned_changes, done = _plain(cloud.changed(planned[1])), _plain(cloud.changed(joined))
    assert planned_changes.keys() == done.keys()
    for step, changes in planned_changes.items():
        assert changes == done[step], step


def test_the_plan_says_who_gives_way(planned, joined):
    for results in (planned[1], joined):
        said = results["its identity can give way to home's"]["comment"]
        assert "project (blue)" in said and "user (bob)" in said and "its database is kept" in said


def test_home_has_one_entry_per_type_and_both_regions(standalone, joined):
    entries = cloud.catalog(standalone)
    assert sorted(entry["Type"] for entry in entries) == ["identity", "image", "placement"]
    for entry in entries:
        assert {endpoint["region_id"] for endpoint in entry["Endpoints"]} == {"RegionOne", "RegionTwo"}, entry["Name"]


def test_services_keep_their_own_urls_and_identity_is_homes(standalone, joined):
    urls = {
        (endpoint["type"], item["region_id"]): item["url"]
        for endpoint in ({"type": entry["Type"], "items": entry["Endpoints"]} for entry in cloud.catalog(standalone))
        for item in endpoint["items"]
        if item["interface"] == "public"
    }
    assert "10.213.1.11" in urls["image", "RegionOne"] and "10.213.2.11" in urls["image", "RegionTwo"]
    assert "10.213.1.12" in urls["placement", "RegionOne"] and "10.213.2.12" in urls["placement", "RegionTwo"]
    assert urls["identity", "RegionOne"] == urls["identity", "RegionTwo"] == "http://10.213.1.11:5000/v3"


def test_endpoints_keep_their_ids(planned, standalone, joined):
    own = {line.split("\t")[0] for line in planned[0][MEMBER][0]["endpoint"]}
    at_home = {row["ID"] for row in cloud.endpoints(standalone) if row["Region"] == "RegionTwo"}
    assert own == at_home


def test_nothing_names_the_old_region(standalone, joined):
    for entry in cloud.catalog(standalone, MEMBER):
        urls = {item["url"] for item in entry["Endpoints"] if item["region_id"] == "RegionOne"}
        assert urls and not any("10.213.2." in url for url in urls), f"RegionTwo's {entry['Name']} is called RegionOne"
    openrc = standalone.exec(MEMBER, "cat", "/root/keystonerc_admin").stdout
    assert "RegionTwo" in openrc and "RegionOne" not in openrc


def test_people_of_home_are_those_of_both_and_the_others_are_kept(planned, standalone, joined):
    for table in ("project", "local_user", "role", "assignment"):
        before = planned[0][HOME][0][table]
        for host in cloud.CONTROLLERS:
            found = cloud.rows(standalone, host)[table]
            # When somebody signed in last is each keystone's own to keep.
            assert table == "local_user" or found == before, f"{table} on {host}"
    (kept,) = standalone.salt(HOME, MEMBER, "mysql_replication.kept")[MEMBER]
    assert cloud.rows(standalone, MEMBER, kept["name"])["project"] == planned[0][MEMBER][0]["project"]


def test_tokens_are_not_stored_and_four_proofs_hold(standalone, joined):
    for host in cloud.CONTROLLERS:
        proof = standalone.salt(HOME, host, "keystone_tokens.verify")[host]
        assert proof["ok"], proof
        assert len(proof["checks"]) >= 4


def test_the_second_join_changes_nothing(standalone, joined):
    before = {host: cloud.rows(standalone, host) for host in cloud.CONTROLLERS}
    results = cloud.join(standalone)
    assert cloud.changed(results) == {}
    assert {host: cloud.rows(standalone, host) for host in cloud.CONTROLLERS} == before


def test_backups_are_whole_private_and_restorable(standalone, joined):
    for host in cloud.CONTROLLERS:
        found = standalone.salt(HOME, host, "keystone_catalog.backups")[host]
        assert found and found[0]["scope"] == "database"
        modes = standalone.exec(
            host, "find", "/var/backups/openstack-regions", "-printf", "%y %m\n"
        ).stdout.splitlines()
        assert set(modes) == {"d 700", "f 600"}


def test_a_keystone_node_that_comes_back_is_looked_at(standalone, joined):
    """The reactor minion_start: a row was changed behind keystone's back while the minion was off."""
    conf = {"reactor": [{"salt/minion/*/start": ["salt://reactor/minion_start.sls"]}]}
    standalone.exec(HOME, "tee", "/etc/salt/master.d/reactor.conf", input=json.dumps(conf))
    standalone.exec(MEMBER, "systemctl", "stop", "salt-minion")
    standalone.exec(HOME, "systemctl", "restart", "salt-master")
    cloud.catalog(standalone, MEMBER)  # from now on it is cached
    change = "UPDATE endpoint SET url = REPLACE(url, '{}', '{}') WHERE url LIKE '%:{}%'"
    standalone.exec(MEMBER, "mariadb", "keystone", "-e", change.format(":9292", ":9293", "9292"))
    assert ":9293" not in str(cloud.catalog(standalone, MEMBER))
    standalone.exec(MEMBER, "systemctl", "start", "salt-minion")
    until = time.monotonic() + 90
    while ":9293" not in str(cloud.catalog(standalone, MEMBER)):
        assert time.monotonic() < until, "no reaction within 90 s"
    standalone.exec(MEMBER, "mariadb", "keystone", "-e", change.format(":9293", ":9292", "9293"))
    cloud.minions_answer(standalone)
    standalone.salt(HOME, MEMBER, "keystone_catalog.invalidate")
    standalone.exec(HOME, "rm", "/etc/salt/master.d/reactor.conf")
    standalone.exec(HOME, "systemctl", "restart", "salt-master")
    cloud.minions_answer(standalone)


def test_clean_brings_both_clusters_back(planned, standalone, joined):
    """Last, since it undoes the join as the README says: everything is as it was."""
    for host in HOSTS:
        cloud.applied(standalone, host, "regions.services.clean")
        assert cloud.conf(standalone, host) == standalone.before[host], host
        again = standalone.salt(HOME, host, "state.apply", "regions.services.clean")[host]
        assert not [key for key, state in again.items() if state["changes"]]
    cloud.own_identity_again(standalone)
    own = cloud.catalog(standalone, MEMBER)
    assert {item["region_id"] for entry in own for item in entry["Endpoints"]} == {"RegionTwo"}, "its own admin sees it"
    assert json.loads(standalone.shell(MEMBER, ". /root/keystonerc_admin; openstack image list -f json"))
    cloud.applied(standalone, HOME, "regions.catalog.clean")
    cloud.applied(standalone, MEMBER, "regions.clean")
    cloud.applied(standalone, HOME, "regions.replication.clean")
    for host in cloud.CONTROLLERS:
        before, after = planned[0][host][0], cloud.rows(standalone, host)
        for table in ("region", "endpoint", "service"):
            assert after[table] == before[table], f"{table} on {host}"
    conf = "grep -Ec '^(public_endpoint|backend|memcache_servers)' /etc/keystone/keystone.conf || true"
    assert standalone.shell(MEMBER, conf) == "0", "keystone's options are what they were"
    assert cloud.changed(cloud.join(standalone)), "a join after the undoing has its work to do again"


def _plain(changes):
    """An orchestration's changes, step by step: for a step that runs states on minions, those states' own."""
    return {step: _states(change.get("ret")) or change for step, change in changes.items()}


def _states(answers):
    # Salt's own file.managed tells a new file in one way beforehand and in another one afterwards.
    return {
        (minion, key): state["changes"] if not key.startswith("file_|-") else "a file"
        for minion, states in (answers or {}).items()
        for key, state in states.items()
        if state["changes"]
    }
