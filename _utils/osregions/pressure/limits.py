"""The numbers of M1: how long is looked at, and from when on a cache is too small, or larger than it need be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from osregions import ranges


@dataclass(frozen=True)
class Limits:
    """Seconds, where not said otherwise."""

    window: float = 300  # between the two readings that the beacon compares
    times: int = 3  # looks in a row that must say another thing before the beacon believes it
    remind: float = 3600  # after which the beacon says again that something is wrong
    settled: float = 86400  # that memcached must have run before what it never used is held to be spare
    live: float | None = None  # for which an item is of use after it was last asked for; None: as keystone says
    missed: float = 0.01  # the share of all that is asked for, missed for want of room, that is too much


# The least and the most that each may be.
_RANGES: Mapping[str, tuple[float, float]] = {
    "window": (1, 86400),
    "times": (1, 100),
    "remind": (1, 864000),
    "settled": (0, 8640000),
    "live": (1, 864000),
    "missed": (0.0001, 1),
}
NAMES = tuple(field.name for field in fields(Limits))


def number(name: str, value: Any, where: str) -> float:
    """One of the numbers, checked. Raises SettingsError."""
    low, high = _RANGES[name]
    return ranges.checked(value, low, high, where, whole=name == "times")


def interval(value: Any) -> float:
    """The seconds between two looks that a person waits for. Raises SettingsError."""
    return float(ranges.checked(value, 0, 3600, "`interval`", remedy="write seconds between two looks"))


def read(data: Mapping[str, Any], where: str) -> Limits:
    """The limits that a mapping sets, the others at their defaults. Raises SettingsError."""
    given: dict[str, Any] = {
        name: number(name, data[name], f"{where}:{name}") for name in NAMES if data.get(name) is not None
    }
    return Limits(**given)
