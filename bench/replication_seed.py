"""Seeding 100,000 users and 300,000 assignments: ours beside mariadb-dump and a pipe, while somebody writes at home."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from osregions.replication.snapshot import replication_grants
from tests.support import identities
from tests.support.mariadb import MariaDB

USERS, ASSIGNMENTS = 100_000, 300_000
SECRET = "replica"
# As an operator's servers are: a commit waits for the disk.
OPTIONS = (
    *("--log-bin=log", "--binlog-format=ROW", "--innodb-flush-method=fsync", "--innodb-flush-log-at-trx-commit=1"),
    *("--innodb-buffer-pool-size=256M", "--innodb-log-file-size=96M"),
)
_OURS = """
import resource, sys, time
from osregions.database import Account
from osregions.replication import seed
port, socket, password = sys.stdin.read().split("\\n")
began = time.monotonic()
seed.seed(Account("replica", "replica", "keystone", "127.0.0.1", int(port)),
          Account("root", password, "", socket=socket), discard=True)
print(time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def seeding(runs: int) -> None:
    """Measure both ways in turn, and print the medians."""
    with pair() as (home, region):
        fill(home)
        size = home.execute(
            "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'keystone'"
        )[0][0]
        print(f"seeding {USERS:,} users and {ASSIGNMENTS:,} assignments ({int(size) >> 20} MB at home), {runs} runs:")
        found: dict[str, list[tuple[float, float, int]]] = {"ours": [], "by hand": []}
        alone = []
        for _ in range(runs):
            with Writer(home) as writer:
                time.sleep(3)
            alone.append(writer.rate)
            for name, way in (("ours", ours), ("by hand", by_hand)):
                empty(region)
                with Writer(home) as writer:
                    seconds, megabytes = way(home, region)
                found[name].append((seconds, writer.rate, megabytes))
        print(f"  nobody seeds         home's writer {median(alone):6.0f} commits/s")
        for name, measured in found.items():
            seconds, rate, megabytes = (median(column) for column in zip(*measured, strict=True))
            memory = f", {megabytes:.0f} MB of memory at most" if megabytes else ""
            spread = f"{min(one[0] for one in measured):.1f} to {max(one[0] for one in measured):.1f}"
            print(f"  {name:8} {seconds:6.1f} s ({spread}) home's writer {rate:6.0f} commits/s{memory}", flush=True)
        print("  ours includes: who would be lost, checksums of every table on both sides, the old database kept")


@contextlib.contextmanager
def pair() -> Iterator[tuple[MariaDB, MariaDB]]:
    """Home and region, with their data on a disk."""
    with tempfile.TemporaryDirectory(prefix="bench-seed-", dir="/var/tmp") as name, contextlib.ExitStack() as stack:
        servers = []
        for number in (1, 2):
            folder = Path(name) / str(number)
            folder.mkdir()
            server = MariaDB(folder, *OPTIONS, f"--server-id={number}", f"--gtid-domain-id={number}")
            stack.callback(server.stop)
            server.install()
            servers.append(server)
        yield servers[0], servers[1]


def fill(home: MariaDB) -> None:
    """Make the people."""
    identities.build(home, "keystone")
    home.execute("CREATE USER replica@'127.0.0.1' IDENTIFIED BY %s", SECRET)
    for grant in replication_grants(True, "keystone", "replica@'127.0.0.1'"):
        home.execute(grant)
    with contextlib.closing(home.connect("keystone")) as connection, connection.cursor() as cursor:
        identities.deployment(cursor, "h")
        for sql in (
            'INSERT INTO `user` SELECT MD5(seq), \'{"email": "someone@example.org"}\', 1, NULL, NOW(), NULL,'
            f" 'default' FROM seq_1_to_{USERS}",
            "INSERT INTO local_user (user_id, domain_id, name)"
            f" SELECT MD5(seq), 'default', CONCAT('user', seq) FROM seq_1_to_{USERS}",
            "INSERT INTO password (local_user_id, password_hash)"
            " SELECT id, CONCAT('$2b$12$', SHA1(id)) FROM local_user WHERE name LIKE 'user%'",
            "INSERT INTO project SELECT MD5(CONCAT('p', seq)), CONCAT('project', seq), '{}', '', 1, 'default',"
            " 'default', 0 FROM seq_1_to_1000",
            "INSERT INTO assignment SELECT 'UserProject', MD5(1 + seq DIV 3), MD5(CONCAT('p', 1 + seq MOD 1000)),"
            f" 'h-member-r', 0 FROM seq_0_to_{ASSIGNMENTS - 1}",
        ):
            cursor.execute(sql)
        for (table,) in home.execute("SHOW TABLES FROM keystone"):
            home.execute(f"ANALYZE TABLE keystone.`{table}`")  # for its size; the servers' own estimate comes late


def empty(region: MariaDB) -> None:
    """A region's database as a fresh deployment has it; what was kept goes."""
    for (name,) in region.execute("SHOW DATABASES LIKE 'keystone%'"):
        region.execute(f"DROP DATABASE {name}")
    identities.build(region, "keystone")
    with contextlib.closing(region.connect("keystone")) as connection, connection.cursor() as cursor:
        identities.deployment(cursor, "r")


def ours(home: MariaDB, region: MariaDB) -> tuple[float, int]:
    """Seconds and megabytes of our seeding."""
    done = subprocess.run(
        [sys.executable, "-c", _OURS],
        input=f"{home.port}\n{region.socket}\n{region.password}",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    seconds, megabytes = done.stdout.split()
    return float(seconds), int(megabytes)


def by_hand(home: MariaDB, region: MariaDB) -> tuple[float, int]:
    """Seconds of what the manual says: a dump at a GTID, straight into the other server."""
    options = {}
    for name, server in (("home", home), ("region", region)):
        options[name] = server.folder / "client.cnf"
        options[name].touch(mode=0o600)
        options[name].write_text(f'[client]\nuser=root\npassword="{server.password}"\nsocket={server.socket}\n')
    began = time.monotonic()
    command = (
        f"mariadb-dump --defaults-file={options['home']} --single-transaction --master-data=1 --gtid keystone"
        f" | mariadb --defaults-file={options['region']} --init-command='SET sql_log_bin=0' keystone"
    )
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, capture_output=True)
    return time.monotonic() - began, 0


class Writer:
    """Commits at home one after the other, and counts; `longest` is the longest that one took, in seconds."""

    def __init__(self, server: MariaDB):
        self._server = server
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._commits = 0
        self.rate = self.longest = 0.0

    def __enter__(self) -> Writer:
        self._began = time.monotonic()
        self._written = self._pool.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        self._written.result()  # a writer that was thrown out would look like a slow one
        self.rate = self._commits / (time.monotonic() - self._began)

    def _run(self) -> None:
        # Whatever was there before, each changes its row: an update that changes nothing waits for no disk.
        statements = (
            ("UPDATE `user` SET last_active_at = '2026-01-01' + INTERVAL RAND() * 9999 DAY WHERE id = MD5(%s)", USERS),
            ("UPDATE local_user SET failed_auth_count = %s LIMIT 1", 1000),
        )
        with contextlib.closing(self._server.connect("keystone")) as connection, connection.cursor() as cursor:
            while not self._stop.is_set():
                for sql, numbers in statements:
                    began = time.monotonic()
                    cursor.execute(sql, (1 + self._commits % numbers,))
                    self.longest = max(self.longest, time.monotonic() - began)
                    self._commits += 1
