"""What came of a node's last move, kept beside its switch: the bus that told it may have had no listener that day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osregions import files
from osregions.files import STATE

KEPT = ("ok", "comment", "timeline", "problems")


def keep(what: str, epoch: int, outcome: Mapping[str, Any], state: str | Path = STATE) -> str:
    """Keep an outcome; empty, or why it could not be kept, which is no reason to undo anything."""
    path = _path(state)
    data = {"what": what, "epoch": epoch, **{key: outcome[key] for key in KEPT}}
    try:
        files.sweep(path)
        files.write(path, json.dumps(data, indent=1).encode() + b"\n")
    except OSError as err:
        return f"the outcome was not kept in {path}: {err.strerror}"
    return ""


def last(state: str | Path = STATE) -> dict[str, Any] | None:
    """What was kept: `what` (failover or failback), `epoch`, and `KEPT`; None when nothing was, or it is damaged."""
    try:
        data = json.loads(_path(state).read_bytes())
        return {key: data[key] for key in ("what", "epoch", *KEPT)}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(state: str | Path) -> Path:
    return Path(state) / "switch" / "outcome.json"
