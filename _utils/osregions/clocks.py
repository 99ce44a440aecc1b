"""How far apart two machines' clocks are: one is asked between two looks at the other, and the way does not count."""

from __future__ import annotations

MOST_SKEW = 5.0  # seconds between two regions' clocks that do no harm


def ahead(asked: float, said: float, answered: float) -> float:
    """By how many seconds a clock is at least ahead of the asker's, who looked before and after; negative: behind.

    0.0 while what it said lies between the two looks.
    """
    if said < asked:
        return said - asked
    return max(said - answered, 0.0)
