"""What a memcached did between two readings; counters tell of its whole life, and a life may have ended in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from osregions.pressure.reading import Reading

RESTARTED, RESET = "restarted", "reset"
_WRAPS = {"total_connections": 1 << 32}  # counted in 32 bits


@dataclass(frozen=True)
class Rates:
    """How far each counter went, over how many seconds."""

    seconds: float
    broken: str  # RESTARTED: counted from its start. RESET: counters ran backwards, and nothing can be told
    grown: Mapping[str, int]  # a counter that this release does not have is not there
    evicted: Mapping[str, int]  # by class of items
    out_of_memory: int

    def count(self, name: str) -> int:
        """How far a counter went; 0 for one that is not there."""
        return self.grown.get(name, 0)

    def per_second(self, name: str) -> float:
        """That, for each second."""
        return self.count(name) / self.seconds if self.seconds > 0 else 0.0

    @property
    def hit_rate(self) -> float | None:
        """The share of what was asked for that was there; None when nothing was asked for."""
        asked = self.count("get_hits") + self.count("get_misses")
        return self.count("get_hits") / asked if asked else None

    @property
    def misses_of_live_keys(self) -> int:
        """The misses of keys whose time had not run out: their items were never set, deleted, or evicted."""
        return max(self.count("get_misses") - self.count("get_expired") - self.count("get_flushed"), 0)

    @property
    def missed_for_room(self) -> int:
        """How many of these misses a larger cache can have spared, at most: no more than were evicted."""
        return min(self.misses_of_live_keys, self.count("evictions"))

    @property
    def refused(self) -> int:
        """How often a connection was refused or kept waiting, since too many were open."""
        return max(self.count("listen_disabled_num"), self.count("rejected_connections"))


def between(before: Reading, after: Reading) -> Rates:
    """What happened from one reading to the next. One of another process counts from that process's start."""
    if not after.same_process(before):
        return replace(since_start(after), broken=RESTARTED)
    lasted = after.uptime - before.uptime
    # The server counts whole seconds, and this machine's clock may have been set meanwhile: each checks the other.
    seconds = min(max(after.at - before.at, lasted - 1.0, 0.0), lasted + 1.0)
    grown = {}
    for name, value in after.counters.items():
        if name in before.counters:
            grown[name] = value - before.counters[name]
            if name in _WRAPS:
                grown[name] %= _WRAPS[name]
    if lasted < 0 or any(value < 0 for value in grown.values()):
        return Rates(max(seconds, 0.0), RESET, {}, {}, 0)
    evicted, out_of_memory = {}, 0
    for number, slab in after.slabs.items():
        earlier = before.slabs.get(number)
        # A class that held nothing at the first look was not listed then; it may have a history all the same.
        most = grown.get("evictions", 0)
        evicted[number] = min(max(slab.evicted - (earlier.evicted if earlier else 0), 0), most)
        out_of_memory += max(slab.out_of_memory - earlier.out_of_memory, 0) if earlier else 0
    return Rates(seconds, "", grown, evicted, out_of_memory)


def since_start(reading: Reading) -> Rates:
    """What a memcached did in all its life."""
    return Rates(
        float(reading.uptime),
        "",
        dict(reading.counters),
        {number: slab.evicted for number, slab in reading.slabs.items()},
        sum(slab.out_of_memory for slab in reading.slabs.values()),
    )
