"""Telling keystone's cache that the catalog changed: by key, on every server, and never by flushing it.

Keystone does not see what is written to its tables behind its back: Mitaka and later go on serving the old catalog
until the id of the cache region changes, Liberty until the one object's entry is gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import memcache

from osregions import files
from osregions.database import Options
from osregions.errors import CacheError
from osregions.model import Change, DeleteRow, InsertRow, UpdateColumn
from osregions.releases import Release, cache_region_key, liberty_cache_key

_NOTHING_SHARED = ("keystone.common.cache.noop", "dogpile.cache.null", "oslo_cache.noop", "")
_MEMCACHED = ("memcache", "pylibmc")  # dogpile.cache.memcached, .pymemcache, .bmemcached, oslo_cache.memcache_pool ...
_TIMEOUT_SECONDS = 3
_LIBERTY_RACE_SECONDS = 0.5


@dataclass(frozen=True)
class Cache:
    """Where a keystone caches: nowhere that is shared, in memcached servers, or in a backend that can't be told."""

    backend: str
    servers: tuple[str, ...]

    @property
    def shared(self) -> bool:
        """Whether anything outlives a request."""
        return bool(self.backend)


def cache_from(options: Options) -> Cache:
    """Read from keystone's options where it caches."""
    enabled = (options.get("cache", "enabled") or "").strip().lower()
    backend = (options.get("cache", "backend") or "").strip()
    # From Newton on `enabled` defaults to true, and the backend to one that keeps nothing.
    if enabled in ("false", "0", "no", "off") or backend in _NOTHING_SHARED:
        return Cache("", ())
    named = options.get("cache", "memcache_servers")
    argument = options.get("cache", "backend_argument") or ""
    if not named and argument.startswith("url:"):
        named = argument[len("url:") :]
    return Cache(backend, tuple(item.strip() for item in (named or "localhost:11211").split(",") if item.strip()))


def catalog_keys(release: Release, changes: Iterable[Change]) -> tuple[str, ...]:
    """The memcached keys behind which the old catalog may still stand."""
    if release.caches_by_region_id:
        return tuple(cache_region_key(name) for name in release.catalog_cache_regions())
    keys: list[str] = []
    for change in changes:
        if isinstance(change, InsertRow | DeleteRow) and change.table in ("region", "service", "endpoint"):
            keys.append(liberty_cache_key(change.table, str(change.row["id"])))
        elif isinstance(change, UpdateColumn):
            keys += [liberty_cache_key("region", change.old), liberty_cache_key("region", change.new)]
    return tuple(dict.fromkeys(keys))


def all_keys(release: Release) -> tuple[str, ...]:
    """The keys of every cache region: for when the whole of identity was replaced under keystone's feet."""
    return tuple(cache_region_key(name) for name in release.cache_regions())


def invalidate(cache: Cache, keys: Sequence[str]) -> str:
    """Delete the keys on each server; return one line on what was done. Raises CacheError when that can't be told."""
    if not cache.shared:
        return "keystone shares no cache, nothing to invalidate"
    if not keys:
        return "nothing is cached that would have to go"
    if not any(word in cache.backend for word in _MEMCACHED):
        raise CacheError(
            f"entries of the cache backend {cache.backend} can't be deleted from here",
            "[cache] backend in keystone.conf",
            "let keystone cache in memcached, as regions.tokens does, or set [cache] enabled = false; and restart it",
        )
    for server in cache.servers:
        client = memcache.Client([_address(server)], socket_timeout=_TIMEOUT_SECONDS, dead_retry=0)
        try:
            if not all(_deleted(client, key) for key in keys):
                raise CacheError(
                    f"memcached at {server} does not answer, and keystone may still serve the old catalog from it",
                    "[cache] memcache_servers in keystone.conf",
                    "start it and run keystone_catalog.invalidate, or this again",
                )
        finally:
            client.disconnect_all()
    return f"{len(keys)} cache keys deleted on {', '.join(cache.servers)}"


def check_reachable(cache: Cache) -> None:
    """Raise CacheError, before anything is changed, where the entries could not be deleted afterwards."""
    try:
        # Deleting a key that nobody has is the very thing that must work later.
        invalidate(cache, ("openstack-regions-was-here",))
    except CacheError as err:
        raise CacheError(f"{err.problem}; nothing was changed", err.where, err.remedy) from err


def _deleted(client: memcache.Client, key: str) -> bool:
    """Whether the server says that it has no such key, or no longer.

    Later than 1.59, python-memcached's `delete` calls a key that was not there a failure, like a server that is gone.
    """
    server = client.servers[0]
    if not server.connect():
        return False
    try:
        server.send_cmd(f"delete {key}")
        return server.readline().strip() in (b"DELETED", b"NOT_FOUND")
    except OSError as err:
        server.mark_dead(err)
        return False


def _address(server: str) -> str:
    """python-memcached takes host:port, inet6:[host]:port or unix:path."""
    return f"inet6:{server}" if server.startswith("[") else server


class Pending:
    """A note on disk that caches must still be told, so that a run killed after its commit is made good by the next."""

    def __init__(self, database: str, state: str | Path = files.STATE) -> None:
        self._path = Path(state) / f"pending-invalidation-{database}.json"

    def keys(self) -> tuple[str, ...]:
        """The keys that a run before this one was still to delete."""
        try:
            return tuple(str(key) for key in json.loads(self._path.read_text()))
        except FileNotFoundError:
            return ()

    def note(self, keys: Sequence[str]) -> None:
        """Write down, before the commit, what has to be deleted after it."""
        files.private_directory(self._path.parent)
        files.write(self._path, json.dumps(sorted({*self.keys(), *keys})).encode())

    def settle(self, cache: Cache, release: Release, own: Sequence[str] = ()) -> str:
        """Delete what is noted, then the note; return one line on what was done, empty when nothing was noted.

        `own` are the keys of the run that asks: another run at the same time may have taken its note away already.
        """
        keys = tuple(sorted({*self.keys(), *own}))
        if not keys:
            return ""
        outcome = invalidate(cache, keys)
        if not release.caches_by_region_id and cache.shared:
            # Liberty may have read the old row before the commit and cached it after our deletion.
            time.sleep(_LIBERTY_RACE_SECONDS)
            invalidate(cache, keys)
        self._path.unlink(missing_ok=True)
        return outcome
