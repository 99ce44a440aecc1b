"""What crosses the line between the sites: nova-like traffic at home, filtered by the replica or by home's own log."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from osregions import database
from osregions.replication import accounts, link, server
from tests.support.mariadb import MariaDB

UPDATES, KEYSTONE = 2_000, 20
_INSTANCE = "x" * 1_500  # a row of nova's instances has 1 to 2 KB
_PASSWORD = "of the bench"


@contextlib.contextmanager
def _running(folder: Path, *options: str) -> Iterator[MariaDB]:
    folder.mkdir()
    one = MariaDB(folder, "--log-bin=binlog", "--binlog-format=ROW", *options)
    one.install()
    try:
        yield one
    finally:
        one.stop()


def _session(one: MariaDB) -> contextlib.AbstractContextManager[database.Session]:
    return database.session(server.admin_account(password=one.password, socket=str(one.socket)))


def _sent(home: MariaDB) -> int:
    """All bytes that home's server has sent to anybody."""
    return int(home.execute("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")[0][1])


def _arrived(region: MariaDB) -> int:
    return int(region.execute("SELECT count(*) FROM keystone.project")[0][0])


def _traffic(home: MariaDB) -> None:
    with contextlib.closing(home.connect()) as connection, connection.cursor() as cursor:
        for number in range(UPDATES):
            cursor.execute("UPDATE nova.instances SET info = %s WHERE id = %s", (f"{number}{_INSTANCE}", number % 50))
            if number % (UPDATES // KEYSTONE) == 0:
                cursor.execute("INSERT INTO keystone.project VALUES (%s, %s)", (f"p{number}", "x" * 60))


def _measured(folder: Path, *at_home: str) -> int:
    """The bytes that home sends to the replica while the traffic goes on."""
    with (
        _running(folder / "home", "--server-id=1", "--gtid-domain-id=1", *at_home) as home,
        _running(folder / "region", "--server-id=2", "--gtid-domain-id=2") as region,
    ):
        for one in (home, region):
            one.execute("CREATE DATABASE keystone")
            one.execute("CREATE TABLE keystone.project (id varchar(64) PRIMARY KEY, name varchar(64))")
        home.execute("CREATE DATABASE nova")
        home.execute("CREATE TABLE nova.instances (id int PRIMARY KEY, info text)")
        for number in range(50):
            home.execute("INSERT INTO nova.instances VALUES (%s, %s)", number, _INSTANCE)
        with _session(home) as session:
            wanted = accounts.Wanted("osr_two", ("127.0.0.1",), _PASSWORD)
            accounts.act(session, accounts.plan((), wanted, server.view(session).dialect))
            position = session.value("SELECT @@GLOBAL.gtid_binlog_pos")
        with _session(region) as session:
            session.execute("SET GLOBAL gtid_slave_pos = %s", (position,))
            wish = link.Wish("127.0.0.1", home.port, "osr_two", _PASSWORD)
            link.act(session, wish, link.plan(server.view(session), wish))
        time.sleep(1)
        before = _sent(home)
        _traffic(home)
        while _arrived(region) < KEYSTONE:
            time.sleep(0.05)
        time.sleep(1)
        whole = _sent(home) - before
        # The same once more without a replica: what the writer itself was answered.
        with _session(region) as session:
            link.remove(session)
        home.execute("DELETE FROM keystone.project")
        before = _sent(home)
        _traffic(home)
        return whole - (_sent(home) - before)


def filtering(runs: int) -> None:
    """Measure both ways once (bytes do not vary), and print what crosses the line for each update of nova's."""
    del runs
    print(f"{UPDATES:,} updates of a nova-like row of 1.5 KB at home, {KEYSTONE} of keystone's; bytes over the line:")
    ways = {
        "filter: replica": (),
        "filter: replica, minimal rows": ("--binlog-row-image=MINIMAL",),
        "filter: primary (binlog_do_db)": ("--binlog-do-db=keystone",),
    }
    with tempfile.TemporaryDirectory(prefix="bench-filter-") as name:
        first = 0
        for number, (way, options) in enumerate(ways.items()):
            folder = Path(name, str(number))
            folder.mkdir()
            sent = _measured(folder, *options)
            first = first or sent
            print(
                f"  {way:32}{sent:>12,}{sent / UPDATES:>10,.0f} an update{sent / first:>8.3f} of the first", flush=True
            )
