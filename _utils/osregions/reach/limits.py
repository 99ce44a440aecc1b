"""The numbers of fail-over, and the modes: what pillar may say of them, and what they are when it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from osregions import ranges
from osregions.errors import SettingsError

AUTO, ASK, OFF = "auto", "ask", "off"
MODES = (AUTO, ASK, OFF)


@dataclass(frozen=True)
class Limits:
    """How closely home is watched, and how readily a region moves; seconds where not said otherwise."""

    interval: float = 1  # between two looks at a keystone that is well
    timeout: float = 1  # of one look as a whole
    down_after: float = 2.6  # without any sign of life from the host of home's keystone
    restart_after: float = 10  # without a good answer, while its host is there
    up_after: float = 30  # of good answers alone, before home counts as back
    slow: float = 0.5  # beyond which a good answer is called slow
    minimum_stay: float = 60  # between two moves of a region
    cap_per_hour: int = 4  # moves, after which a person is waited for
    grace: float = 4  # that a minion leaves its master to act, before it acts itself


# The least and the most that each may be.
_RANGES: Mapping[str, tuple[float, float]] = {
    "interval": (0.2, 60),
    "timeout": (0.1, 60),
    "down_after": (0.2, 3600),
    "restart_after": (0.2, 3600),
    "up_after": (1, 86400),
    "slow": (0.01, 60),
    "minimum_stay": (0, 86400),
    "cap_per_hour": (1, 1000),
    "grace": (0, 600),
}
NAMES = tuple(field.name for field in fields(Limits))


def number(name: str, value: Any, where: str) -> float:
    """One of the numbers, checked by itself. Raises SettingsError."""
    low, high = _RANGES[name]
    return ranges.checked(value, low, high, where, whole=name == "cap_per_hour")


def read(data: Mapping[str, Any], where: str) -> Limits:
    """The limits that a mapping sets, the others at their defaults. Raises SettingsError for what can't go together."""
    given: dict[str, Any] = {
        name: number(name, data[name], f"{where}:{name}") for name in NAMES if data.get(name) is not None
    }
    limits = Limits(**given)
    least = 1.5 * limits.timeout
    for name, value, low, why in (
        ("interval", limits.interval, limits.timeout, "the time-out of one look: they would pile up"),
        ("down_after", limits.down_after, least, "one and a half time-outs: one lost look would decide"),
        ("restart_after", limits.restart_after, limits.down_after, "down_after"),
        ("timeout", limits.timeout, limits.slow, "slow: nothing would ever be called so"),
    ):
        if value < low:
            raise SettingsError(
                f"{name} {value:g} is below {low:g}, which is {why}", f"{where}:{name}", f"write {low:g} or more"
            )
    return limits


def mode(value: Any, where: str) -> str:
    """One of the modes; YAML reads a bare `off` as false, which is taken for what was meant. Raises SettingsError."""
    value = OFF if value is False else value
    if value not in MODES:
        raise SettingsError(f"{value!r} can't be chosen", where, f"one of {', '.join(MODES)}")
    return str(value)
