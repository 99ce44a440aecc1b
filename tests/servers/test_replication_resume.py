"""Replication past pruned revocations, colliding numbers and refused stops; and a region's revocations given home."""

from __future__ import annotations

import contextlib

import pytest

from osregions.database import session
from osregions.replication import compare_run, numbers, resume, resume_act, revocations
from osregions.replication.checksums import Side
from osregions.replication.compare import Rules
from osregions.replication.dialect import dialect_from
from osregions.replication.errors_said import Stopped
from osregions.replication.resume import PASS, REFUSE, RENUMBER, RUNS
from tests.support.mariadb import MariaDB
from tests.support.mysql56 import MySQL56
from tests.support.replicating import Pair

pytestmark = pytest.mark.timeout(240)
BASE = numbers.base(1)
TABLES = (
    "CREATE DATABASE keystone CHARACTER SET utf8",
    "CREATE TABLE keystone.revocation_event (id INT AUTO_INCREMENT PRIMARY KEY, domain_id VARCHAR(64),"
    " audit_id VARCHAR(32), issued_before DATETIME, revoked_at DATETIME)",
    "CREATE TABLE keystone.user (id VARCHAR(64) PRIMARY KEY, extra TEXT)",
)
REVOKE = "INSERT INTO revocation_event (audit_id, issued_before, revoked_at) VALUES (%s, NOW(), {})"
PRUNE = "DELETE FROM revocation_event WHERE revoked_at < '2021-01-01'"


@pytest.fixture(
    scope="module",
    params=[
        (MariaDB, "regions"),
        (MariaDB, "", "--slave-parallel-threads=4"),
        (MySQL56, ""),
        (MySQL56, "", "--slave-parallel-workers=2"),
    ],
    ids=["mariadb-named", "mariadb-parallel", "mysql", "mysql-parallel"],
)
def pair(request, tmp_path_factory):
    kind, channel, *options = request.param
    one = Pair(kind, tmp_path_factory.mktemp("pair"), channel, *options)
    try:
        one.start()
        for sql in TABLES:
            one.home.execute(sql)
        one.wait(
            lambda: (
                rows(
                    one.region,
                    "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_NAME = 'user'"
                    " AND TABLE_SCHEMA = 'keystone'",
                )
                == ((1,),)
            )
        )
        with session(one.account(one.region)) as db:
            numbers.keep_apart(db, "keystone", BASE)
        yield one
    finally:
        one.stop()


def rows(server, sql, *values):
    return server.execute(sql, *values)


def events(server):
    return dict(server.execute("SELECT id, audit_id FROM keystone.revocation_event ORDER BY id"))


def write(server, *statements):
    """One transaction, as keystone's."""
    with contextlib.closing(server.connect("keystone", autocommit=False)) as connection, connection.cursor() as cursor:
        for sql, *values in statements:
            cursor.execute(sql, values or None)
        connection.commit()


def expire(pair, *names):
    """Revocations on both sides that any prune takes."""
    for name in names:
        write(pair.home, (REVOKE.format("'2020-01-01'"), name))
    pair.wait(lambda: set(names) <= set(events(pair.region).values()))


def user(pair, name):
    write(pair.home, ("INSERT INTO user VALUES (%s, '')", name))


def has_user(pair, name):
    return bool(pair.region.execute("SELECT 1 FROM keystone.user WHERE id = %s", name))


def mode(pair):
    return pair.region.execute("SELECT @@GLOBAL.slave_exec_mode")[0][0]


def running(pair):
    status = pair.status()
    return (status["Slave_IO_Running"], status["Slave_SQL_Running"]) == ("Yes", "Yes")


def test_both_prune_and_everything_goes_on(pair):
    """Twice pruned on both sides: passed one by one, the revocations that came along are not lost, nothing else is."""
    expire(pair, "old1", "old2")
    write(pair.region, (REVOKE.format("NOW()"), "here"), (PRUNE,))
    write(pair.home, (REVOKE.format("NOW()"), "there"), (PRUNE,))
    user(pair, "u1")
    write(pair.home, (REVOKE.format("'2020-01-01'"), "old3"))
    user(pair, "u2")
    pair.wait(lambda: pair.status()["Last_SQL_Errno"] == 1032)
    with session(pair.account(pair.region)) as db:
        assert resume_act.look(db, "keystone", pair.channel).act == PASS
        passed = resume_act.resume(db, "keystone", BASE, pair.channel)
        assert [one.act for one in passed] == [PASS]
        assert resume_act.look(db, "keystone", pair.channel).act == RUNS
        assert resume_act.resume(db, "keystone", BASE, pair.channel) == ()
    pair.wait(lambda: has_user(pair, "u2") and running(pair))
    assert has_user(pair, "u1")
    assert mode(pair) == "STRICT"
    assert sorted(events(pair.region).values()) == ["here", "old3", "there"]
    assert [one for one in events(pair.region) if one >= BASE] == [max(events(pair.region))]

    # and once more
    write(pair.region, (PRUNE,))
    write(pair.home, (PRUNE,))
    user(pair, "u3")
    pair.wait(lambda: pair.status()["Last_SQL_Errno"] == 1032)
    with session(pair.account(pair.region)) as db:
        assert len(resume_act.resume(db, "keystone", BASE, pair.channel)) == 1
    pair.wait(lambda: has_user(pair, "u3") and running(pair))


def test_the_mode_is_strict_again_whatever_happens(pair, monkeypatch):
    expire(pair, "old4")
    write(pair.region, (PRUNE,))
    write(pair.home, (PRUNE,))
    user(pair, "u4")
    pair.wait(lambda: pair.status()["Last_SQL_Errno"] == 1032)
    with session(pair.account(pair.region)) as db:
        with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
            broken.setattr(resume_act, "_wait", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
            resume_act.resume(db, "keystone", BASE, pair.channel)
        assert mode(pair) == "STRICT"
        db.execute(dialect(db).start(pair.channel))
        pair.wait(lambda: has_user(pair, "u4") or pair.status()["Last_SQL_Errno"])
        resume_act.resume(db, "keystone", BASE, pair.channel)
    pair.wait(lambda: has_user(pair, "u4") and running(pair))


def dialect(db):
    first = db.rows("SELECT @@version AS version, @@version_comment AS comment")[0]
    return dialect_from(first["version"], first["comment"])


def test_a_local_row_with_homes_number_gives_way(pair):
    """Numbers that were not kept apart: refused until they are, then home's has its number and ours another."""
    top = pair.home.execute(
        "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_NAME = 'revocation_event'"
        " AND TABLE_SCHEMA = 'keystone'"
    )[0][0]
    write(pair.region, (f"INSERT INTO revocation_event (id, audit_id, revoked_at) VALUES ({top}, 'mine', NOW())",))
    write(pair.home, (REVOKE.format("NOW()"), "homes"))
    user(pair, "u5")
    pair.wait(lambda: pair.status()["Last_SQL_Errno"] == 1062)
    with session(pair.account(pair.region)) as db:
        with pytest.raises(Stopped, match="kept apart first"):
            resume_act.resume(db, "keystone", numbers.base(7), pair.channel)
        assert [one.act for one in resume_act.resume(db, "keystone", BASE, pair.channel)] == [RENUMBER]
    pair.wait(lambda: has_user(pair, "u5") and running(pair))
    found = events(pair.region)
    assert found[top] == "homes"
    assert next(ident for ident, name in found.items() if name == "mine") > BASE


def test_what_was_revoked_here_is_given_home_and_forgotten(pair):
    with session(pair.account(pair.region)) as region, session(pair.account(pair.home)) as home:
        ends = (region, "keystone", home, "keystone", BASE)
        first = revocations.pending(*ends)
        own = {one.row["audit_id"] for one in first.give}
        assert own == {"here", "mine"}
        assert revocations.give_home(home, "keystone", first.give) == 2
        assert revocations.give_home(home, "keystone", first.give) == 0
        pair.wait(lambda: len(revocations.pending(*ends).forget) == 2)
        second = revocations.pending(*ends)
        assert (second.give, second.on_their_way) == ((), ())
        assert revocations.forget_here(region, "keystone", second.forget) == 2
        assert revocations.forget_here(region, "keystone", second.forget) == 0
        assert revocations.pending(*ends) == revocations.Pending()
        assert events(pair.region) == events(pair.home)
        wait = lambda: compare_run.applied(home, region, dialect(home), dialect(region), 5)  # noqa: E731
        report = compare_run.compare(Side(home, "keystone"), Side(region, "keystone"), Rules(base=BASE), wait)
        assert (report.differences, report.settled) == ((), True)
    assert running(pair)


def test_compare_waits_for_what_is_on_its_way(pair):
    """A region held back half a second sees no divergence; what was written here is seen, its values are not."""
    with session(pair.account(pair.region)) as region, session(pair.account(pair.home)) as home:
        sides = (Side(home, "keystone"), Side(region, "keystone"), Rules(base=BASE))
        wait = lambda: compare_run.applied(home, region, dialect(home), dialect(region), 5)  # noqa: E731
        held = pair.region.connect("keystone")
        held.cursor().execute("FLUSH TABLES WITH READ LOCK")
        for at in range(5):
            user(pair, f"late{at}")

        def settle():
            held.cursor().execute("UNLOCK TABLES")
            return wait()

        report = compare_run.compare(*sides, settle)
        held.close()
        assert (report.differences, report.settled) == ((), True)
        write(pair.region, ("UPDATE user SET extra = 's3cr3t' WHERE id = 'late1'",))
        report = compare_run.compare(*sides, wait)
        assert [(one.row.table, one.row.key, one.row.columns) for one in report.divergence] == [
            ("user", (("id", "late1"),), ("extra",))
        ]
        assert "s3cr3t" not in repr(report)


def test_a_replication_that_stands_is_not_waited_for_in_vain(pair):
    with session(pair.account(pair.region)) as region, session(pair.account(pair.home)) as home:
        region.execute(dialect(region).stop(pair.channel))
        user(pair, "later")
        assert compare_run.applied(home, region, dialect(home), dialect(region), 1) is False
        sides = (Side(home, "keystone"), Side(region, "keystone"), Rules(base=BASE))
        report = compare_run.compare(
            *sides, lambda: compare_run.applied(home, region, dialect(home), dialect(region), 1)
        )
        assert report.settled is False
        assert ("user", (("id", "later"),), "home") in [
            (one.row.table, one.row.key, one.row.where) for one in report.divergence
        ]
        region.execute(dialect(region).start(pair.channel))
        assert compare_run.applied(home, region, dialect(home), dialect(region), 10) is True


def test_any_other_stop_is_refused_and_explained(pair):
    write(pair.region, ("INSERT INTO user VALUES ('taken', 'here')",))
    user(pair, "taken")
    pair.wait(lambda: pair.status()["Last_SQL_Errno"] == 1062)
    with session(pair.account(pair.region)) as db:
        assert resume_act.look(db, "keystone", pair.channel).act == REFUSE
        with pytest.raises(Stopped) as refused:
            resume_act.resume(db, "keystone", BASE, pair.channel)
        assert refused.value.number == 1062
        assert "keystone.user, key taken" in str(refused.value)
        assert mode(pair) == "STRICT"
        with pytest.raises(Stopped, match="there is no replication called other"):
            resume_act.look(db, "keystone", "other")
        write(pair.region, ("DELETE FROM user WHERE id = 'taken'",))
        db.execute(dialect(db).start(pair.channel))
    pair.wait(lambda: has_user(pair, "taken") and running(pair))


def test_a_password_that_is_refused_and_a_home_that_went_back_are_explained(pair):
    with session(pair.account(pair.region)) as db:
        pair.home.execute("SET PASSWORD FOR repl@'127.0.0.1' = PASSWORD('other')")
        db.execute(dialect(db).stop(pair.channel))
        db.execute(dialect(db).start(pair.channel))
        pair.wait(lambda: pair.status()["Last_IO_Errno"])
        assert "refuses the replication account's password" in resume_act.look(db, "keystone", pair.channel).sentence
        pair.home.execute("SET PASSWORD FOR repl@'127.0.0.1' = PASSWORD('repl')")
        pair.wait(lambda: running(pair))
        db.execute(dialect(db).stop(pair.channel))
        pair.home.execute("RESET MASTER")
        db.execute(dialect(db).start(pair.channel))
        if pair.mariadb:
            # An empty binary log lets every replica in: nothing is said until home writes something.
            pair.wait(lambda: running(pair))
            positions = [
                server.execute("SELECT @@GLOBAL.gtid_current_pos")[0][0] or "" for server in (pair.home, pair.region)
            ]
            assert resume.gone_back(*positions) or not positions[0]
            user(pair, "after")
        pair.wait(lambda: any(int(pair.status()[one]) for one in ("Last_IO_Errno", "Last_SQL_Errno")))
        found = resume_act.look(db, "keystone", pair.channel)
        print(pair.status()["Last_IO_Error"], pair.status()["Last_SQL_Error"])
        assert found.act == REFUSE
        assert "gone back" in found.sentence
