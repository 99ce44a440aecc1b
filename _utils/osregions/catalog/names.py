"""What a region may be called."""

from __future__ import annotations

import re

from osregions.errors import SettingsError

_GOOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
LONGEST = 255


def check_region_name(name: object, where: str = "the region's name") -> str:
    """Return a name that keystone, Salt's targets, URLs and shells can all carry; raise SettingsError otherwise.

    Keystone itself would take any 255 characters (`region.id`, varchar 255).
    """
    if not isinstance(name, str) or not name:
        raise SettingsError(f"{name!r} is no name of a region", where, "give it as text, such as RegionTwo")
    if len(name) > LONGEST:
        raise SettingsError(f"a name of {len(name)} characters is too long", where, f"{LONGEST} is the most")
    if not _GOOD.fullmatch(name):
        raise SettingsError(
            f"{name!r} can't be a region's name",
            where,
            "letters, digits, `_`, `.` and `-`, beginning with one of the first two",
        )
    return name


def same_name(one: str, other: str) -> bool:
    """Whether keystone's tables hold two names to be one: their collation minds neither case nor spaces at the end."""
    return one.rstrip(" ").casefold() == other.rstrip(" ").casefold()
