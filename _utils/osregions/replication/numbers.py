"""The numbers of a region's own revocations, kept apart from those that home gives (P10): seen, decided, set.

`revocation_event.id` is an auto-increment, so a row written on a replica takes the number of a row still to come from
home, and replication stops at it. Hence each region counts from a base of its own, far above home. MySQL before 8.0 and
MariaDB before 10.2.4 forget that at a restart when the table holds no row so high; there an anchor can be laid: one row
that matches no token and never expires, whose only purpose is its number.
"""

from __future__ import annotations

from dataclasses import dataclass

from osregions.database import Session, quoted
from osregions.errors import DatabaseError, SettingsError
from osregions.replication.dialect import Dialect, dialect_from
from osregions.replication.unlogged import unlogged

TABLE = "revocation_event"
FIRST, STEP = 200_000_000, 10_000_000
REGIONS = (2**31 - 1 - FIRST) // STEP  # as many as a signed 32-bit integer has room for
ANCHOR = "openstack-regions-anchor"
_ANCHOR_TIMES = ("1970-01-01 00:00:00", "9999-12-31 00:00:00")  # issued before, revoked at


@dataclass(frozen=True)
class View:
    """How a server numbers its next revocation."""

    numbered: bool  # Liberty and Mitaka have random ids there: nothing to keep apart
    next: int
    forgets: bool  # at a restart
    anchored: bool


@dataclass(frozen=True)
class Plan:
    """What is to be set; empty when the numbers are as they should be."""

    next: int | None = None
    anchor: int | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """The changes as a person would write them."""
        counting = (f"the next {TABLE} is {self.next}",) if self.next is not None else ()
        return (*counting, *((f"an anchor at {self.anchor}",) if self.anchor is not None else ()))


def base(number: int) -> int:
    """The first number of a region's own revocations; `number` is the region's, from 1. Raises SettingsError."""
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= REGIONS:
        raise SettingsError(
            f"{number!r} is no region's number", "replication:number", f"give each region another one, 1 to {REGIONS}"
        )
    return FIRST + (number - 1) * STEP


def is_local(ident: object, start: int) -> bool:
    """Whether a row of that id was written in the region that counts from `start`."""
    return isinstance(ident, int) and start <= ident < start + STEP


def plan(view: View, start: int, anchor: bool = False) -> Plan:
    """What keeps the numbers apart from here on; `anchor` says whether one may be laid where the server forgets."""
    if not view.numbered:
        return Plan()
    lay = start if anchor and view.forgets and not view.anchored else None
    return Plan(None if start <= view.next < start + STEP else start, lay)


def view(session: Session, database: str) -> View:
    """Look at the numbers of a server."""
    first = session.rows("SELECT @@version AS version, @@version_comment AS comment")[0]
    dialect = dialect_from(first["version"], first["comment"])
    if not dialect.mariadb and dialect.version >= (8, 0):
        session.execute("SET SESSION information_schema_stats_expiry = 0")  # else it tells yesterday's number
    found = session.value(
        "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
        (database, TABLE),
    )
    anchored = False
    if found is not None:
        sql = f"SELECT COUNT(*) FROM {quoted(database)}.{quoted(TABLE)} WHERE domain_id = %s"
        anchored = bool(session.value(sql, (ANCHOR,)))
    return View(found is not None, int(found or 0), _forgets(dialect), anchored)


def keep_apart(session: Session, database: str, start: int, anchor: bool = False, test: bool = False) -> Plan:
    """Set what is not as it should be, on this server alone, and look again. Returns what was, or would be, set."""
    decided = plan(view(session, database), start, anchor)
    if test or not decided.shown:
        return decided
    table = f"{quoted(database)}.{quoted(TABLE)}"
    with unlogged(session):
        if decided.next is not None:
            session.execute(f"ALTER TABLE {table} AUTO_INCREMENT = {int(decided.next)}")
        if decided.anchor is not None:
            # With a number that the counter gives: the one of the plan may have been used meanwhile.
            session.execute(
                f"INSERT INTO {table} (domain_id, issued_before, revoked_at) VALUES (%s, %s, %s)",
                (ANCHOR, *_ANCHOR_TIMES),
            )
    left = plan(view(session, database), start, anchor)
    if left.shown:
        raise DatabaseError(
            f"the numbers of {TABLE} are not kept apart: {', '.join(left.shown)} was not to be had",
            f"database {database} at {session.account.place}",
            "rows of higher numbers are there: does another region count from here? Give each its own number",
        )
    return decided


def _forgets(dialect: Dialect) -> bool:
    return dialect.version < ((10, 2, 4) if dialect.mariadb else (8, 0, 0))
