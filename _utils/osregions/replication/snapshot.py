"""Home's keystone database as it was at one position of its binary log, read over an ordinary connection.

MariaDB says itself which position a consistent snapshot belongs to (`binlog_snapshot_position`), and takes no lock.
MySQL does not: there the position is read in the same breath in which the snapshot is opened, and the binary log says
whether anything of keystone's was on its way just then. If so it is done again; where keystone is written all the time,
its writers are held up for a third of a second in the end. Readers and all other databases go on in any case.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions.database import Session, quoted, session
from osregions.errors import DatabaseError, Refused
from osregions.replication.dialect import Dialect, dialect_from
from osregions.replication.gtids import Gtids, gtids_from

SILENCE = 60  # seconds without a sign of life from home
_SETTLE = 0.2  # seconds: longer than a commit takes from the binary log into the tables, a slow disk's sync included
_TRIES, _HELD_TRIES = 8, 5
_LOCK_WAIT = 2  # seconds
_NEXT = re.compile(r"GTID_NEXT\s*=\s*'([^']+)'", re.IGNORECASE)
_TABLE = re.compile(r"\((.+?)\.(.+)\)$")


@dataclass(frozen=True)
class Snapshot:
    """What is to be copied, and up to which transaction it goes."""

    dialect: Dialect
    position: str
    domain: int  # MariaDB's gtid_domain_id of home
    tables: tuple[str, ...]
    charset: str
    collation: str


def size(home: Session, database: str) -> int:
    """How many bytes home's tables take, as it estimates them."""
    found = home.value(
        "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (database,)
    )
    return int(found or 0)


@contextlib.contextmanager
def snapshot(home: Session, database: str, ignored: Collection[str] = ()) -> Iterator[Snapshot]:
    """Within it, `home` sees the database as it was at the snapshot's position. Raises Refused, DatabaseError.

    `home` must be open for `several` statements. Tables that are `ignored` may be written as they like.
    """
    row = home.rows("SELECT @@version AS version, @@version_comment AS comment")[0]
    dialect = dialect_from(row["version"], row["comment"])
    tables = checked_tables(home, database)
    if not tables:
        raise Refused(f"home has no tables in {database}", home.account.place, "is that keystone's database?")
    found = home.rows(
        "SELECT DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation"
        " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
        (database,),
    )[0]
    for statement in (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION net_write_timeout = 3600",  # a region that takes its time to write is no reason to hang up
    ):
        home.execute(statement)
    position = _mariadb(home) if dialect.mariadb else _mysql(home, dialect, database, tables, ignored)
    domain = int(home.value("SELECT @@GLOBAL.gtid_domain_id")) if dialect.mariadb else 0
    try:
        yield Snapshot(dialect, position, domain, tables, found["charset"], found["collation"])
    finally:
        with contextlib.suppress(Exception):
            home.execute("ROLLBACK")


def checked_tables(where: Session, database: str) -> tuple[str, ...]:
    """The tables of a keystone database; refuses one that holds what can't be copied or moved like a table.

    Triggers show to an administrator alone. At home they would not matter: what they write is in the log, row by row.
    """
    place = f"{database} at {where.account.place}"
    rows = where.rows(
        "SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine FROM information_schema.TABLES"
        " WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME",
        (database,),
    )
    triggers = where.rows(
        "SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s", (database,)
    )
    views = [row["name"] for row in rows if row["type"] != "BASE TABLE"]
    others = [row["name"] for row in rows if row["name"] not in views and str(row["engine"]).lower() != "innodb"]
    for what, names, remedy in (
        ("triggers", [row["name"] for row in triggers], "keystone has some within an upgrade: finish it (`db_sync`)"),
        ("views", views, "keystone has none: move them to a database of their own"),
        ("tables that are not InnoDB's", others, "no snapshot holds them: ALTER TABLE ... ENGINE=InnoDB"),
    ):
        if names:
            raise Refused(f"there are {what}: {', '.join(names)}", place, remedy)
    return tuple(row["name"] for row in rows)


def _mariadb(home: Session) -> str:
    home.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    status = {
        row["Variable_name"].lower(): row["Value"]
        for row in home.rows("SHOW STATUS LIKE %s", ("binlog\\_snapshot\\_%",))
    }
    file = status.get("binlog_snapshot_file")
    if not file:
        raise _unlogged(home)
    at = int(status["binlog_snapshot_position"])
    position = home.value("SELECT BINLOG_GTID_POS(%s, %s)", (file, at))
    if position is None:
        raise DatabaseError(
            f"home can't say which GTID {file}:{at} is", home.account.place, "was its binary log reset? Run this again"
        )
    return str(position)


def _mysql(home: Session, dialect: Dialect, database: str, tables: Sequence[str], ignored: Collection[str]) -> str:
    if str(home.value("SELECT @@GLOBAL.gtid_mode")).upper() != "ON" or not home.value("SELECT @@GLOBAL.log_bin"):
        raise _unlogged(home)
    watched = [table for table in tables if table not in ignored]
    for tries in range(_TRIES + _HELD_TRIES):
        with _held(home, database, watched) if tries >= _TRIES else contextlib.nullcontext():
            position = _opened(home, dialect.log_status(), database, ignored)
        if position is not None:
            return position
        home.execute("ROLLBACK")
    raise DatabaseError(
        "somebody commits to keystone's tables at every moment",
        home.account.place,
        "run this again when home is less busy, and look at information_schema.INNODB_TRX there",
    )


def _opened(home: Session, status: str, database: str, ignored: Collection[str]) -> str | None:
    start = _at(home.rows(status))
    time.sleep(_SETTLE)
    first, _, last = home.together(status, "START TRANSACTION WITH CONSISTENT SNAPSHOT", status)
    before, opened = _at(first), _at(last)
    time.sleep(_SETTLE / 2)
    after = _at(home.rows(status))
    logged = transactions(_events(home, start, after), database, ignored)
    return str(before.executed) if settled(before, opened, after, logged) else None


@contextlib.contextmanager
def _held(home: Session, database: str, tables: Sequence[str]) -> Iterator[None]:
    """Hold keystone's writers up: at their next statement, so that only what stands before its COMMIT still comes in.

    InnoDB's own locks are left out of it (autocommit is on): with them, writers were chosen as a deadlock's victims.
    """
    with session(home.account, SILENCE) as locker:
        locker.execute("SET SESSION lock_wait_timeout = %s", (_LOCK_WAIT,))
        locker.execute(f"LOCK TABLES {', '.join(f'{quoted(database)}.{quoted(table)} READ' for table in tables)}")
        try:
            yield
        finally:
            locker.execute("UNLOCK TABLES")


@dataclass(frozen=True)
class LogStatus:
    """Where a MySQL's binary log is, and what has been committed."""

    file: str
    at: int
    executed: Gtids


@dataclass(frozen=True)
class Logged:
    """A transaction in the binary log: where it ends, and whether it is about keystone."""

    gtid: str
    file: str
    end: int
    ours: bool


def settled(before: LogStatus, opened: LogStatus, after: LogStatus, logged: Sequence[Logged]) -> bool:
    """Whether a snapshot that was opened between `before` and `opened` holds what `before` has executed, and no more.

    A commit goes into the log first, then into the tables; into gtid_executed before that (5.6, seen) or after it (5.7
    on). So what was in the log when the snapshot stood open, and had not been there well before, may be in it or not:
    that matters if it is about keystone. `logged` are the transactions from well before to `after`, well after; what
    went into gtid_executed between and is not among them was on its way for so long that nothing is known about it.
    """
    between = after.executed.minus(before.executed)
    if between.minus(gtids_from(",".join(one.gtid for one in logged))):
        return False
    return not any(one.ours and (one.file, one.end) <= (opened.file, opened.at) for one in logged)


def transactions(
    events: Iterable[tuple[str, Mapping[str, Any]]], database: str, ignored: Collection[str]
) -> list[Logged]:
    """What SHOW BINLOG EVENTS has listed, file by file, as transactions."""
    found: list[Logged] = []
    for file, event in events:
        kind, info = str(event["Event_type"]).lower(), str(event["Info"])
        if kind.startswith("gtid"):
            match = _NEXT.search(info)
            found.append(Logged(match[1] if match else "", file, int(event["End_log_pos"]), False))
        elif found:
            ours = found[-1].ours or _about(kind, info, database, ignored)
            found[-1] = Logged(found[-1].gtid, file, int(event["End_log_pos"]), ours)
    return [one for one in found if one.gtid]


def _about(kind: str, info: str, database: str, ignored: Collection[str]) -> bool:
    if kind == "table_map":
        match = _TABLE.search(info)
        return not match or (match[1].lower() == database.lower() and match[2] not in ignored)
    if kind == "query":
        return database.lower() in info.lower()
    return "payload" in kind  # compressed: it may be about anything


def _events(home: Session, start: LogStatus, end: LogStatus) -> Iterator[tuple[str, Mapping[str, Any]]]:
    files = [start.file] if start.file == end.file else [start.file, end.file]
    for file in files:
        first = start.at if file == start.file else 4
        for event in home.rows(f"SHOW BINLOG EVENTS IN %s FROM {first:d}", (file,)):
            yield file, event


def _at(rows: Sequence[Mapping[str, Any]]) -> LogStatus:
    if not rows:
        raise Refused("home writes no binary log", remedy="turn log_bin on there, which takes a restart of its server")
    row = rows[0]
    return LogStatus(str(row["File"]), int(row["Position"]), gtids_from(str(row["Executed_Gtid_Set"])))


def _unlogged(home: Session) -> Refused:
    return Refused(
        "home writes no binary log with GTIDs: there is nothing to go on from",
        home.account.place,
        "turn log_bin (and MySQL's gtid_mode) on there, which takes a restart of its server",
    )


def replication_grants(mariadb: bool, database: str, account: str) -> tuple[str, ...]:
    """What the replication account needs to seed and to replicate; `account` is quoted already, 'user'@'host'."""
    # MySQL: to see where the log is (that, and the state of replication, is all it shows), and to hold up writers.
    everywhere, here = ("", "") if mariadb else (", REPLICATION CLIENT", ", LOCK TABLES")
    return (
        f"GRANT REPLICATION SLAVE{everywhere} ON *.* TO {account}",
        f"GRANT SELECT{here} ON {quoted(database)}.* TO {account}",
    )
