"""Watching two keystones, home's and the region's own, from within a process that has other work.

One thread counts time, and each look has a short one of its own: no look waits for another, and a dead line holds
nobody up. It goes on between the calls of the beacon that started it, and ends when nobody calls any more.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  (the resolver would import it in a thread, and a fork meanwhile would hang)
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from osregions.lines import one_line
from osregions.reach import hysteresis, probe
from osregions.reach.holder import Held, Holder
from osregions.reach.hysteresis import DOWN, UP, Standing
from osregions.reach.limits import Limits
from osregions.reach.probe import Seen
from osregions.reach.sight import Glance, Sight, glance

log = logging.getLogger(__name__)

Tell = Callable[[Sight, bool], None]  # what is seen now, and whether it has just changed

_LEASE = 300.0  # seconds without a call after which a watch ends
_TICK, _TICK_CALM = 0.2, 1.0  # seconds between two times at which time itself may decide, and while nothing is wrong
_ASLEEP = 2.5  # seconds without a tick after which it was this process that stood still
_AT_ONCE = 16  # looks at one keystone that may be under way
_CALM = 5  # times as seldom as home is the region's own keystone looked at while home is well
_DEEPLY = 5  # of so many looks one asks what keystone must read from its database
_KEEP, _KEEP_CALM = 1.0, 10.0  # seconds after which what is seen is told anew


@dataclass(frozen=True)
class Wish:
    """Who watches what, and how closely."""

    minion: str
    region: str
    home_region: str
    home: str  # URL
    local: str  # URL
    limits: Limits


KEPT: dict[str, tuple[str, Watch | None]] = {}  # the watches of this process, and what each was made from

ASKED: dict[str, tuple[float, int]] = {}  # when its beacon last asked for pillar, and how often


@dataclass
class _Side:
    """One of the two keystones."""

    url: str
    standing: Standing = field(default_factory=Standing)
    due: float = 0.0
    flying: int = 0
    turn: int = 0
    deep: bool = False  # the last deep look failed: until one is good, all are


@dataclass(frozen=True)
class _Landed:
    side: _Side
    began: float
    seen: Seen
    deep: bool
    token: Held | None


class Watch:
    """A watch over home's keystone and the region's own, as `Wish` says; `tell` is called in its thread."""

    def __init__(self, wish: Wish, holder: Holder, tell: Tell, lease: float = _LEASE) -> None:
        self.wish = wish
        self._holder, self._tell, self._lease = holder, tell, lease
        self._home, self._local = _Side(wish.home), _Side(wish.local)
        self._landed: queue.SimpleQueue[_Landed] = queue.SimpleQueue()
        self._offset = time.time() - time.monotonic()
        self._called = time.monotonic()
        self._told, self._told_at = (hysteresis.UNSURE, hysteresis.UNSURE), 0.0
        self._keys = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keystone_reach", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for looks that are under way."""
        self._stopped.set()

    @property
    def running(self) -> bool:
        """Whether it still watches; never in a process that was forked from the one that started it."""
        return self._thread.is_alive() and not self._stopped.is_set()

    def same_keystones(self, wish: Wish) -> bool:
        """Whether another wish is about the same two keystones."""
        return (self.wish.home, self.wish.local) == (wish.home, wish.local)

    def inherit(self, other: Watch) -> None:
        """Take over what another watch, of the same keystones, has seen."""
        self._home.standing, self._local.standing = other._home.standing, other._local.standing
        self._holder, self._keys, self._told = other._holder, other._keys, other._told

    def renew(self) -> None:
        """Say that somebody still wants it."""
        self._called = time.monotonic()

    def sight(self) -> Sight:
        """What is seen now."""
        # The two clocks drift apart when the time of day is set.
        self._offset = time.time() - time.monotonic()
        wish = self.wish
        return Sight(
            wish.minion,
            wish.region,
            wish.home_region,
            round(time.time(), 3),
            self._glance(self._home),
            self._glance(self._local),
            self._keys,
            "" if self._holder.held else _plain(self._holder.problem),
        )

    def _glance(self, side: _Side) -> Glance:
        seen = glance(side.standing, self._offset)
        return replace(seen, detail=_plain(seen.detail))

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stopped.is_set():
            now = time.monotonic()
            if now - self._called > self._lease:
                self._stopped.set()
                return
            try:
                if now - last > _ASLEEP:
                    for side in (self._home, self._local):
                        side.standing = hysteresis.rested(side.standing)
                self._step(now)
            except Exception:  # whatever it is, the next look may be good; without a watch there is none
                log.exception("keystone_reach: a step of the watch failed")
            last = now
            failing = self._home.standing.failing is not None or self._local.standing.failing is not None
            self._receive(min(self._home.due, self._local.due, now + (_TICK if failing else _TICK_CALM)))

    def _step(self, now: float) -> None:
        limits = self.wish.limits
        for side in (self._home, self._local):
            side.standing = hysteresis.at(side.standing, now, limits)
        home = self._home.standing
        well = home.state == UP and home.failing is None
        gone = home.state == DOWN or home.failing is not None
        self._holder.care((self._local.url, self._home.url) if gone else (self._home.url, self._local.url))
        for side in (self._home, self._local):
            if side.due <= now:
                pace = hysteresis.pace(side.standing, now, limits)
                if side is self._local and well and side.standing.state == UP and side.standing.failing is None:
                    pace = _CALM * limits.interval
                self._look(side, now, pace)
        if not well and self._local.due > now + limits.interval:
            self._local.due = now  # what it was worth a while ago does not matter now
        self._maybe_tell(now, well)

    def _look(self, side: _Side, now: float, pace: float) -> None:
        side.due = now + pace
        if side.flying >= _AT_ONCE:
            return
        side.turn += 1
        deep = side.deep or side.turn % _DEEPLY == 0
        token = self._holder.held
        threading.Thread(target=self._fly, args=(side, deep, token), name="keystone_reach look", daemon=True).start()
        side.flying += 1

    def _fly(self, side: _Side, deep: bool, token: Held | None) -> None:
        limits, began = self.wish.limits, time.monotonic()
        try:
            seen = probe.look(
                side.url,
                token.id if token else None,
                limits.timeout,
                limits.slow,
                token.tls if token else None,
                probe.DEEP if deep else probe.SHALLOW,
            )
        except Exception as err:  # it must land, or the count of those that fly is wrong for ever
            seen = Seen(probe.WRONG, time.monotonic() - began, f"looking failed: {type(err).__name__}")
        self._landed.put(_Landed(side, began, seen, deep and token is not None, token))

    def _receive(self, until: float) -> None:
        """Take in the looks that end, until then, and no longer than until the first of them."""
        wait = max(until - time.monotonic(), 0.0)
        try:
            self._land(self._landed.get(timeout=wait))
            while True:
                self._land(self._landed.get_nowait())
        except queue.Empty:
            return

    def _land(self, one: _Landed) -> None:
        side = one.side
        side.flying -= 1
        if one.deep or (side.deep and one.seen.kind == probe.SERVER_ERROR):
            side.deep = one.seen.kind == probe.SERVER_ERROR
        elif side.deep and one.seen.serves:
            return  # a cached token proves nothing while the database does not answer
        before = side.standing
        side.standing = hysteresis.after(before, one.began, one.seen, self.wish.limits)
        if before.failing is None and side.standing.failing is not None:
            side.due = min(side.due, time.monotonic())
        if one.token is None:
            return
        at_home = one.token.place == self._home.url
        if side is self._local and at_home and (one.seen.serves or one.seen.kind == probe.UNAUTHORIZED):
            self._keys = one.seen.serves
        if one.seen.kind == probe.UNAUTHORIZED and not (side is self._local and at_home):
            self._holder.refused(one.token)

    def _maybe_tell(self, now: float, well: bool) -> None:
        states = (self._home.standing.state, self._local.standing.state)
        changed = states != self._told
        if not changed and now - self._told_at < (_KEEP_CALM if well else _KEEP):
            return
        if changed:
            home = self._home.standing
            log.log(
                logging.WARNING if DOWN in states else logging.INFO,
                "keystone_reach: %s's keystone is %s (%s), %s's own is %s",
                self.wish.home_region,
                states[0],
                home.last.kind if home.last else "unseen",
                self.wish.region,
                states[1],
            )
        self._told, self._told_at = states, now
        self._tell(self.sight(), changed)


def _plain(text: str) -> str:
    """A text that others may be shown."""
    return one_line(text, 300)
