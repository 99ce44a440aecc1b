"""Revocations made in a cut-off region are given home, and forgotten here once home's own rows are back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from osregions.catalog.cache import cache_region_key, invalidate
from osregions.errors import Refused
from osregions.replication import compare_run, numbers, revocations
from osregions.replication.operations import Here, Outcome

_MOMENT = "%Y-%m-%d %H:%M:%S.%f"
_MOST = 100_000
Rows = list[dict[str, Any]]


def own(here: Here) -> dict[str, Any]:
    """This region's own revocations: rows to `give` home, as Salt carries them; how many to `forget`, and `waiting`."""
    found = _pending(here)
    return {
        "give": [{name: _carried(value) for name, value in event.row.items()} for event in found.give],
        "forget": len(found.forget),
        "waiting": len(found.on_their_way),
    }


def take(here: Here, rows: Sequence[Mapping[str, Any]], dry: bool) -> Outcome:
    """Write a region's revocations at home, and have home's keystones look at them. Run at home."""
    events = [_event(row) for row in rows]
    if len(events) > _MOST:
        raise Refused(f"{len(events)} revocations at once", remedy=f"at most {_MOST}: is that region's database sound?")
    with here.own() as session:
        present = {event.content for event in revocations.read(session, here.database)} if events else set()
        new = [event for event in events if _as_read(event) not in present]
        if not new:
            return Outcome({}, "home has all of them")
        changes = {"revocations": f"{len(new)} of tokens that were revoked elsewhere"}
        if dry:
            return Outcome(changes, f"{len(new)} would be taken")
        given = revocations.give_home(session, here.database, new)
    told = ""
    if here.cache is not None and here.release.caches_by_region_id:
        told = f"; {invalidate(here.cache, [cache_region_key('revoke')])}"
    return Outcome(changes, f"{given} were taken{told}")


def forget(here: Here, dry: bool) -> Outcome:
    """Delete this region's own revocations that have come back as home's, or have expired; here alone."""
    found = _pending(here)
    if not found.forget:
        return Outcome({}, f"nothing to forget; {len(found.on_their_way)} are on their way back")
    changes = {"revocations": f"{len(found.forget)} are home's by now"}
    if dry:
        return Outcome(changes, "would be forgotten here")
    with here.own() as session:
        gone = revocations.forget_here(session, here.database, found.forget)
    return Outcome(changes, f"{gone} were forgotten here")


def _pending(here: Here) -> revocations.Pending:
    base = numbers.base(here.wishes.number(here.region))
    expired = compare_run.expired(datetime.now(timezone.utc).replace(tzinfo=None), here.expiration, here.buffer)
    with here.own() as region, here.home() as home:
        numbered = numbers.view(region, here.database).numbered
        return revocations.pending(region, here.database, home, here.database, base if numbered else None, expired)


def _carried(value: Any) -> Any:
    return value.strftime(_MOMENT) if isinstance(value, datetime) else value


def _event(row: Mapping[str, Any]) -> revocations.Event:
    for name, value in row.items():
        if not isinstance(value, (str, int, type(None))):
            raise Refused(f"{name} of a revocation is {type(value).__name__}", remedy="take it from own_revocations")
    return revocations.Event(0, tuple(sorted((name, value) for name, value in row.items() if name != "id")))


def _as_read(event: revocations.Event) -> revocations.Content:
    """An event's content as a database tells it: with moments, where it was carried with text."""
    return tuple(
        (name, _moment(value) if name.endswith(("_at", "_before")) else value) for name, value in event.content
    )


def _moment(value: Any) -> Any:
    return datetime.strptime(value, _MOMENT) if isinstance(value, str) else value
