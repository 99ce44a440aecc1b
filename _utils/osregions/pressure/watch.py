"""What the beacon remembers from one look to the next, and when it speaks: slower than a blip, and not over and over.

A verdict is held once so many looks in a row say it. It is told when it is held, and then from time to time. What
could not be measured (nobody used it, it was just restarted) is no opinion, and changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from osregions import files
from osregions.errors import RegionsError
from osregions.pressure import reading
from osregions.pressure.limits import Limits
from osregions.pressure.reading import Reading
from osregions.pressure.remedies import FINE, UNKNOWN, VERDICTS, WASTEFUL
from osregions.pressure.verdict import Verdict, no_answer

PLACE = "/run/openstack-regions/pressure.json"
_CALM = 86400.0  # seconds between two events while nothing is wrong
_KEPT = 30  # readings over the window, at most, however often is looked
Judge = Callable[[Reading, Reading], Verdict]


@dataclass(frozen=True)
class Watched:
    """What is held of memcached, and on what evidence; times are seconds since the epoch."""

    readings: tuple[Reading, ...] = ()  # the oldest first, over the window
    held: Verdict | None = None  # None: not yet
    since: float = 0.0
    rival: str = ""  # what the newest looks say that is not held
    count: int = 0  # how many of them
    told_at: float | None = None

    @property
    def calm(self) -> bool:
        """Whether nothing is wrong that a person should hear of again."""
        return self.held is None or self.held.verdict in (FINE, WASTEFUL)


def looked(
    watched: Watched, found: Reading | str, now: float, judge: Judge, limits: Limits
) -> tuple[Watched, Verdict | None]:
    """What is held after one more look, and the verdict that is to be told, if it is time. A text is a failure's."""
    if isinstance(found, str):
        return _spoken(_believed(watched, no_answer(found), now, limits), now, limits)
    if watched.rival == UNKNOWN:
        watched = replace(watched, rival="", count=0)  # it has answered: what was silent before is no series
    old = watched.readings
    # The newest of those that are old enough: what is compared reaches just over the window.
    enough = [one for one in old if found.at - one.at >= limits.window]
    kept = (*enough[-1:], *(one for one in old if 0 <= found.at - one.at < limits.window))
    if not kept or found.at - kept[-1].at >= limits.window / _KEPT:
        kept = (*kept, found)
    watched = replace(watched, readings=kept)
    if enough:
        watched = _believed(watched, judge(enough[-1], found), now, limits)
    return _spoken(watched, now, limits)


def _believed(watched: Watched, verdict: Verdict, now: float, limits: Limits) -> Watched:
    if not verdict.opinion:
        return watched
    if watched.held is not None and verdict.verdict == watched.held.verdict:
        return replace(watched, held=verdict, rival="", count=0)
    count = watched.count + 1 if watched.rival == verdict.verdict else 1
    if count < limits.times:
        return replace(watched, rival=verdict.verdict, count=count)
    return replace(watched, held=verdict, since=now, rival="", count=0, told_at=None)


def _spoken(watched: Watched, now: float, limits: Limits) -> tuple[Watched, Verdict | None]:
    pause = _CALM if watched.calm else limits.remind
    due = watched.told_at is None or not 0 <= now - watched.told_at < pause
    if watched.held is None or not due:
        return watched, None
    return replace(watched, told_at=now), watched.held


def to_data(watched: Watched) -> dict[str, Any]:
    """As plain data."""
    return {
        "readings": [one.to_data() for one in watched.readings],
        "held": None if watched.held is None else watched.held.as_dict(),
        "since": watched.since,
        "rival": watched.rival,
        "count": watched.count,
        "told_at": watched.told_at,
    }


def write(watched: Watched, place: str | Path = PLACE) -> None:
    """Keep it for those who ask, and for a minion that starts anew; the file is whole at any moment, root's alone."""
    path = Path(place)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.sweep(path)
    files.write(path, json.dumps(to_data(watched)).encode())


def read(place: str | Path = PLACE) -> Watched | None:
    """What was kept; None when nothing was. Raises RegionsError when it can't be believed."""
    path = Path(place)
    try:
        data = json.loads(path.read_bytes())
        return Watched(
            readings=tuple(reading.from_data(one, str(path)) for one in data["readings"]),
            held=None if data["held"] is None else _verdict(data["held"]),
            since=float(data["since"]),
            rival=str(data["rival"]),
            count=int(data["count"]),
            told_at=None if data["told_at"] is None else float(data["told_at"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as err:
        raise RegionsError(
            f"what the beacon keeps can't be read: {err!r}", str(path), "remove it: the beacon writes it anew"
        ) from err


def forget(place: str | Path = PLACE) -> None:
    """Forget what was seen."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)


def _verdict(data: Mapping[str, Any]) -> Verdict:
    found = Verdict(**data)
    if found.verdict not in VERDICTS:
        raise ValueError(f"{found.verdict!r} is no verdict")
    return found
