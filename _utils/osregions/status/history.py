"""What the status was before: a line for each time that it was read, in a file that does not grow for ever."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osregions import files
from osregions.reach.remedies import SEVERITIES

MOST = 2000  # lines that are kept: a week of one in five minutes
_SPARE = 200  # lines beyond that, before the file is written anew


def record(status: Mapping[str, Any]) -> dict[str, Any]:
    """What of a status is kept: lag, sign-in and place of each region, and how much was wrong."""
    counts = {one: sum(found["severity"] == one for found in status["findings"]) for one in SEVERITIES}
    return {
        "at": round(status["at"], 1),
        **counts,
        "regions": {name: _region(one) for name, one in status["regions"].items()},
    }


def keep(status: Mapping[str, Any], path: str | Path, most: int = MOST) -> None:
    """Add a line; the oldest go when there are too many. Raises OSError."""
    place = Path(path)
    files.private_directory(place.parent)
    with files.lock(place.parent / f".{place.name}.lock"):
        line = json.dumps(record(status), separators=(",", ":")).encode() + b"\n"
        old = place.read_bytes() if place.exists() else b""
        lines = old.splitlines(keepends=True)
        if len(lines) >= most + min(_SPARE, most) or (old and not old.endswith(b"\n")):
            # Also where a full disk cut the last one off.
            whole = [one for one in lines if one.endswith(b"\n")]
            files.sweep(place)
            files.write(place, b"".join([*whole, line][-most:]))
            return
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab") as file:
            file.write(line)


def read(path: str | Path, most: int = MOST) -> list[dict[str, Any]]:
    """What was kept, the oldest first; lines that are damaged are left out."""
    found = []
    with contextlib.suppress(OSError):
        for line in Path(path).read_bytes().splitlines()[-most:]:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                one = json.loads(line)
                # What is none of ours has no such keys, or can't be asked for any.
                if one["at"] > 0 and isinstance(one["regions"], dict):
                    found.append(one)
    return found


def _region(region: Mapping[str, Any]) -> dict[str, Any]:
    switch, replica = region["identity"] or {}, region["replica"] or {}
    return {
        "lag": replica.get("behind") if replica.get("lag") is None else replica["lag"],
        "sign_in": region["sign_in"],
        "identity": switch.get("identity"),
        "epoch": switch.get("epoch"),
        "silent": len(region["silent"]),
    }
