"""Giving home what was revoked in a region while it was alone: found by content, written at home, then forgotten here.

A token that was revoked in a region has to stay revoked everywhere. Home gives the rows numbers of its own, they come
back by replication, and only then the region's own rows go. Each step can be repeated: what is there already is left.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from osregions.database import Session, quoted
from osregions.replication.numbers import ANCHOR, TABLE, is_local
from osregions.replication.unlogged import unlogged

Content = tuple[tuple[str, Any], ...]  # a row without its id, by column


@dataclass(frozen=True)
class Event:
    """A revocation: its id on one side, and what it says."""

    id: Any
    content: Content

    @property
    def row(self) -> dict[str, Any]:
        """What it says, by column."""
        return dict(self.content)


@dataclass(frozen=True)
class Pending:
    """What is to be done about a region's own revocations."""

    give: tuple[Event, ...] = ()  # home lacks these
    forget: tuple[Event, ...] = field(default=())  # home's are here, or they have expired
    on_their_way: tuple[Event, ...] = ()  # home has these, and they have not come back yet


def sort_out(
    region: Iterable[Event],
    home: Iterable[Event],
    base: int | None,
    expired: datetime.datetime | None = None,
) -> Pending:
    """Say what is to be done, given the revocations of both sides; `base` is None where ids are random."""
    at_home = list(home)
    ids, contents = {event.id for event in at_home}, {event.content for event in at_home}
    here = [event for event in region if event.row.get("domain_id") != ANCHOR]
    own = [event for event in here if (is_local(event.id, base) if base is not None else event.id not in ids)]
    mine = {event.id for event in own}
    returned = {event.content for event in here if event.id not in mine}
    give: dict[Content, Event] = {}
    forget, waiting = [], []
    for event in own:
        moment = event.row.get("revoked_at")
        old = bool(expired and moment and moment < expired)
        if old and base is None:
            # Perhaps home's, pruned there, and its deletion still on the way: keystone's own pruning sees to it.
            continue
        if old or event.content in returned:
            forget.append(event)
        elif event.content in contents:
            waiting.append(event)
        else:
            give.setdefault(event.content, event)
    return Pending(tuple(give.values()), tuple(forget), tuple(waiting))


def read(session: Session, database: str, since: datetime.datetime | None = None) -> tuple[Event, ...]:
    """The revocations of one side; `since` leaves out those that were made before."""
    where, values = (" WHERE revoked_at >= %s", (since,)) if since else ("", ())
    rows = session.rows(f"SELECT * FROM {quoted(database)}.{quoted(TABLE)}{where} ORDER BY id", values)
    return tuple(_event(row) for row in rows)


def pending(
    region: Session,
    region_database: str,
    home: Session,
    home_database: str,
    base: int | None,
    expired: datetime.datetime | None = None,
) -> Pending:
    """Look at both sides, and say what is to be done about the region's own revocations."""
    here = read(region, region_database)
    moments = [event.row["revoked_at"] for event in here if event.row.get("revoked_at")]
    # Home may have many more than matter here. Where ids are random, all of them tell whose a row is.
    since = min(moments) if moments and base is not None else None
    return sort_out(here, read(home, home_database, since) if here else (), base, expired)


def give_home(home: Session, database: str, events: Sequence[Event]) -> int:
    """Write revocations at home, where they get home's numbers; those that it has are left. Returns how many were new.

    Home's keystones hold revocations in their cache: the caller has the region `revoke` of it emptied.
    """
    given = 0
    table = f"{quoted(database)}.{quoted(TABLE)}"
    with home.transaction():
        for event in events:
            row = event.row
            same = " AND ".join(f"{quoted(name)} <=> %s" for name in row)
            if home.value(f"SELECT 1 FROM {table} WHERE {same} LIMIT 1", list(row.values())):
                continue
            if isinstance(event.id, str):
                # Not the region's: home's row will come there, and both would have the same.
                row = {"id": uuid.uuid4().hex, **row}
            names, marks = ", ".join(map(quoted, row)), ", ".join(["%s"] * len(row))
            home.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
            given += 1
    return given


def forget_here(region: Session, database: str, events: Sequence[Event]) -> int:
    """Delete the region's own rows, on this server alone; returns how many were there still."""
    gone = 0
    with unlogged(region), region.transaction():
        for event in events:
            gone += region.execute(f"DELETE FROM {quoted(database)}.{quoted(TABLE)} WHERE id = %s", (event.id,))
    return gone


def _event(row: Mapping[str, Any]) -> Event:
    return Event(row["id"], tuple(sorted((name, value) for name, value in row.items() if name != "id")))
