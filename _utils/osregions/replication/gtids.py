"""Global transaction ids as the servers write them: MySQL's sets and MariaDB's positions, read and reckoned with.

MySQL has a set of intervals for each server's uuid (and tag, since 8.3); MariaDB has one last number for each domain.
Both were read in the manuals; nothing here touches a server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from osregions.errors import RegionsError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INTERVAL = re.compile(r"(\d+)(?:-(\d+))?")
_TAG = re.compile(r"[a-z_][a-z0-9_]{0,31}")
_POSITION = re.compile(r"(\d+)-(\d+)-(\d+)")

Interval = tuple[int, int]


@dataclass(frozen=True)
class Gtids:
    """A set of MySQL's: for each uuid (with its tag) intervals that are apart and in order."""

    intervals: tuple[tuple[str, tuple[Interval, ...]], ...]

    def __str__(self) -> str:
        return ",".join(
            f"{source}:" + ":".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
            for source, spans in self.intervals
        )

    def __bool__(self) -> bool:
        return bool(self.intervals)

    @property
    def count(self) -> int:
        """How many transactions are in it."""
        return sum(b - a + 1 for _, spans in self.intervals for a, b in spans)

    @property
    def servers(self) -> frozenset[str]:
        """The uuids of the servers whose transactions are in it."""
        return frozenset(source.partition(":")[0] for source, _ in self.intervals)

    def only(self, servers: frozenset[str]) -> Gtids:
        """The transactions of some servers."""
        return Gtids(tuple(pair for pair in self.intervals if pair[0].partition(":")[0] in servers))

    def minus(self, other: Gtids) -> Gtids:
        """What is in this set and not in the other."""
        taken = dict(other.intervals)
        left = ((source, _without(spans, taken.get(source, ()))) for source, spans in self.intervals)
        return Gtids(tuple((source, spans) for source, spans in left if spans))

    def each(self) -> Iterator[str]:
        """Every transaction, as `gtid_next` takes it."""
        for source, spans in self.intervals:
            for first, last in spans:
                for number in range(first, last + 1):
                    yield f"{source}:{number}"


def gtids_from(text: str) -> Gtids:
    """Read a set as @@gtid_executed shows it. Raises RegionsError for what is none."""
    found: dict[str, list[Interval]] = {}
    for part in filter(None, (part.strip() for part in text.lower().split(","))):
        server, *rest = (piece.strip() for piece in part.split(":"))
        source = server
        if not _UUID.fullmatch(server) or not rest:
            raise _unreadable(text)
        for piece in rest:
            match = _INTERVAL.fullmatch(piece)
            if match:
                first, last = int(match[1]), int(match[2] or match[1])
                if not 0 < first <= last:
                    raise _unreadable(text)
                found.setdefault(source, []).append((first, last))
            elif _TAG.fullmatch(piece):
                source = f"{server}:{piece}"
            else:
                raise _unreadable(text)
    return Gtids(tuple((source, _merged(spans)) for source, spans in sorted(found.items())))


def positions(text: str) -> Mapping[int, tuple[int, int]]:
    """Read a MariaDB position, `domain-server-number` and commas: the server and the number of each domain."""
    found: dict[int, tuple[int, int]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _POSITION.fullmatch(part)
        if not match:
            raise _unreadable(text)
        domain, server, number = int(match[1]), int(match[2]), int(match[3])
        # gtid_binlog_state has a domain once for each server that wrote in it: the last word is the highest number.
        if domain not in found or found[domain][1] < number:
            found[domain] = (server, number)
    return found


def position_text(found: Mapping[int, tuple[int, int]]) -> str:
    """A MariaDB position as the server takes it."""
    return ",".join(f"{domain}-{server}-{number}" for domain, (server, number) in sorted(found.items()))


def _merged(spans: list[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def _without(spans: tuple[Interval, ...], taken: tuple[Interval, ...]) -> tuple[Interval, ...]:
    left = []
    for first, last in spans:
        for a, b in taken:
            if b < first or a > last:
                continue
            if a > first:
                left.append((first, a - 1))
            first = b + 1
            if first > last:
                break
        if first <= last:
            left.append((first, last))
    return tuple(left)


def _unreadable(text: str) -> RegionsError:
    return RegionsError(f"{text[:80]!r} is no position of global transaction ids", remedy="is it MariaDB or MySQL?")
