"""A region's server becomes home's replica, from pillar to rows: real servers, MariaDB 10.11, and MySQL 5.6."""

from __future__ import annotations

import contextlib
import json
import time
from functools import partial

import pymysql
import pytest

from osregions import settings
from osregions.catalog.cache import Cache
from osregions.errors import RegionsError
from osregions.releases import Release
from osregions.replication import carrying, observe, operations, prospect, wishes
from tests.support import pairs


@pytest.fixture(params=pairs.KINDS)
def pair(request, tmp_path):
    with pairs.Pair(request.param, tmp_path) as pair:
        yield pair


def here(pair, region, more=None):
    """What runs on the node of a region's server."""
    pillar = pair.pillar(region, **(more or {}))
    backups = pair.at(region).own.folder / "backups"
    read = wishes.read(pillar, settings.read(pillar))
    return operations.Here(read, region, "keystone", Release(22), "keystone", backups, Cache("", ()))


def keystone(pair, sql):
    """Run a statement in the region's database as keystone does."""
    words = {"host": "127.0.0.1", "port": pair.region.own.port, "user": "keystone", "password": "ks"}
    connection = pymysql.connect(database="keystone", autocommit=True, **words)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(sql)


def arrives(pair, sql, value, seconds=5):
    until = time.monotonic() + seconds
    while (found := pair.region.execute(sql)) != value:
        assert time.monotonic() < until, (found, pair.region.view().channels)
        time.sleep(0.02)


def twice(act, **words):
    """Plan, do, and find nothing more to do; return the changes."""
    planned = act(dry=True, **words)
    done = act(dry=False, **words)
    assert dict(done.changes) == dict(planned.changes)
    assert dict(act(dry=False, **words).changes) == {}
    return dict(done.changes)


def test_from_two_clouds_to_one_identity_and_back(pair):
    home, region = here(pair, "RegionOne"), here(pair, "RegionTwo")
    pair.region.make()
    pair.region.project("p9", "theirs")
    with pytest.raises(RegionsError, match="refuses osr_regiontwo's password"):
        region.problems()
    assert "accounts" in twice(home.primary)
    assert region.problems() == ()
    before = pair.region.execute("SHOW DATABASES", database=None)
    for dry in (True, False):
        with pytest.raises(RegionsError, match=r"would lose it: .*theirs"):
            region.replica(dry=dry)
    assert pair.region.execute("SHOW DATABASES", database=None) == before
    assert pair.region.view().channels == ()
    assert "gives way: 1 project (theirs)" in region.replica(dry=True, discard=True).comment
    changes = twice(region.replica, discard=True)
    assert set(changes) == {"seeded", "rights", "numbers", "replication"}
    pair.home.project("p2", "blue")
    arrives(pair, "SELECT name FROM project WHERE is_domain = 0 ORDER BY id", (("red",), ("blue",)))
    with pytest.raises(pymysql.MySQLError, match="denied"):
        keystone(pair, "INSERT INTO project VALUES ('p8', 'past the fence', 'default', 0, NULL)")
    keystone(pair, "UPDATE user SET last_active_at = '2026-11-25' WHERE id = 'u1'")
    keystone(pair, "INSERT INTO revocation_event (issued_before, revoked_at, audit_id) VALUES (NOW(), NOW(), 'a')")
    own = pair.region.execute("SELECT id FROM revocation_event")
    assert own and all(210_000_000 <= ident < 220_000_000 for (ident,) in own)
    pair.home.execute("INSERT INTO revocation_event (issued_before, revoked_at, audit_id) VALUES (NOW(), NOW(), 'b')")
    arrives(pair, "SELECT id FROM revocation_event ORDER BY id", ((1,), *own))
    (kept,) = region.kept()
    assert kept.kind == "before"
    with pytest.raises(RegionsError, match=r"run mysql_replication\.absent first"):
        region.restore("latest")
    assert twice(region.absent) == {"replication": ["stops, and is forgotten"]}
    assert region.restore("latest")["restored"] == kept.name
    assert pair.region.execute("SELECT name FROM project WHERE is_domain = 0 ORDER BY id") == (("red",), ("theirs",))
    assert "rights" in twice(region.unfenced)
    keystone(pair, "INSERT INTO project VALUES ('p8', 'its own again', 'default', 0, NULL)")
    assert "accounts" in twice(home.primary_absent)


def test_both_ends_say_beforehand_what_would_be_refused_and_who_would_give_way(pair):
    """As the master asks them: the region has no account at home yet, and what it says has travelled as JSON."""
    pair.region.make()
    pair.region.project("p9", "theirs")
    pair.region.execute("INSERT INTO assignment VALUES ('UserProject', 'u1', 'p9', 'r1', 0)")
    home, region = here(pair, "RegionOne"), here(pair, "RegionTwo")
    theirs, ours = (json.loads(json.dumps(prospect.say(one))) for one in (home, region))
    assert prospect.problems("RegionOne", "RegionTwo", theirs, ours) == ()
    assert theirs["held"] is None and not ours["replicates"] and not ours["discard"]
    assert pairs.PASSWORD not in json.dumps([theirs, ours])
    found = prospect.lacking(home, ours["held"])
    assert found.counts() == {"project": 1, "assignment": 1}
    pair.region.execute("UPDATE alembic_version SET version_num = 'another'")
    (problem,) = prospect.problems("RegionOne", "RegionTwo", theirs, prospect.say(region))
    assert problem.problem.startswith("schema is alembic_version:29e87d24a316 at RegionOne")
    pair.region.execute("UPDATE alembic_version SET version_num = '29e87d24a316'")
    home.primary(dry=False)
    region.replica(dry=False, discard=True)
    after = prospect.say(region)
    assert after["replicates"] and after["held"] is None


def test_a_region_without_a_keystone_database_gets_homes(pair):
    here(pair, "RegionOne").primary(dry=False)
    assert prospect.lacking(here(pair, "RegionOne"), prospect.say(here(pair, "RegionTwo"))["held"]).text() == "nothing"
    assert "gives way: nothing" in here(pair, "RegionTwo").replica(dry=True).comment
    assert "seeded" in twice(here(pair, "RegionTwo").replica)
    pair.home.execute("UPDATE user SET last_active_at = '2026-11-25' WHERE id = 'u1'")
    arrives(pair, "SELECT last_active_at IS NOT NULL FROM user", ((1,),))


def test_a_session_that_keystone_left_in_a_transaction_keeps_nothing_from_changing_places(pair):
    """The fence, which ends sessions as well, stands already: as after a seeding that was killed."""
    here(pair, "RegionOne").primary(dry=False)
    pair.region.make()
    region = here(pair, "RegionTwo")
    region.fenced(dry=False)
    words = {"host": "127.0.0.1", "port": pair.region.own.port, "user": "keystone", "password": "ks"}
    with contextlib.closing(pymysql.connect(database="keystone", **words)) as left, left.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM project")
        assert "seeded" in region.replica(dry=False, discard=True).changes


def test_what_stands_in_the_way_is_told_before_anything_changes(pair):
    here(pair, "RegionOne").primary(dry=False)
    pair.region.make()
    pair.region.execute("UPDATE alembic_version SET version_num = 'another'")
    region = here(pair, "RegionTwo")
    with pytest.raises(RegionsError, match="schema is alembic_version:29e87d24a316 at RegionOne"):
        region.replica(dry=False, discard=True)
    assert pair.region.view().channels == () and region.kept() == ()


def test_a_log_that_is_to_hold_keystone_alone(pair):
    alone = {"filter": "primary"}
    with pytest.raises(RegionsError, match="holds all databases, and pillar wants keystone alone"):
        here(pair, "RegionOne", alone).primary(dry=True)
    pair.home.own.stop()
    pair.home.own.options = (*pair.home.own.options, "--binlog-do-db=keystone")
    pair.home.own.start()
    assert "accounts" in twice(here(pair, "RegionOne", alone).primary)


def test_how_it_is_and_what_differs(pair):
    here(pair, "RegionOne").primary(dry=False)
    region = here(pair, "RegionTwo")
    assert observe.status(region)["findings"] == ["this server does not replicate home's keystone"]
    region.replica(dry=False)
    found = observe.status(region)
    assert found["ok"], found
    assert found["lag"] < 1 and found["threads"] == {"io": "Yes", "sql": "Yes"} and not found["tls"]
    assert max(found["clock"].values()) < 1 > -min(found["clock"].values()) and found["keys"] is None
    assert found["schema"]["here"] == {"schema": "alembic_version:29e87d24a316", "charset": "utf8"}
    pair.home.project("p2", "blue")
    same = observe.differences(region)
    assert same["clean"] and same["settled"], same
    anchors = len(same["bookkeeping"])  # MySQL 5.6 forgets numbers at a restart: there a row of its own holds them
    assert anchors == (pair.kind == "mysql56")
    keystone(pair, "UPDATE user SET last_active_at = '2026-11-25' WHERE id = 'u1'")
    keystone(pair, "INSERT INTO revocation_event (issued_before, revoked_at, audit_id) VALUES (NOW(), NOW(), 'a')")
    pair.region.execute("INSERT INTO project VALUES ('p9', 'past the fence', 'default', 0, NULL)")
    pair.region.execute("UPDATE project SET name = 'purple' WHERE id = 'p2'")
    pair.region.execute("GRANT INSERT ON keystone.project TO keystone@'127.0.0.1'")
    found = observe.differences(region)
    assert not found["clean"] and len(found["bookkeeping"]) == anchors + 2
    assert sorted(found["divergence"]) == [
        "project id=p2: differs from home in name",
        "project id=p9: is here and not at home",
    ]
    assert any("the fence lacks" in one for one in observe.status(region)["findings"])


def test_what_else_has_to_be_alike(pair):
    here(pair, "RegionOne").primary(dry=False)
    region = here(pair, "RegionTwo")
    region.replica(dry=False)

    def findings(*keys):
        view = {"credential": {"digest": "d", "hashes": dict(enumerate(keys))}}
        return observe.status(region, lambda: {"repositories": view, "installed": {"digests": {"credential": "d"}}})[
            "findings"
        ]

    # No release's table but Newton's and later has that column.
    pair.home.execute("CREATE TABLE credential (id varchar(64) PRIMARY KEY)")
    assert findings() == []
    pair.home.execute("ALTER TABLE credential ADD COLUMN key_hash varchar(64)")
    pair.home.execute("INSERT INTO credential VALUES ('a', 'k1'), ('b', 'k1'), ('c', 'k2'), ('d', NULL)")
    arrives(pair, "SELECT COUNT(*) FROM credential", ((4,),))
    assert findings("k1", "k2") == []
    (finding,) = findings("k2")
    assert finding.startswith("2 of home's credentials can't be read here: the key that encrypted them (k1)")
    pair.region.execute("UPDATE alembic_version SET version_num = 'another'")
    (finding,) = findings("k1", "k2")
    assert "alembic_version:29e87d24a316 at home and alembic_version:another here" in finding
    pair.region.execute("UPDATE alembic_version SET version_num = '29e87d24a316'")
    pair.region.execute("ALTER DATABASE keystone CHARACTER SET latin1")
    (finding,) = findings("k1", "k2")
    assert "the charset is utf8 at home and latin1 here" in finding
    pair.region.execute(finding.partition(": give it home's: ")[2])
    assert findings("k1", "k2") == []
    pair.region.execute("STOP SLAVE SQL_THREAD" if pair.kind == "mysql56" else "STOP ALL SLAVES")
    stopped = observe.status(region)
    assert stopped["clock"] is None and stopped["schema"]["home"] is None and stopped["schema"]["here"]


def test_both_sides_prune_and_replication_goes_on(pair):
    """What is certain after any isolation in which somebody logged out."""
    here(pair, "RegionOne").primary(dry=False)
    region = here(pair, "RegionTwo")
    region.replica(dry=False)
    old = "INSERT INTO revocation_event (issued_before, revoked_at, audit_id) VALUES ('2020-01-01', '2020-01-01', 'o')"
    pair.home.execute(old)
    arrives(pair, "SELECT count(*) FROM revocation_event WHERE audit_id = 'o'", ((1,),))
    prune = "DELETE FROM revocation_event WHERE revoked_at < '2021-01-01' AND id < 200000000"
    keystone(pair, prune)
    pair.home.execute(prune)
    pair.home.project("p2", "blue")
    until = time.monotonic() + 5
    while not pair.region.view().channels[0].sql_error[0]:
        assert time.monotonic() < until, "replication did not stop"
        time.sleep(0.05)
    assert not observe.status(region)["ok"]
    assert "goes on past" in twice(region.replica)["replication"]
    arrives(pair, "SELECT name FROM project WHERE id = 'p2'", (("blue",),))
    assert observe.differences(region)["clean"]


def test_another_stop_is_explained_and_left(pair):
    here(pair, "RegionOne").primary(dry=False)
    region = here(pair, "RegionTwo")
    region.replica(dry=False)
    pair.region.execute("INSERT INTO project VALUES ('p2', 'taken', 'default', 0, NULL)")
    pair.home.project("p2", "blue")
    until = time.monotonic() + 5
    while not pair.region.view().channels[0].sql_error[0]:
        assert time.monotonic() < until, "replication did not stop"
        time.sleep(0.05)
    for dry in (True, False):
        with pytest.raises(RegionsError, match="stands still") as stopped:
            region.replica(dry=dry)
    assert "p2" in str(stopped.value) or "project" in str(stopped.value)


def test_what_a_region_revoked_is_given_home_and_comes_back(pair):
    home, region = here(pair, "RegionOne"), here(pair, "RegionTwo")
    home.primary(dry=False)
    region.replica(dry=False)
    for audit in ("a", "b"):
        keystone(
            pair,
            "INSERT INTO revocation_event (issued_before, revoked_at, audit_id)"
            f" VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP(), '{audit}')",
        )
    found = json.loads(json.dumps(carrying.own(region)))  # as Salt carries it
    assert sorted(row["audit_id"] for row in found["give"]) == ["a", "b"] and found["forget"] == 0
    changes = twice(partial(carrying.take, home, found["give"]))
    assert changes == {"revocations": "2 of tokens that were revoked elsewhere"}
    assert pair.home.execute("SELECT audit_id FROM revocation_event ORDER BY audit_id") == (("a",), ("b",))
    mine = "SELECT count(*) FROM revocation_event WHERE id < 200000000"
    arrives(pair, mine, ((2,),))
    assert twice(partial(carrying.forget, region)) == {"revocations": "2 are home's by now"}
    assert carrying.own(region) == {"give": [], "forget": 0, "waiting": 0}
    arrives(pair, mine, ((2,),))
    assert observe.differences(region)["clean"]


@pytest.mark.parametrize(
    ("kind", "clocks", "ahead"),
    [
        ("mariadb", {"region": 120}, {"node": 0, "server": 120}),
        ("mariadb", {"region": -120}, {"node": 0, "server": -120}),
        # as the region sees it, whose every clock is off then: its server's, and this process'
        ("mariadb", {"home": -120}, {"node": 120, "server": 120}),
        ("mysql56", {"home": 120}, {"node": -120, "server": -120}),
    ],
)
def test_clocks_two_minutes_apart(kind, clocks, ahead, tmp_path):
    with pairs.Pair(kind, tmp_path, **clocks) as pair:
        home, region = here(pair, "RegionOne"), here(pair, "RegionTwo")
        pair.region.make()
        home.primary(dry=False)
        assert "seeded" in twice(region.replica, discard=True)
        pair.home.project("p2", "blue")
        arrives(pair, "SELECT name FROM project WHERE is_domain = 0 ORDER BY id", (("red",), ("blue",)))
        # Each side prunes what has expired by its own clock; here it is one minute from that by home's.
        old = "UTC_TIMESTAMP() - INTERVAL 5340 SECOND"
        pair.home.execute(
            f"INSERT INTO revocation_event (issued_before, revoked_at, audit_id) VALUES ({old}, {old}, 'old')"
        )
        arrives(pair, "SELECT COUNT(*) FROM revocation_event WHERE audit_id = 'old'", ((1,),))
        keystone(pair, "DELETE FROM revocation_event WHERE revoked_at < UTC_TIMESTAMP() - INTERVAL 5400 SECOND")
        found = observe.differences(region)
        pruned = [one for one in found["bookkeeping"] if one.endswith("has expired, and was pruned here")]
        assert found["clean"] and len(pruned) == (ahead["server"] > 0), found
        keystone(
            pair,
            "INSERT INTO revocation_event (issued_before, revoked_at, audit_id)"
            " VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP(), 'a')",
        )
        given = json.loads(json.dumps(carrying.own(region)))["give"]
        assert [row["audit_id"] for row in given] == ["a"]
        assert twice(partial(carrying.take, home, given))
        arrives(pair, "SELECT COUNT(*) FROM revocation_event WHERE audit_id = 'a'", ((2,),))
        assert twice(partial(carrying.forget, region)) == {"revocations": "1 are home's by now"}
        assert carrying.own(region) == {"give": [], "forget": 0, "waiting": 0}
        assert observe.differences(region)["clean"]
        seen = observe.status(region)
    (finding,) = seen["findings"]
    whose, where = ("node", "server")[not ahead["node"]], ("at home", "here")
    word, out = ("ahead of", where[0]) if ahead["server"] > 0 else ("behind", where[1])
    assert f"120 s {word} home's: a log-out {out} leaves a token valid" in finding and "NTP" in finding, finding
    assert whose in finding and not seen["ok"] and seen["lag"] < 1
    assert {name: round(seconds) for name, seconds in seen["clock"].items()} == ahead


def test_rows_of_another_shape_are_refused(pair):
    home = here(pair, "RegionOne")
    with pytest.raises(RegionsError, match="is list"):
        carrying.take(home, [{"audit_id": ["x"]}], dry=False)
    with pytest.raises(RegionsError, match="can't be the name"):
        carrying.take(home, [{"audit_id` = 1; --": "x"}], dry=False)
