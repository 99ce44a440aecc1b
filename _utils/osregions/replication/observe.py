"""How a region's replica is: its link, lag, fence, numbers, schema, clocks and keys, and the rows that differ."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from osregions.database import Session, quoted
from osregions.errors import RegionsError
from osregions.keys import held
from osregions.replication import (
    alike,
    checks,
    compare,
    compare_run,
    fence_act,
    lag,
    link,
    numbers,
    resume,
    resume_act,
)
from osregions.replication.checksums import Side
from osregions.replication.errors_said import SEED
from osregions.replication.fence import Plan as Fence
from osregions.replication.operations import Here
from osregions.replication.server import Channel, Server, view

_PATIENCE = 5  # seconds to wait for what home has now
_SLICE = 2.0  # seconds after which it is looked whether there is anything to wait for: a thread that stops ends no wait

# What a finding is about, in the order in which they are told.
LINK, STANDS, PASSES, BEHIND = "link", "stands", "passes", "behind"
FENCE, NUMBERS, SCHEMA, CLOCK, KEYS = "fence", "numbers", "schema", "clock", "keys"
KINDS = (LINK, STANDS, PASSES, BEHIND, FENCE, NUMBERS, SCHEMA, CLOCK, KEYS)


@dataclasses.dataclass(frozen=True)
class Own:
    """What the region's side tells of its replica."""

    server: Server
    steps: tuple[link.Step, ...] = ()
    verdict: resume.Verdict | None = None
    fence: Fence | None = None
    apart: numbers.Plan | None = None
    schema: checks.Schema | None = None
    encrypted: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def channel(self) -> Channel | None:
        """The link to home; None where this server has none."""
        return self.server.channel(link.name_for(self.server))


@dataclasses.dataclass(frozen=True)
class AtHome:
    """What home tells, asked for what it has, and what the region had some patience later."""

    patience: float  # seconds that were waited for it at most
    lag: float | None
    behind: float | None  # where there is no lag: the seconds that it is behind at least; None: nobody knows
    gone_back: bool
    clocks: alike.Clocks
    schema: checks.Schema | None
    own_schema: checks.Schema | None
    position: str


def status(
    here: Here, keys: Callable[[], Mapping[str, Any]] | None = None, patience: float = _PATIENCE
) -> dict[str, Any]:
    """Everything that is to hold of a replica, and what was seen; `ok` is false when something does not.

    `lag` is measured: the seconds until what home had when asked was applied here, None when it was not within
    `patience`; then `behind` has the seconds that it is behind at least, None where nobody knows. `keys` says what
    `keystone_keys.view` does, where a keystone is here. `told` has the findings by kind, see `KINDS`.
    """
    seen = own_side(here)
    home = home_side(here, seen, patience)
    if home is None and seen.channel and seen.channel.running:
        seen = own_side(here)  # it stopped meanwhile
    return told(seen, home, keys)


def own_side(here: Here) -> Own:
    """Look at the region's side alone: that takes no time when the line is cut."""
    start = numbers.base(here.wishes.number(here.region))
    with here.own() as own:
        server = view(own)
        name = link.name_for(server)
        if server.channel(name) is None:
            return Own(server)
        return Own(
            server,
            link.plan(server, here.wishes.link(here.region, here.database)),
            resume_act.look(own, here.database, name),
            fence_act.holds(own, here.database, here.user, here.release),
            numbers.plan(numbers.view(own, here.database), start),
            checks.schema_of(own, here.database),
            encrypted_by(own, here.database),
        )


def home_side(here: Here, seen: Own, patience: float = _PATIENCE) -> AtHome | None:
    """Ask home what it has, and wait for it at the region's side; None where replication stands, or stops meanwhile."""
    if seen.channel is None or not seen.channel.running:
        return None
    server = seen.server
    with here.own() as own, here.home() as home:
        clocks = alike.read_clocks(home, own)
        schema = checks.schema_of(home, here.database)
        theirs = view(home, whole=False)
        took = _until_reached(own, theirs.position, seen.channel, server, patience)
        after = view(own)
        if took is None and not _runs(after, seen.channel):
            return None
        return AtHome(
            patience,
            took,
            lag.at_least(patience, theirs.position, after, seen.channel.name) if took is None else None,
            server.dialect.mariadb and resume.gone_back(theirs.position, server.position),
            clocks,
            schema,
            checks.schema_of(own, here.database),
            after.position,
        )


def _until_reached(own: Session, position: str, channel: Channel, server: Server, patience: float) -> float | None:
    """The seconds until the region had that; None where they were too many, or it stopped meanwhile."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < patience:
        if compare_run.reached(own, position, server.dialect, min(patience - waited, _SLICE)):
            return round(time.monotonic() - began, 3)
        if not _runs(view(own), channel):
            break
    return None


def _runs(server: Server, channel: Channel) -> bool:
    now = server.channel(channel.name)
    return now is not None and now.running


def told(
    seen: Own,
    home: AtHome | None = None,
    keys: Callable[[], Mapping[str, Any]] | None = None,
    allowed: float = 0,
) -> dict[str, Any]:
    """What `status` returns, of what was seen; as it was without asking home, where that is not known.

    To be behind is a finding from so many seconds on that are `allowed`, or where nobody knows how far.
    """
    channel = seen.channel
    if channel is None:
        nothing = ["this server does not replicate home's keystone"]
        return {"ok": False, "replicates": False, "findings": nothing, "told": {LINK: nothing}}
    assert seen.verdict and seen.fence and seen.apart  # all of it was looked at, as there is a channel
    schema = home.own_schema if home else seen.schema
    told: dict[str, list[str]] = {LINK: [step.told for step in seen.steps], STANDS: []}
    if seen.verdict.sentence:
        told[STANDS].append(f"{seen.verdict.sentence}: {seen.verdict.remedy}")
    if home and home.gone_back:
        told[STANDS].append(f"home has less than was applied here: was it restored from a backup? Then {SEED}")
    variables = seen.server.variables
    if (mode := variables.get("slave_exec_mode") or variables.get("replica_exec_mode")) != "STRICT":
        told[PASSES] = [f"differences are passed over ({mode}): SET GLOBAL slave_exec_mode = STRICT, and compare"]
    if home and home.lag is None and (home.behind is None or home.behind > allowed):
        told[BEHIND] = [f"what home had {home.behind or home.patience:g} s ago is not here yet"]
    told[FENCE] = [*(f"the fence lacks: {change.shown}" for change in seen.fence.changes), *seen.fence.findings]
    told[NUMBERS] = [f"numbers are not kept apart: {one}" for one in seen.apart.shown]
    told[SCHEMA] = [*alike.schemas(home.schema if home else None, schema)]
    told[CLOCK] = [*(home.clocks.findings if home else ())]
    has, told[KEYS] = _keys(keys, seen.encrypted)
    findings = [one for kind in KINDS for one in told.get(kind, ())]
    return {
        "ok": not findings,
        "replicates": True,
        "source": f"{channel.host}:{channel.port}",
        "threads": {"io": channel.io, "sql": channel.sql},
        "errors": {"io": list(channel.io_error), "sql": list(channel.sql_error)},
        "received": channel.received,
        "position": home.position if home else seen.server.position,
        "lag": home.lag if home else None,
        "behind": home.behind if home else None,
        "tls": channel.tls,
        "filters": dict(channel.filters),
        "schema": {
            "home": home.schema.facts if home and home.schema else None,
            "here": schema.facts if schema else None,
        },
        "clock": dataclasses.asdict(home.clocks) if home else None,
        "keys": has,
        "findings": findings,
        "told": {kind: told[kind] for kind in KINDS if told.get(kind)},
    }


def differences(here: Here, chunk: int = 5000, expiration: int | None = None) -> dict[str, Any]:
    """Every row that differs between home and here, told apart; `expiration` is that of keystone's tokens, in seconds.

    Neither side is locked. What differs is looked at again once this region has what home had, before it counts.
    """
    lifetime = here.expiration if expiration is None else expiration
    rules = compare.Rules(
        columns=here.release.bookkeeping(),
        base=numbers.base(here.wishes.number(here.region)),
        # Each side prunes by its own clock, and that may have been set right since. Once its tokens have expired a
        # revocation does nothing more, so half of the buffer can be left to clocks.
        expired=compare_run.expired(datetime.now(timezone.utc).replace(tzinfo=None), lifetime, here.buffer // 2),
    )
    with here.own() as own, here.own() as waiting, here.home() as home, here.home() as asked:
        dialects = view(asked, whole=False).dialect, view(waiting).dialect
        report = compare_run.compare(
            Side(home, here.database),
            Side(own, here.database),
            rules,
            settle=lambda: compare_run.applied(asked, waiting, *dialects, _PATIENCE),
            chunk=chunk,
        )
    return {
        "clean": report.clean,
        "divergence": [one.shown for one in report.divergence],
        "bookkeeping": [one.shown for one in report.bookkeeping],
        "schema": list(report.schema),
        "beyond": list(report.beyond),
        "tables": report.tables,
        "rows": report.rows,
        "settled": report.settled,
        "remedy": compare.remedy(report.differences),
    }


def encrypted_by(session: Session, database: str) -> dict[str, int]:
    """How many credentials name each key that encrypted them; none before Newton, which did not encrypt any."""
    known = session.value(
        "SELECT COUNT(*) FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = %s AND TABLE_NAME = 'credential' AND COLUMN_NAME = 'key_hash'",
        (database,),
    )
    if not known:
        return {}
    table = f"{quoted(database)}.credential"
    rows = session.rows(f"SELECT key_hash, COUNT(*) AS n FROM {table} WHERE key_hash IS NOT NULL GROUP BY key_hash")
    return {str(row["key_hash"]): int(row["n"]) for row in rows}


def _keys(look: Callable[[], Mapping[str, Any]] | None, encrypted: Mapping[str, int]) -> tuple[Any, list[str]]:
    """What the keystone here holds, and what is wrong with it."""
    if look is None:
        return None, []
    try:
        found = held.look(look(), encrypted)
    except RegionsError as err:
        return None, [f"this keystone's keys can't be told: {err}"]
    return found.as_dict(), list(found.findings)
