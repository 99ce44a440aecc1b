"""Home's keystone database as it was at one position of its binary log, read over an ordinary connection.

No lock is taken, on either kind of server. MariaDB says itself which position a consistent snapshot belongs to
(`binlog_snapshot_position`). MySQL does not: there the position is read in the same breath in which the snapshot is
opened, and the binary log says whether anything of keystone's was on its way just then; if so, it is done again.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions.database import Session, quoted
from osregions.errors import DatabaseError, Refused
from osregions.replication.dialect import Dialect, dialect_from
from osregions.replication.gtids import Gtids, gtids_from

SILENCE = 60  # seconds without a sign of life from home
_SETTLE = 0.1  # seconds: longer than a commit takes from the binary log to gtid_executed
_TRIES = 100
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
    position = _mariadb(home) if dialect.mariadb else _mysql(home, dialect, database, ignored)
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


def _mysql(home: Session, dialect: Dialect, database: str, ignored: Collection[str]) -> str:
    if str(home.value("SELECT @@GLOBAL.gtid_mode")).upper() != "ON" or not home.value("SELECT @@GLOBAL.log_bin"):
        raise _unlogged(home)
    status = dialect.log_status()
    for _ in range(_TRIES):
        start = _at(home.rows(status))
        time.sleep(_SETTLE)
        first, _, last = home.together(status, "START TRANSACTION WITH CONSISTENT SNAPSHOT", status)
        before, opened = _at(first), _at(last)
        time.sleep(_SETTLE)
        after = _at(home.rows(status))
        logged = transactions(_events(home, start, after), database, ignored)
        if settled(before, opened, after, logged):
            return str(before.executed)
        home.execute("ROLLBACK")
    raise DatabaseError(
        f"keystone's tables were written at every one of {_TRIES} moments",
        home.account.place,
        "run this again when home is less busy",
    )


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

    A commit goes into the log first, then into the tables, then into gtid_executed. So what was in gtid_executed before
    is in the snapshot, and what was not in the log when it stood open is not. What is between the two may be either:
    that matters only if it is about keystone. `logged` are the transactions from well before to `after`, well after;
    what ended between and is not among them was on its way for so long that nothing is known about it.
    """
    between = after.executed.minus(before.executed)
    if between.minus(gtids_from(",".join(one.gtid for one in logged))):
        return False
    there = [one for one in logged if one.ours and (one.file, one.end) <= (opened.file, opened.at)]
    return not any(gtids_from(one.gtid).minus(before.executed) for one in there)


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
    # MySQL: to see where the log is. It shows nothing but that, and the state of replication.
    rights = "REPLICATION SLAVE" if mariadb else "REPLICATION SLAVE, REPLICATION CLIENT"
    return f"GRANT {rights} ON *.* TO {account}", f"GRANT SELECT ON {quoted(database)}.* TO {account}"
