"""What one controller sees of home's keystone and of its own region's: in memory, as plain data, and in a file.

The file lies in /run: it is of this boot alone, for root alone, and holds no secret. What is read back is checked key
by key, for it may come from another minion.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from osregions.errors import SettingsError
from osregions.reach.hysteresis import STATES, UNSURE, Standing
from osregions.reach.probe import KINDS

PLACE = "/run/openstack-regions/reach.json"
MASTER = "/run/openstack-regions/master.json"
_LOOKED = 15.0  # seconds: in a fault the beacon has the master look each 5
_UNSEEN = "unseen"


@dataclass(frozen=True)
class Glance:
    """What is held of one keystone; times are seconds since the epoch."""

    state: str
    kind: str  # of the newest look
    detail: str = ""
    seconds: float = 0.0  # that the newest look took
    since: float | None = None  # when it came to be held so
    count: int = 0  # looks in a row that were good, or that were not
    failing: float | None = None  # when the first look began that failed since
    good: float | None = None  # when it last did its work


@dataclass(frozen=True)
class Sight:
    """What one controller sees."""

    minion: str
    region: str
    home_region: str
    at: float
    home: Glance
    local: Glance
    keys: bool = False  # whether the region's own keystone took a token that home's had issued
    problem: str = ""  # why there is no token to ask with


def glance(standing: Standing, offset: float) -> Glance:
    """A standing in the form that others read; `offset` makes the time of day out of its clock."""

    def moment(value: float | None) -> float | None:
        return None if value is None else round(value + offset, 3)

    last = standing.last
    return Glance(
        standing.state,
        last.kind if last else _UNSEEN,
        last.detail if last else "",
        last.seconds if last else 0.0,
        moment(standing.since),
        standing.count,
        moment(standing.failing),
        moment(standing.good_at),
    )


def to_data(sight: Sight) -> dict[str, Any]:
    """A sight as plain data."""
    return asdict(sight)


def from_data(data: object, where: str) -> Sight:
    """A sight out of plain data that came from elsewhere. Raises SettingsError when it is none."""
    if not isinstance(data, Mapping):
        raise SettingsError("that is nothing that a controller sees", where, "is its beacon keystone_reach running?")
    return Sight(
        minion=_text(data, "minion", where),
        region=_text(data, "region", where),
        home_region=_text(data, "home_region", where),
        at=_number(data, "at", where),
        home=_glance(data.get("home"), f"{where} home"),
        local=_glance(data.get("local"), f"{where} local"),
        keys=data.get("keys") is True,
        problem=_text(data, "problem", where) if data.get("problem") else "",
    )


def write(sight: Sight, place: str | Path = PLACE) -> None:
    """Keep a sight for those who ask; the file is whole at any moment, and root's alone."""
    _write(Path(place), to_data(sight))


def _write(path: Path, data: Mapping[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def read(place: str | Path = PLACE) -> Sight | None:
    """What was kept last; None when nothing was. Raises SettingsError when it can't be read."""
    try:
        text = Path(place).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as err:
        raise SettingsError(f"this can't be read: {err}", str(place), "remove it: the beacon writes it anew") from err
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise SettingsError("this is no JSON", str(place), "remove it: the beacon writes it anew") from err
    return from_data(data, str(place))


def note_master(controllers: int, place: str | Path = MASTER) -> None:
    """Note that a master looks after the region now, which has so many controllers."""
    _write(Path(place), {"controllers": controllers})


def master(now: float, place: str | Path = MASTER) -> int:
    """How many controllers the region has, for a master that looked after it in the last seconds; 0: none did."""
    path = Path(place)
    try:
        # The file's own time: the master's clock is another.
        if not 0 <= now - path.stat().st_mtime <= _LOOKED:
            return 0
        data = json.loads(path.read_text(encoding="utf-8"))
        return int(_number(data, "controllers", str(path)))
    except (OSError, ValueError, RecursionError, AttributeError, SettingsError):
        return 0


def _glance(data: object, where: str) -> Glance:
    if not isinstance(data, Mapping):
        raise SettingsError("there is nothing seen", where, "is its beacon keystone_reach of this version?")
    state, kind = data.get("state"), data.get("kind")
    if state not in STATES or kind not in (*KINDS, _UNSEEN):
        raise SettingsError(f"{state!r}, {kind!r} are no state and kind", where, "is its beacon of this version?")
    return Glance(
        state=str(state) if state else UNSURE,
        kind=str(kind),
        detail=_text(data, "detail", where) if data.get("detail") else "",
        seconds=_number(data, "seconds", where),
        since=_moment(data, "since", where),
        count=int(_number(data, "count", where)),
        failing=_moment(data, "failing", where),
        good=_moment(data, "good", where),
    )


def _text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value or len(value) > 300 or not value.isprintable():
        raise SettingsError(f"{key} is no short text", where, "is its beacon of this version?")
    return value


def _number(data: Mapping[str, Any], key: str, where: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e11:
        raise SettingsError(f"{key} is no number that can be", where, "is its beacon of this version?")
    return float(value)


def _moment(data: Mapping[str, Any], key: str, where: str) -> float | None:
    return None if data.get(key) is None else _number(data, key, where)
