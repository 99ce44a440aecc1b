"""Whether memcached has the size that it needs: a pure function from two readings to a verdict with its reasons.

An eviction alone says little: what had to go may have been of no use any more. It counts where tokens live in
memcached, for whoever loses one is signed out; and else where it went before its time was over, and was missed. The
seed's sign, `touch_misses`, says nothing of room by itself: keystone touches nothing, and an item that ran out is
missed in a cache of any size. It is among the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from osregions.pressure import propose, rates
from osregions.pressure.limits import Limits
from osregions.pressure.machine import Memory
from osregions.pressure.rates import Rates
from osregions.pressure.reading import MEGABYTE, Reading
from osregions.pressure.remedies import COMMAND, MACHINE_FULL, REMEDIES, TOO_SMALL, UNKNOWN, VERDICT_OF
from osregions.pressure.use import Use

_SPARE = 4  # times what it ever took that a cache may hold, beyond which it is wasteful
_UNEVEN = 4  # the part of a cache that lies unused in other classes, from which on room is not what is lacking


@dataclass(frozen=True)
class Verdict:
    """What is held of memcached's size."""

    verdict: str  # one of remedies.VERDICTS
    code: str
    sentence: str
    remedy: str
    figures: Mapping[str, Any]
    size: int | None = None  # the megabytes that it may hold
    proposed: int | None = None  # those that it should; None where it is to stay as it is

    @property
    def opinion(self) -> bool:
        """Whether it says anything of memcached: one that could not be measured yet is what it was."""
        return self.verdict != UNKNOWN or self.code == "no_answer"

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "figures": dict(self.figures)}


def judge(before: Reading, after: Reading, use: Use, memory: Memory, limits: Limits) -> Verdict:
    """What two readings say. `use` is what keystone keeps there, `memory` that of memcached's machine."""
    seen = rates.between(before, after)
    live = limits.live or use.live
    code, proposed = _code(after, seen, use.tokens, live, memory, limits)
    return _told(code, proposed, after, seen, live, memory)


def no_answer(problem: str) -> Verdict:
    """The verdict on a memcached that does not answer."""
    says = REMEDIES["no_answer"]
    return Verdict(VERDICT_OF["no_answer"], "no_answer", says.says.format(problem=problem), says.remedy, {})


def _code(
    now: Reading, seen: Rates, tokens: bool, live: float, memory: Memory, limits: Limits
) -> tuple[str, int | None]:
    """The code, and the size to be proposed with it."""
    if seen.broken == rates.RESET:
        return "reset", None
    if "evictions" not in now.counters:
        return "no_counters", None
    if seen.seconds < 1:
        return "too_soon", None
    if seen.refused:
        return "connections", None
    evictions, age = seen.count("evictions"), _age(now, seen)
    if seen.out_of_memory or seen.count("store_no_memory"):
        return "no_room", propose.larger(now, seen, live, age, memory)
    missed = seen.missed_for_room >= limits.missed * max(seen.count("cmd_get"), 1) and age < live
    if evictions and (tokens or missed):
        if _unused(now, seen) * _UNEVEN >= now.held:
            return "uneven", None
        return "evicts_tokens" if tokens else "evicts_live", propose.larger(now, seen, live, age, memory)
    if propose.room(now, memory) < now.megabytes > (within := propose.within(now, memory)):
        return "beyond_machine", within
    if seen.broken == rates.RESTARTED:
        return "restarted", None
    return _quiet(now, seen, limits)


def _quiet(now: Reading, seen: Rates, limits: Limits) -> tuple[str, int | None]:
    """The code where nothing that was wanted had to go."""
    spare = not now.counters["evictions"] and now.uptime >= limits.settled
    if spare and now.megabytes > _SPARE * now.held / MEGABYTE and propose.smaller(now) < now.megabytes:
        return "spare", propose.smaller(now)
    if not (seen.count("cmd_get") or seen.count("cmd_set") or seen.count("cmd_touch")):
        return "idle", None
    if seen.count("evictions"):
        return "evicts_idle", None
    if seen.count("touch_misses"):
        return "touched_late", None
    return ("full" if now.held >= now.levels.get("limit_maxbytes", 0) else "well"), None


def _age(now: Reading, seen: Rates) -> int:
    """How long before it was evicted the last one had been used: of the classes that evicted, the shortest."""
    return min((now.slabs[number].evicted_time for number, count in seen.evicted.items() if count), default=0)


def _unused(now: Reading, seen: Rates) -> int:
    """The bytes that hold nothing in the classes that evicted nothing; a first page each of them has in any case."""
    classes = [slab for number, slab in now.slabs.items() if not seen.evicted.get(number)]
    return sum(max(slab.free * slab.chunk - MEGABYTE, 0) for slab in classes)


def _told(code: str, proposed: int | None, now: Reading, seen: Rates, live: float, memory: Memory) -> Verdict:
    grows = VERDICT_OF[code] == TOO_SMALL
    room = propose.room(now, memory)
    connections = [f"{now.levels['curr_connections']} are open" if "curr_connections" in now.levels else "too many"]
    if "max_connections" in now.levels:
        connections.append(f"it takes {now.levels['max_connections']}")
    words: dict[str, Any] = {
        "seconds": seen.seconds,
        "uptime": float(now.uptime),
        "version": now.version,
        "evictions": seen.count("evictions"),
        "age": _age(now, seen),
        "live": live,
        "missed": seen.missed_for_room,
        "gets": seen.count("cmd_get"),
        "touch_misses": seen.count("touch_misses"),
        "refused": seen.refused,
        "turned_away": max(seen.out_of_memory, seen.count("store_no_memory")),
        "connections": ", ".join(connections),
        "spare": _unused(now, seen) // MEGABYTE,
        "held": now.held / MEGABYTE,
        "size": now.megabytes,
        "room": room,
        "proposed": proposed,
        "command": COMMAND.format(proposed=proposed),
    }
    full = grows and proposed is not None and proposed <= now.megabytes
    remedy = MACHINE_FULL if full else REMEDIES[code].remedy
    return Verdict(
        verdict=VERDICT_OF[code],
        code=code,
        sentence=REMEDIES[code].says.format(**words),
        remedy=remedy.format(**words),
        figures=figures(now, seen, live),
        size=now.megabytes,
        proposed=None if full else proposed,
    )


def figures(now: Reading, seen: Rates, live: float) -> dict[str, Any]:
    """What a verdict rests on, as plain numbers; a counter that this release does not have is left out."""
    found: dict[str, Any] = {
        "seconds": round(seen.seconds, 1),
        "uptime": now.uptime,
        "hit_rate": None if seen.hit_rate is None else round(seen.hit_rate, 4),
        "misses_of_live_keys": seen.misses_of_live_keys,
        "missed_for_room": seen.missed_for_room,
        "evicted_time": _age(now, seen),
        "live": live,
        "held": now.held,
        "limit": now.levels.get("limit_maxbytes", 0),
        "unused_elsewhere": _unused(now, seen),
        "out_of_memory": seen.out_of_memory,
        "refused": seen.refused,
    }
    found |= {name: now.levels[name] for name in ("bytes", "curr_items", "curr_connections") if name in now.levels}
    found["per_second"] = {name: round(seen.per_second(name), 3) for name in seen.grown}
    return found
