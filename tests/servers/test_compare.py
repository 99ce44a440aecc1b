"""compare on real servers, MariaDB and MySQL 5.6, also one against the other; and the numbers kept apart."""

from __future__ import annotations

import contextlib
import threading

import pytest

from osregions import releases
from osregions.database import Account, session
from osregions.errors import DatabaseError
from osregions.replication import compare_run, numbers
from osregions.replication.checksums import Side
from osregions.replication.compare import Rules
from tests.support.mariadb import MariaDB
from tests.support.mysql56 import MySQL56

pytestmark = pytest.mark.timeout(240)
RULES = Rules(releases.parse("22").bookkeeping(), numbers.base(1))
TABLES = (
    "CREATE TABLE user (id VARCHAR(64) PRIMARY KEY, extra TEXT, enabled TINYINT(1), last_active_at DATE)",
    "CREATE TABLE local_user (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), failed_auth_count INT,"
    " failed_auth_at DATETIME)",
    "CREATE TABLE assignment (type ENUM('UserProject', 'GroupProject', 'UserDomain') NOT NULL, actor_id VARCHAR(64)"
    " NOT NULL, target_id VARCHAR(64) NOT NULL, inherited TINYINT(1), PRIMARY KEY (type, actor_id, target_id))",
    "CREATE TABLE revocation_event (id INT AUTO_INCREMENT PRIMARY KEY, domain_id VARCHAR(64), issued_before DATETIME,"
    " revoked_at DATETIME)",
    "CREATE TABLE keyless (a VARCHAR(64), b VARCHAR(64), c BLOB)",
    "CREATE TABLE token (id VARCHAR(64) PRIMARY KEY)",
)
ROWS = (
    "INSERT INTO user SELECT CONCAT('u', n), IF(n % 3, '{\"é\": 1}', NULL), n % 2, NULL FROM numbers",
    "INSERT INTO local_user SELECT n, CONCAT('näme', n), 0, NULL FROM numbers",
    "INSERT INTO assignment SELECT ELT(1 + n % 3, 'UserProject', 'GroupProject', 'UserDomain'), CONCAT('u', n), 'p', 0"
    " FROM numbers",
    "INSERT INTO keyless SELECT 'a', NULL, 'c' FROM numbers WHERE n < 10",
)


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    started = {}

    def get(kind):
        if kind not in started:
            started[kind] = kind(tmp_path_factory.mktemp(kind.__name__.lower()), "--server-id=1")
            started[kind].install()
        return started[kind]

    yield get
    for one in started.values():
        one.stop()


def fill(server, name, charset="utf8", collation="utf8_general_ci", rows=500):
    server.execute(f"DROP DATABASE IF EXISTS {name}")
    server.execute(f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}")
    with contextlib.closing(server.connect(name)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE numbers (n INT PRIMARY KEY)")
        cursor.executemany("INSERT INTO numbers VALUES (%s)", [(n,) for n in range(1, rows + 1)])
        for sql in (*TABLES, *ROWS):
            cursor.execute(sql)


class Ends:
    def __init__(self, home, region):
        self.home_server, self.region_server = home, region

    def home(self, sql, *values):
        return self.home_server.execute(sql, *values, database="home")

    def region(self, sql, *values):
        return self.region_server.execute(sql, *values, database="region")

    def compare(self, rules=RULES, **options):
        with contextlib.ExitStack() as stack:
            one, two = (
                stack.enter_context(session(Account("root", server.password, "", socket=str(server.socket))))
                for server in (self.home_server, self.region_server)
            )
            options = {"settle": lambda: True, "chunk": 100, **options}
            return compare_run.compare(Side(one, "home"), Side(two, "region"), rules, **options)


@pytest.fixture(
    params=[
        (MariaDB, MariaDB, {}),
        (MySQL56, MySQL56, {}),
        (MariaDB, MySQL56, {}),
        (MySQL56, MariaDB, {"charset": "utf8mb4", "collation": "utf8mb4_bin"}),
        (MariaDB, MariaDB, {"charset": "latin1", "collation": "latin1_swedish_ci"}),
    ],
    ids=["mariadb", "mysql", "mariadb-mysql", "mysql-mariadb-utf8mb4-bin", "mariadb-latin1"],
)
def ends(request, servers):
    home, region, options = request.param
    fill(servers(home), "home")
    fill(servers(region), "region", **options)
    return Ends(servers(home), servers(region))


def told(report, kind="divergence"):
    return sorted((one.row.table, one.row.key[0][1], one.row.where, one.row.columns) for one in getattr(report, kind))


def test_what_is_alike_is_clean_whatever_the_charset(ends):
    report = ends.compare()
    assert (report.differences, report.schema, report.clean) == ((), (), True)
    assert (report.tables, report.rows) == (5, 1509)


def test_each_row_that_differs_is_named_and_nothing_else(ends):
    ends.region("UPDATE user SET extra = '' WHERE id = 'u3'")  # NULL at home
    ends.region("UPDATE user SET last_active_at = '2026-01-01' WHERE id = 'u77'")
    ends.region("UPDATE user SET last_active_at = '2026-01-01', enabled = 9 WHERE id = 'u78'")
    ends.region("DELETE FROM user WHERE id = 'u500'")
    ends.region("INSERT INTO user VALUES ('u4x', 's3cr3t', 1, NULL), ('zz', NULL, 1, NULL)")
    ends.region("UPDATE local_user SET failed_auth_count = 1, failed_auth_at = NOW() WHERE id = 250")
    ends.home("UPDATE assignment SET inherited = 1 WHERE actor_id IN ('u6', 'u7', 'u8')")
    ends.region("INSERT INTO revocation_event VALUES (200000000, 'd', NOW(), NOW()), (7, 'd', NOW(), NOW())")
    ends.region("INSERT INTO token VALUES ('t')")
    ends.region("DELETE FROM keyless LIMIT 1")
    report = ends.compare()
    found = told(report)
    digests = [row for row in found if row[0] == "keyless"]
    assert [row for row in found if row[0] != "keyless"] == [
        ("assignment", "GroupProject", "both", ("inherited",)),
        ("assignment", "UserDomain", "both", ("inherited",)),
        ("assignment", "UserProject", "both", ("inherited",)),
        ("revocation_event", 7, "region", ()),
        ("user", "u3", "both", ("extra",)),
        ("user", "u4x", "region", ()),
        ("user", "u500", "home", ()),
        ("user", "u78", "both", ("enabled", "last_active_at")),
        ("user", "zz", "region", ()),
    ]
    assert [(row[2], row[3]) for row in digests] == [("both", ())]
    assert told(report, "bookkeeping") == [
        ("local_user", 250, "both", ("failed_auth_at", "failed_auth_count")),
        ("revocation_event", 200000000, "region", ()),
        ("user", "u77", "both", ("last_active_at",)),
    ]
    assert "s3cr3t" not in repr(report)
    assert not report.clean


def test_a_table_with_too_much_is_named_and_the_rest_compared(servers):
    fill(servers(MariaDB), "home")
    fill(servers(MariaDB), "region")
    ends = Ends(servers(MariaDB), servers(MariaDB))
    ends.region("DELETE FROM local_user")
    ends.region("DELETE FROM user WHERE id = 'u1'")
    report = ends.compare(limit=50)
    assert report.beyond == ("local_user",)
    assert ("user", "u1", "home", ()) in told(report)
    assert not report.clean
    # all of it, where it is wanted
    assert len(ends.compare(limit=10000).divergence) == 501


def test_what_is_on_its_way_does_not_count(servers):
    fill(servers(MariaDB), "home")
    fill(servers(MariaDB), "region")
    ends = Ends(servers(MariaDB), servers(MariaDB))
    ends.home("UPDATE user SET enabled = 7 WHERE id = 'u1'")
    ends.home("DELETE FROM user WHERE id = 'u2'")

    def arrives():
        ends.region("UPDATE user SET enabled = 7 WHERE id = 'u1'")
        ends.region("DELETE FROM user WHERE id = 'u2'")
        ends.home("UPDATE user SET enabled = 8 WHERE id = 'u1'")
        return True

    assert ends.compare(settle=arrives).differences == ()
    assert told(ends.compare(settle=lambda: False)) == [("user", "u1", "both", ("enabled",))]


def test_rows_that_come_and_go_all_the_while_do_not_matter(servers):
    """A writer at home, on rows that never reach the region at all: seen, looked at again, gone."""
    fill(servers(MariaDB), "home")
    fill(servers(MariaDB), "region")
    ends = Ends(servers(MariaDB), servers(MariaDB))
    stop = threading.Event()

    def write():
        with contextlib.closing(servers(MariaDB).connect("home")) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("INSERT INTO user VALUES ('now', NULL, 1, NULL)")
                cursor.execute("DELETE FROM user WHERE id = 'now'")

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        for _ in range(20):
            assert ends.compare(looks=12).schema == ()
    finally:
        stop.set()
        writer.join()
    assert ends.compare().differences == ()


# ---- numbers ----


@pytest.mark.parametrize("kind", [MariaDB, MySQL56])
def test_numbers_are_kept_apart_seen_after_a_restart_and_set_again(servers, kind):
    server = servers(kind)
    fill(server, "region")
    start = numbers.base(4)
    account = Account("root", server.password, "", socket=str(server.socket))

    def insert():
        with contextlib.closing(server.connect("region")) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO revocation_event (domain_id) VALUES ('x')")
            return cursor.lastrowid

    with session(account) as db:
        assert numbers.keep_apart(db, "region", start, test=True).next == start
        assert numbers.view(db, "region").next == 1
        assert numbers.keep_apart(db, "region", start).next == start
        assert numbers.keep_apart(db, "region", start).shown == ()
        assert numbers.view(db, "region").next == start
    assert insert() == start
    server.execute("INSERT INTO region.revocation_event (id) VALUES (5)")  # home's
    assert insert() == start + 1
    server.execute("DELETE FROM region.revocation_event WHERE id > 5")
    server.stop()
    server.start()
    forgets = kind is MySQL56
    with session(account) as db:
        seen = numbers.view(db, "region")
        assert seen.forgets is forgets
        assert bool(numbers.plan(seen, start).shown) is forgets
        numbers.keep_apart(db, "region", start, anchor=True)
        assert numbers.keep_apart(db, "region", start, anchor=True).shown == ()
    assert start <= insert() < start + 10
    server.execute("DELETE FROM region.revocation_event WHERE revoked_at < NOW() OR domain_id = 'x'")
    server.stop()
    server.start()
    with session(account) as db:
        assert numbers.plan(numbers.view(db, "region"), start).shown == ()


def test_rows_of_higher_numbers_are_told(servers):
    server = servers(MariaDB)
    fill(server, "region")
    server.execute("INSERT INTO region.revocation_event (id) VALUES (%s)", numbers.base(9))
    with (
        session(Account("root", server.password, "", socket=str(server.socket))) as db,
        pytest.raises(DatabaseError, match="not kept apart"),
    ):
        numbers.keep_apart(db, "region", numbers.base(2))
