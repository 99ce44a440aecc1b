"""Killed, cut off, run twice at once: whatever happens, the next run makes it right, and no row is lost or doubled."""

import contextlib
import os
import signal
import threading
import time

import memcache
import pymysql
import pytest

from osregions import files
from osregions.catalog import act, backup, cache, dump
from osregions.catalog.cache import Pending
from osregions.database import Session
from osregions.releases import cache_region_key, liberty_cache_key
from tests.support import clouds
from tests.support.clouds import dying

pytestmark = pytest.mark.one_salt
# Every step of a change: each statement, begin, commit, each part of the backup, the note, each deletion in a cache.
STEPS = [
    (Session, "rows"),
    (Session, "execute"),
    (pymysql.connections.Connection, "begin"),
    (pymysql.connections.Connection, "commit"),
    (backup, "dump_rows"),
    (backup, "_check_whole"),
    (backup, "prune"),
    (dump.subprocess, "Popen"),
    (files, "write"),
    (os, "replace"),
    (Pending, "note"),
    (Pending, "settle"),
    (memcache.Client, "delete"),
]


@pytest.fixture
def release():
    return 8


@pytest.fixture
def pair(loaders, mariadb, memcached, release, monkeypatch):
    """Home and the cluster that joins it, on Liberty's tables: there every object has a key of its own in the cache."""
    monkeypatch.setattr(cache, "_LIBERTY_RACE_SECONDS", 0)  # a pause, and of no use to a test without a keystone
    server, made = memcached(), []
    for name, region, mark in (("home", "RegionOne", "a"), ("two", "RegionTwo", "b")):
        database, _ = clouds.schema("liberty", mariadb, None)
        cloud = clouds.Cloud(loaders, database, name, release, [server])
        cloud.fill(region, mark)
        made.append(cloud)
    made[1].strip()
    yield made
    for cloud in made:
        cloud.pending.unlink(missing_ok=True)
        mariadb.drop(cloud.database.name)


@pytest.fixture
def operations(pair):
    """name: the run; what it starts from is what the tables hold."""
    home, two = pair
    rows = two.modules["keystone_catalog.export_region"]("RegionTwo")

    def rename():
        return home.states["keystone_catalog.region_renamed"]("RegionNew", old="RegionOne")

    def bring_in():
        return home.states["keystone_catalog.region_imported"]("RegionTwo", rows=rows)

    def remove():
        return home.states["keystone_catalog.region_absent"]("RegionTwo")

    return {"rename": rename, "import": bring_in, "remove": remove}


def open_transactions(mariadb):
    return mariadb.execute("SELECT COUNT(*) FROM information_schema.INNODB_TRX")[0][0]


def killed_everywhere(mariadb, cloud, run, stale, run_again):
    """Kill a run at its first, second, ... step until it comes to its end; return how many were killed after commit."""
    start = cloud.tables()
    assert run()["result"] is True
    end = cloud.tables()
    assert end != start
    client = cloud.caches[0].client()
    committed = 0
    for number in range(1, 400):
        cloud.put(start)
        cloud.pending.unlink(missing_ok=True)
        client.set(stale, "the old one")
        ended = dying(run, STEPS, number)
        assert ended in (0, -signal.SIGKILL), f"step {number} ended with {ended}"
        for _ in range(500):  # the server takes a moment to see that a client is gone
            if not open_transactions(mariadb):
                break
            time.sleep(0.01)
        assert cloud.tables() in (start, end), f"killed at step {number}: whole or not at all"
        if ended == 0:
            break
        committed += cloud.tables() == end
        assert run_again()["result"] is True, f"after step {number}"
        assert cloud.tables() == end, f"after step {number}"
        assert not cloud.pending.exists(), f"after step {number}"
        assert client.get(stale) is None, f"after step {number} the cache still holds the old catalog"
        whole = cloud.modules["keystone_catalog.backups"]()
        assert whole and all(backup.find(entry["backup"], cloud.backups) for entry in whole)
    assert ended == 0 and number > 20, "it came to its end at last"
    assert committed, "some were killed between the commit and the end"


@pytest.mark.parametrize(("name", "release"), [("rename", 8), ("import", 22), ("remove", 22)])
def test_killed_at_every_step_and_run_again(mariadb, pair, operations, name, release):
    cloud, run = pair[0], operations[name]
    if name == "remove":
        operations["import"]()
    stale = liberty_cache_key("region", "RegionOne") if release == 8 else cache_region_key("computed catalog region")
    killed_everywhere(mariadb, cloud, run, stale, run)
    assert run()["changes"] == {}


@pytest.mark.parametrize("release", [22])
def test_a_restore_killed_at_every_step_and_run_again(mariadb, pair, release):
    cloud = pair[0]
    saved = cloud.modules["keystone_catalog.backup"](scope="database")["backup"]
    cloud.database.query("DELETE FROM endpoint_group")
    cloud.database.query("UPDATE endpoint SET url = 'spoilt'")

    def run():
        return {"result": bool(cloud.modules["keystone_catalog.restore"](saved)["changes"])}

    killed_everywhere(mariadb, cloud, run, cache_region_key("revoke"), run)


def test_the_server_is_killed_in_the_midst_and_comes_back(mariadb, pair, operations, monkeypatch):
    cloud, run = pair[0], operations["rename"]
    start = cloud.tables()
    time.sleep(1.1)  # the server of the tests writes its log once a second
    real = act._carry_out
    calls = []

    def carry_out(*args):
        calls.append(args)
        if len(calls) == 3:
            os.kill(mariadb.pid, signal.SIGKILL)
            mariadb.stop()
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(act, "_carry_out", carry_out)
        done = run()
    assert done["result"] is False and done["changes"] == {}
    assert "run this again" in done["comment"].lower() and cloud.database.password not in done["comment"]
    again = run()
    assert again["result"] is False and "no database server answers" in again["comment"]
    mariadb.start()
    assert cloud.tables() == start
    assert run()["result"] is True
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}
    assert run()["changes"] == {}


def test_two_at_once_one_does_it_and_the_other_finds_nothing_to_do(pair, operations):
    cloud, run = pair[0], operations["import"]
    pipes = []
    for _ in range(3):
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                done = run()
                os.write(writing, f"{done['result']} {len(done['changes'])}".encode())
            finally:
                os._exit(0)
        os.close(writing)
        pipes.append(reading)
    said = []
    for reading in pipes:
        said.append(os.read(reading, 100).decode())
        os.close(reading)
        os.wait()
    assert sorted(said) == ["True 0", "True 0", "True 10"]
    assert len(cloud.database.query("SELECT id FROM endpoint WHERE region_id = 'RegionTwo'")) == 9
    assert run()["changes"] == {} and not cloud.pending.exists()


def test_a_run_that_waits_too_long_for_another_says_so(pair, operations, monkeypatch):
    cloud, run = pair[0], operations["rename"]
    before = cloud.tables()
    monkeypatch.setattr("osregions.database._LOCK_SECONDS", 1)
    from osregions.database import account_from_url, session

    with session(account_from_url(cloud.database.url)) as db, db.alone():
        done = run()
    assert done["result"] is False and "another run has been changing" in done["comment"]
    assert cloud.tables() == before
    assert run()["result"] is True


def test_a_deadlock_with_another_session_is_tried_again(mariadb, pair, operations, monkeypatch):
    """Another session holds an endpoint that we are to change, and waits for a region that we hold."""
    cloud, run = pair[0], operations["rename"]
    other = cloud.database.connect(autocommit=False)
    cursor = other.cursor()
    cursor.execute("UPDATE endpoint SET extra = 'other' WHERE region_id = 'RegionOne'")
    # more rows than ours: the server makes the one give way that has changed less
    cursor.execute("UPDATE service SET extra = CONCAT(extra, ' ')")
    cursor.execute("UPDATE policy_association SET policy_id = 'q'")
    real, seen, threads = act._carry_out, [], []

    def wait():
        with contextlib.suppress(pymysql.MySQLError):
            cursor.execute("UPDATE region SET description = 'other' WHERE id = 'RegionOne'")
        other.commit()

    def carry_out(db, change):
        if not seen:
            threads.append(threading.Thread(target=wait))
            threads[0].start()
            for _ in range(500):
                if mariadb.execute("SELECT COUNT(*) FROM information_schema.INNODB_LOCK_WAITS")[0][0]:
                    break
                time.sleep(0.01)
        seen.append(type(change).__name__)
        return real(db, change)

    monkeypatch.setattr(act, "_carry_out", carry_out)
    done = run()
    threads[0].join()
    other.close()
    assert done["result"] is True, done
    assert seen.count("InsertRow") == 2, "it had to begin anew"
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}
    assert cloud.database.query("SELECT description FROM region WHERE id = 'RegionNew'") == (("other",),), (
        "it looked again"
    )


def test_rows_that_change_between_the_look_and_the_act_stop_it(pair, operations, monkeypatch):
    cloud, run = pair[0], operations["rename"]
    real = backup.make

    def make(*args, **kwargs):
        cloud.database.query("UPDATE endpoint SET region_id = NULL WHERE id = 'dns-admin-a'")
        return real(*args, **kwargs)

    monkeypatch.setattr(backup, "make", make)
    done = run()
    assert done["result"] is False and "8 rows of endpoint were there to change, 9 had been seen" in done["comment"]
    assert cloud.database.query("SELECT COUNT(*) FROM region WHERE id = 'RegionNew'") == ((0,),)
    monkeypatch.undo()
    assert run()["result"] is True


def test_a_server_without_named_locks_is_served_all_the_same(pair, operations, monkeypatch):
    """Galera's servers of some releases refuse GET_LOCK; the very error is made here by another name of a function."""
    cloud, run = pair[0], operations["rename"]
    real = Session.value

    def value(self, sql, values=()):
        if "GET_LOCK" in sql:
            raise pymysql.err.NotSupportedError(
                1235, "This version of MariaDB doesn't yet support 'GET_LOCK in cluster'"
            )
        return real(self, sql, values)

    monkeypatch.setattr(Session, "value", value)
    assert run()["result"] is True
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}
