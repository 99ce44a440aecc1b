"""What a beacon of ours is given: Salt's list of one-key mappings, checked key by key."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from typing import Any

from osregions.errors import RegionsError

# Salt reads these, for any beacon.
SALTS = ("interval", "enabled", "disable_during_state_run", "beacon_module", "run_once", "_beacon_name")


def read(
    config: object, where: str, names: Collection[str], number: Callable[[str, Any, str], float]
) -> dict[str, Any]:
    """The keys given; `names` are the beacon's own, each of which `number` checks. Raises RegionsError."""
    if not isinstance(config, list) or not all(isinstance(item, dict) for item in config):
        raise RegionsError(f"the configuration of {where} is no list of keys", where, "put a dash before each key")
    given = {key: value for item in config for key, value in item.items()}
    for key, value in given.items():
        if key in names:
            number(key, value, f"{where}:{key}")
        elif key not in SALTS:
            near = difflib.get_close_matches(str(key), (*names, *SALTS), n=1)
            remedy = f"did you mean {near[0]}?" if near else f"the keys there are interval, {', '.join(names)}"
            raise RegionsError(f"the key {key!r} is not known", f"{where}:{key}", remedy)
    return given
