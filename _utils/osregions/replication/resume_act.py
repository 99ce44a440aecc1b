"""Letting a replication go on that stopped at revocations which both sides pruned: past that one transaction, strictly.

The server's mode is IDEMPOTENT for the length of one transaction, and STRICT again whatever happens meanwhile. The mode
is the whole server's: other replications that run on it are as lenient for that moment. MariaDB fetches its relay logs
anew for this, so the line to home has to be up; MySQL applies what it has.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from osregions.database import Session, quoted
from osregions.replication import numbers
from osregions.replication.dialect import Dialect, dialect_from
from osregions.replication.errors_said import Stopped, meaning
from osregions.replication.resume import (
    PASS,
    REFUSE,
    RENUMBER,
    RUNS,
    Verdict,
    decide,
    failed_at,
    reached,
    transactions,
    until,
)
from osregions.replication.unlogged import unlogged

_EVENTS = 5000  # of a transaction; keystone prunes in batches
_POLL = 0.05


class _Replication:
    """One connection of a server, and what it says of itself."""

    def __init__(self, session: Session, channel: str) -> None:
        first = session.rows("SELECT @@version AS version, @@version_comment AS comment")[0]
        self.session, self.channel = session, channel
        self.dialect: Dialect = dialect_from(first["version"], first["comment"])

    def status(self) -> dict[str, Any]:
        """This connection's row of the status."""
        rows = [self.dialect.columns(row) for row in self.session.rows(self.dialect.status())]
        for row in rows:
            if self.dialect.name_of(row) == self.channel:
                return row
        raise Stopped(
            f"there is no replication{f' called {self.channel}' if self.channel else ''} here",
            self.session.account.place,
            "on home's master, run orch.identity for this region",
        )

    def events(self, status: dict[str, Any]) -> list[dict[str, Any]]:
        """The relay log from where the SQL thread stands."""
        name = f"'{self.channel}' " if self.channel and self.dialect.mariadb else ""
        tail = f" FOR CHANNEL '{self.channel}'" if self.channel and not self.dialect.mariadb else ""
        return self.session.rows(
            f"SHOW RELAYLOG {name}EVENTS IN %s FROM %s LIMIT {_EVENTS}{tail}",
            (status["Relay_Log_File"], int(status["Relay_Log_Pos"])),
        )

    def has(self, gtid: str) -> bool:
        """Whether a transaction has been applied, or all of a set of them."""
        if self.dialect.mariadb:
            return reached(str(self.session.value("SELECT @@GLOBAL.gtid_slave_pos") or ""), gtid)
        return bool(self.session.value("SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed)", (gtid,)))

    def has_all(self, status: dict[str, Any]) -> bool:
        """Whether everything that came over the line has been applied."""
        received = str(status.get("Gtid_IO_Pos") or status.get("Retrieved_Gtid_Set") or "").replace("\n", "")
        return self.has(received)

    @contextlib.contextmanager
    def lenient(self) -> Iterator[None]:
        """IDEMPOTENT inside, STRICT behind."""
        new = not self.dialect.mariadb and self.dialect.version >= (8, 0, 26)
        name = "replica_exec_mode" if new else "slave_exec_mode"
        try:
            self.session.execute(f"SET GLOBAL {name} = 'IDEMPOTENT'")
            yield
        finally:
            self.session.execute(f"SET GLOBAL {name} = 'STRICT'")


def look(session: Session, database: str, channel: str = "") -> Verdict:
    """Say why a replication stands, and whether `resume` would let it go on; nothing is touched."""
    return _look(_Replication(session, channel), database)


def resume(
    session: Session, database: str, base: int | None = None, channel: str = "", most: int = 50, seconds: float = 30
) -> tuple[Verdict, ...]:
    """Let a replication go on past pruned revocations, one transaction at a time; returns what was passed, and why.

    `base` is where this region's own revocations begin. Raises Stopped for anything else than those.
    """
    replication = _Replication(session, channel)
    passed: list[Verdict] = []
    while True:
        verdict = _look(replication, database)
        if verdict.act == RUNS:
            return tuple(passed)
        if verdict.act == REFUSE or len(passed) >= most:
            said = replication.status()
            raise Stopped(
                f"replication stands still: {verdict.sentence}"
                + (f" ({len(passed)} transactions were passed before)" if passed else ""),
                session.account.place,
                verdict.remedy,
                int(said["Last_SQL_Errno"] or said["Last_IO_Errno"]),
            )
        if verdict.act == PASS:
            _pass(replication, verdict.gtid, seconds)
        elif verdict.act == RENUMBER:
            _renumber(session, database, verdict.key, base)
        passed.append(verdict)
        session.execute(replication.dialect.start(channel))
        _wait(replication, lambda row: _stopped(row) or replication.has_all(row), seconds)


def _look(replication: _Replication, database: str) -> Verdict:
    status = replication.status()
    if not _stopped(status):
        number, text = int(status["Last_IO_Errno"]), str(status["Last_IO_Error"])
        if number and status["Slave_IO_Running"] != "Yes":
            return Verdict(REFUSE, *meaning(number, text))
        return Verdict(RUNS)
    number, text = int(status["Last_SQL_Errno"]), str(status["Last_SQL_Error"])
    if not number:
        return Verdict(REFUSE, "it was stopped by hand", f"run {replication.dialect.start(replication.channel)} here")
    found = None
    if number in (1032, 1062):
        end = failed_at(text)
        of_that_end = (one for one in transactions(replication.events(status)) if end in one.ends)
        found = next((one for one in of_that_end if not replication.has(one.gtid)), None)
    return decide(number, text, found, database)


def _stopped(status: dict[str, Any]) -> bool:
    return str(status["Slave_SQL_Running"]) != "Yes"


def _pass(replication: _Replication, gtid: str, seconds: float) -> None:
    """Apply one transaction leniently, and stop behind it."""
    session, dialect, channel = replication.session, replication.dialect, replication.channel
    target = gtid
    if dialect.mariadb:
        # By GTID it stops both threads there, so both have to be started for it.
        session.execute(dialect.stop(channel))
        target = until(str(session.value("SELECT @@GLOBAL.gtid_slave_pos") or ""), gtid)
    text, values = dialect.start_until(channel, target)
    with replication.lenient():
        try:
            session.execute(text, values)
            _wait(replication, lambda row: replication.has(gtid) or _failed(row), seconds)
        finally:
            # Behind it everything is to be strict: stand still before the mode changes back, however far this came.
            session.execute(dialect.stop(channel))
    if not replication.has(gtid):
        raise Stopped(
            f"the transaction {gtid} was not applied within {seconds:g} s",
            session.account.place,
            f"is the line to home up? Run {dialect.start(channel)} here, and then this again",
        )


def _failed(status: dict[str, Any]) -> bool:
    return _stopped(status) and bool(int(status["Last_SQL_Errno"]))


def _renumber(session: Session, database: str, key: int, base: int | None) -> None:
    """Give a row of this region's own the next number of its own, so that home's can have that one."""
    seen = numbers.view(session, database)
    if base is None or numbers.plan(seen, base).shown:
        raise Stopped(
            f"revocations made here take the numbers of home's: {key} is taken",
            f"database {database} at {session.account.place}",
            "have the numbers kept apart first, then run this again",
            1062,
        )
    table = f"{quoted(database)}.{quoted(numbers.TABLE)}"
    rows = session.rows(
        "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"
        " AND COLUMN_NAME <> 'id' ORDER BY ORDINAL_POSITION",
        (database, numbers.TABLE),
    )
    columns = ", ".join(quoted(str(row["name"])) for row in rows)
    with unlogged(session), session.transaction():
        session.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE id = %s", (key,))
        session.execute(f"DELETE FROM {table} WHERE id = %s", (key,))


def _wait(replication: _Replication, until_so: Callable[[dict[str, Any]], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not until_so(replication.status()):
        if time.monotonic() >= deadline:
            return
        time.sleep(_POLL)
