"""Finding every row that differs between home and a region: sums of chunks, then of buckets, then rows."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from osregions.database import Session
from osregions.replication.checksums import DIGEST, Chunk, Key, Side, Table
from osregions.replication.compare import BOTH, HOME, REGION, REVOCATIONS, Report, Row, Rules, classify
from osregions.replication.dialect import Dialect

LEFT_OUT = ("token",)  # kept by each keystone for itself, where it is kept at all
_T = TypeVar("_T")
_FEW = 200  # rows of a chunk that are looked at at once, without buckets
Pair = tuple[str | None, str | None]  # a row's digests, at home and in the region


@dataclass
class _Table:
    """What was found in a table so far."""

    table: Table
    rows: int = 0
    suspects: dict[Key, Pair] = field(default_factory=dict)
    beyond: bool = False


class _Ends:
    """Both ends, asked at the same time."""

    def __init__(self, home: Side, region: Side, pool: ThreadPoolExecutor) -> None:
        self.home, self.region, self._pool = home, region, pool

    def both(self, ask: Callable[[Side], _T]) -> tuple[_T, _T]:
        there = self._pool.submit(ask, self.home)
        here = ask(self.region)
        return there.result(), here


def compare(
    home: Side,
    region: Side,
    rules: Rules,
    settle: Callable[[], bool] | None = None,
    leave_out: Sequence[str] = LEFT_OUT,
    chunk: int = 5000,
    limit: int = 1000,
    looks: int = 3,
) -> Report:
    """Compare two databases row by row, without locking either; what differs is looked at again before it counts.

    `settle` waits until the region has what home had (see `applied`); without it, a second passes between two looks.
    At most `limit` differing rows of a table are told; a table with more is named in the report's `beyond`.
    """
    home.prepare()
    region.prepare()
    with ThreadPoolExecutor(1) as pool:
        ends = _Ends(home, region, pool)
        theirs, ours = ends.both(lambda side: side.tables())
        tables, schema = common(theirs, ours, leave_out)
        found = []
        for table in tables:
            found.append(_Table(table))
            _search(ends, found[-1], chunk, limit)
            if len(found[-1].suspects) > limit:
                found[-1].beyond = True
                found[-1].suspects = dict(islice(found[-1].suspects.items(), limit))
        settled = _look_again(ends, found, settle or _a_second, looks)
        rows = [row for one in found for row in _rows(ends, one)]
    return Report(
        differences=tuple(classify(row, rules) for row in rows),
        tables=len(found),
        rows=sum(one.rows for one in found),
        schema=schema,
        beyond=tuple(one.table.name for one in found if one.beyond),
        settled=settled,
    )


def common(
    home: dict[str, Table], region: dict[str, Table], leave_out: Sequence[str]
) -> tuple[list[Table], tuple[str, ...]]:
    """The tables that both ends have, with the columns that both have; and what only one of them has."""
    tables, schema = [], []
    for name in sorted((home.keys() | region.keys()) - set(leave_out)):
        there, here = home.get(name), region.get(name)
        if there is None or here is None:
            schema.append(f"the table {name} is {'here' if here else 'at home'} alone")
            continue
        columns = {part for part, _ in there.columns} & {part for part, _ in here.columns}
        for side, where in ((there, "at home"), (here, "here")):
            schema += [f"the column {name}.{part} is {where} alone" for part, _ in side.columns if part not in columns]
        if there.key != here.key:
            schema.append(f"the key of {name} is another at home than here")
        key = there.key if set(there.key) <= columns and there.key == here.key else ()
        # Each end would spell the types as its own: one's are as good as the other's for telling bytes from text.
        tables.append(Table(name, tuple(sorted(part for part in there.columns if part[0] in columns)), key))
    return tables, tuple(schema)


def persists(looks: Sequence[Pair]) -> bool:
    """Whether a row differs for good: at each look, and without the region's having come to what home had before."""
    seen: set[str | None] = set()
    for at, (there, here) in enumerate(looks):
        # What home had a look ago: the region follows, home was faster.
        if there == here or (at and here in seen and here != looks[at - 1][1]):
            return False
        seen.add(there)
    return True


def applied(home: Session, region: Session, source: Dialect, replica: Dialect, seconds: float = 10) -> bool:
    """Wait until the region has applied all that home has now; whether it did within so many seconds."""
    position = str(home.value(source.position()) or "").replace("\n", "")
    return reached(region, position, replica, seconds)


def reached(region: Session, position: str, replica: Dialect, seconds: float) -> bool:
    """Wait until the region has applied all up to a position of home's; whether it did within so many seconds."""
    if not position:
        return True
    if replica.mariadb:
        return bool(region.value("SELECT MASTER_GTID_WAIT(%s, %s)", (position, seconds)) == 0)
    whole = max(1, math.ceil(seconds))  # MySQL may take a part of a second for 0, and wait for ever
    if replica.version >= (5, 7, 5):
        return bool(region.value("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", (position, whole)) == 0)
    # NULL where replication stands still; -1 when the time is over.
    waited = region.value("SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(%s, %s)", (position, whole))
    return waited is not None and int(waited) >= 0


def expired(now: datetime.datetime, token_seconds: int = 3600, buffer_seconds: int = 1800) -> datetime.datetime:
    """The moment before which keystone prunes a revocation: `[token] expiration` and `[revoke] expiration_buffer`."""
    return now - datetime.timedelta(seconds=token_seconds + buffer_seconds)


def _a_second() -> bool:
    time.sleep(1)
    return True


def _search(ends: _Ends, found: _Table, size: int, limit: int) -> None:
    for chunk in _chunks(ends, found.table, size):
        there, here = ends.both(lambda side, chunk=chunk: side.total(found.table, chunk))  # type: ignore[misc]
        found.rows += max(there[0], here[0])
        if there != here:
            _into(ends, found, chunk, max(there[0], here[0]), limit)


def _chunks(ends: _Ends, table: Table, size: int) -> Iterator[Chunk]:
    """Parts that hold every row of either end: home's rows say where they end, the last one has no end."""
    there, here = ends.both(lambda side: side.prefixes(table))
    for prefix in sorted(there | here, key=str):
        chunk = Chunk(prefix)
        while True:
            end = ends.home.end(table, chunk, size)
            yield replace(chunk, end=end)
            if end is None:
                break
            chunk = Chunk(prefix, above=end)


def _into(ends: _Ends, found: _Table, chunk: Chunk, rows: int, limit: int) -> None:
    if len(found.suspects) > limit:
        found.beyond = True
        return
    there, here = ends.both(lambda side: side.buckets(found.table, chunk))
    differing = [one for one in sorted(there.keys() | here.keys()) if there.get(one) != here.get(one)]
    if not differing:
        return  # they differed a moment ago
    many = sum(max(there.get(one, (0, 0))[0], here.get(one, (0, 0))[0]) for one in differing)
    # All rows of the buckets are fetched from both ends: that has to fit into memory, and through the line.
    batches = [differing] if many <= _FEW * len(differing) or rows <= _FEW else [[one] for one in differing]
    for batch in batches:
        if len(found.suspects) > limit:
            found.beyond = True
            return
        at_home, at_region = ends.both(lambda side, batch=batch: side.digests(found.table, chunk, batch))  # type: ignore[misc]
        for key in at_home.keys() | at_region.keys():
            pair = (at_home.get(key), at_region.get(key))
            if pair[0] == pair[1]:
                continue
            # Where the ends order texts differently, a row can be in one chunk there and in another one here.
            before = found.suspects.get(key, (None, None))
            found.suspects[key] = (pair[0] or before[0], pair[1] or before[1])


def _look_again(ends: _Ends, found: Sequence[_Table], settle: Callable[[], bool], looks: int) -> bool:
    """Drop the suspects that turn out to be on their way; whether the region came up with home between the looks."""
    settled = True
    history = {one.table.name: {key: [pair] for key, pair in one.suspects.items()} for one in found if one.suspects}
    for _ in range(looks - 1):
        if not any(history.values()):
            break
        settled = settle()
        for one in found:
            pairs = history.get(one.table.name)
            if not pairs:
                continue
            keys = sorted(pairs, key=str)
            # The region first: what it has not yet, it may have by the time that home is asked.
            here = ends.region.again(one.table, keys)
            there = ends.home.again(one.table, keys)
            for key in keys:
                pairs[key].append((there.get(key), here.get(key)))
                if not persists(pairs[key]):
                    del pairs[key]
    for one in found:
        left = history.get(one.table.name, {})
        one.suspects = {key: pairs[-1] for key, pairs in left.items()}
    return settled


def _rows(ends: _Ends, found: _Table) -> Iterator[Row]:
    table, keys = found.table, sorted(found.suspects, key=str)
    if not keys:
        return
    both = [key for key in keys if None not in found.suspects[key]]
    there, here = ends.both(lambda side: side.parts(table, both)) if table.key and both else ({}, {})
    moments = {}
    if table.name == REVOCATIONS and table.key and "revoked_at" in dict(table.columns):
        at_home, at_region = ends.both(lambda side: side.moments(table, keys, "revoked_at"))
        moments = {**at_region, **at_home}
    for key in keys:
        at_home_digest, at_region_digest = found.suspects[key]
        where = HOME if at_region_digest is None else REGION if at_home_digest is None else BOTH
        ours, theirs = here.get(key, {}), there.get(key, {})
        columns = tuple(name for name in theirs if theirs[name] != ours.get(name))
        if where == BOTH and table.key and not columns:
            continue  # alike by now
        yield Row(table.name, tuple(zip(table.key or (DIGEST,), key, strict=True)), where, columns, moments.get(key))
