"""`salt-run regions.status` in the lab: nothing wrong while all is well, and each real fault under its own code."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

from tests.lab import cloud, failing
from tests.lab.failing import HOME, MEMBER, NODE

pytestmark = pytest.mark.timeout(900)  # the first test waits for a lab that is made anew
STATE = "/var/lib/openstack-regions/switch"
OWN_FILE = "/etc/own-application.yaml"
NO_LOG = "SET sql_log_bin = 0; "
ACCOUNTS = "SELECT CONCAT(user, '@''', host, '''') FROM mysql.user WHERE user = 'keystone'"


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


def well(lab, seconds=90):
    """Wait until nothing is wrong."""
    until(lambda: read(lab)["findings"], lambda found: not found, seconds)


def sql(lab, host, *statements):
    return lab.exec(host, "mariadb", "-N", "keystone", input="; ".join(statements)).stdout.split("\n")


def sh(host, break_it, mend_it):
    """A fault that a shell script makes, and another mends."""

    @contextlib.contextmanager
    def fault(lab):
        lab.shell(host, break_it)
        try:
            yield
        finally:
            lab.shell(host, mend_it)

    return fault


def unit(host, name):
    return sh(host, f"systemctl stop {name}", f"systemctl start {name}")


@contextlib.contextmanager
def stopped(lab):
    sql(lab, MEMBER, "STOP ALL SLAVES")
    yield
    sql(lab, MEMBER, "START ALL SLAVES")


@contextlib.contextmanager
def lagging(lab):
    name = "'openstack_regions'"
    delay = "STOP SLAVE {0}; CHANGE MASTER {0} TO MASTER_DELAY = {1}; START SLAVE {0}"
    sql(lab, MEMBER, delay.format(name, 3600))
    sql(lab, HOME, "UPDATE region SET description = 'late' WHERE id = 'RegionTwo'")
    yield
    sql(lab, MEMBER, delay.format(name, 0))


@contextlib.contextmanager
def fence(lab):
    accounts = [one for one in sql(lab, MEMBER, ACCOUNTS) if one]
    sql(lab, MEMBER, *(f"GRANT INSERT ON keystone.project TO {one}" for one in accounts))
    yield
    sql(lab, MEMBER, *(f"REVOKE INSERT ON keystone.project FROM {one}" for one in accounts))


@contextlib.contextmanager
def numbers(lab):
    sql(lab, MEMBER, f"{NO_LOG}ALTER TABLE revocation_event AUTO_INCREMENT = 5")
    yield
    lab.exec(MEMBER, "salt-call", "mysql_replication.fence")


@contextlib.contextmanager
def schema(lab):
    """Somebody ran db_sync here."""
    sql(lab, MEMBER, f"{NO_LOG}INSERT INTO alembic_version VALUES ('another')")
    yield
    sql(lab, MEMBER, f"{NO_LOG}DELETE FROM alembic_version WHERE version_num = 'another'")


@contextlib.contextmanager
def keys(lab):
    script = "head -c 32 /dev/urandom | base64 | tr '+/' '-_' >/etc/keystone/fernet-keys/1"
    lab.shell(MEMBER, script)
    yield
    cloud.orchestrate(lab, "orch.keys")


@contextlib.contextmanager
def endpoint(lab):
    """An administrator deletes one, and makes it anew."""
    (one,) = [
        row
        for row in cloud.endpoints(lab)
        if (row["Region"], row["Service Type"], row["Interface"]) == ("RegionTwo", "image", "public")
    ]
    admin = ". /root/keystonerc_admin; openstack endpoint"
    lab.shell(HOME, f"{admin} delete {one['ID']}")
    yield
    lab.shell(HOME, f"{admin} create --region RegionTwo image public {one['URL']}")
    # What is replicated tells no cache: for ten minutes RegionTwo's would be found stale, and rightly.
    lab.exec(MEMBER, "salt-call", "keystone_catalog.invalidate")


@contextlib.contextmanager
def catalog(lab):
    """A row is changed behind keystone's back."""
    change = "UPDATE endpoint SET url = CONCAT(url, '{0}') WHERE region_id = 'RegionOne' AND interface = 'admin'"
    sql(lab, HOME, change.format("/"))
    yield
    sql(lab, HOME, "UPDATE endpoint SET url = TRIM(TRAILING '/' FROM url)")


@contextlib.contextmanager
def elsewhere(lab):
    path = "/etc/placement/placement.conf"
    lab.shell(NODE, f"sed -i 's#^auth_url *=.*#auth_url = {failing.SELF[NODE]}#' {path}")
    yield
    cloud.applied(lab, NODE, "regions.services")


@contextlib.contextmanager
def local(lab):
    assert failing.moved(lab, "failover", "RegionTwo")["ok"]
    yield
    failing.returned(lab)


@contextlib.contextmanager
def astray(lab):
    """One node alone goes over; the region's place is where its newest switch is."""
    lab.exec(NODE, "salt-call", "regions.failover")
    yield
    lab.exec(NODE, "salt-call", "regions.failback")
    failing.returned(lab)


FAULTS = {
    "home_keystone_down": unit(HOME, "keystone"),
    "own_keystone_down": unit(MEMBER, "keystone"),
    "replica_stopped": stopped,
    "replica_lags": lagging,
    "fence_broken": fence,
    "numbers_shared": numbers,
    "schema_unequal": schema,
    "memcached_silent": unit(MEMBER, "memcached"),
    "keys_behind": keys,
    "endpoint_missing": endpoint,
    "endpoint_silent": unit(MEMBER, "glance-api"),
    "catalog_stale": catalog,
    "sign_in_fails": sh(
        MEMBER,
        "cp -p /root/keystonerc_admin /root/kept; sed -i 's/^export OS_PASSWORD=.*/export OS_PASSWORD=wrong/'"
        " /root/keystonerc_admin",
        "mv /root/kept /root/keystonerc_admin",
    ),
    "service_elsewhere": elsewhere,
    "reference_elsewhere": sh(NODE, f"echo 'identity: {failing.SELF[NODE]}/v3' >{OWN_FILE}", f"rm {OWN_FILE}"),
    "backup_none": sh(
        HOME,
        "mv /var/backups/openstack-regions/database /root/kept",
        "mv /root/kept /var/backups/openstack-regions/database",
    ),
    "minion_silent": unit(NODE, "salt-minion"),
    "identity_local": local,
    "services_astray": astray,
    # These two need a switch that was moved once.
    "switch_damaged": sh(NODE, f"echo damaged >{STATE}/now.json", f"cp -p {STATE}/copy.json {STATE}/now.json"),
    "services_unfinished": sh(NODE, f"touch {STATE}/unfinished", f"rm {STATE}/unfinished"),
}


def test_a_healthy_cloud_has_no_finding_each_time(joined):
    for _ in range(failing.count(10, 100)):
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


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_shows_under_its_own_code_and_goes_with_it(joined, code):
    """Nothing was wrong before: each of these ends by waiting for that."""

    def shown():
        said = joined.exec(HOME, "salt-run", "--no-color", "regions.status", check=False)
        return said.stdout, said.returncode

    with FAULTS[code](joined):
        until(shown, lambda said: f"[{code}] " in said[0] and said[1] in (1, 2), 60)
    well(joined)


def test_a_regions_own_master_tells_of_its_region(joined):
    found = read(joined, MEMBER)
    assert [one["code"] for one in found["findings"]] == ["own_master"] and found["retcode"] == 0, found["findings"]
    assert list(found["regions"]["RegionTwo"]["nodes"]) == [MEMBER, NODE]


@pytest.mark.parametrize("how", ["cut", "hole"])
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


def test_the_page_and_its_past(joined):
    found = joined.runner(HOME, "regions.report")
    assert found["ok"] and found["retcode"] == 0
    text = joined.exec(HOME, "cat", found["path"]).stdout
    assert "Nothing is wrong." in text and "How far the replica is behind: 0." in text
    assert joined.exec(HOME, "stat", "-c", "%a", found["path"]).stdout.strip() == "600"


def test_metrics_are_written_by_a_timer(joined):
    cloud.applied(joined, HOME, "regions.metrics")
    path = "/var/lib/prometheus/node-exporter/openstack_regions.prom"
    until(lambda: joined.exec(HOME, "cat", path, check=False).stdout, bool, 60)
    text = joined.exec(HOME, "cat", path).stdout
    assert "openstack_regions_status_worst 0\n" in text
    assert 'openstack_regions_replica_running{region="RegionTwo"} 1\n' in text
    assert joined.exec(HOME, "systemctl", "is-failed", "openstack-regions-metrics", check=False).returncode
    states = joined.salt(HOME, HOME, "state.apply", "regions.metrics")[HOME]
    assert not [key for key, one in states.items() if one["changes"]]
    cloud.applied(joined, HOME, "regions.metrics.clean")
    assert joined.exec(HOME, "test", "-e", path, check=False).returncode


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
