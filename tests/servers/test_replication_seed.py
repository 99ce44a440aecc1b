"""A region's keystone database is seeded from home's while home goes on writing: real MariaDB, real MySQL 5.6."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from osregions.database import Account, session
from osregions.errors import DatabaseError, Refused, RegionsError
from osregions.replication import copying, gtids, people, people_view, seed, snapshot, swap
from osregions.replication import server as servers
from tests.support import identities
from tests.support.mariadb import MariaDB
from tests.support.mysql56 import MySQL56

ROOT = Path(__file__).resolve().parents[2]
# What was committed outlives the process: home is killed too.
LOG = ("--log-bin=log", "--binlog-format=ROW", "--log-slave-updates=1", "--innodb-flush-log-at-trx-commit=2")
KINDS = {
    "mariadb": (MariaDB, (*LOG,), ("--gtid-domain-id={id}",)),
    "mysql56": (MySQL56, (*LOG, "--gtid-mode=ON", "--enforce-gtid-consistency"), ()),
}
TABLES = ("project", "user", "local_user", "password", "role", "assignment", "credential", "revocation_event")


@dataclass
class Pair:
    """Home and a region of one kind of server, and a replication account with the least rights."""

    kind: str
    home: MariaDB | MySQL56
    region: MariaDB | MySQL56
    secret: str = "replica's secret"

    @property
    def account(self) -> Account:
        return Account("replica", self.secret, "keystone", "127.0.0.1", self.home.port)

    @property
    def admin(self) -> Account:
        return Account("root", self.region.password, "", socket=str(self.region.socket))

    @property
    def pause(self) -> float:
        """What writers rest between commits: MySQL 5.6 takes home's transactions one by one."""
        return 0 if self.kind == "mariadb" else 0.005

    def anew(self) -> None:
        """Both databases as they are before seeding."""
        region, home = self.region, self.home
        with contextlib.suppress(Exception):
            region.execute("STOP ALL SLAVES" if self.kind == "mariadb" else "STOP SLAVE")
        region.execute("RESET SLAVE ALL")
        for server in (home, region):
            for (name,) in server.execute("SHOW DATABASES"):
                if name.startswith("keystone"):
                    server.execute(f"DROP DATABASE {name}")
        for server in (home, region):
            server.execute("RESET MASTER")
        if self.kind == "mariadb":
            region.execute("SET GLOBAL gtid_slave_pos = ''")
        for server, mark in ((home, "h"), (region, "r")):
            identities.build(server, "keystone")
            with contextlib.closing(server.connect("keystone")) as connection, connection.cursor() as cursor:
                identities.deployment(cursor, mark)
        home.execute(
            "INSERT INTO keystone.credential VALUES ('c1', 'h-admin-u', %s, %s), ('c2', 'h-admin-u', '', NULL),"
            " ('c3', 'h-admin-u', 'NULL', '')",
            "na\u00efve 'quoted' \\ \u65e5\u672c\n\0\x1a%s",
            bytes(range(256)),
        )
        home.execute("INSERT INTO keystone.token VALUES ('t1', NULL, NULL, 1)")
        home.execute("INSERT INTO keystone.revocation_event VALUES (41, NULL, '2026-01-01 00:00:00')")

    def seed(self, **more) -> seed.Seeded:
        return seed.seed(self.account, self.admin, **more)

    def replicate(self) -> None:
        """By hand: replication/setup is somebody else's."""
        how = "MASTER_USE_GTID=slave_pos" if self.kind == "mariadb" else "MASTER_AUTO_POSITION=1"
        self.region.execute(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={self.home.port}, MASTER_USER='replica',"
            f" MASTER_PASSWORD=%s, {how}",
            self.secret,
        )
        self.region.execute("START SLAVE")

    def status(self) -> dict:
        with contextlib.closing(self.region.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            row = cursor.fetchone()
            return dict(zip((one[0] for one in cursor.description), row, strict=True)) if row else {}

    def caught_up(self, seconds: float = 60) -> None:
        """Wait until the region holds what home holds; fail on the first error of replication."""
        until = time.monotonic() + seconds
        while True:
            status = self.status()
            assert not status["Last_SQL_Errno"], status["Last_SQL_Error"]
            assert not status["Last_IO_Errno"], status["Last_IO_Error"]
            if self.sums(self.home) == self.sums(self.region):
                return
            assert time.monotonic() < until, "the region never caught up"
            time.sleep(0.2)

    @staticmethod
    def sums(server) -> dict:
        with contextlib.closing(server.connect("keystone")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CHECKSUM TABLE {', '.join(f'`{table}`' for table in TABLES)}")
            return dict(cursor.fetchall())


@pytest.fixture(scope="module", params=sorted(KINDS))
def servers_of(request):
    """Home and region, one pair of each kind for all tests."""
    cls, options, each = KINDS[request.param]
    folder = Path(tempfile.mkdtemp(prefix="seed-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    pair = []
    try:
        for number, name in enumerate(("home", "region"), 1):
            (folder / name).mkdir()
            own = [option.format(id=number) for option in (*options, *each)]
            server = cls(folder / name, *own, f"--server-id={number}")
            pair.append(server)
            server.install()
        result = Pair(request.param, *pair)
        pair[0].execute("CREATE USER replica@'127.0.0.1' IDENTIFIED BY %s", result.secret)
        for grant in snapshot.replication_grants(request.param == "mariadb", "keystone", "replica@'127.0.0.1'"):
            pair[0].execute(grant)
        yield result
    finally:
        for server in pair:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def pair(servers_of):
    """The pair, with fresh databases."""
    servers_of.anew()
    return servers_of


class Writer:
    """Somebody who works at home: users come, and some go again."""

    def __init__(self, server, name: str = "w", pause: float = 0):
        self.server = server
        self.pause = pause
        self.name = name
        self.commits = 0
        self.error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Writer:
        self._thread.start()
        while not self.commits and not self.error:
            time.sleep(0.01)
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        if self.error:
            raise self.error

    def _run(self) -> None:
        try:
            with contextlib.closing(self.server.connect("keystone", autocommit=False)) as connection:
                cursor = connection.cursor()
                while not self._stop.is_set():
                    ident = f"{self.name}{self.commits:08}"
                    identities.add_user(cursor, ident, f"user {ident}")
                    identities.assign(cursor, ident, "h-admin-p", "h-member-r")
                    if self.commits % 3 == 2:
                        cursor.execute("DELETE FROM `user` WHERE id = %s", (f"{self.name}{self.commits - 1:08}",))
                    connection.commit()
                    self.commits += 1
                    time.sleep(self.pause)
        except BaseException as err:
            self.error = err


def rows(server, table: str, database: str = "keystone") -> int:
    return server.execute(f"SELECT COUNT(*) FROM `{database}`.`{table}`")[0][0]


def databases(server) -> list[str]:
    return [name for (name,) in server.execute("SHOW DATABASES") if name.startswith("keystone")]


def test_home_goes_on_writing_and_replication_goes_on_from_the_seed(pair):
    writers = [Writer(pair.home, name, pair.pause) for name in ("a", "b", "c")]
    with contextlib.ExitStack() as stack:
        for writer in writers:
            stack.enter_context(writer)
        time.sleep(0.5)
        done = pair.seed()
        before = sum(writer.commits for writer in writers)
        pair.replicate()
        time.sleep(0.5)
        assert sum(writer.commits for writer in writers) > before, "home stood still"
    pair.caught_up()
    assert done.start == ("slave_pos" if pair.kind == "mariadb" else "inject")
    assert done.left_out == {"token": 1} and rows(pair.region, "token") == 0
    assert pair.region.execute("SELECT `raw` FROM keystone.credential ORDER BY id") == (
        (bytes(range(256)),),
        (None,),
        (b"",),
    )
    assert sorted(databases(pair.region)) == ["keystone", done.kept]


def test_the_snapshot_belongs_to_its_position(pair):
    """Again and again, under three writers: replication from the position neither repeats nor passes over a row."""
    writers = [Writer(pair.home, name, pair.pause) for name in ("a", "b", "c")]
    with contextlib.ExitStack() as stack:
        for writer in writers:
            stack.enter_context(writer)
        for _ in range(5):
            done = pair.seed(discard=True)
            pair.replicate()
            time.sleep(0.3)
            assert not pair.status()["Last_SQL_Errno"], (done.position, pair.status()["Last_SQL_Error"])
            pair.region.execute("STOP SLAVE")
            pair.region.execute("RESET SLAVE ALL")
        pair.replicate()
    pair.caught_up()


def test_the_old_database_is_kept_and_comes_back(pair):
    before = pair.sums(pair.region)
    done = pair.seed()
    assert [(one.name, one.kind) for one in seed.kept(pair.admin)] == [(done.kept, "before")]
    seeded = pair.sums(pair.region)
    assert seeded == pair.sums(pair.home) != before
    again = seed.restore_seeded(pair.admin, done.kept)
    assert pair.sums(pair.region) == before
    assert databases(pair.region) == ["keystone", again]
    foreign_keys_hold(pair.region)
    back = seed.restore_seeded(pair.admin, again)
    assert pair.sums(pair.region) == seeded
    foreign_keys_hold(pair.region)
    with pytest.raises(Refused, match="kept for keystone"):
        seed.drop_kept(pair.admin, "mysql")
    seed.drop_kept(pair.admin, back)
    assert databases(pair.region) == ["keystone"]


def foreign_keys_hold(server) -> None:
    with pytest.raises(Exception, match="foreign key constraint fails"):
        server.execute("INSERT INTO keystone.user_group_membership VALUES ('nobody', 'nothing')")
    assert not server.execute(
        "SELECT * FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA <> TABLE_SCHEMA"
    )


def test_tenants_are_not_lost_by_accident(pair):
    with contextlib.closing(pair.region.connect("keystone")) as connection, connection.cursor() as cursor:
        identities.add_project(cursor, "tenant", "customer")
        identities.add_user(cursor, "someone", "someone")
        identities.assign(cursor, "someone", "tenant", "r-member-r")
    home_has_more(pair)
    before = pair.sums(pair.region)
    with pytest.raises(Refused) as err:
        pair.seed()
    said = str(err.value)
    assert "1 project (customer (another of that name is at home)); 1 user (someone); 1 assignment (member of" in said
    assert pair.sums(pair.region) == before and databases(pair.region) == ["keystone"]
    done = pair.seed(discard=True)
    assert done.people.counts() == {"project": 1, "user": 1, "assignment": 1}
    assert pair.sums(pair.region) == pair.sums(pair.home)
    assert rows(pair.region, "project", done.kept) == 5


def home_has_more(pair) -> None:
    """Whether home is asked for everything, or about the region's people alone, comes to the same."""
    with contextlib.closing(pair.home.connect("keystone")) as connection, connection.cursor() as cursor:
        for number in range(20):
            identities.add_user(cursor, f"u{number}", f"user{number}")
            identities.assign(cursor, f"u{number}", "h-admin-p", "h-member-r")
        identities.add_project(cursor, "namesake", "Customer")
    with session(pair.admin) as here, session(pair.account) as home:
        region = people_view.view(here, "keystone")
        some, all_of_it = people_view.view(home, "keystone", region), people_view.view(home, "keystone")
        assert len(some.users) == 2 and len(all_of_it.users) == 22 and "namesake" in some.projects
        assert people.compare(region, some) == people.compare(region, all_of_it)


def killer(pair, at: str, victim: str, delay: float = 0) -> subprocess.Popen:
    """A seeding in a process of its own, which kills `victim` (`self` or a pid) at or soon after a point of its way."""
    script = f"""
import os, signal, sys, threading
from osregions.database import Account
from osregions.replication import seed
secret, root = sys.stdin.read().split("\\n")
def told(what):
    if what == {at!r}:
        kill = lambda: os.kill({"os.getpid()" if victim == "self" else victim}, signal.SIGKILL)
        threading.Timer({delay}, kill).start() if {delay} else kill()
try:
    seed.seed(Account("replica", secret, "keystone", "127.0.0.1", {pair.home.port}),
              Account("root", root, "", socket={str(pair.region.socket)!r}), told=told)
except Exception as err:
    print(type(err).__name__, err)
"""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / '_utils'}"}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    process.stdin.write(f"{pair.secret}\n{pair.region.password}")
    process.stdin.close()
    return process


POINTS = ("copying password", "compared", "positioned", "swapped")


@pytest.mark.parametrize("at", POINTS)
def test_killed_itself(pair, at):
    before = pair.sums(pair.region)
    process = killer(pair, at, "self")
    assert process.wait(60) == -signal.SIGKILL
    assert (pair.sums(pair.region) == before) is (at != "swapped")
    assert "keystone_seeding" in databases(pair.region)
    done = pair.seed()
    assert pair.sums(pair.region) == pair.sums(pair.home)
    assert "keystone_seeding" not in databases(pair.region)
    with Writer(pair.home):
        pair.replicate()
        time.sleep(0.3)
    pair.caught_up()
    assert done.kept in databases(pair.region)


@pytest.mark.parametrize("at", POINTS)
def test_the_regions_server_killed(pair, at):
    before = pair.sums(pair.region)
    process = killer(pair, at, str(pair.region.pid))
    said = process.stdout.read()
    process.wait(60)
    pair.region.stop()
    pair.region.start()
    assert "DatabaseError" in said and pair.secret not in said, said
    assert (pair.sums(pair.region) == before) is (at != "swapped")
    pair.seed()
    assert pair.sums(pair.region) == pair.sums(pair.home)
    assert "keystone_seeding" not in databases(pair.region)


# MySQL 5.6 may lose sight of a table when it is killed within RENAME TABLE: replication/torn.py, and its unit test.
@pytest.mark.parametrize("servers_of", ["mariadb"], indirect=True)
@pytest.mark.parametrize("delay", [0.003, 0.004, 0.005, 0.006, 0.008, 0.012])
def test_the_regions_server_killed_in_the_swap(pair, delay):
    """Wherever it came to: the next look at it makes it whole, the old one or the new."""
    before, new = pair.sums(pair.region), pair.sums(pair.home)
    process = killer(pair, "positioned", str(pair.region.pid), delay)
    process.stdout.read()
    process.wait(60)
    pair.region.stop()
    pair.region.start()
    with session(pair.admin) as here:
        seed.recovered(here, "keystone", servers.view(here))
    found = pair.sums(pair.region)
    which = before if found["keystone.user"] == before["keystone.user"] else new
    assert {table: (found[table], which[table]) for table in found if found[table] != which[table]} == {}
    assert "keystone_seeding" not in databases(pair.region)
    foreign_keys_hold(pair.region)
    pair.seed()
    assert pair.sums(pair.region) == new


def test_homes_server_killed(pair):
    before = pair.sums(pair.region)
    process = killer(pair, "copying password", str(pair.home.pid))
    said = process.stdout.read()
    process.wait(60)
    pair.home.stop()
    pair.home.start()
    assert "DatabaseError" in said and f"127.0.0.1:{pair.home.port}" in said and pair.secret not in said, said
    assert pair.sums(pair.region) == before and databases(pair.region) == ["keystone"]
    pair.seed()
    assert pair.sums(pair.region) == pair.sums(pair.home)


def test_two_at_once(pair, monkeypatch):
    monkeypatch.setattr(seed, "_LOCK_SECONDS", 1)

    def told(what: str) -> None:
        if what == "compared":
            with pytest.raises(DatabaseError, match="another run has been changing seeding keystone"):
                pair.seed()

    pair.seed(told=told)
    assert pair.sums(pair.region) == pair.sums(pair.home)


def test_a_copy_that_differs_is_dropped(pair):
    before = pair.sums(pair.region)
    create = copying.create

    def spoiled(here, database, what):
        create(here, database, what)
        if what.name == "role":
            here.execute("INSERT INTO role (id, name) VALUES ('x', 'made up')")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "create", spoiled)
        with pytest.raises(DatabaseError, match="the copy of role is not what home has: 2 rows there, 3 here"):
            pair.seed()
    assert pair.sums(pair.region) == before and databases(pair.region) == ["keystone"]


def test_a_swap_that_stopped_halfway_is_taken_back(pair):
    """As an old server is left that was killed in the middle of RENAME TABLE: some tables here, some there."""
    before = pair.sums(pair.region)
    first = pair.seed()
    seeded = pair.sums(pair.region)
    with session(pair.admin) as here:
        whole = swap.Swap(
            "keystone",
            "keystone_seeded_20260101_000000",
            first.kept,
            swap.tables_of(here, "keystone"),
            swap.tables_of(here, first.kept),
            begun=True,
        )
        steps = whole.renames()
        for stop in (1, len(whole.leaving) - 1, len(whole.leaving) + 2, len(steps) - 1, len(steps)):
            here.execute(f"CREATE DATABASE IF NOT EXISTS {whole.out}")
            swap.write_down(here, whole)
            swap._rename(here, steps[:stop])
            finished = swap.recover(here, "keystone")
            assert (finished is not None) is (stop == len(steps))
            assert pair.sums(pair.region) == (before if stop == len(steps) else seeded)
            assert ("keystone_seeding" in databases(pair.region)) is False
    foreign_keys_hold(pair.region)


def test_triggers_and_views_are_refused(pair):
    for server in (pair.home, pair.region):
        server.execute("CREATE VIEW keystone.v AS SELECT 1")
        with pytest.raises(Refused, match="there are views: v"):
            pair.seed()
        server.execute("DROP VIEW keystone.v")
    pair.region.execute("CREATE TRIGGER keystone.tr BEFORE INSERT ON keystone.role FOR EACH ROW SET @x = 1")
    with pytest.raises(Refused, match="there are triggers: tr"):
        pair.seed()
    assert databases(pair.region) == ["keystone"]


def test_a_running_connection_is_refused(pair):
    pair.seed()
    pair.replicate()
    with pytest.raises(Refused, match=r"replicates from 127\.0\.0\.1 at this moment"):
        pair.seed(name="")
    with pytest.raises(Refused, match="would go into the restored"):
        seed.restore_seeded(pair.admin, seed.kept(pair.admin)[0].name, name="")


def test_room_is_asked_for(pair, monkeypatch):
    monkeypatch.setattr(seed, "_free", lambda *_: 1 << 20)
    with pytest.raises(Refused, match=r"the copy wants 6[0-9] MB, and there are 1 MB free"):
        pair.seed()
    assert databases(pair.region) == ["keystone"]


def test_a_wrong_password_shows_nowhere(pair):
    with pytest.raises(RegionsError) as err:
        seed.seed(Account("replica", "wr0ng!", "keystone", "127.0.0.1", pair.home.port), pair.admin)
    assert "wr0ng" not in str(err.value) and "refuses replica's password" in str(err.value)


def test_the_region_writes_nothing_into_its_log(pair):
    def position():
        return pair.region.execute("SHOW MASTER STATUS")[0][:2]

    with session(pair.admin) as here:
        assert not servers.view(here).dumps
    at = position()
    seeded = pair.seed()
    if pair.kind == "mariadb":
        assert position() == at
    else:
        assert seeded.start == "inject"  # empty transactions, and they alone
        log = pair.region.execute(f"SHOW BINLOG EVENTS IN '{at[0]}' FROM {at[1]}")
        assert {row[2] for row in log} <= {"Gtid", "Query", "Xid"}
        assert not any("keystone" in str(row[5]) for row in log if "_seeding" in str(row[5]))


@pytest.mark.parametrize("pause", [0, 2])
def test_a_snapshot_holds_its_position_and_no_more(pair, pause):
    """Each transaction of four writers, who never rest or hardly write, adds a row: as many rows as transactions."""
    pair.home.execute("CREATE TABLE keystone.tally (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB")
    pair.home.execute("CREATE TABLE keystone.ignored LIKE keystone.tally")

    def number(position: str) -> int:
        return gtids.gtids_from(position).count if pair.kind == "mysql56" else gtids.positions(position)[1][1]

    stop = threading.Event()

    def write() -> None:
        with contextlib.closing(pair.home.connect("keystone")) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("INSERT INTO tally VALUES (NULL)")
                time.sleep(pause)

    with session(pair.account, 10, several=True) as home:
        with snapshot.snapshot(home, "keystone") as first:
            base = number(first.position)
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            seen = []
            for _ in range(4):
                with snapshot.snapshot(home, "keystone", ("ignored",)) as one:
                    time.sleep(0.7)
                    seen.append((number(one.position) - base, home.value("SELECT COUNT(*) FROM keystone.tally")))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert [a for a, _ in seen] == [b for _, b in seen]
    assert seen[-1][0] > seen[0][0] > 0


@pytest.mark.parametrize("servers_of", ["mariadb"], indirect=True)
@pytest.mark.parametrize("release", ["22", "30"])
def test_keystones_own_schema(pair, keystone_templates, release):
    """All the tables of a real keystone, bootstrapped on both sides, each with ids of its own."""
    text = keystone_templates(release)[1].bootstrapped
    for server in (pair.home, pair.region):
        server.execute("DROP DATABASE keystone")
        server.execute("CREATE DATABASE keystone CHARACTER SET utf8")
    pair.home.load("keystone", text)
    for table in ("user", "project", "role"):
        for (ident,) in pair.home.execute(f"SELECT id FROM keystone.`{table}` WHERE LENGTH(id) = 32"):
            text = text.replace(ident, ident[::-1])
    pair.region.load("keystone", text)
    assert not seed.compared(pair.account, pair.admin).lost
    with contextlib.closing(pair.region.connect("keystone")) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO project (id, name, domain_id, is_domain) VALUES ('p', 'customer', 'default', 0)")
    found = seed.compared(pair.account, pair.admin)
    assert [str(item) for item in found.lost] == ["customer"]
    assert {"user", "project", "role"} == {item.kind for item in found.accounts}
    done = pair.seed(discard=True)
    assert len(done.rows) > 40 and done.rows["alembic_version"] == 2
    with session(pair.admin) as here, session(pair.account) as home:
        for table in done.rows:
            what = copying.table(home, "keystone", table)
            assert what == copying.table(here, "keystone", table)
            assert copying.checksum(home, "keystone", what) == copying.checksum(here, "keystone", what)
    pair.replicate()
    pair.home.execute("UPDATE keystone.project SET description = 'changed'")
    pair.caught_up()


def test_libertys_schema(pair):
    for server, mark in ((pair.home, "h"), (pair.region, "r")):
        server.execute("DROP DATABASE keystone")
        identities.build(server, "keystone", identities.LIBERTY)
        with contextlib.closing(server.connect("keystone")) as connection, connection.cursor() as cursor:
            for user in ("admin", "nova"):
                cursor.execute(
                    "INSERT INTO user (id, name, domain_id, password) VALUES (%s, %s, 'default', 'hash')",
                    (mark + user, user),
                )
            identities.add_role(cursor, f"{mark}role", "admin")
            cursor.execute(
                "INSERT INTO project (id, name, domain_id) VALUES (%s, 'services', 'default')", (f"{mark}services",)
            )
            identities.assign(cursor, f"{mark}nova", f"{mark}services", f"{mark}role")
    pair.region.execute("INSERT INTO keystone.domain VALUES ('d', 'Corp', 1, NULL)")
    pair.region.execute("INSERT INTO keystone.user (id, name, domain_id) VALUES ('c', 'carol', 'd')")
    pair.region.execute("INSERT INTO keystone.trust VALUES ('t', 'c', NULL), ('gone', 'c', '2020-01-01')")
    with pytest.raises(Refused, match=r"1 domain \(Corp\); 1 user \(Corp/carol\); 1 trust \(t\.\.\. of carol\)"):
        pair.seed()
    done = pair.seed(discard=True)
    assert len(done.people.accounts) == 4
    assert pair.region.execute("SELECT id FROM keystone.user ORDER BY id") == (("hadmin",), ("hnova",))


@pytest.mark.parametrize("servers_of", ["mariadb"], indirect=True)
def test_another_connection_goes_on_where_it_was(pair, tmp_path):
    """The region replicates something else from somewhere else, under a name and a domain of its own."""
    third = MariaDB(tmp_path, *LOG, "--gtid-domain-id=7", "--server-id=7")
    third.install()
    try:
        third.execute("CREATE DATABASE other")
        third.execute("CREATE TABLE other.t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY)")
        third.execute("GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1' IDENTIFIED BY 'other'")
        third.execute("RESET MASTER")
        pair.region.execute("CREATE DATABASE IF NOT EXISTS other")
        pair.region.execute("CREATE TABLE other.t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY)")
        pair.region.execute(
            f"CHANGE MASTER 'other' TO MASTER_HOST='127.0.0.1', MASTER_PORT={third.port}, MASTER_USER='replica',"
            " MASTER_PASSWORD='other', MASTER_USE_GTID=slave_pos"
        )
        pair.region.execute("START SLAVE 'other'")
        for _ in range(5):
            third.execute("INSERT INTO other.t VALUES (NULL)")
        arrived(pair.region, 5)
        third.stop()  # what it would bring meanwhile can't hide what the seeding does to its number

        def told(what: str) -> None:
            if what == "compared":
                third.start()

        pair.seed(told=told)
        assert dict(gtids.positions(pair.region.execute("SELECT @@gtid_slave_pos")[0][0]))[7] == (7, 5)
        for _ in range(5):
            third.execute("INSERT INTO other.t VALUES (NULL)")
        arrived(pair.region, 10)
        pair.replicate()
        pair.home.execute("UPDATE keystone.project SET description = 'changed'")
        pair.caught_up()
        arrived(pair.region, 10)
    finally:
        pair.region.execute("STOP ALL SLAVES")
        pair.region.execute("RESET SLAVE 'other' ALL")
        pair.region.execute("DROP DATABASE other")
        third.stop()


def arrived(server, number: int) -> None:
    until = time.monotonic() + 30
    while rows(server, "t", "other") != number:
        assert time.monotonic() < until, server.execute("SHOW ALL SLAVES STATUS")
        time.sleep(0.1)
