"""The fence on real servers: grants read back, sessions ended; and a real keystone behind it (isolation.md's table)."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request

import pymysql
import pytest

from osregions import releases
from osregions.database import Account, session
from osregions.errors import DatabaseError, Refused
from osregions.identity import Identity
from osregions.openrc import read
from osregions.replication import fence, fence_act
from tests.support.mariadb import MariaDB
from tests.support.mysql56 import MySQL56

pytestmark = pytest.mark.timeout(240)
ZED = releases.parse("22")
TABLES = (
    "CREATE TABLE user (id INT PRIMARY KEY, last_active_at DATE, extra TEXT)",
    "CREATE TABLE local_user (id INT PRIMARY KEY, failed_auth_count INT, failed_auth_at DATETIME)",
    "CREATE TABLE revocation_event (id INT AUTO_INCREMENT PRIMARY KEY)",
    "CREATE TABLE project (id INT PRIMARY KEY)",
    "INSERT INTO user VALUES (1, NULL, '')",
)


def admin(server) -> Account:
    return Account("root", server.password, "", socket=str(server.socket))


@pytest.fixture(scope="module", params=[MariaDB, MySQL56])
def server(request, tmp_path_factory):
    """A server that logs, a database whose name holds a wildcard, keystone under two hosts, and nova."""
    folder = tmp_path_factory.mktemp("fence")
    one = request.param(folder, "--server-id=7", "--log-bin", "--binlog-format=ROW")
    try:
        one.install()
        for name in ("key_stone", "nova"):
            one.execute(f"CREATE DATABASE {name}")
        for sql in TABLES:
            one.execute(sql, database="key_stone")
        for host in ("127.0.0.1", "localhost"):
            one.execute("CREATE USER k@%s IDENTIFIED BY 'pa55'", host)
        yield one
    finally:
        one.stop()


@pytest.fixture
def place(server, tmp_path):
    """The account as an ordinary deployment has it."""
    server.execute("REVOKE ALL PRIVILEGES, GRANT OPTION FROM k@localhost, k@'127.0.0.1'")
    server.execute("GRANT ALL ON key_stone.* TO k@localhost")
    server.execute("GRANT ALL ON `key\\_stone`.* TO k@'127.0.0.1' WITH GRANT OPTION")
    server.execute("GRANT INSERT ON nova.* TO k@localhost")
    return server, tmp_path


def shown(server) -> list[str]:
    return [
        row[0]
        .replace("'", "`")
        .replace("(`", "(")
        .replace("`)", ")")
        .replace("`, `", ", ")
        .replace("at, failed_auth_count", "count, failed_auth_at")
        for host in ("localhost", "127.0.0.1")
        for row in server.execute("SHOW GRANTS FOR k@%s", host)
        if "USAGE" not in row[0]
    ]


def keystones(server, **options):
    return pymysql.connect(
        unix_socket=str(server.socket), user="k", password="pa55", database="key_stone", autocommit=True, **options
    )


def test_the_fence_is_read_back_and_taken_down_to_the_letter(place):
    server, backups = place
    before = shown(server)
    position = server.execute("SHOW MASTER STATUS")
    with session(admin(server)) as db:
        dry = fence_act.fence(db, "key_stone", "k", ZED, backups, test=True)
        assert shown(server) == before
        assert list(backups.iterdir()) == []
        done = fence_act.fence(db, "key_stone", "k", ZED, backups)
        assert dry.changes == done.changes
        fenced = shown(server)
        for form, name in (("`localhost`", "key_stone"), ("`127.0.0.1`", "key\\_stone")):
            assert {line for line in fenced if line.endswith(f"`k`@{form}") and "nova" not in line} == {
                f"GRANT SELECT ON `{name}`.* TO `k`@{form}",
                f"GRANT UPDATE (last_active_at) ON `key_stone`.`user` TO `k`@{form}",
                f"GRANT UPDATE (failed_auth_count, failed_auth_at) ON `key_stone`.`local_user` TO `k`@{form}",
                f"GRANT INSERT, DELETE ON `key_stone`.`revocation_event` TO `k`@{form}",
            }
        assert "GRANT INSERT ON `nova`.* TO `k`@`localhost`" in fenced
        assert not fence_act.fence(db, "key_stone", "k", ZED, backups).changed
        assert fence_act.holds(db, "key_stone", "k", ZED).changes == ()

        # somebody widens it by hand: seen, and taken back; the first note stays the one that counts
        server.execute("GRANT UPDATE ON key_stone.user TO k@localhost")
        assert fence_act.holds(db, "key_stone", "k", ZED).changes
        assert fence_act.fence(db, "key_stone", "k", ZED, backups).changed
        assert sorted(shown(server)) == sorted(fenced)

        assert fence_act.unfence(db, "key_stone", "k", backups, test=True).changed
        assert fence_act.unfence(db, "key_stone", "k", backups).changed
        assert sorted(shown(server)) == sorted(before)
        assert not fence_act.unfence(db, "key_stone", "k", backups).changed
    # by hand above, two grants; nothing of ours travels
    logged = server.execute("SHOW BINLOG EVENTS IN %s FROM %s", position[0][0], position[0][1])
    assert [row[5] for row in logged if "GRANT" in str(row[5]) or "REVOKE" in str(row[5])] == [
        "GRANT UPDATE ON key_stone.user TO k@localhost"
    ]


def test_an_open_session_keeps_its_rights_and_is_ended(place):
    """What the manuals say, seen; a session at work comes to its end first."""
    server, backups = place
    idle, busy = keystones(server), keystones(server)
    busy.cursor().execute("BEGIN")
    busy.cursor().execute("UPDATE user SET extra = 'x'")
    read_all_along = threading.Event()
    failures = []

    def reading():
        while not read_all_along.is_set():
            try:
                with contextlib.closing(keystones(server)) as one, one.cursor() as cursor:
                    for _ in range(20):
                        cursor.execute("SELECT COUNT(*) FROM user")
            except pymysql.MySQLError as err:
                if err.args[0] in (1142, 1044, 1045):
                    failures.append(err.args)

    reader = threading.Thread(target=reading, daemon=True)
    reader.start()
    ending = threading.Timer(0.5, lambda: busy.cursor().execute("COMMIT"))
    ending.start()
    with session(admin(server)) as db:
        time.sleep(0.2)  # the list of transactions is as old as that
        assert {one.idle for one in fence_act.sessions(db, "key_stone", "k")} >= {True, False}
        started = time.monotonic()
        done = fence_act.fence(db, "key_stone", "k", ZED, backups)
        took = time.monotonic() - started
    read_all_along.set()
    reader.join()
    assert failures == []
    assert done.ended >= 2
    assert 0.2 < took < 5
    for one in (idle, busy):
        with pytest.raises(pymysql.MySQLError) as gone:
            one.cursor().execute("INSERT INTO project VALUES (1)")
        assert gone.value.args[0] in (2006, 2013, 0)
    assert server.execute("SELECT extra FROM key_stone.user") == (("x",),)  # the transaction at work was whole
    with contextlib.closing(keystones(server)) as new, new.cursor() as cursor:
        cursor.execute("UPDATE user SET last_active_at = NOW()")
        cursor.execute("INSERT INTO revocation_event VALUES ()")
        cursor.execute("DELETE FROM revocation_event")
        for sql in ("INSERT INTO project VALUES (1)", "UPDATE user SET extra = ''", "DROP TABLE project"):
            with pytest.raises(pymysql.MySQLError) as refused:
                cursor.execute(sql)
            assert refused.value.args[0] in (1142, 1143)


def test_a_session_that_never_ends_is_ended(place):
    server, backups = place
    with contextlib.closing(keystones(server)) as one:
        one.cursor().execute("BEGIN")
        one.cursor().execute("UPDATE user SET extra = 'never'")
        with session(admin(server)) as db:
            assert fence_act.fence(db, "key_stone", "k", ZED, backups, patience=0.3).ended == 1
    assert server.execute("SELECT extra FROM key_stone.user WHERE extra = 'never'") == ()


def test_a_kill_between_the_grants_and_the_sessions_is_made_good(place, monkeypatch):
    server, backups = place
    with contextlib.closing(keystones(server)) as old, session(admin(server)) as db:
        with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
            broken.setattr(fence_act, "end_sessions", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
            fence_act.fence(db, "key_stone", "k", ZED, backups)
        old.cursor().execute("INSERT INTO project VALUES (77)")  # the hole
        assert fence_act.fence(db, "key_stone", "k", ZED, backups, test=True).changes
        assert fence_act.fence(db, "key_stone", "k", ZED, backups).ended == 1
        with pytest.raises(pymysql.MySQLError):
            old.cursor().execute("DELETE FROM project")
        assert not fence_act.fence(db, "key_stone", "k", ZED, backups).changed
        fence_act.unfence(db, "key_stone", "k", backups)
    server.execute("DELETE FROM key_stone.project")


@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_server_killed_in_the_middle_is_fenced_by_the_next_run(place, monkeypatch, at):
    server, backups = place
    before = shown(server)
    calls = []
    real = fence.Change.sql

    def sql(change):
        calls.append(change)
        if len(calls) == at:
            os.kill(server.pid, signal.SIGKILL)
        return real(change)

    with monkeypatch.context() as broken, pytest.raises(DatabaseError), session(admin(server)) as db:
        broken.setattr(fence.Change, "sql", sql)
        fence_act.fence(db, "key_stone", "k", ZED, backups)
    server.stop()
    server.start()
    with contextlib.closing(keystones(server)) as new, new.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM user")  # it reads, however far the change came
    with session(admin(server)) as db:
        fence_act.fence(db, "key_stone", "k", ZED, backups)
        assert fence_act.holds(db, "key_stone", "k", ZED).changes == ()
        assert not fence_act.fence(db, "key_stone", "k", ZED, backups).changed
        fence_act.unfence(db, "key_stone", "k", backups)
    assert sorted(shown(server)) == sorted(before)


def test_rights_that_reach_further_are_refused_and_stay(place):
    server, backups = place
    server.execute("GRANT ALL ON `key%%`.* TO k@localhost")
    before = shown(server)
    with session(admin(server)) as db, pytest.raises(Refused, match="reach further"):
        fence_act.fence(db, "key_stone", "k", ZED, backups)
    assert shown(server) == before
    server.execute("REVOKE ALL ON `key%%`.* FROM k@localhost")


def test_others_who_can_write_are_told(place):
    server, backups = place
    server.execute("CREATE USER dev@localhost IDENTIFIED BY 'x'")
    server.execute("GRANT UPDATE (extra) ON key_stone.user TO dev@localhost")
    roles = isinstance(server, MariaDB)
    if roles:
        server.execute("CREATE ROLE writers")
        server.execute("GRANT ALL ON key_stone.* TO writers")
    try:
        with session(admin(server)) as db:
            said = fence_act.fence(db, "key_stone", "k", ZED, backups).findings
            fence_act.unfence(db, "key_stone", "k", backups)
            assert said[0] == "dev@localhost can write key_stone here: UPDATE (extra) on key_stone.user"
            assert len(said) == (2 if roles else 1)
            if roles:
                server.execute("GRANT writers TO k@localhost")
                with pytest.raises(Refused, match="not understood here: GRANT `writers` TO"):
                    fence_act.fence(db, "key_stone", "k", ZED, backups)
                server.execute("REVOKE writers FROM k@localhost")
                server.execute("GRANT INSERT ON key_stone.* TO PUBLIC")
                with pytest.raises(Refused, match="everybody"):
                    fence_act.fence(db, "key_stone", "k", ZED, backups)
                server.execute("REVOKE INSERT ON key_stone.* FROM PUBLIC")
    finally:
        server.execute("DROP USER dev@localhost")
        if roles:
            server.execute("DROP ROLE writers")


# ---- a real keystone ----


class Fenced:
    """A keystone whose account was fenced while it ran: not restarted, its pool of connections as it was."""

    def __init__(self, keystone, mariadb, backups):
        self.keystone, self.mariadb, self.name = keystone, mariadb, keystone.database.name
        self.client = Identity(read(keystone.openrc))
        self.client.issue()
        self.token = keystone.token()
        with session(admin(mariadb)) as db:
            self.done = fence_act.fence(
                db, self.name, keystone.database.user, releases.parse(keystone.release), backups
            )

    def sql(self, text, *values):
        return self.mariadb.execute(text, *values, database=self.name)

    def status(self, method, path, body=None, headers=None):
        request = urllib.request.Request(
            f"{self.keystone.url}/v3{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"X-Auth-Token": self.token, "Content-Type": "application/json", **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as err:
            return err.code
        except http.client.RemoteDisconnected:
            return 500  # an error that keystone does not translate: a bare uwsgi then just hangs up

    def sign_in(self, password=None):
        try:
            return 201 if self.keystone.token(password) else None
        except urllib.error.HTTPError as err:
            return err.code


@pytest.fixture(scope="module", params=["22", "30"])
def fenced(request, keystone_server, mariadb, tmp_path_factory):
    keystone = keystone_server(f"fenced{request.param}", request.param)
    yield Fenced(keystone, mariadb, tmp_path_factory.mktemp("backups"))


def test_each_row_of_the_table_gives_its_last_column(fenced):
    assert fenced.done.ended > 0  # keystone's pool: it opens others, and nobody is turned away
    assert fenced.sign_in() == 201
    fenced.sql("UPDATE user SET last_active_at = '2020-01-01'")
    assert fenced.sign_in() == 201
    if fenced.keystone.release == "30":  # 22 writes it with `disable_user_account_days_inactive` alone
        assert str(fenced.sql("SELECT MAX(last_active_at) FROM user")[0][0]) > "2026"
    assert fenced.sign_in("wrong") == 401
    assert fenced.sql("SELECT MAX(failed_auth_count) FROM local_user") == ((1,),)
    assert fenced.sign_in() == 201
    assert fenced.sql("SELECT MAX(failed_auth_count) FROM local_user") == ((0,),)
    one = fenced.client.issue()
    asked = {"X-Subject-Token": one.id}
    assert fenced.status("GET", "/auth/tokens", headers=asked) == 200
    assert fenced.status("DELETE", "/auth/tokens", headers=asked) == 204
    assert fenced.status("GET", "/auth/tokens", headers=asked) == 404
    # one that has expired goes with the next revocation
    fenced.sql("UPDATE revocation_event SET revoked_at = '2020-01-01'")
    fenced.client.revoke(fenced.client.issue())
    assert fenced.sql("SELECT COUNT(*) FROM revocation_event WHERE revoked_at < '2026-01-01'") == ((0,),)


def test_nothing_can_be_made_and_no_trace_is_left(fenced):
    def rows():
        tables = [name for (name,) in fenced.sql("SHOW TABLES")]
        return {name: fenced.sql(f"CHECKSUM TABLE `{name}`")[0][1] for name in tables if name != "revocation_event"}

    before = rows()
    assert fenced.status("POST", "/projects", {"project": {"name": "p", "domain_id": "default"}}) == 500
    assert fenced.status("POST", "/users", {"user": {"name": "u", "password": "x"}}) == 500
    assert fenced.status("POST", "/roles", {"role": {"name": "r"}}) == 500
    assert fenced.status("DELETE", "/regions/RegionOne") in (403, 409, 500)
    assert fenced.status("GET", "/projects") == 200
    assert rows() == before


def test_after_unfencing_it_writes_again(fenced, mariadb, tmp_path):
    with session(admin(mariadb)) as db:
        fence_act.unfence(db, fenced.name, fenced.keystone.database.user, tmp_path)  # a folder without the note: ALL
    assert fenced.status("POST", "/projects", {"project": {"name": "p", "domain_id": "default"}}) == 201
