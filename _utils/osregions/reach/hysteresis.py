"""From single looks at a keystone to what is held of it: up, down, or unsure; both ways slower than a blip.

Two clocks tell that it is down. `down_after`: nothing was heard of its host for so long, no connection, no answer, not
even a refusal. `restart_after`: the host is there, but for so long nothing came that a keystone should say; a restart
of keystone takes 3 to 8 s, and must not move a region. One clock tells that it is up again, `up_after`: every look of
so long was good. All times are seconds of one clock that only runs forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from osregions.reach.limits import Limits
from osregions.reach.probe import UNAUTHORIZED, Seen

UP, DOWN, UNSURE = "up", "down", "unsure"
STATES = (UP, DOWN, UNSURE)
_FEW = 3  # looks in a row, at least, for either opinion


@dataclass(frozen=True)
class Standing:
    """What is held of one keystone, and on what evidence."""

    state: str = UNSURE
    since: float | None = None  # when it became so
    last: Seen | None = None  # the newest look
    count: int = 0  # looks in a row that were good, or that were not
    good_at: float | None = None  # when it last did its work
    life_at: float | None = None  # when its host last showed any life
    failing: float | None = None  # when the first look began that failed since
    good_from: float | None = None  # since when every look was good

    def quiet(self, now: float) -> float:
        """For how many seconds, while looks fail, nothing was heard of the host; 0 while none does."""
        return 0.0 if self.failing is None else now - max(self.failing, self.life_at or self.failing)


def after(standing: Standing, began: float, seen: Seen, limits: Limits) -> Standing:
    """What is held after one more look, which began then; looks may overlap, and end in any order."""
    ended = began + seen.seconds
    life = None if seen.life is None else began + seen.life
    new = replace(standing, life_at=_later(standing.life_at, life))
    if seen.serves:
        broken = standing.good_from is None
        new = replace(
            new,
            last=seen,
            count=1 if broken else standing.count + 1,
            good_at=_later(standing.good_at, ended),
            good_from=ended if broken else standing.good_from,
            failing=None,
        )
        if new.state == UNSURE:  # not yet, or no longer, held to be down: one good answer says enough
            new = replace(new, state=UP, since=ended)
    elif standing.good_at is not None and began < standing.good_at:
        return new  # a later question was answered well meanwhile
    else:
        new = replace(
            new,
            last=seen,
            count=standing.count + 1 if standing.good_from is None else 1,
            good_from=None,
            failing=began if standing.failing is None else min(standing.failing, began),
        )
        if seen.kind == UNAUTHORIZED:
            # A keystone at its work that does not know us: no fault of its, and no proof of its health either.
            new = replace(new, failing=None)
            new = replace(new, state=UNSURE, since=ended) if new.state == UP else new
    return at(new, ended, limits)


def at(standing: Standing, now: float, limits: Limits) -> Standing:
    """What is held when time has passed."""
    if standing.state != DOWN and standing.failing is not None and standing.count >= _FEW:
        # One who has just started may be the one whose network is not there yet.
        patience = limits.restart_after if standing.good_at is None else limits.down_after
        if standing.quiet(now) >= patience or now - standing.failing >= limits.restart_after:
            return replace(standing, state=DOWN, since=now)
    good = standing.good_from is not None and standing.count >= _FEW
    if standing.state == DOWN and good and now - (standing.good_from or now) >= limits.up_after:
        return replace(standing, state=UP, since=now)
    return standing


def rested(standing: Standing) -> Standing:
    """What is held when the one who looks has been asleep itself: that nothing was heard is no evidence then."""
    return standing if standing.state == DOWN else replace(standing, failing=None, count=0, good_from=None)


def pace(standing: Standing, now: float, limits: Limits) -> float:
    """How long after a look began the next one begins."""
    if standing.state == DOWN or standing.failing is None:
        return limits.interval
    # Many small questions tell lost packets from a lost line. One who answers, though badly, is not to be pressed so.
    return limits.timeout / 10 if standing.quiet(now) >= 0.9 * limits.timeout else limits.interval / 2


def _later(one: float | None, other: float | None) -> float | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
