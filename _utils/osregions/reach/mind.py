"""One node that makes up its own mind, when no master does: from what its own beacon sees to one act per fault.

Nothing that comes over a bus is believed here: an event only says that it is worth looking. What counts is what the
beacon keeps in a file of root's, the switch, and the settings that were kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osregions import settings as settings_of
from osregions.errors import RegionsError
from osregions.files import STATE
from osregions.reach import sight as sight_of
from osregions.reach import snapshot, verdict, view
from osregions.reach import switch as switches
from osregions.reach.sight import Sight
from osregions.reach.switch import Switch
from osregions.reach.verdict import Verdict
from osregions.settings import Settings

Act = Callable[..., Mapping[str, Any]]

_UNFINISHED = 15.0  # seconds after which what somebody began and did not end is ended here
_PATIENCE = (5.0, 10.0, 20.0, 40.0, 60.0)  # seconds until an act that failed is tried again


@dataclass(frozen=True)
class Hands:
    """What a mind can do: `regions.failover` and `regions.failback` of this node, tell, and look for a master."""

    fail_over: Act
    fail_back: Act
    tell: Callable[[Verdict, str], None]  # a verdict that has changed, and the region
    connected: Callable[[], bool]  # whether a master is there, which would act too


class Mind:
    """Thinks when it is asked to, remembers what it tried, and never raises."""

    def __init__(
        self,
        minion: str,
        hands: Hands,
        pillar: Callable[[], Mapping[str, Any]],
        place: str | Path = sight_of.PLACE,
        state: str | Path = STATE,
    ) -> None:
        """Take who it is, its hands, and where it reads; `pillar` is the minion's, for want of anything newer."""
        self._minion, self._hands, self._pillar = minion, hands, pillar
        self._place, self._state = place, state
        self._master = Path(place).with_name(Path(sight_of.MASTER).name)
        self._read: tuple[Any, Settings] | None = None
        self._said = ""
        self._tries, self._next = 0, 0.0
        self._unfinished: float | None = None
        self._trouble = ""
        self.problem = ""

    def think(self, now: float | None = None) -> Verdict | None:
        """Look, decide, and act where that is due; None when there is nothing to think about. `now`: time of day."""
        now = time.time() if now is None else now
        try:
            return self._think(now)
        except Exception as err:  # whatever it is: a mind that is gone helps nobody
            self.problem = _words(err)
        return None

    def _think(self, now: float) -> Verdict | None:
        seen = sight_of.read(self._place)
        if seen is None or seen.minion != self._minion:
            return None
        settings = self._settings()
        switch = switches.read(seen.region, self._state).switch
        moves = view.by_itself(switches.history(seen.region, self._state))
        picture = view.of(
            seen.region,
            {self._minion: sight_of.to_data(seen)},
            settings,
            switch.identity,
            switch.epoch,
            moves,
            now,
            alone=True,
            moved=switch.since,
        )
        found = verdict.decide(picture)
        if found.code != self._said:
            self._said, self._tries, self._next, self._trouble = found.code, 0, 0.0, ""
            self._hands.tell(found, seen.region)
        if found.action == verdict.FAIL_OVER:
            self._over(found, seen, switch, now, settings.failover.grace)
        elif switches.unfinished(self._state):
            self._end(switch, now)
        else:
            self._unfinished, self._trouble = None, ""
        self.problem = self._trouble or (picture.problems[0] if picture.problems else "")
        return found

    def _settings(self) -> Settings:
        """What the beacon keeps of pillar, which is newer than what this process was started with."""
        try:
            kept = snapshot.read(self._state)
        except RegionsError:
            kept = None
        data = (kept or self._pillar()).get(settings_of.PILLAR)
        if self._read is None or self._read[0] != data:
            self._read = (data, settings_of.read(data))
        return self._read[1]

    def _over(self, found: Verdict, seen: Sight, switch: Switch, now: float, grace: float) -> None:
        decided = seen.home.since or now
        if now < self._next:
            return
        if self._hands.connected() and (now - decided < grace or sight_of.master(now, self._master) > 1):
            return  # where there are several controllers, a master that asks them all knows better than one of them
        moments = {"seen": decided, "decided": now}
        if seen.home.failing is not None:
            moments["fault"] = seen.home.failing
        self._try(
            now,
            lambda: self._hands.fail_over(
                reason=found.reason, by=f"engine of {self._minion}", epoch=switch.epoch, moments=moments
            ),
        )

    def _end(self, switch: Switch, now: float) -> None:
        """Have the services follow the switch, where whoever moved it was killed before they did."""
        if self._unfinished is None:
            self._unfinished = now
        if now - self._unfinished < _UNFINISHED or now < self._next:
            return
        act = self._hands.fail_over if switch.local else self._hands.fail_back
        self._try(now, lambda: act(reason=switch.reason, by=f"engine of {self._minion}", epoch=switch.epoch))

    def _try(self, now: float, act: Act) -> None:
        self._next = now + _PATIENCE[min(self._tries, len(_PATIENCE) - 1)]
        self._tries += 1
        self._trouble = ""
        try:
            act()
        except Exception as err:  # of a function of Salt's, which may raise anything
            self._trouble = _words(err)


def _words(err: Exception) -> str:
    return str(err) if isinstance(err, RegionsError) else f"{type(err).__name__}: {err}"
