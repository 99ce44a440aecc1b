"""One look at memcached's statistics, as plain data that is kept and compared (doc/protocol.txt of memcached, `stats`).

A counter that a release does not have yet is left out, not taken for nought: `touch_misses` and `evicted_unfetched`
are younger than `evictions`, and `get_expired` is younger still.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from osregions.errors import RegionsError
from osregions.tokens import memcached

MEGABYTE = 1 << 20
COUNTERS = (
    "cmd_get",
    "cmd_set",
    "cmd_touch",
    "get_hits",
    "get_misses",
    "get_expired",
    "get_flushed",
    "touch_hits",
    "touch_misses",
    "evictions",
    "evicted_unfetched",
    "expired_unfetched",
    "reclaimed",
    "crawler_reclaimed",
    "store_no_memory",
    "listen_disabled_num",
    "rejected_connections",
    "total_items",
    "total_connections",
)
_LEVELS = (
    "bytes",
    "curr_items",
    "limit_maxbytes",
    "curr_connections",
    "max_connections",
    "total_malloced",
)
_CLASS = re.compile(r"^(?:items:)?(\d+):(\w+)$")


@dataclass(frozen=True)
class Slab:
    """A class of items of like size, as `stats items` and `stats slabs` tell of it."""

    chunk: int = 0  # bytes that each of its items takes
    free: int = 0  # chunks that hold no item
    evicted: int = 0
    evicted_time: int = 0  # seconds since the one evicted last was used
    out_of_memory: int = 0


@dataclass(frozen=True)
class Reading:
    """What a memcached said of itself at a moment."""

    server: str
    at: float  # seconds since the epoch, by this machine's clock
    version: str
    pid: int
    uptime: int
    started: int  # by its own clock; with `pid`, what tells one process from the next
    counters: Mapping[str, int]  # since it was started
    levels: Mapping[str, int]  # as they are now
    slabs: Mapping[str, Slab]

    @property
    def megabytes(self) -> int:
        """What it may hold."""
        return self.levels.get("limit_maxbytes", 0) // MEGABYTE

    @property
    def held(self) -> int:
        """The bytes that it has taken from the machine for items: it gives none of them back by itself."""
        return max(self.levels.get("total_malloced", 0), self.levels.get("bytes", 0))

    def same_process(self, other: Reading) -> bool:
        """Whether another reading was of this very process; a container's has the same number after each start."""
        return self.server == other.server and self.pid == other.pid and abs(self.started - other.started) <= 1

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "counters": dict(self.counters), "levels": dict(self.levels)}


def read(server: str, timeout: float = 3) -> Reading:
    """Look at the memcached at `host:port`. Raises RegionsError when it does not answer."""
    return parsed(server, memcached.stats(server, timeout, ("items", "slabs")), time.time())


def parsed(server: str, figures: Mapping[str, str], at: float) -> Reading:
    """A reading out of the figures that a memcached gives."""
    slabs: dict[str, dict[str, int]] = {}
    for name, value in figures.items():
        match = _CLASS.match(name)
        if match and value.isdigit():
            slabs.setdefault(match[1], {})[match[2]] = int(value)
    uptime = _number(figures, "uptime", server)
    return Reading(
        server=server,
        at=at,
        version=figures.get("version", ""),
        pid=_number(figures, "pid", server),
        uptime=uptime,
        started=_number(figures, "time", server) - uptime,
        counters=_those(figures, COUNTERS),
        levels=_those(figures, _LEVELS),
        slabs={
            number: Slab(
                found.get("chunk_size", 0),
                found.get("free_chunks", 0) + found.get("free_chunks_end", 0),
                found.get("evicted", 0),
                found.get("evicted_time", 0),
                found.get("outofmemory", 0),
            )
            for number, found in slabs.items()
        },
    )


def from_data(data: object, where: str) -> Reading:
    """A reading out of plain data that was kept. Raises RegionsError when it is none."""
    if not isinstance(data, Mapping) or set(data) != {field.name for field in fields(Reading)}:
        raise RegionsError("that is no reading of memcached's statistics", where, "remove it: it is written anew")
    try:
        return Reading(
            server=str(data["server"]),
            at=float(data["at"]),
            version=str(data["version"]),
            pid=int(data["pid"]),
            uptime=int(data["uptime"]),
            started=int(data["started"]),
            counters={str(name): int(value) for name, value in data["counters"].items()},
            levels={str(name): int(value) for name, value in data["levels"].items()},
            slabs={str(number): Slab(**slab) for number, slab in data["slabs"].items()},
        )
    except (AttributeError, TypeError, ValueError) as err:
        raise RegionsError(
            f"that is no reading of memcached's statistics: {err}", where, "remove it: it is written anew"
        ) from err


def _those(figures: Mapping[str, str], names: tuple[str, ...]) -> dict[str, int]:
    return {name: int(figures[name]) for name in names if figures.get(name, "").isdigit()}


def _number(figures: Mapping[str, str], name: str, server: str) -> int:
    value = figures.get(name, "")
    if not value.isdigit():
        raise RegionsError(f"memcached gives no {name}", server, "is that a memcached? Its `stats` should have it")
    return int(value)
