"""Numbers of the past as the points of a line: geometry alone, which the page's template draws."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

WIDTH, HEIGHT = 320.0, 60.0
_FEW = 400  # points that a line of this width can show
_WORD = 32.0  # width of a mark's word


@dataclass(frozen=True)
class Plot:
    """One line over time; `pieces` are its stretches, with gaps where nothing was known."""

    pieces: tuple[str, ...]  # each the points of a polyline
    dots: tuple[tuple[float, float], ...]  # stretches of a single point
    marks: tuple[tuple[float, str], ...]  # where the region moved: x, and to where, if there is room for that
    most: float  # what the upper edge stands for, in seconds
    last: float | None
    begin: str
    end: str


def of(records: Sequence[Mapping[str, Any]], region: str, key: str) -> Plot | None:
    """The line of one number of a region; None while there are not two readings."""
    known = [(float(one["at"]), one["regions"].get(region) or {}) for one in records]
    values = [(at, said.get(key)) for at, said in known]
    numbers = [value for _, value in values if _number(value)]
    if len(known) < 2 or not numbers:
        return None
    first, last = known[0][0], max(known[-1][0], known[0][0] + 1)
    most = max(max(numbers) * 1.1, 0.001)

    def x(at: float) -> float:
        return round(min(max((at - first) / (last - first), 0.0), 1.0) * WIDTH, 1)

    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in _thinned(values):
        if _number(value):
            pieces[-1].append((x(at), round(HEIGHT - value / most * HEIGHT, 1)))
        elif pieces[-1]:
            pieces.append([])
    lines = tuple(" ".join(f"{one},{other}" for one, other in piece) for piece in pieces if len(piece) > 1)
    dots = tuple(piece[0] for piece in pieces if len(piece) == 1)
    marks = _marks([(x(at), where) for at, where in _moves(known)])
    return Plot(lines, dots, marks, most, numbers[-1], _day(first), _day(last))


def _marks(moves: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Words that would stand upon another are left out; the lines stay."""
    found: list[tuple[float, str]] = []
    free = -_WORD
    for x, where in moves:
        found.append((x, where if x >= free else ""))
        free = x + _WORD if x >= free else free
    return tuple(found)


def _thinned(values: Sequence[tuple[float, Any]]) -> list[tuple[float, Any]]:
    """No more points than can be seen; of each group the highest, for peaks are what is looked for."""
    size = -(-len(values) // _FEW)
    found = []
    for start in range(0, len(values), size):
        group = values[start : start + size]
        gaps = [one for one in group if not _number(one[1])]
        found.append(gaps[0] if gaps else max(group, key=lambda one: one[1]))
    return found


def _moves(known: Sequence[tuple[float, Mapping[str, Any]]]) -> list[tuple[float, str]]:
    """Where identity is elsewhere than it was, or has been and is back: its epoch tells of a cut that nobody saw."""
    found, before, passed = [], None, 0
    for at, said in known:
        now, epoch = said.get("identity"), said.get("epoch")
        if now:
            epoch = int(epoch) if _number(epoch) else passed
            if before and (now != before or epoch > passed):
                found.append((at, str(now) if now != before else f"moved {epoch - passed}x"))
            before, passed = now, epoch
    return found


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9


def _day(at: float) -> str:
    return time.strftime("%m-%d %H:%M", time.gmtime(at))
