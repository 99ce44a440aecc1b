"""What nodes say of themselves through Salt's loader, with real keystones and databases, and what follows."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest

from osregions import settings
from osregions.status import cloud, findings
from osregions.status.cloud import Answer
from tests.support import keys, pairs

HOME = {0: keys.key("s"), 4: keys.key("o"), 5: keys.key("p")}
MANY = 20  # seconds that a node has here: the machine of a test is busy


def judged(pillar, known, said, asked):
    """The findings from real answers, by where they are."""
    answers = {minion: Answer(json.loads(json.dumps(one)), time.time()) for minion, one in said.items()}
    seen = cloud.assemble("RegionOne", known, answers, asked, time.time() - asked, known)
    declared = settings.read(pillar["openstack_regions"])
    return {(one.code, one.where) for one in findings.find(seen, declared)}, seen


@pytest.fixture(scope="module")
def home(keystone_server):
    return keystone_server("status_home")


@pytest.fixture(scope="module")
def local(keystone_server):
    """Made from the same template: the same rows, the same keys, as a region's own keystone has home's."""
    return keystone_server("status_local")


class Nodes:
    """A keystone node of each region, and what the status makes of them."""

    def __init__(self, loaders, mariadb, home, local, folder):
        self.servers, self.loaders, self.folder = {"RegionOne": home, "RegionTwo": local}, loaders, folder
        self.known = {name: (f"{name}-1",) for name in self.servers}
        self._mariadb = mariadb
        self.both(
            "INSERT IGNORE INTO region (id, description, extra) VALUES ('RegionTwo', '', '{}')",
            "INSERT IGNORE INTO endpoint (id, interface, region_id, service_id, url, enabled, extra)"
            " SELECT CONCAT(SUBSTR(id, 3), 'zz'), interface, 'RegionTwo', service_id, url, 1, '{}' FROM endpoint"
            " WHERE region_id = 'RegionOne'",
        )

    def both(self, *statements):
        """Change the tables of both keystones, as replication would."""
        for server in self.servers.values():
            for statement in statements:
                self._mariadb.execute(statement, database=server.database.name)

    def pillar(self, name):
        server = self.servers[name]
        roots = self.folder / name / "roots"
        roots.mkdir(parents=True, exist_ok=True)
        return {
            "openstack_regions": {
                "home": "RegionOne",
                "regions": {one: {"public_endpoint": server.url} for one, server in self.servers.items()},
                "keystone": {"config": str(server.conf), "release": 22, "url": server.url},
                "openrc": {"admin": str(server.openrc)},
                "backup": {"directory": str(self.folder / name / "backups")},
                "repoint": {"roots": [str(roots)]},
                "targets": {"database": "G@nothing:{region}"},
            }
        }

    def minion(self, name):
        grains = {"region": name, "roles": ["keystone"], "id": f"{name}-1"}
        return self.loaders.but(id=f"{name}-1", pillar=self.pillar(name), grains=grains)

    def look(self, timeout=MANY):
        asked = time.time()
        said = {f"{name}-1": self.minion(name).modules["regions.facts"](timeout=timeout) for name in self.servers}
        found, seen = judged(self.pillar("RegionOne"), self.known, said, asked)
        self.said = said
        return found, seen


@pytest.fixture
def nodes(loaders, mariadb, home, local, tmp_path):
    made = Nodes(loaders, mariadb, home, local, tmp_path)
    made.minion("RegionOne").modules["keystone_catalog.backup"]()
    yield made
    for server in (home, local):
        if not server.answers():
            server.restart()


def test_two_real_keystones_that_are_well(nodes, home, local):
    found, seen = nodes.look()
    assert found == set(), nodes.said
    two = seen.regions[1].nodes[0]
    assert two.catalog.sign_in > 0 and two.tokens.major == 22
    assert {one.region for one in two.catalog.endpoints} == {"RegionOne", "RegionTwo"}
    assert {one.problem for one in two.catalog.answers} == {""}
    assert two.keys.digests == seen.regions[0].nodes[0].keys.digests
    assert seen.regions[0].nodes[0].backups.count >= 1
    text = json.dumps(nodes.said)
    for secret in (home.password, local.password, home.database.url.split(":")[2].split("@")[0]):
        assert secret not in text


def test_a_keystone_that_is_stopped(nodes, local):
    local.stop()
    found, _ = nodes.look()
    # The endpoint at which its region's identity is served is home's, by what both were made from.
    assert {code for code, where in found if where.startswith("RegionTwo")} >= {"own_keystone_down"}
    assert not [where for _, where in found if where.startswith("RegionOne,") or where == "RegionOne"]


def test_a_keystone_that_hangs_holds_nobody_up(nodes, local):
    """All its processes are stopped: the kernel goes on accepting connections."""
    os.killpg(local.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        said = nodes.minion("RegionTwo").modules["regions.facts"](timeout=2)
        assert time.monotonic() - began < 3.5
    finally:
        os.killpg(local.pid, signal.SIGCONT)
    asked = {one["region"]: one["problem"] for one in said["parts"]["keystones"]["value"]}
    assert asked["RegionOne"] == "" and "timed out" in asked["RegionTwo"]
    assert "problem" in said["parts"]["catalog"] and "value" in said["parts"]["tokens"]


def test_endpoints_that_are_missing_or_silent(nodes):
    of_two = "WHERE region_id = 'RegionTwo' AND interface"
    try:
        nodes.both(
            f"DELETE FROM endpoint {of_two} = 'public'",
            f"UPDATE endpoint SET url = 'http://127.0.0.1:9' {of_two} = 'admin'",
        )
        found, _ = nodes.look()
    finally:
        nodes.both("DELETE FROM endpoint WHERE region_id = 'RegionTwo'")
    assert found == {("endpoint_missing", "RegionTwo"), ("endpoint_silent", "RegionTwo")}


def test_a_service_elsewhere_an_unmanaged_reference_and_drift(nodes):
    roots = nodes.folder / "RegionTwo" / "roots"
    (roots / "glance").mkdir(parents=True)
    conf = roots / "glance" / "glance-api.conf"
    conf.write_text(
        f"[keystone_authtoken]\nauth_url = {nodes.servers['RegionTwo'].url}\nauth_type = password\n"
        "username = glance\npassword = s3cr3t\nproject_name = service\nregion_name = RegionTwo\n"
    )
    (roots / "own.yaml").write_text(f"identity: {nodes.servers['RegionTwo'].url}/v3\n")
    found, _ = nodes.look()
    assert found == {(code, "RegionTwo, RegionTwo-1") for code in ("service_elsewhere", "reference_elsewhere", "drift")}
    assert "s3cr3t" not in json.dumps(nodes.said)
    nodes.minion("RegionTwo").modules["oslo_conf.repoint"](credentials=False)
    found, _ = nodes.look()
    assert found == {("reference_elsewhere", "RegionTwo, RegionTwo-1")}


@pytest.fixture
def pair(tmp_path):
    with pairs.Pair("mariadb", tmp_path) as pair:
        yield pair


def test_a_replica_and_each_of_its_faults(loaders, tmp_path, pair):
    """The server that has home's rows: well, then its fence, its numbers and its link spoiled, one after another."""
    pem, _ = keys.salt_key(tmp_path / "pki")

    def minion(region):
        place = tmp_path / region
        url = f"mysql+pymysql://keystone:ks@127.0.0.1:{pair.at(region).own.port}/keystone"
        conf = keys.conf(place, f"[database]\nconnection = {url}\n")
        for kind in ("fernet-keys", "credential-keys"):
            if not (place / kind).exists():
                keys.fill(place / kind, HOME)
        pillar = pair.pillar(region)
        pillar["keystone"] = {"release": 22, "config": str(conf), "url": "http://127.0.0.1:9"}
        pillar["backup"] = {"directory": str(place / "backups")}
        pillar["repoint"] = {"roots": [str(tmp_path / "roots")]}
        pillar["alarms"] = {"lag": MANY / 2}
        return loaders.but(
            id=region,
            pillar={"openstack_regions": pillar},
            grains={"region": region, "roles": ["keystone"], "id": region},
            pki_dir=str(pem.parent),
            openstack_regions_records=str(place / "records"),
            openstack_regions_requests=str(place / "requests"),
        )

    (tmp_path / "roots").mkdir()
    home, two = minion("RegionOne").modules, minion("RegionTwo")
    known = {"RegionOne": (), "RegionTwo": ("RegionTwo",)}
    of_others = {"own_master", "home_keystone_down", "own_keystone_down", "endpoint_silent"}

    def look():
        asked = time.time()
        said = {"RegionTwo": two.modules["regions.facts"](timeout=MANY)}
        assert pairs.PASSWORD not in json.dumps(said) and pair.region.own.password not in json.dumps(said)
        found, seen = judged({"openstack_regions": two.opts["pillar"]["openstack_regions"]}, known, said, asked)
        return {code for code, _ in found} - of_others, seen.regions[1].replica

    found, _ = look()
    assert found == {"replica_none"}
    home["mysql_replication.primary"]()
    two.modules["mysql_replication.replica"]()
    assert look()[0] == {"keys_behind"}, "no note says that the keys came from home"
    two.modules["keystone_keys.install"](
        home["keystone_keys.seal"]({"RegionTwo": two.modules["keystone_keys.request"]()})
    )
    found, replica = look()
    assert found == set()
    assert replica.runs and replica.measured and 0 <= replica.lag < 10

    pair.region.execute("GRANT INSERT ON keystone.project TO keystone@'127.0.0.1'")
    assert look()[0] == {"fence_broken"}
    pair.region.execute("REVOKE INSERT ON keystone.project FROM keystone@'127.0.0.1'")
    pair.region.execute("SET sql_log_bin = 0")
    pair.region.execute("ALTER TABLE revocation_event AUTO_INCREMENT = 5")
    assert look()[0] == {"numbers_shared"}
    two.modules["mysql_replication.fence"]()
    assert look()[0] == set()

    pair.region.execute("STOP ALL SLAVES", database=None)
    found, replica = look()
    assert found == {"replica_stopped"} and not replica.runs and replica.lag is None
    pair.region.execute("START ALL SLAVES", database=None)
    until = time.monotonic() + 30
    while look()[0]:
        assert time.monotonic() < until

    # It goes on reading, and applies nothing: that is told, and a finding once it is behind by more than it may.
    pair.region.execute("STOP SLAVE 'openstack_regions'", database=None)
    pair.region.execute("CHANGE MASTER 'openstack_regions' TO MASTER_DELAY = 3600", database=None)
    pair.region.execute("START SLAVE 'openstack_regions'", database=None)
    pair.home.project("p9", "late")
    found, replica = look()
    assert found == set() and MANY / 4 <= replica.behind <= MANY / 2 and replica.lag is None
    until = time.monotonic() + 30
    while "replica_lags" not in (found := look()[0]):
        assert time.monotonic() < until, found

    # It stops while somebody waits for it: the one who waits says so.
    stopping = threading.Timer(1, pair.region.execute, ("STOP ALL SLAVES",), {"database": None})
    stopping.start()
    said = two.modules["mysql_replication.status"]()
    stopping.join()
    assert said["threads"]["sql"] == "No" and said["told"]["stands"], said
