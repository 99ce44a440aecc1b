"""The id of a minion, as an event's tag has it: the one thing of an event that is used, and so looked at first."""

from __future__ import annotations

import re

from osregions.errors import RegionsError

_GOOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def checked(minion: object) -> str:
    """The id. Raises RegionsError for what can't be one: it becomes part of a file's name, and of a job's target."""
    if not isinstance(minion, str) or not _GOOD.fullmatch(minion):
        raise RegionsError(f"{minion!r} is no minion's id", "`minion`", "give it as the event's tag has it")
    return minion
