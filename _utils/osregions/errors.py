"""Errors that an operator can act on: what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


class RegionsError(Exception):
    """Something was refused or failed; the text names the value, the place and the remedy."""

    def __init__(self, problem: str, where: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        text = _sentence(f"{problem.rstrip('.')} ({where})" if where else problem)
        super().__init__(f"{text} {_sentence(remedy)}" if remedy else text)


class SettingsError(RegionsError):
    """The pillar, or an argument, says something that can't be meant."""


class DatabaseError(RegionsError):
    """The keystone database can't be reached, entered, or is not what it should be."""


class Refused(RegionsError):
    """The situation is doubtful; nothing was touched."""


class CacheError(RegionsError):
    """A cache still holds what the tables no longer say."""


class BackupError(RegionsError):
    """A backup could not be made, found complete, or restored."""


def translated(act: Callable[[], _T], into: type[Exception]) -> _T:
    """What `act` returns; a RegionsError is raised as `into`, Salt's own, which Salt tells without a traceback."""
    try:
        return act()
    except RegionsError as err:
        raise into(str(err)) from err


def _sentence(text: str) -> str:
    """A text with a stop at its end, if it has none."""
    return text if text.endswith((".", "?", "!")) else f"{text}."
