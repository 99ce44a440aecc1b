"""Which key repositories a keystone has, by its release and its options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from osregions.conf.options import Options
from osregions.errors import RegionsError
from osregions.releases import Release
from osregions.tokens import wanted

TOKENS, RECEIPTS, CREDENTIALS = "fernet_tokens", "fernet_receipts", "credential"
KINDS = (TOKENS, RECEIPTS, CREDENTIALS)
ROTATED = (TOKENS, RECEIPTS)  # what a rotation of ours is for
_DEFAULTS = {TOKENS: wanted.KEYS, RECEIPTS: wanted.KEYS, CREDENTIALS: "/etc/keystone/credential-keys/"}
_JWS = {
    "jws_public_key_repository": "/etc/keystone/jws-keys/public",
    "jws_private_key_repository": "/etc/keystone/jws-keys/private",
}
_KEYS = 3  # keystone's default of max_active_keys, and for credentials no option says otherwise


@dataclass(frozen=True)
class Place:
    """One key repository: its directory, how many keys belong in it, and how long what they made is good for."""

    kind: str
    path: str
    max_active_keys: int = _KEYS
    lifetime: int | None = None  # seconds; None: as long as there is no rotation


@dataclass(frozen=True)
class Places:
    """A keystone's repositories, and what it has that this project does not carry."""

    provider: str
    found: tuple[Place, ...]
    jws: Mapping[str, str] | None = None

    def named(self, kind: str | None = None) -> tuple[Place, ...]:
        """The repositories, or the one of a kind; raises RegionsError for a kind that this keystone has not."""
        if kind is None:
            return self.found
        chosen = tuple(place for place in self.found if place.kind == kind)
        if not chosen:
            has = ", ".join(place.kind for place in self.found) or "none at all"
            raise RegionsError(f"this keystone has no key repository {kind!r}", f"it has {has}", "name one of those")
        return chosen


def of(release: Release, options: Options) -> Places:
    """The repositories of a keystone. Raises RegionsError for an option that holds no number."""
    provider = wanted.current(release, options).provider
    found = []
    expiration = options.number("token", "expiration", 3600)
    if provider == "fernet":
        # An expired token is still asked for, by services that work long: its key must be there as long.
        window = options.number("token", "allow_expired_window", 172800) if release.takes_expired_tokens else 0
        found.append(_place(options, TOKENS, expiration + window))
    if release.has_receipts:
        receipts = _place(options, RECEIPTS, options.number("receipt", "expiration", 300))
        shared = found and os.path.realpath(found[0].path) == os.path.realpath(receipts.path)
        # With tokens of another kind receipts are fernet all the same; their directory may never have been made.
        if not shared and (provider == "fernet" or Path(receipts.path).is_dir()):
            found.append(receipts)
    if release.encrypts_credentials:
        path = options.get(CREDENTIALS, "key_repository") or _DEFAULTS[CREDENTIALS]
        found.append(Place(CREDENTIALS, path))
    jws = None
    if provider == "jws":
        jws = {name: options.get("jws_tokens", name) or default for name, default in _JWS.items()}
    return Places(provider, tuple(found), jws)


def _place(options: Options, kind: str, lifetime: int) -> Place:
    path = options.get(kind, "key_repository") or _DEFAULTS[kind]
    return Place(kind, path, options.number(kind, "max_active_keys", _KEYS), lifetime)
