"""Whether a keystone has home's keys, as far as its own node can tell: a pure function over plain views.

Home's key files can't be seen from here. There are two witnesses: the note of what came from home last, and home's own
rows. Keystone writes beside each credential which key encrypted it, and replication brings that here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from osregions.keys.places import CREDENTIALS
from osregions.keys.view import SHOWN

# Keystone reads credentials by this key too, always: it stands in until somebody makes some (its NULL_KEY).
NULL_HASH = hashlib.sha1(base64.urlsafe_b64encode(bytes(32)), usedforsecurity=False).hexdigest()
_SPREAD = "on home's master, salt-run state.orchestrate orch.keys"


@dataclass(frozen=True)
class Held:
    """What a keystone holds: a digest for each set; `from_home` is None where no note tells."""

    digests: Mapping[str, str]
    from_home: bool | None
    findings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"digests": dict(self.digests), "from_home": self.from_home}


def look(view: Mapping[str, Any], encrypted: Mapping[str, int]) -> Held:
    """Judge what `keystone_keys.view` said; `encrypted` is how many of home's credentials name each key."""
    digests = {kind: one["digest"] for kind, one in view["repositories"].items()}
    installed = view.get("installed") or {}
    came = installed.get("digests") or {}
    differing = [kind for kind in sorted(came) if came[kind] != digests.get(kind)]
    findings = [f"the {kind} keys are not those that home gave at {installed['at']}: {_SPREAD}" for kind in differing]
    # Keys of jws tokens are carried by hand.
    if digests and not came and view.get("provider") != "jws":
        findings.append(f"no note says that the keys came from home: {_SPREAD}")
    return Held(digests, not differing if came else None, (*findings, *_lacking(view, encrypted)))


def _lacking(view: Mapping[str, Any], encrypted: Mapping[str, int]) -> Iterator[str]:
    held = (view["repositories"].get(CREDENTIALS) or {}).get("hashes") or {}
    for key, rows in sorted(encrypted.items()):
        if key not in (NULL_HASH, *held.values()):
            yield (
                f"{rows} of home's credentials can't be read here: the key that encrypted them ({key[:SHOWN]}) is not"
                f" here: {_SPREAD}; when home has not got it either, they are lost"
            )
