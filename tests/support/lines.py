"""Simulated time: looks at a keystone over a line that is cut, or loses packets, as TCP would fare on it.

A SYN that is lost comes again after 1 s and 3 s, a segment of an established connection after 0.2, 0.6 and 1.4 s (RFC
6298 with Linux's minimum of 200 ms). Either direction loses packets by itself.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from osregions.reach import hysteresis
from osregions.reach.limits import Limits
from osregions.reach.probe import OK, REFUSED, SILENT, UNREACHABLE, Seen

_SYN = (0.0, 1.0, 3.0)
_SEGMENT = (0.0, 0.2, 0.6, 1.4)
_TRIP = 0.0005


@dataclass
class Line:
    """What lies between, and the keystone at its end."""

    loss: float = 0.0
    silent: Callable[[float], bool] = lambda _: False  # nothing passes
    unreachable: Callable[[float], bool] = lambda _: False  # a router says so at once
    refused: Callable[[float], bool] = lambda _: False  # the host is there, keystone is not
    busy: Callable[[float], float] = lambda _: 0.05  # seconds that keystone takes
    seed: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self):
        self.dice = random.Random(self.seed)

    def _passes(self, at: float) -> bool:
        return not self.silent(at) and self.dice.random() >= self.loss

    def _sent(self, at: float, tries: tuple[float, ...]) -> float | None:
        """When the first of some tries has passed."""
        return next((at + wait + _TRIP for wait in tries if self._passes(at + wait)), None)

    def look(self, began: float, timeout: float) -> Seen:
        """What a look that begins then comes to."""
        end = began + timeout
        if self.unreachable(began):
            return Seen(UNREACHABLE, 0.001)
        connected = next(
            (
                began + wait + 2 * _TRIP
                for wait in _SYN
                if self._passes(began + wait) and self._passes(began + wait + _TRIP)
            ),
            None,
        )
        if connected is None or connected > end:
            return Seen(SILENT, timeout)
        if self.refused(connected):
            return Seen(REFUSED, connected - began, "", connected - began)
        asked = self._sent(connected, _SEGMENT)
        answered = asked and self._sent(asked + self.busy(asked), _SEGMENT)
        if answered is None or answered > end:
            return Seen(SILENT, timeout, "", connected - began)
        return Seen(OK, answered - began, "", answered - began)


def watched(line: Line, limits: Limits, seconds: float, start: float = 0.0) -> list[tuple[float, str]]:
    """Watch for so long in simulated time, as `reach.watch` does; return what is held, each with its time."""
    standing = hysteresis.Standing()
    number = itertools.count()
    landing: list[tuple[float, int, float, Seen]] = []
    held = [(start, standing.state)]
    now, due = start, start
    while now < start + seconds:
        # Time itself decides too: it is looked at every quarter of a second.
        now = min(due, landing[0][0] if landing else due, now + 0.25)
        standing = hysteresis.at(standing, now, limits)
        while landing and landing[0][0] <= now:
            _, _, began, seen = heapq.heappop(landing)
            before = standing
            standing = hysteresis.after(before, began, seen, limits)
            if before.failing is None and standing.failing is not None:
                due = min(due, now)
        if due <= now:
            seen = line.look(now, limits.timeout)
            heapq.heappush(landing, (now + seen.seconds, next(number), now, seen))
            due = now + hysteresis.pace(standing, now, limits)
        if standing.state != held[-1][1]:
            held.append((now, standing.state))
    return held
