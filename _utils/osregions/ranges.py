"""A number that must lie in its range."""

from __future__ import annotations

from typing import Any

from osregions.errors import SettingsError


def checked(value: Any, low: float, high: float, where: str, whole: bool = False, remedy: str = "write one") -> float:
    """The value, when it is a number from `low` to `high`, and `whole` where it must be. Raises SettingsError."""
    right = isinstance(value, int) if whole else isinstance(value, (int, float))
    if isinstance(value, bool) or not right or not low <= value <= high:
        raise SettingsError(
            f"{value!r} is no {'whole ' if whole else ''}number from {low:g} to {high:g}", where, remedy
        )
    return value  # type: ignore[no-any-return]
