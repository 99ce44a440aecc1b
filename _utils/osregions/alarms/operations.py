"""One call of a beacon: a look begins or has ended, what is held is kept, and told when it is time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osregions import beacon_config
from osregions.alarms import held as holding
from osregions.alarms import judge
from osregions.alarms import limits as numbers
from osregions.alarms.background import Background, Stuck
from osregions.alarms.held import Found, Held
from osregions.alarms.judge import Where
from osregions.alarms.limits import Limits
from osregions.errors import RegionsError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Beacon:
    """What is common to the calls of one beacon."""

    name: str
    part: str  # what it looks at, as a person would say it
    names: tuple[str, ...]  # the numbers that it takes

    @property
    def place(self) -> str:
        """Where its configuration stands."""
        return f"beacons:{self.name}"

    def limits(self, config: object, pillar: Mapping[str, Any]) -> Limits:
        """Its numbers: those given, else pillar's. Raises RegionsError, with the key that is wrong."""
        given = beacon_config.read(config, self.place, self.names, numbers.number)
        if "interval" in given:
            numbers.interval(given["interval"], self.place)
        ours = {key: value for key, value in given.items() if key in self.names}
        return numbers.read({**pillar, **ours}, self.place, self.names)

    def valid(self, config: object) -> tuple[bool, str]:
        """What a beacon's `validate` answers."""
        try:
            self.limits(config, {})
        except RegionsError as err:
            return False, str(err)
        return True, "Valid beacon configuration"


@dataclass
class Kept:
    """What this process holds of one beacon."""

    held: Held
    looks: Background = field(default_factory=Background)


# Salt loads a beacon's module anew with each refresh: what must outlive that is here.
KEPT: dict[str, Kept] = {}


def call(
    beacon: Beacon,
    where: Where,
    look: Callable[[], Found],
    limits: Limits,
    clock: Callable[[], float],
) -> dict[str, Any] | None:
    """Look, and return the data of an event when it is time for one."""
    path = holding.place(beacon.name)
    kept = KEPT.get(beacon.name)
    if kept is None:
        kept = KEPT[beacon.name] = Kept(_remembered(beacon, path))
    found = _found(beacon, where, kept.looks, look)
    if found is None:
        return None
    kept.held, due = holding.looked(kept.held, found, clock(), limits)
    try:
        holding.write(kept.held, path)
    except OSError as err:
        log.warning("What the beacon %s holds can't be kept: %s", beacon.name, err)
    return holding.event_data(kept.held) if due else None


def _found(beacon: Beacon, where: Where, looks: Background, look: Callable[[], Found]) -> Found | None:
    try:
        done = looks.look(look)
    except (RegionsError, Stuck) as err:
        return judge.unread(where, beacon.part, str(err).rstrip("."))
    except Exception as err:
        # Of what nobody thought of, the words may hold anything: they go nowhere.
        log.error("The beacon %s could not look: %s", beacon.name, type(err).__name__)
        return judge.unread(where, beacon.part, f"an error of the kind {type(err).__name__}")
    return None if done is None else done[0]


def _remembered(beacon: Beacon, path: Path) -> Held:
    try:
        return holding.read(path) or Held()
    except RegionsError as err:
        log.warning("The beacon %s begins anew: %s", beacon.name, err)
        return Held()
