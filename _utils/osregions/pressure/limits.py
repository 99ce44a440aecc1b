"""The numbers of M1: how long is looked at, and from when on a cache is too small, or larger than it need be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from osregions.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """Seconds, where not said otherwise."""

    window: float = 300  # between the two readings that the beacon compares
    times: int = 3  # looks in a row that must say another thing before the beacon believes it
    remind: float = 3600  # after which the beacon says again that something is wrong
    settled: float = 86400  # that memcached must have run before what it never used is held to be spare
    live: float | None = (
        None  # for which an item is of use after it was last asked for; None: as keystone's options say
    )
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
    whole = name == "times"
    right = isinstance(value, int) if whole else isinstance(value, (int, float))
    if isinstance(value, bool) or not right or not low <= value <= high:
        raise SettingsError(
            f"{value!r} is no {'whole ' if whole else ''}number from {low:g} to {high:g}", where, "write one"
        )
    return value  # type: ignore[no-any-return]


def interval(value: Any) -> float:
    """The seconds between two looks that a person waits for. Raises SettingsError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 3600:
        raise SettingsError(f"{value!r} is no number from 0 to 3600", "`interval`", "write seconds between two looks")
    return float(value)


def read(data: Mapping[str, Any], where: str) -> Limits:
    """The limits that a mapping sets, the others at their defaults. Raises SettingsError."""
    given: dict[str, Any] = {
        name: number(name, data[name], f"{where}:{name}") for name in NAMES if data.get(name) is not None
    }
    return Limits(**given)
