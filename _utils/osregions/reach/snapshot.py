"""What a node must know of the cloud when no master is left to give it pillar: kept beside the switch, without secrets.

Failing over takes no password: a region's services sign in by home's accounts, which its replica has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osregions import files
from osregions.errors import RegionsError
from osregions.files import STATE
from osregions.settings import PILLAR

SECRET = ("credentials", "replication")  # the sections of pillar that hold passwords


def write(region: str, pillar: Mapping[str, Any], state: str | Path = STATE, dry: bool = False) -> bool:
    """Keep a minion's pillar for bad days; whether that changed what was kept."""
    text = _text(region, pillar)
    path = _path(state)
    if path.is_file() and path.read_bytes() == text:
        return False
    if not dry:
        try:
            files.private_directory(path.parent)
            files.sweep(path)
            files.write(path, text)
        except OSError as err:
            raise RegionsError(
                f"the settings can't be kept: {err.strerror}", str(path), "make room or give the right there"
            ) from err
    return True


def read(state: str | Path = STATE) -> dict[str, Any] | None:
    """What was kept: `region` and `openstack_regions`; None when nothing was."""
    path = _path(state)
    try:
        data = json.loads(path.read_bytes())
        return {"region": str(data["region"]), PILLAR: dict(data[PILLAR])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise RegionsError(
            "the settings that were kept can't be read", str(path), "apply regions.services where a master answers"
        ) from err


def pillar(given: Mapping[str, Any], state: str | Path = STATE) -> Mapping[str, Any]:
    """A minion's pillar, where it has ours whole; else what was kept of it."""
    return given if whole(given) else read(state) or given


def whole(given: Mapping[str, Any]) -> bool:
    """Whether a pillar has ours, and was rendered without an error.

    With `--local`, on a host that is a master too, Salt renders what lies in /srv/pillar, whoever it is meant for.
    """
    return bool(given.get(PILLAR)) and not given.get("_errors")


def _text(region: str, pillar: Mapping[str, Any]) -> bytes:
    # Salt's own mappings are turned into plain ones on the way.
    kept = {key: value for key, value in (pillar.get(PILLAR) or {}).items() if key not in SECRET}
    return json.dumps({"region": region, PILLAR: kept}, indent=1, sort_keys=True).encode() + b"\n"


def _path(state: str | Path) -> Path:
    return Path(state) / "settings.json"
