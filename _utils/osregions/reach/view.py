"""The picture on which is decided whether a region moves: what its controllers see, its switch, its replica."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions.errors import RegionsError
from osregions.reach import sight as sight_of
from osregions.reach.limits import ASK, AUTO, Limits
from osregions.reach.sight import Sight
from osregions.reach.switch import HOME, LOCAL, Switch
from osregions.settings import Settings

__all__ = ["HOME", "LOCAL", "Replica", "View", "by_itself", "of"]
_STALE = 30  # seconds after which what a controller saw is history


@dataclass(frozen=True)
class Replica:
    """What is known of the region's replica of home's database; None: not looked at."""

    advances: bool | None = None  # rows of home's go on arriving
    caught_up: bool | None = None  # it holds all that home has
    diverged: bool | None = None  # rows were written here past the fence


@dataclass(frozen=True)
class View:
    """What one decision is made on; times are seconds since the epoch."""

    region: str
    home: str
    regions: tuple[str, ...]
    controllers: int  # of the region, whether they answered or not
    sights: tuple[Sight, ...]  # of those that answered, and that are not history
    identity: str  # where the switch says that identity is: HOME or LOCAL
    epoch: int
    moved: float  # when the switch last moved; 0: never
    moves: tuple[float, ...]  # when it moved by itself, of late
    now: float
    fail_over: str = AUTO
    fail_back: str = ASK
    limits: Limits = field(default_factory=Limits)
    replica: Replica = field(default_factory=Replica)
    alone: bool = False  # a node that can ask nobody else
    problems: tuple[str, ...] = ()  # what of it could not be read

    @property
    def known(self) -> bool:
        """Whether pillar declares that region."""
        return self.region in self.regions


def by_itself(history: Iterable[Switch]) -> tuple[float, ...]:
    """When a switch moved without a person's hand: that alone wears out how often it may in an hour."""
    return tuple(one.since for one in history if not one.by.startswith("salt-"))


def of(
    region: str,
    seen: Mapping[str, Any],
    settings: Settings,
    identity: str,
    epoch: int,
    moves: tuple[float, ...],
    now: float,
    controllers: int | None = None,
    replica: Replica | None = None,
    alone: bool = False,
    moved: float | None = None,
) -> View:
    """Make the picture out of what each controller says that it sees, by its minion's id; nothing of it is trusted.

    `moves` are the times at which the switch moved by itself, the newest last; `moved` is when it last did, also by
    hand; `controllers` is how many the region has, where more were asked than answered.
    """
    sights: list[Sight] = []
    problems: list[str] = []
    for minion, data in sorted(seen.items()):
        try:
            one = sight_of.from_data(data, minion)
        except RegionsError as err:
            problems.append(str(err))
            continue
        if one.minion != minion:
            problems.append(f"{minion} speaks for {one.minion}.")
        elif one.region != region or one.home_region != settings.home:
            problems.append(f"{minion} watches {one.home_region} for {one.region}, not {settings.home} for {region}.")
        elif not -_STALE <= now - one.at <= _STALE:
            problems.append(f"{minion} saw this {now - one.at:.0f} s ago: does its beacon run, and is its clock right?")
        else:
            sights.append(one)
    declared = settings.regions.get(region)
    return View(
        region=region,
        home=settings.home,
        regions=tuple(settings.regions),
        controllers=max(controllers or 0, len(seen)),
        sights=tuple(sights),
        identity=identity,
        epoch=epoch,
        moved=max(moved or 0.0, *moves, 0.0),
        moves=moves,
        now=now,
        fail_over=declared.failover if declared else AUTO,
        fail_back=declared.failback if declared else ASK,
        limits=settings.failover,
        replica=replica or Replica(),
        alone=alone,
        problems=tuple(problems),
    )
