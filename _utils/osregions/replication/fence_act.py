"""Putting the fence up and taking it down: on this server alone, read back, and none of the old sessions left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pymysql

from osregions import files
from osregions.database import Session
from osregions.errors import DatabaseError
from osregions.releases import Release
from osregions.replication import fence_note, grants
from osregions.replication.fence import Change, Plan, View, plan, plan_back, wanted
from osregions.replication.fence_note import Note
from osregions.replication.unlogged import unlogged

_NO_SUCH_THREAD = 1094
_ROUNDS = 3
# INNODB_TRX shows what it showed before when it is asked again within a tenth of a second.
_LOOK = 0.15


@dataclass(frozen=True)
class Done:
    """What was done, or would be; `ended` counts the sessions that had to end."""

    changes: tuple[str, ...]
    findings: tuple[str, ...] = ()
    ended: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be, done."""
        return bool(self.changes or self.ended)


@dataclass(frozen=True)
class Open:
    """A session of keystone's account that is open; an idle one holds no transaction."""

    id: int
    idle: bool


def view(session: Session, database: str, user: str) -> View:
    """Look at all the accounts of a server. Needs an administrator's session."""
    found = grants.holders(session)
    own = tuple(holder for holder in found if holder.user == user and not holder.role)
    return View(database, user, own, tuple(holder for holder in found if holder not in own))


def wish(session: Session, database: str, release: Release) -> frozenset[grants.Right]:
    """The rights that keystone's account should have on this replica, by the tables that are there."""
    rows = session.rows(
        "SELECT TABLE_NAME AS name, COLUMN_NAME AS part FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s",
        (database,),
    )
    if not rows:
        raise DatabaseError(f"there is no database {database}, or it has no tables", "the replica", "seed it first")
    columns: dict[str, list[str]] = {}
    for row in rows:
        columns.setdefault(str(row["name"]), []).append(str(row["part"]))
    return wanted(columns, release, database)


def holds(session: Session, database: str, user: str, release: Release) -> Plan:
    """What is missing to the fence, for a status: no changes where it holds, and the findings."""
    return plan(view(session, database, user), wish(session, database, release))


def fence(
    session: Session,
    database: str,
    user: str,
    release: Release,
    backups: str | Path = files.BACKUPS,
    test: bool = False,
    patience: float = 10,
) -> Done:
    """Put the fence up; the sessions that were open are ended, idle ones at once, others within `patience` seconds.

    Raises Refused when the account's rights reach further than this database, DatabaseError when SHOW GRANTS does not
    say afterwards what was wished.
    """
    target = wish(session, database, release)
    seen = view(session, database, user)
    first = plan(seen, target)
    place = session.account.place
    note = fence_note.read(place, database, user, backups)
    shown = tuple(change.shown for change in first.changes)
    if not first.changes and (note is None or note.sessions_ended):
        return Done((), first.findings)
    if test:
        return Done(shown or _ENDING, first.findings)
    if note is None or first.changes:
        before = note.before if note else {(form.user, form.host): form.on(database) for form in seen.forms}
        # Before anything is changed: a kill in between leaves a note too many, and sessions that the next run ends.
        note = Note(before)
        fence_note.write(place, database, user, note, backups)
    _carry_out(session, first.changes, lambda: plan(view(session, database, user), target).changes)
    ended = end_sessions(session, sessions(session, database, user), patience)
    fence_note.write(place, database, user, Note(note.before, True), backups)
    return Done(shown or (_ENDING if ended else ()), first.findings, ended)


def unfence(
    session: Session, database: str, user: str, backups: str | Path = files.BACKUPS, test: bool = False
) -> Done:
    """Give the account back what it had before the fence; all rights on the database when no note tells.

    Old sessions are ended as well: they would go on being refused.
    """
    place = session.account.place
    note = fence_note.read(place, database, user, backups)
    before = note.before if note else {}
    every = grants.privileges(session).database

    def decide() -> tuple[Change, ...]:
        return plan_back(view(session, database, user), before, every).changes

    changes = decide()
    shown = tuple(change.shown for change in changes)
    if test or not changes:
        if not test:
            fence_note.forget(place, database, user, backups)
        return Done(shown)
    _carry_out(session, changes, decide)
    ended = end_sessions(session, sessions(session, database, user))
    fence_note.forget(place, database, user, backups)
    return Done(shown, (), ended)


def sessions(session: Session, database: str, user: str) -> tuple[Open, ...]:
    """The open sessions of an account in a database: those there before the fence keep the rights of that time."""
    rows = session.rows(
        "SELECT ID AS id FROM information_schema.PROCESSLIST"
        " WHERE USER = %s AND DB = %s AND COMMAND NOT LIKE 'Binlog Dump%%'",
        (user, database),
    )
    return _still(session, {int(row["id"]) for row in rows})


def end_sessions(session: Session, those: tuple[Open, ...], patience: float = 10) -> int:
    """End sessions: keystone opens others when it next needs them. One at work is given time to come to its end."""
    left = {one.id for one in those}
    deadline = time.monotonic() + patience
    while left:
        time.sleep(_LOOK)
        late = time.monotonic() >= deadline
        now = {one.id: one.idle for one in _still(session, left)}
        for ident in sorted(left):
            if ident not in now:
                left.discard(ident)
            elif now[ident] or late:
                _kill(session, ident)
                left.discard(ident)
    return len(those)


_ENDING = ("sessions older than the fence ended",)


def _still(session: Session, those: set[int]) -> tuple[Open, ...]:
    busy = {
        int(row["id"]) for row in session.rows("SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX")
    }
    rows = session.rows("SELECT ID AS id, COMMAND AS command FROM information_schema.PROCESSLIST")
    found = {int(row["id"]): row["command"] == "Sleep" for row in rows}
    return tuple(Open(one, idle and one not in busy) for one, idle in sorted(found.items()) if one in those)


def _kill(session: Session, ident: int) -> None:
    try:
        session.execute("KILL CONNECTION %s", (ident,))
    except pymysql.MySQLError as err:
        if err.args[:1] != (_NO_SUCH_THREAD,):
            raise


def _carry_out(session: Session, changes: tuple[Change, ...], remaining: Callable[[], tuple[Change, ...]]) -> None:
    """Change, read SHOW GRANTS back, and change what is still missing; never trust the statement alone."""
    for _ in range(_ROUNDS):
        if not changes:
            return
        with unlogged(session):
            for change in changes:
                text, values = change.sql()
                session.execute(text, values)
        changes = remaining()
    if changes:
        raise DatabaseError(
            "SHOW GRANTS does not say what was granted: still to do " + "; ".join(change.shown for change in changes),
            session.account.place,
            "is somebody else changing that account's rights? Look at SHOW GRANTS, and run this again",
        )
