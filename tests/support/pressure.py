"""Readings of a memcached that never ran: a healthy one of 64 MB by default, and what it has become later."""

from __future__ import annotations

from dataclasses import replace

from osregions.pressure.machine import Memory
from osregions.pressure.reading import MEGABYTE, Reading, Slab

MACHINE = Memory(total=16384 * MEGABYTE, available=8192 * MEGABYTE)
COUNTERS = {
    "cmd_get": 10_000,
    "cmd_set": 1_000,
    "cmd_touch": 0,
    "get_hits": 9_000,
    "get_misses": 1_000,
    "get_expired": 900,
    "get_flushed": 0,
    "touch_misses": 0,
    "evictions": 0,
    "evicted_unfetched": 0,
    "reclaimed": 100,
    "store_no_memory": 0,
    "listen_disabled_num": 0,
    "rejected_connections": 0,
    "total_items": 1_000,
    "total_connections": 50,
}


def reading(megabytes: int = 64, held: float = 32, **changes) -> Reading:
    """One look; `held` are the megabytes that it has taken."""
    levels = {
        "bytes": int(held * MEGABYTE * 0.9),
        "limit_maxbytes": megabytes * MEGABYTE,
        "total_malloced": int(held * MEGABYTE),
        "curr_connections": 12,
        "max_connections": 1024,
    }
    plain = Reading(
        server="127.0.0.1:11211",
        at=1_800_000_000.0,
        version="1.6.18",
        pid=500,
        uptime=7200,
        started=1_799_992_800,
        counters=dict(COUNTERS),
        levels=levels,
        slabs={"15": Slab(chunk=2320, free=100, evicted=0, evicted_time=0, out_of_memory=0)},
    )
    return replace(plain, **changes)


def later(
    before: Reading, seconds: int = 100, evicted_time: int = 0, free: int | None = None, oom: int = 0, **grown
) -> Reading:
    """The same memcached some seconds on, with counters that went so far; what had to go was of its class 15."""
    slab = before.slabs["15"]
    slab = replace(
        slab,
        evicted=slab.evicted + grown.get("evictions", 0),
        evicted_time=evicted_time,
        free=slab.free if free is None else free,
        out_of_memory=slab.out_of_memory + oom,
    )
    counters = {name: value + grown.get(name, 0) for name, value in before.counters.items()}
    return replace(
        before,
        at=before.at + seconds,
        uptime=before.uptime + seconds,
        counters=counters,
        slabs={**before.slabs, "15": slab},
    )
