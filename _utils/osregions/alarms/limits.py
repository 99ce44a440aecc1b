"""The numbers of the alarms: from when on something is wrong, when that is believed, and how often it is said."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from osregions import ranges
from osregions.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """Seconds, where not said otherwise."""

    times: int = 2  # looks in a row that must say another thing before it is believed
    remind: float = 600  # after which is said again what is wrong
    lag: float = 30  # that the replica may be behind
    backup_days: float = 7  # days that the newest backup may be old


# The least and the most that each may be.
_RANGES: Mapping[str, tuple[float, float]] = {
    "times": (1, 100),
    "remind": (1, 864000),
    "lag": (1, 300),
    "backup_days": (0.001, 3650),
}
NAMES = tuple(field.name for field in fields(Limits))
_LEAST, _MOST = 5.0, 86400.0  # seconds between two looks


def number(name: str, value: Any, where: str) -> float:
    """One of the numbers, checked. Raises SettingsError."""
    low, high = _RANGES[name]
    return ranges.checked(value, low, high, where, whole=name == "times")


def read(data: Mapping[str, Any], where: str, names: Collection[str] = NAMES) -> Limits:
    """The limits that a mapping sets, the others at their defaults. Raises SettingsError."""
    given: dict[str, Any] = {
        name: number(name, data[name], f"{where}:{name}") for name in names if data.get(name) is not None
    }
    return Limits(**given)


def interval(value: Any, where: str) -> None:
    """Raise SettingsError for what can't be the seconds between two looks."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _LEAST <= value <= _MOST:
        raise SettingsError(
            f"an interval of {value!r} can't be",
            f"{where}:interval",
            f"write seconds from {_LEAST:g} to {_MOST:g}: a look is no small work",
        )
