"""The moments of a move, over several nodes, and the line that tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MOMENTS = ("fault", "seen", "decided", "switched", "written", "restarted", "proved")
_FIRST = ("fault", "seen", "decided")


def merged(times: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """One timeline of several nodes': what led to the move when it first did, what it did when the last one had."""
    found: dict[str, list[float]] = {}
    for one in times:
        for name, moment in one.items():
            found.setdefault(name, []).append(moment)
    return {name: (min if name in _FIRST else max)(found[name]) for name in MOMENTS if name in found}


def told(times: Mapping[str, float]) -> str:
    """A timeline in words: seconds since the first moment of it."""
    known = [(name, times[name]) for name in MOMENTS if name in times]
    if not known:
        return ""
    start = known[0][1]
    return ", ".join(f"{name} {moment - start:+.1f} s" if moment != start else name for name, moment in known)
