"""Which size memcached should have: from what it had to evict, what it ever took, and what the machine can give."""

from __future__ import annotations

import math

from osregions.pressure.machine import Memory
from osregions.pressure.rates import Rates
from osregions.pressure.reading import MEGABYTE, Reading

DEFAULT = 64  # megabytes; memcached's own default, below which nothing is won
_STEP = 64
_LEAST_GROWTH, _MOST_GROWTH = 2, 8  # in one go: what it does then is measured before the next


def room(reading: Reading, memory: Memory) -> int:
    """The megabytes that memcached may hold on this machine: what it has, and half of what is left."""
    return (reading.held + memory.available // 2) // MEGABYTE


def larger(reading: Reading, rates: Rates, live: float, age: float, memory: Memory) -> int:
    """A size in which items would have stayed for `live` seconds; no more than the machine can give.

    Items come at the rate at which others are evicted now, and each must stay that much longer. It is the present size
    where the machine can't give more.
    """
    size = reading.megabytes
    lost = sum(count * reading.slabs[number].chunk for number, count in rates.evicted.items())
    per_second = lost / rates.seconds if rates.seconds > 0 else 0.0
    need = (reading.held + per_second * max(live - age, 0.0)) / MEGABYTE
    wanted = _stepped(min(max(need, _LEAST_GROWTH * size), max(_MOST_GROWTH * size, DEFAULT)))
    return max(min(wanted, room(reading, memory)), size)


def smaller(reading: Reading) -> int:
    """A size with twice the room that memcached ever took."""
    return _stepped(2 * reading.held / MEGABYTE)


def within(reading: Reading, memory: Memory) -> int:
    """The largest size of whole steps that the machine can fill."""
    return max(room(reading, memory) // _STEP * _STEP, min(DEFAULT, reading.megabytes))


def _stepped(megabytes: float) -> int:
    return max(math.ceil(megabytes / _STEP) * _STEP, DEFAULT)
