"""Home's keystone database as it was at one position of its binary log, read over an ordinary connection.

MariaDB says itself which position a consistent snapshot belongs to (`binlog_snapshot_position`); that takes no lock.
MySQL does not: there a second connection keeps writers away from keystone's tables, for as long as it takes to open the
snapshot and to read `gtid_executed`; readers, and all other databases, go on. Both need the replication account alone.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from osregions.database import Session, is_collision, quoted, session
from osregions.errors import DatabaseError, Refused
from osregions.replication.dialect import Dialect, dialect_from

SILENCE = 60  # seconds without a sign of life from home
_LOCK_WAIT = 3  # seconds: as long as keystone's writers queue behind a lock that somebody's open transaction holds off
_LOCK_TRIES = 5
# A commit lets its locks go a moment before its GTID is in gtid_executed: the moment is waited for, with the locks held.
_SETTLE = 0.1


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
def snapshot(home: Session, database: str, settle: float = _SETTLE) -> Iterator[Snapshot]:
    """Within it, `home` sees the database as it was at the snapshot's position. Raises Refused, DatabaseError."""
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
    position = _mariadb(home) if dialect.mariadb else _mysql(home, database, tables, settle)
    domain = int(home.value("SELECT @@GLOBAL.gtid_domain_id")) if dialect.mariadb else 0
    try:
        yield Snapshot(dialect, position, domain, tables, found["charset"], found["collation"])
    finally:
        with contextlib.suppress(Exception):
            home.execute("ROLLBACK")


def checked_tables(where: Session, database: str) -> tuple[str, ...]:
    """The tables of a keystone database; refuses one that holds what can't be copied or moved like a table."""
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
        row["Variable_name"].lower(): row["Value"] for row in home.rows("SHOW STATUS LIKE 'binlog\\_snapshot\\_%'")
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


def _mysql(home: Session, database: str, tables: Sequence[str], settle: float) -> str:
    if str(home.value("SELECT @@GLOBAL.gtid_mode")).upper() != "ON" or not home.value("SELECT @@GLOBAL.log_bin"):
        raise _unlogged(home)
    locks = ", ".join(f"{quoted(database)}.{quoted(table)} READ" for table in tables)
    with session(home.account, SILENCE) as locker:
        # Without autocommit, InnoDB itself locks the tables too, and so waits for transactions that have written.
        locker.execute("SET SESSION autocommit = 0")
        locker.execute("SET SESSION innodb_lock_wait_timeout = %s", (_LOCK_WAIT,))
        locker.execute("SET SESSION lock_wait_timeout = %s", (_LOCK_WAIT,))
        _locked(locker, locks)
        try:
            time.sleep(settle)
            home.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            position = str(locker.value("SELECT @@GLOBAL.gtid_executed")).replace("\n", "")
        finally:
            locker.execute("UNLOCK TABLES")
            locker.execute("ROLLBACK")
    return position


def _locked(locker: Session, locks: str) -> None:
    for tries in range(_LOCK_TRIES, 0, -1):
        try:
            locker.execute(f"LOCK TABLES {locks}")
            return
        except Exception as err:
            if not is_collision(err):
                raise
            locker.execute("UNLOCK TABLES")
            locker.execute("ROLLBACK")
            if tries == 1:
                raise DatabaseError(
                    "somebody keeps a transaction open that has written to keystone's tables",
                    locker.account.place,
                    "look at information_schema.INNODB_TRX there, and run this again",
                ) from None
            time.sleep(1)


def _unlogged(home: Session) -> Refused:
    return Refused(
        "home writes no binary log with GTIDs: there is nothing to go on from",
        home.account.place,
        "turn log_bin (and MySQL's gtid_mode) on there, which takes a restart of its server",
    )


def replication_grants(mariadb: bool, database: str, account: str) -> tuple[str, ...]:
    """What the replication account needs to seed and to replicate; `account` is quoted already, 'user'@'host'."""
    rights = "SELECT" if mariadb else "SELECT, LOCK TABLES"
    return (
        f"GRANT REPLICATION SLAVE ON *.* TO {account}",
        f"GRANT {rights} ON {quoted(database)}.* TO {account}",
    )
