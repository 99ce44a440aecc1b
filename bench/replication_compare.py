"""Finding one changed row among 100,000 users and 300,000 assignments: our compare beside pt-table-checksum."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import replication_seed as seeding
from osregions import database, settings
from osregions.replication import accounts, dialect, link, server, wishes
from tests.support.mariadb import MariaDB

OURS, THEIRS, TOLD = "ours", "pt-table-checksum", "pt, told an index"
# The region applies the changes of keystone's database alone, as all of ours do: what pt-table-checksum writes into a
# database of its own at home would never arrive there. So its table lies among keystone's.
CHECKSUMS = "keystone.checksums"
# A named connection is invisible to it where MariaDB is not told to speak of that one.
NAMED = f"SET default_master_connection = '{dialect.NAME}'"
ORDERS = (
    *("--databases=keystone", "--ignore-tables=keystone.token", f"--replicate={CHECKSUMS}"),
    *("--no-check-binlog-format", "--no-check-replication-filters", "--no-version-check"),
    "--recursion-method=dsn=D=percona,t=dsns",
)
# The key of `assignment` begins with an enum, and in that MariaDB finds no range by > and <: as it comes, it reads the
# whole table for each chunk, and where that is slow it makes the chunks ever smaller. Who knows names another index,
# and has no chunk left out for being estimated too large.
INDEX = ("--chunk-index=ix_actor_id", "--chunk-size-limit=0")
LIMIT = 60  # seconds, after which it is stopped
RIGHTS = {
    "home": (
        "PROCESS, BINLOG MONITOR, BINLOG ADMIN ON *.*",  # the last to have its statements logged as statements
        "SELECT ON keystone.*",
        f"INSERT, UPDATE, DELETE, CREATE ON {CHECKSUMS}",
        "SELECT ON percona.dsns",
    ),
    "the region": ("SLAVE MONITOR ON *.*", "SELECT ON keystone.*"),
}
_DIFFERS = 16  # a bit of its exit status; the other ones are failures
_OURS = """
import json, sys
from osregions import settings
from osregions.releases import Release
from osregions.replication import observe, operations, wishes
pillar = json.load(sys.stdin)
here = operations.Here(wishes.read(pillar, settings.read(pillar)), "RegionTwo", "keystone", Release(22), "keystone")
print(json.dumps(observe.differences(here)))
"""


@dataclass(frozen=True)
class Change:
    """A row that is changed in the region alone, by a statement that undoes itself; and what ours is to say of it."""

    table: str
    sql: str
    told: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a way told, after how many seconds; None when it was stopped, and what it said last."""

    seconds: float
    told: tuple[str, ...] | None
    last: str = ""


@dataclass(frozen=True)
class Measured:
    """One run of a way: by itself, and beside a writer at home, who wrote alone just before."""

    change: Change
    quiet: Found
    transactions: int  # that it made at home
    logged: int  # bytes of home's binary log
    alone: seeding.Writer
    busy: Found
    writer: seeding.Writer


def compare(runs: int) -> None:
    """Measure all ways in turn, and print the medians. Ends the bench when ours tells anything but the changed row."""
    with seeding.pair() as (home, region):
        pillar = _joined(home, region)
        theirs = _theirs(home, region)
        ways: Mapping[str, Callable[[], Found]] = {
            OURS: lambda: _ours(pillar),
            THEIRS: lambda: theirs(()),
            TOLD: lambda: theirs(INDEX),
        }
        changes = _changes(home)
        print(
            f"comparing {seeding.USERS:,} users and {seeding.ASSIGNMENTS:,} assignments, of which one row was changed"
            f" in the region, {runs} runs; load {os.getloadavg()[0]:.1f}:",
            flush=True,
        )
        for name, way in ways.items():
            _caught_up(home, region)
            if (told := way().told) and name == OURS:
                sys.exit(f"ours told of differences where there are none: {told}")
            if told:
                print(f"  {name} tells of differences where there are none: {'; '.join(told)}")
        found: dict[str, list[Measured]] = {name: [] for name in ways}
        for run in range(runs):
            change = changes[run % len(changes)]
            with _changed(region, change):
                for name, way in ways.items():
                    found[name].append(_measured(home, region, change, way))
                    if name == OURS:
                        _judged(found[name][-1])
        _print(found)
        _print_rights(home, pillar, found)


def _measured(home: MariaDB, region: MariaDB, change: Change, way: Callable[[], Found]) -> Measured:
    _caught_up(home, region)
    before = _log(home)
    quiet = way()
    transactions, logged = (after - first for after, first in zip(_log(home), before, strict=True))
    _caught_up(home, region)
    with seeding.Writer(home) as alone:
        time.sleep(5)
    _caught_up(home, region)
    with seeding.Writer(home) as writer:
        busy = way()
    return Measured(change, quiet, transactions, logged, alone, busy, writer)


def _judged(measured: Measured) -> None:
    for when, found in (("", measured.quiet), (" while home was written to", measured.busy)):
        if found.told != measured.change.told:
            sys.exit(f"ours was wrong{when}: it told {found.told}, and what was changed is {measured.change.told}")


# ---- the two servers ----


def _joined(home: MariaDB, region: MariaDB) -> dict[str, Any]:
    """Fill home, and have the region replicate it as ours does, fence aside; return the pillar, as the region sees it.

    The accounts that pt-table-checksum needs are made here too: it asks for rights where ours needs none of its own.
    """
    seeding.fill(home)
    seeding.empty(region)
    seeding.ours(home, region)
    pillar = {
        "home": "RegionOne",
        "regions": {
            "RegionOne": {"public_endpoint": "http://one:5000", "database": {"host": home.host, "port": home.port}},
            "RegionTwo": {"public_endpoint": "http://two:5000", "database": {"host": region.host}},
        },
        "replication": {
            "passwords": {"RegionTwo": secrets.token_urlsafe(18)},
            "admin": {"password": region.password, "socket": str(region.socket)},
        },
    }
    wished = wishes.read(pillar, settings.read(pillar))
    with _session(home) as session:
        for wanted in wished.accounts("keystone"):
            accounts.act(session, accounts.plan((), wanted, server.view(session).dialect))
    with _session(region) as session:
        wish = wished.link("RegionTwo", "keystone")
        link.act(session, wish, link.plan(server.view(session), wish))
    return pillar


def _session(one: MariaDB) -> contextlib.AbstractContextManager[database.Session]:
    return database.session(server.admin_account(password=one.password, socket=str(one.socket)))


def _caught_up(home: MariaDB, region: MariaDB) -> None:
    """Let the region come up with home, without a table of checksums, so that all ways have the same before them."""
    home.execute(f"DROP TABLE IF EXISTS {CHECKSUMS}")
    ((position,),) = home.execute("SELECT @@GLOBAL.gtid_binlog_pos")
    ((waited,),) = region.execute("SELECT MASTER_GTID_WAIT(%s, 900)", position)
    if waited != 0:
        raise RuntimeError(f"the region did not come up with home within 900 s: {region.log}")


def _log(home: MariaDB) -> tuple[int, int]:
    """How many transactions home has logged, and how many bytes."""
    ((position,),) = home.execute("SELECT @@GLOBAL.gtid_binlog_pos")
    return int(position.rpartition("-")[2]), sum(int(row[1]) for row in home.execute("SHOW BINARY LOGS"))


def _changes(home: MariaDB) -> tuple[Change, ...]:
    """Rows that the writer leaves alone: it would mend them, as a row goes over the line whole."""
    user, project = (hashlib.md5(one).hexdigest() for one in (b"50001", b"p1"))
    ((number,),) = home.execute(
        "SELECT password.id FROM keystone.password JOIN keystone.local_user ON local_user.id = local_user_id"
        " WHERE name = 'user50001'"
    )
    right = f"assignment type=UserProject, actor_id={user}, target_id={project}, role_id=h-member-r, inherited="
    return (
        Change(
            "password",
            f"UPDATE password SET password_hash = REVERSE(password_hash) WHERE id = {int(number)}",
            (f"password id={number}: differs from home in password_hash",),
        ),
        Change(
            "assignment",
            f"UPDATE assignment SET inherited = 1 - inherited WHERE actor_id = '{user}' AND target_id = '{project}'",
            # All its columns are its key.
            (f"{right}0: is at home and not here", f"{right}1: is here and not at home"),
        ),
    )


@contextlib.contextmanager
def _changed(region: MariaDB, change: Change) -> Iterator[None]:
    with contextlib.closing(region.connect("keystone")) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_log_bin = 0")
        if (rows := cursor.execute(change.sql)) != 1:
            raise RuntimeError(f"{rows} rows were changed, not one: {change.sql}")
        yield
        cursor.execute(change.sql)


# ---- the ways ----


def _ours(pillar: Mapping[str, Any]) -> Found:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _OURS], input=json.dumps(pillar), capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found = json.loads(done.stdout)
    return Found(seconds, tuple(sorted(found["divergence"] + found["schema"] + found["beyond"])))


def _theirs(home: MariaDB, region: MariaDB) -> Callable[[Sequence[str]], Found]:
    """Make what pt-table-checksum needs on both servers, and return what runs it."""
    home.execute("CREATE DATABASE percona")
    home.execute("CREATE TABLE percona.dsns (id INT PRIMARY KEY, parent_id INT, dsn VARCHAR(255))")
    dsns = []
    for (place, rights), one in zip(RIGHTS.items(), (home, region), strict=True):
        password = secrets.token_urlsafe(18)
        one.execute("CREATE USER pt@'127.0.0.1' IDENTIFIED BY %s", password)
        for right in rights:
            one.execute(f"GRANT {right} TO pt@'127.0.0.1'")
        options = one.folder / "pt.cnf"
        options.touch(mode=0o600)
        first = "" if place == "home" else f'init-command="{NAMED}"\n'
        options.write_text(f'[client]\nuser=pt\npassword="{password}"\n{first}')
        dsns.append(f"h={one.host},P={one.port},F={options}")
    home.execute("INSERT INTO percona.dsns VALUES (1, NULL, %s)", dsns[1])

    def run(more: Sequence[str]) -> Found:
        began = time.monotonic()
        try:
            done = subprocess.run(
                ["pt-table-checksum", dsns[0], *ORDERS, *more],
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired as stopped:
            said = bytes(stopped.stderr or b"nothing").decode().strip().splitlines()
            return Found(time.monotonic() - began, None, said[-1].partition(".  ")[0])
        seconds = time.monotonic() - began
        if done.returncode & ~_DIFFERS:
            raise RuntimeError(f"pt-table-checksum ended with {done.returncode}: {done.stderr[-2000:]}")
        # As its manual says.
        rows = region.execute(
            f"SELECT tbl, SUM(this_cnt) FROM {CHECKSUMS} WHERE master_cnt <> this_cnt OR master_crc <> this_crc"
            " OR ISNULL(master_crc) <> ISNULL(this_crc) GROUP BY tbl"
        )
        return Found(seconds, tuple(f"{table}, somewhere in {int(count):,} rows" for table, count in rows))

    return run


# ---- what is printed ----


def _print(found: Mapping[str, Sequence[Measured]]) -> None:
    alone = [one.alone for measured in found.values() for one in measured]
    heads = ("home quiet", "ours to it", "home written to", "ours to it", "home's writer", "longest commit")
    print(_line("", *heads))
    rate = median(one.rate for one in alone)
    print(_line("nobody compares", "", "", "", "", f"{rate:,.0f} commits/s", _longest(alone)))
    for name, measured in found.items():
        columns = []
        for when in ("quiet", "busy"):
            ours, seconds = ([getattr(one, when).seconds for one in found[which]] for which in (OURS, name))
            over = ">" if median(seconds) >= LIMIT else ""  # it was stopped
            columns.append(f"{over}{median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})")
            columns.append(f"{'<' if over else ''}{median(ours) / median(seconds):.2f}")
        rate = median(one.writer.rate for one in measured)
        share = median(one.writer.rate / one.alone.rate for one in measured)
        columns.append(f"{rate:,.0f} commits/s, {share:.0%}")
        print(_line(name, *columns, _longest([one.writer for one in measured])))
    print("  the changed row:")
    for name, measured in found.items():
        all_found = [(one.change.table, which) for one in measured for which in (one.quiet, one.busy)]
        right = [which.told for table, which in all_found if which.told and which.told[0].startswith(table)]
        stopped = [which.last for _, which in all_found if which.told is None]
        print(
            f"    {name:18}found {len(right)} times of {len(all_found)}"
            + (f"; last: {right[-1][0]}" if right else "")
            + (f"; stopped {len(stopped)} times before its end, at last at: {stopped[-1]}" if stopped else "")
        )


def _line(name: str, *columns: str) -> str:
    widths = (25, 11, 25, 11, 22, 16)
    return f"  {name:18}" + "".join(f"{column:>{width}}" for column, width in zip(columns, widths, strict=True))


def _longest(writers: Sequence[seeding.Writer]) -> str:
    return f"{max(one.longest for one in writers) * 1000:,.0f} ms"


def _print_rights(home: MariaDB, pillar: Mapping[str, Any], found: Mapping[str, Sequence[Measured]]) -> None:
    """What each wrote at home while nobody else did, and by which rights."""
    user = wishes.read(pillar, settings.read(pillar)).user("RegionTwo")
    with _session(home) as session:
        (account,) = accounts.view(session, server.view(session).dialect, [user])
    ours = [f"{', '.join(sorted(account.server_rights))} ON *.*"]
    ours += [f"{', '.join(sorted(rights))} ON {name}.*" for name, rights in account.database_rights]
    print("  written at home by one comparison, at most, and the rights that it took:")
    for name, measured in found.items():
        transactions, logged = (max(getattr(one, what) for one in measured) for what in ("transactions", "logged"))
        print(f"    {name:18}{transactions:,} transactions, {logged:,} bytes of binary log")
    print(f"    ours: home {'; '.join(ours)} (the link's own account); the region its administrator, by the socket")
    theirs = "; ".join(f"{place} {', '.join(rights)}" for place, rights in RIGHTS.items())
    print(f"    pt: {theirs}", flush=True)
