"""What the alarms' beacons see through Salt's loader: two real MariaDBs, real key folders, files and backups."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time

import pytest

from osregions.alarms import background, held, operations
from osregions.reach import sight as sight_of
from osregions.reach.sight import Glance, Sight
from tests.support import keys, pairs

HOME = {0: keys.key("s"), 4: keys.key("o"), 5: keys.key("p")}
BUSY = 30  # seconds that a look may take here: the machine of a test is busy
ONCE = [{"times": 1}]


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    """Nothing is held yet; what is held lies in a folder of the test's own; and a call waits for its look."""
    monkeypatch.setattr(operations, "KEPT", {})
    monkeypatch.setattr(held, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(background, "PATIENCE", BUSY)
    monkeypatch.setattr(sight_of, "PLACE", str(tmp_path / "reach.json"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    with pairs.Pair("mariadb", tmp_path_factory.mktemp("alarms")) as pair:
        yield pair


@pytest.fixture
def minion(loaders, tmp_path, pair):
    """`minion(region, **sections)`: the loaders of a region's keystone node, which has its database too."""
    pem, _ = keys.salt_key(tmp_path / "pki")

    def make(region, **sections):
        place = tmp_path / region
        url = f"mysql+pymysql://keystone:ks@127.0.0.1:{pair.at(region).own.port}/keystone"
        conf = place / "keystone.conf"
        if not conf.exists():
            conf = keys.conf(place, f"[database]\nconnection = {url}\n")
            for kind in ("fernet-keys", "credential-keys"):
                keys.fill(place / kind, HOME if region == "RegionOne" else {0: keys.key(), 1: keys.key()})
        (place / "etc").mkdir(exist_ok=True)
        pillar = {
            **pair.pillar(region),
            "keystone": {"release": 22, "config": str(conf)},
            "backup": {"directory": str(place / "backups")},
            "repoint": {"roots": [str(place / "etc")]},
            **sections,
        }
        return loaders.but(
            id=region,
            pillar={"openstack_regions": pillar},
            grains={"region": region, "roles": ["keystone"]},
            pki_dir=str(pem.parent),
            openstack_regions_records=str(place / "records"),
            openstack_regions_requests=str(place / "requests"),
        )

    return make


@pytest.fixture
def replicating(minion, pair):
    """RegionTwo replicates home, fenced; afterwards it does not."""
    two = minion("RegionTwo")
    minion("RegionOne").modules["mysql_replication.primary"]()
    two.modules["mysql_replication.replica"](discard=True)
    yield two
    with contextlib.suppress(Exception):
        pair.region.execute("STOP ALL SLAVES", database=None)
    two.modules["mysql_replication.absent"]()
    two.modules["mysql_replication.unfence"]()


def look(minion, beacon, config=ONCE):
    """One call of a beacon; the data of its event, or None."""
    found = minion.beacons[f"{beacon}.beacon"](config)
    assert len(found) <= 1
    return json.loads(json.dumps(found[0])) if found else None


def until(minion, beacon, codes, seconds=BUSY):
    """Look until an event has these codes; return it."""
    limit = time.monotonic() + seconds
    said = []
    while time.monotonic() < limit:
        if told := look(minion, beacon):
            said.append(told["codes"])
            if told["codes"] == codes:
                return told
        time.sleep(0.1)
    raise AssertionError(f"no {codes} within {seconds} s, but {said}")


def sentence(told, code):
    return next(one["sentence"] for one in told["findings"] if one["code"] == code)


# ---- the replica ----


def test_a_replica_that_is_well_stopped_and_started(replicating, pair):
    told = until(replicating, "replication_health", [])
    assert told["well"] and 0 <= told["figures"]["lag"] < BUSY
    assert told["figures"]["source"] == f"127.0.0.1:{pair.home.own.port}"
    pair.region.execute("STOP ALL SLAVES", database=None)
    told = until(replicating, "replication_health", ["replica_stopped"])
    assert told["findings"][0]["severity"] == "error" and told["figures"]["sql"] == "No"
    seen = replicating.modules["regions_alarms.seen"]()
    assert seen["replication_health"]["codes"] == ["replica_stopped"] and seen["regions_drift"] is None
    assert pairs.PASSWORD not in json.dumps(seen)
    replicating.modules["mysql_replication.replica"]()
    assert until(replicating, "replication_health", [])["well"]


def test_a_replica_that_is_broken_by_a_row(replicating, pair):
    """A row that home's next change collides with: replication stops with an error, and the alarm says which."""
    pair.region.execute("INSERT INTO project VALUES ('p9', 'mine', 'default', 0, NULL)")
    pair.home.execute("INSERT INTO project VALUES ('p9', 'home', 'default', 0, NULL)")
    told = until(replicating, "replication_health", ["replica_stopped"])
    assert "p9" in sentence(told, "replica_stopped") or "1062" in sentence(told, "replica_stopped")
    pair.region.execute("DELETE FROM project WHERE id = 'p9'")


def test_a_replica_that_lags(replicating, pair):
    """A row that a person holds locked in the replica: home's change of it waits, and both threads run."""
    until(replicating, "replication_health", [])
    slow = minion_with(replicating, alarms={"lag": 1})
    connection = pair.region.own.connect(database="keystone")
    with connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM project WHERE id = 'p1' FOR UPDATE")
        pair.home.execute("UPDATE project SET description = 'lag' WHERE id = 'p1'")
        told = until(slow, "replication_health", ["replica_lags"])
        assert re.search(r"what home had \d+ s ago is not here yet", sentence(told, "replica_lags"))
        assert (told["figures"]["sql"], told["figures"]["lag"]) == ("Yes", None)
        connection.rollback()
    assert until(slow, "replication_health", [])["figures"]["lag"] is not None


def test_a_fence_that_is_broken_and_mended(replicating, pair):
    pair.region.execute("GRANT INSERT ON keystone.project TO keystone@'127.0.0.1'", database=None)
    told = until(replicating, "replication_health", ["fence_broken"])
    assert "may write what is RegionOne's alone" in sentence(told, "fence_broken")
    replicating.modules["mysql_replication.fence"]()
    assert until(replicating, "replication_health", [])["well"]


def test_numbers_that_are_home_s(replicating, pair):
    pair.region.execute("DELETE FROM revocation_event")
    pair.region.execute("ALTER TABLE revocation_event AUTO_INCREMENT = 1")
    told = until(replicating, "replication_health", ["numbers_shared"])
    assert "RegionTwo's own revocations" in sentence(told, "numbers_shared")


def test_a_database_that_is_no_replica(minion, pair):
    pair.region.execute("CREATE DATABASE IF NOT EXISTS keystone", database=None)
    assert until(minion("RegionTwo"), "replication_health", ["replica_none"])["figures"] == {"replicates": False}


def test_home_s_server_that_is_not_to_be_asked(replicating, pair):
    """Home's account is locked, while the session that replication has goes on: what is here is told all the same."""
    user = pair.home.execute("SELECT User, Host FROM mysql.user WHERE User LIKE 'osr%%'", database=None)[0]
    pair.home.execute(f"ALTER USER '{user[0]}'@'{user[1]}' ACCOUNT LOCK", database=None)
    pair.region.execute("GRANT INSERT ON keystone.project TO keystone@'127.0.0.1'", database=None)
    try:
        told = until(replicating, "replication_health", ["fence_broken", "unread"])
        assert "how far the replica is behind can't be told" in sentence(told, "unread")
    finally:
        pair.home.execute(f"ALTER USER '{user[0]}'@'{user[1]}' ACCOUNT UNLOCK", database=None)
    replicating.modules["mysql_replication.fence"]()


def test_a_server_that_hangs_holds_no_call_up(minion, monkeypatch):
    """The kernel takes the connection, and nobody answers: the minion goes on with its work."""
    monkeypatch.setattr(background, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        admin = {"user": "root", "password": "hush-hush", "host": "127.0.0.1", "port": port}
        replication = {"passwords": {"RegionTwo": pairs.PASSWORD}, "admin": admin}
        two = minion("RegionTwo", replication=replication)
        began = time.monotonic()
        for _ in range(3):
            assert look(two, "replication_health") is None
        assert time.monotonic() - began < 5
        assert sum(one.name == "openstack-regions alarm" for one in threading.enumerate()) == 1
    told = until(two, "replication_health", ["unread"])
    assert "how the replica is can't be told" in sentence(told, "unread") and "hush-hush" not in json.dumps(told)


def test_home_has_no_replica_to_watch(minion):
    assert look(minion("RegionOne"), "replication_health") is None
    assert minion("RegionOne").modules["regions_alarms.seen"]()["replication_health"] is None


# ---- keys ----


def test_keys_that_are_home_s_and_no_longer(minion, tmp_path):
    home, two = minion("RegionOne"), minion("RegionTwo")
    told = until(two, "keystone_keys_behind", ["keys_behind"])
    assert "no note says that the keys came from home" in sentence(told, "keys_behind")
    sealed = home.modules["keystone_keys.seal"]({"RegionTwo": two.modules["keystone_keys.request"]()})
    two.modules["keystone_keys.install"](sealed)
    assert until(two, "keystone_keys_behind", [])["well"]
    keys.fill(tmp_path / "RegionTwo/fernet-keys", {**HOME, 0: keys.key()})
    told = until(two, "keystone_keys_behind", ["keys_behind"])
    assert "the fernet_tokens keys are not those that home gave" in sentence(told, "keys_behind")
    assert set(told["figures"]) >= {"fernet_tokens", "credential"}
    for text in (json.dumps(told), json.dumps(two.modules["regions_alarms.seen"]())):
        assert not any(one.decode() in text for one in HOME.values())


def test_home_rotated_and_its_tokens_are_not_taken_here(minion):
    """No note and no row tells it: the look of the beacon keystone_reach does."""
    home, two = minion("RegionOne"), minion("RegionTwo")
    sealed = home.modules["keystone_keys.seal"]({"RegionTwo": two.modules["keystone_keys.request"]()})
    two.modules["keystone_keys.install"](sealed)
    until(two, "keystone_keys_behind", [])
    now = time.time()
    seen = Sight("RegionTwo", "RegionTwo", "RegionOne", now, Glance("up", "ok"), Glance("up", "unauthorized"))
    sight_of.write(seen, sight_of.PLACE)
    told = until(two, "keystone_keys_behind", ["keys_behind"])
    assert "it does not take a token that RegionOne's keystone issued" in sentence(told, "keys_behind")
    sight_of.write(Sight(**{**vars(seen), "at": now - 3600}), sight_of.PLACE)
    assert until(two, "keystone_keys_behind", [])["well"]  # what was seen an hour ago says nothing of now


def test_a_key_that_anybody_may_read(minion, tmp_path):
    home = minion("RegionOne")
    assert until(home, "keystone_keys_behind", [])["well"]
    (tmp_path / "RegionOne/fernet-keys/5").chmod(0o644)
    told = until(home, "keystone_keys_behind", ["keys_fault"])
    assert "has mode 0644, not 0600" in sentence(told, "keys_fault")
    home.modules["keystone_keys.protect"]()
    assert until(home, "keystone_keys_behind", [])["well"]


def test_a_keystone_conf_that_is_gone(minion, tmp_path):
    two = minion("RegionTwo")
    (tmp_path / "RegionTwo" / "keystone.conf").unlink()
    told = until(two, "keystone_keys_behind", ["unread"])
    assert "which keys keystone has can't be told: " in sentence(told, "unread")


# ---- the services' files ----

GLANCE = """[keystone_authtoken]
auth_url = {url}
www_authenticate_uri = {url}
username = glance
password = very-secret
project_name = service
region_name = RegionTwo
"""


def test_files_that_are_right_drift_and_are_made_right(minion, tmp_path):
    two = minion("RegionTwo", credentials={"glance": {"password": "very-secret"}})
    folder = tmp_path / "RegionTwo/etc/glance"
    folder.mkdir(parents=True)
    conf = folder / "glance-api.conf"
    conf.write_text(GLANCE.format(url="http://10.0.0.1:5000/v3"))
    two.modules["oslo_conf.repoint"]()
    told = until(two, "regions_drift", [])
    assert told["figures"] == {"at": "RegionOne", "options": 0}
    right = conf.read_text()
    conf.write_text(right.replace("10.0.0.1", "10.0.0.2"))
    told = until(two, "regions_drift", ["service_elsewhere", "drift"])
    assert "glance" in sentence(told, "service_elsewhere") and "RegionTwo" in sentence(told, "service_elsewhere")
    assert str(conf) in sentence(told, "drift")
    assert "very-secret" not in json.dumps(two.modules["regions_alarms.seen"]())
    two.modules["oslo_conf.repoint"]()
    assert conf.read_text() == right
    assert until(two, "regions_drift", [])["well"]


def test_a_place_that_nobody_manages(minion, tmp_path):
    two = minion("RegionTwo")
    folder = tmp_path / "RegionTwo/etc/billing"
    folder.mkdir(parents=True)
    (folder / "billing.conf").write_text("[backend]\nauth_url = http://10.0.0.2:5000/v3\n")
    told = until(two, "regions_drift", ["reference_elsewhere"])
    assert "billing.conf:2" in sentence(told, "reference_elsewhere")


# ---- backups ----


def test_a_backup_that_is_not_there_is_made_and_grows_old(minion, tmp_path):
    home = minion("RegionOne")
    assert until(home, "regions_backup_age", ["backup_none"])
    home.modules["keystone_catalog.backup"]()
    told = until(home, "regions_backup_age", [])
    assert told["figures"]["count"] == 1 and 0 <= told["figures"]["age"] < BUSY
    for note in (tmp_path / "RegionOne/backups/database").glob("*.json"):
        data = json.loads(note.read_text())
        note.write_text(json.dumps({**data, "taken": "20200101T000000.0Z"}))
    told = until(home, "regions_backup_age", ["backup_old"])
    assert "days old, and 7 days is the most" in sentence(told, "backup_old")


def test_another_region_s_backups_are_not_watched(minion):
    assert look(minion("RegionTwo"), "regions_backup_age") is None


# ---- all of them ----

BEACONS = ("replication_health", "keystone_keys_behind", "regions_drift", "regions_backup_age")


@pytest.mark.parametrize("beacon", BEACONS)
@pytest.mark.parametrize(
    ("config", "words"),
    [
        ([{"interval": 0}], ["an interval of 0 can't be", "beacons:{beacon}:interval", "write seconds from"]),
        ([{"interval": "often"}], ["an interval of 'often' can't be"]),
        ([{"intervall": 60}], ["'intervall' is not known", "did you mean interval?"]),
        ([{"remnd": 60}], ["'remnd' is not known", "did you mean remind?"]),
        ([{"remind": 0}], ["0 is no number from 1 to 864000", "beacons:{beacon}:remind"]),
        ([{"times": "2"}], ["'2' is no whole number", "beacons:{beacon}:times"]),
        ([{"quux": 1}], ["'quux' is not known", "the keys there are interval, "]),
        ({"interval": 60}, ["no list of keys", "put a dash"]),
    ],
)
def test_a_beacon_names_the_wrong_key(loaders, beacon, config, words):
    right, said = loaders.beacons[f"{beacon}.validate"](config)
    assert not right
    assert all(word.format(beacon=beacon) in said for word in words), said


@pytest.mark.parametrize("beacon", BEACONS)
@pytest.mark.parametrize("config", [[], [{"interval": 3600}, {"times": 3}], [{"remind": 60}, {"enabled": True}]])
def test_a_beacon_takes_what_is_right(loaders, beacon, config):
    assert loaders.beacons[f"{beacon}.validate"](config) == (True, "Valid beacon configuration")


@pytest.mark.parametrize("beacon", BEACONS)
@pytest.mark.parametrize(
    "pillar", [{}, {"home": "RegionOne"}, {"home": "A", "regions": "B"}, {"alarms": {"lag": "long"}}, {"alarms": 3}]
)
def test_with_a_pillar_that_is_wrong_nothing_is_watched_and_nothing_raised(loaders, pair, beacon, pillar):
    """Salt would log that at each call."""
    whole = {**pair.pillar("RegionTwo"), **pillar} if "alarms" in pillar else pillar
    minion = loaders.but(pillar={"openstack_regions": whole}, grains={"region": "RegionTwo"})
    assert minion.beacons[f"{beacon}.beacon"](ONCE) == []


def minion_with(minion, **sections):
    """The same minion, whose pillar says other things."""
    pillar = {**minion.opts["pillar"]["openstack_regions"], **sections}
    return minion.but(pillar={"openstack_regions": pillar})
