"""Whether another size helped: what memcached did before it, and what it does now; and the seed's own sign."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from osregions.pressure import rates
from osregions.pressure.rates import Rates
from osregions.pressure.reading import Reading

_WORSE = 0.01  # by which a hit rate may be lower by chance
_FILLS = 600  # seconds after which what was there before a restart is there again, or is of no use: [cache] cache_time


@dataclass(frozen=True)
class Helped:
    """What came of it."""

    helped: bool | None  # None: it can't be told yet
    sentence: str
    seed: dict[str, Any]  # how far total_items and total_connections went: the seed's sign is that both rise
    hit_rate: dict[str, Any]  # old and new, as the next ones
    evictions: dict[str, Any]  # for each second
    touch_misses: dict[str, Any]  # for each second

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def compare(before: Reading | None, first: Reading, second: Reading) -> Helped:
    """What two readings after the change say beside all that was counted before it (None: it was not seen then)."""
    now = rates.between(first, second)
    then = rates.since_start(before) if before is not None else None
    # Each look at the statistics is a connection of its own.
    seed = {"total_items": now.count("total_items"), "total_connections": max(now.count("total_connections") - 1, 0)}
    emptied = before is not None and not first.same_process(before) and first.uptime < _FILLS
    helped, sentence = _told(then, now, emptied)
    if not now.broken:
        sentence += f"; total_items rose by {seed['total_items']}, total_connections by {seed['total_connections']}"
    return Helped(
        helped,
        sentence,
        {**seed, "rises": all(seed.values())},
        {"old": _share(then), "new": _share(now)},
        _pair(then, now, "evictions"),
        _pair(then, now, "touch_misses"),
    )


def _told(then: Rates | None, now: Rates, emptied: bool) -> tuple[bool | None, str]:
    if now.broken:
        return None, "memcached was restarted, or its counters set back, while it was looked at: look again"
    if then is None:
        return None, "how it did before was not seen: nothing was set here, or it did not answer then"
    # Where all is found nothing comes in, and the seed's sign stands still.
    if now.hit_rate is None:
        return None, f"nobody used it for {now.seconds:.0f} s: look again when people work"
    hits = f"hit rate {_percent(then.hit_rate)} before, {_percent(now.hit_rate)} now"
    lost = f"{then.per_second('evictions'):.1f} evictions a second before, {now.per_second('evictions'):.1f} now"
    fewer = now.count("evictions") == 0 or now.per_second("evictions") < then.per_second("evictions")
    no_worse = then.hit_rate is None or now.hit_rate >= then.hit_rate - _WORSE
    if fewer and no_worse:
        return True, f"it helped: {hits}; {lost}"
    # Whatever its size, what a restart emptied is missed once.
    if fewer and emptied:
        return None, f"it fills since its restart, look again later: {hits}; {lost}"
    return False, f"it did not help: {hits}; {lost}"


def _pair(then: Rates | None, now: Rates, name: str) -> dict[str, Any]:
    old = None if then is None or name not in then.grown else round(then.per_second(name), 3)
    return {"old": old, "new": round(now.per_second(name), 3) if name in now.grown else None}


def _share(found: Rates | None) -> float | None:
    return None if found is None or found.hit_rate is None else round(found.hit_rate, 4)


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"
