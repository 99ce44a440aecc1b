"""What differs from one keystone release to another, 8 (Liberty) to 30 (2026.2): only this room compares numbers."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from osregions.errors import SettingsError

NAMES = {
    8: "Liberty",
    9: "Mitaka",
    10: "Newton",
    11: "Ocata",
    12: "Pike",
    13: "Queens",
    14: "Rocky",
    15: "Stein",
    16: "Train",
    17: "Ussuri",
    18: "Victoria",
    19: "Wallaby",
    20: "Xena",
    21: "Yoga",
    22: "Zed",
    23: "2023.1",
    24: "2023.2",
    25: "2024.1",
    26: "2024.2",
    27: "2025.1",
    28: "2025.2",
    29: "2026.1",
    30: "2026.2",
}
OLDEST, NEWEST = min(NAMES), max(NAMES)

# The named regions of keystone's cache (create_region(name=...) in its source) and the release that brought each.
_CACHE_REGIONS = {
    "computed catalog region": 9,
    "shared default": 9,
    "computed assignments": 9,
    "id mapping": 10,
    "tokens": 10,
    "revoke": 10,
    "receipts": 15,
}

# The columns that keystone writes while it authenticates, and the release that began to.
_BOOKKEEPING = {
    ("user", "last_active_at"): 10,
    ("local_user", "failed_auth_count"): 10,
    ("local_user", "failed_auth_at"): 10,
}


@dataclass(frozen=True, order=True)
class Release:
    """A keystone release, by its major number."""

    major: int

    def __str__(self) -> str:
        return f"keystone {self.major} ({NAMES[self.major]})"

    @property
    def stores_tokens(self) -> bool:
        """Whether tokens can be kept in memcached: the memcache driver went with Ocata."""
        return self.major <= 10

    @property
    def has_token_driver(self) -> bool:
        """Whether `[token] driver` still is an option: it went with Rocky."""
        return self.major <= 13

    @property
    def token_drivers(self) -> tuple[str, ...]:
        """The values that `[token] driver` takes: memcache went with Ocata, kvs with Pike, the option with Rocky."""
        memcached = ("memcache", "memcache_pool") if self.stores_tokens else ()
        return (*memcached, *(("kvs",) if self.major <= 11 else ()), "sql") if self.has_token_driver else ()

    @property
    def token_providers(self) -> tuple[str, ...]:
        """The values that `[token] provider` takes: pki went with Ocata, uuid with Rocky; jws came with Stein."""
        stored = ("uuid", "pki", "pkiz") if self.stores_tokens else ("uuid",) if self.has_token_driver else ()
        return (*stored, "fernet", *(("jws",) if self.major >= 15 else ()))

    @property
    def default_token_provider(self) -> str:
        """The provider of a keystone that sets none."""
        return "uuid" if self.stores_tokens else "fernet"

    @property
    def takes_expired_tokens(self) -> bool:
        """Whether a service may have an expired token validated, `[token] allow_expired_window` long: since Ocata."""
        return self.major >= 11

    @property
    def encrypts_credentials(self) -> bool:
        """Whether credentials are encrypted, by keys of their own: since Newton."""
        return self.major >= 10

    @property
    def has_receipts(self) -> bool:
        """Whether there are receipts of half-done sign-ins, with keys that may lie apart: since Stein."""
        return self.major >= 15

    @property
    def takes_class_paths(self) -> bool:
        """Whether a driver may be named by its class, as until Kilo: Liberty still takes it, with a warning."""
        return self.major <= 8

    @property
    def memcached_backends(self) -> tuple[str, ...]:
        """The values of `[cache] backend` that cache in memcached; the first one is there in every release."""
        plain = ("dogpile.cache.memcached", "dogpile.cache.bmemcached", "dogpile.cache.pylibmc")
        own = ("keystone.cache.memcache_pool",) if self.major <= 10 else ()
        later = ("oslo_cache.memcache_pool", "dogpile.cache.pymemcache") if self.major >= 9 else ()
        return (*plain, *own, *later)

    @property
    def serves_v2(self) -> bool:
        """Whether the v2.0 API, and with it an admin port of its own, is there: it went with Queens."""
        return self.major <= 12

    @property
    def has_admin_endpoint(self) -> bool:
        """Whether `[DEFAULT] admin_endpoint` is an option and `$(admin_endpoint)s` may stand in a URL: until Stein."""
        return self.major <= 15

    @property
    def caches_by_region_id(self) -> bool:
        """Whether a named cache region is emptied by one key: since Mitaka. Liberty has one key for each object."""
        return self.major >= 9

    @property
    def caches_catalog_in_tokens(self) -> bool:
        """Whether a cached validation carries the catalog along: Newton to Queens (Liberty keeps it in the token)."""
        return 10 <= self.major <= 13

    def bookkeeping(self) -> dict[str, tuple[str, ...]]:
        """The columns by table that keystone writes while it authenticates: none before Newton."""
        found: dict[str, tuple[str, ...]] = {}
        for (table, column), since in _BOOKKEEPING.items():
            if self.major >= since:
                found[table] = (*found.get(table, ()), column)
        return found

    def cache_regions(self) -> tuple[str, ...]:
        """The names of all the cache regions of this release."""
        return tuple(name for name, since in _CACHE_REGIONS.items() if self.major >= since)

    def catalog_cache_regions(self) -> tuple[str, ...]:
        """The names of the cache regions in which an edited catalog shows."""
        if not self.caches_by_region_id:
            return ()
        tokens = ("tokens",) if self.caches_catalog_in_tokens else ()
        return ("computed catalog region", "shared default", *tokens)


def parse(text: str | int) -> Release:
    """Read a release out of what `keystone-manage --version` prints, or out of a bare major number.

    Raises SettingsError for a release that this project does not know.
    """
    match = re.search(r"\d+", str(text))
    if not match:
        raise SettingsError(
            f"{text!r} is no keystone release", remedy="give its number, such as 22, or see keystone-manage --version"
        )
    major = int(match.group())
    if major not in NAMES:
        raise SettingsError(
            f"keystone {major} is not among the releases known here, {OLDEST} to {NEWEST}",
            remedy="set `release` to the nearest one only after you compared their tables and options",
        )
    return Release(major)


def cache_region_key(name: str) -> str:
    """The memcached key under which keystone (Mitaka and later) holds the id of a named cache region."""
    return _sha1(f"<<<region>>>:{name}")


def liberty_cache_key(kind: str, ident: str) -> str:
    """The memcached key under which Liberty holds one `region`, `service` or `endpoint`."""
    return _sha1(f"keystone.catalog.core:get_{kind}|{ident}")


def _sha1(text: str) -> str:
    # The cache's own mangling of keys, not a secret's: a machine in FIPS mode lets it pass when told so.
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
