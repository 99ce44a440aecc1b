"""What a beacon holds from one look to the next, and when it speaks: not for a blip, and not over and over.

Each code is held once so many looks in a row find it, and let go of once so many do not. What is held is told when it
changes; then, while something is wrong, from time to time, and else seldom: an event that was lost must come again.
What a look could not see is no opinion, and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from osregions import files
from osregions.alarms.limits import Limits
from osregions.errors import RegionsError
from osregions.model import Finding
from osregions.reach.remedies import FINDINGS, SEVERITIES

FOLDER = "/run/openstack-regions/alarms"
CALM = 3600.0  # seconds between two events while nothing is wrong
Figure = str | float | int | bool | None


@dataclass(frozen=True)
class Found:
    """What one look found; `unseen` are the codes that it can't speak of, None where it saw nothing at all."""

    findings: tuple[Finding, ...] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)
    unseen: frozenset[str] | None = frozenset()

    def sees(self, code: str) -> bool:
        """Whether this look can tell if something of that code is wrong."""
        return any(one.code == code for one in self.findings) or not (self.unseen is None or code in self.unseen)


@dataclass(frozen=True)
class Held:
    """What is held; times are seconds since the epoch."""

    findings: tuple[Finding, ...] = ()
    since: Mapping[str, float] = field(default_factory=dict)  # when each code came to be held
    rivals: Mapping[str, int] = field(default_factory=dict)  # codes, and looks in a row that say other than is held
    figures: Mapping[str, Figure] = field(default_factory=dict)
    looks: int = 0  # as far as they count: before there were so many, nothing is told
    changed: float = 0.0
    told_at: float | None = None
    at: float = 0.0  # of the newest look

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def looked(held: Held, found: Found, now: float, limits: Limits) -> tuple[Held, bool]:
    """What is held after one more look, and whether it is time to tell it."""
    new = {one.code: one for one in found.findings}
    old = {one.code: one for one in held.findings}
    rivals, since = dict(held.rivals), dict(held.since)
    changed = False
    for code in dict.fromkeys((*new, *old, *held.rivals)):
        if not found.sees(code):
            continue
        if (code in new) == (code in old):
            rivals.pop(code, None)
            old |= {code: new[code]} if code in new else {}
        elif (count := rivals.get(code, 0) + 1) < limits.times:
            rivals[code] = count
        else:
            changed = True
            rivals.pop(code, None)
            if code in new:
                old[code], since[code] = new[code], now
            else:
                del old[code], since[code]
    findings = tuple(sorted(old.values(), key=lambda one: (-SEVERITIES.index(one.severity), one.code)))
    told_at = None if changed else held.told_at
    after = Held(
        findings=findings,
        since=since,
        rivals=rivals,
        figures=dict(found.figures),
        looks=min(held.looks + 1, limits.times),
        changed=now if changed or not held.changed else held.changed,
        told_at=told_at,
        at=now,
    )
    pause = CALM if after.well else limits.remind
    due = told_at is None or not 0 <= now - told_at < pause
    # A node that starts is not well before it was looked at often enough to know.
    if not due or (after.well and after.looks < limits.times):
        return after, False
    return replace(after, told_at=now), True


def event_data(held: Held) -> dict[str, Any]:
    """What an event says, and who asks is told: plain, and without secrets."""
    return {
        "well": held.well,
        "codes": [one.code for one in held.findings],
        "findings": [{**asdict(one), "since": held.since[one.code]} for one in held.findings],
        "figures": dict(held.figures),
        "since": held.changed,
        "at": held.at,
    }


def place(beacon: str, folder: str | Path | None = None) -> Path:
    """Where what a beacon holds is kept."""
    return Path(folder or FOLDER) / f"{beacon}.json"


def write(held: Held, path: Path) -> None:
    """Keep it for those who ask, and for a minion that starts anew; the file is whole at any moment, root's alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.sweep(path)
    files.write(path, json.dumps(to_data(held)).encode())


def read(path: Path) -> Held | None:
    """What was kept; None when nothing was. Raises RegionsError when it can't be believed."""
    try:
        return read_data(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as err:
        raise RegionsError(
            f"what the beacon keeps can't be read: {err!r}", str(path), "remove it: the beacon writes it anew"
        ) from err


def to_data(held: Held) -> dict[str, Any]:
    """As plain data."""
    return asdict(held)


def read_data(data: Mapping[str, Any]) -> Held:
    """The other way round. Raises whatever comes of data that are none."""
    findings = tuple(Finding(**one) for one in data["findings"])
    if any(one.code not in FINDINGS or one.severity not in SEVERITIES for one in findings):
        raise ValueError("no alarm of this version")
    return Held(
        findings=findings,
        since={one.code: float(data["since"][one.code]) for one in findings},
        rivals={str(code): int(count) for code, count in data["rivals"].items()},
        figures=dict(data["figures"]),
        looks=int(data["looks"]),
        changed=float(data["changed"]),
        told_at=None if data["told_at"] is None else float(data["told_at"]),
        at=float(data["at"]),
    )
