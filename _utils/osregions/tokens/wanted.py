"""P1, K2: which options put keystone's tokens beyond the database, for the release that is there.

Tokens must not live in keystone's database, since a replica of it can't be written. Liberty to Newton can keep them in
memcached (`[token] driver`). Ocata took that driver out: there, and later, fernet and jws tokens are kept nowhere, and
memcached caches what was validated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from osregions.conf.options import OptionChange, Options
from osregions.errors import Refused
from osregions.releases import Release

STORES = ("auto", "memcache", "fernet", "jws")
STORED_PROVIDERS = ("uuid", "pki", "pkiz")
DEFAULT_SERVER = "localhost:11211"
KEYS = "/etc/keystone/fernet-keys/"
# Icehouse, and Juno to Kilo, name drivers and providers by their class; an upgraded keystone.conf still may.
_DRIVER_CLASS = re.compile(r"keystone\.token\.(?:persistence\.)?backends\.(\w+)\.Token")
_PROVIDER_CLASS = re.compile(r"keystone\.token\.providers\.(\w+)\.Provider")
_TODAYS_CLASS = re.compile(r"keystone\.token\.(?:persistence\.backends\.\w+\.Token|providers\.\w+\.Provider)")


@dataclass(frozen=True)
class Wish:
    """What the operator asks for; what he leaves open stays as it is when it will do."""

    store: str = "auto"
    servers: tuple[str, ...] = ()
    backend: str | None = None


@dataclass(frozen=True)
class Store:
    """Where this keystone's tokens are, as its files say."""

    provider: str
    driver: str | None  # None: this provider stores nothing
    servers: tuple[str, ...]

    @property
    def place(self) -> str:
        """In an operator's words."""
        if self.driver is None:
            return f"nowhere: {self.provider} tokens carry all they need"
        if self.driver.startswith("memcache"):
            return f"memcached at {', '.join(self.servers)}"
        return {"sql": "keystone's database, table token", "kvs": "the memory of one process"}.get(
            self.driver, f"a driver called {self.driver}"
        )

    @property
    def survives_a_replica(self) -> bool:
        """Whether tokens can be issued when the database can't be written."""
        return self.driver is None or self.driver.startswith("memcache")


def driver_name(value: str) -> str:
    """The short name of a token driver, however it is spelt."""
    match = _DRIVER_CLASS.fullmatch(value)
    return match.group(1) if match else value


def provider_name(value: str) -> str:
    """The short name of a token provider, however it is spelt."""
    match = _PROVIDER_CLASS.fullmatch(value)
    return match.group(1) if match else value


def current(release: Release, options: Options) -> Store:
    """Where the options put the tokens now."""
    provider = provider_name(options.get("token", "provider") or release.default_token_provider)
    if provider not in STORED_PROVIDERS:
        return Store(provider, None, ())
    driver = driver_name(options.get("token", "driver") or "sql")
    servers = options.items("memcache", "servers") or (DEFAULT_SERVER,)
    return Store(provider, driver, servers if driver.startswith("memcache") else ())


def plan(
    release: Release, options: Options, config: str, wish: Wish, local: str, keys: int | None
) -> tuple[OptionChange, ...]:
    """The options that must change; none when all is as wished.

    `config` is the file that new options go to, `local` the memcached of this machine (host:port), `keys` how many
    fernet keys there are (None: not looked at). Raises Refused, naming what instead, for what this release can't do.
    """
    store = chosen(release, options, wish)
    if store == "memcache":
        wanted = [*_driver(release, options), *_provider(release, options, STORED_PROVIDERS, "uuid")]
        wanted.append(("memcache", "servers", _servers(options.items("memcache", "servers"), wish, local)))
    else:
        wanted = [*_no_leftover(release, options), *_provider(release, options, (store,), store)]
    if store == "fernet" and keys == 0:
        raise Refused(
            "there are no fernet keys, and without them keystone issues no token",
            options.get("fernet_tokens", "key_repository") or KEYS,
            "run `keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone` first",
        )
    wanted += _cache(release, options, wish, local)
    if store == "memcache" or not options.flag("token", "caching", True):
        wanted.append(("token", "caching", "true"))
    changes: list[OptionChange] = []
    for section, option, after in wanted:
        if not _same(options, section, option, after):
            changes += options.change(config, section, option, after)
    return tuple(changes)


def chosen(release: Release, options: Options, wish: Wish) -> str:
    """The store that is meant: `memcache`, `fernet` or `jws`. Raises Refused when this release can't do it."""
    present = provider_name(options.get("token", "provider") or release.default_token_provider)
    if wish.store == "auto":
        # A provider that stores nothing serves the purpose already; changing it would end every session for nothing.
        if present in ("fernet", "jws") and present in release.token_providers:
            return present
        return "memcache" if release.stores_tokens else "fernet"
    if wish.store == "memcache" and not release.stores_tokens:
        raise Refused(
            f"{release} can't keep tokens in memcached: Ocata (11) removed the memcache token driver",
            "tokens:store",
            "choose `fernet` (or `auto`): such tokens need no store, and memcached caches them once validated",
        )
    if wish.store not in STORES:
        raise Refused(f"{wish.store!r} is no token store", "tokens:store", f"choose one of {', '.join(STORES)}")
    if wish.store != "memcache" and wish.store not in release.token_providers:
        can = ", ".join(release.token_providers)
        raise Refused(f"{release} has no token provider {wish.store}", "tokens:store", f"its providers are {can}")
    return wish.store


def _driver(release: Release, options: Options) -> list[tuple[str, str, str | None]]:
    spelt = options.get("token", "driver") or ""
    name = driver_name(spelt)
    right = name in ("memcache", "memcache_pool")
    if right and _accepted(release, spelt, name):
        return []
    return [("token", "driver", name if right else "memcache")]


def _no_leftover(release: Release, options: Options) -> list[tuple[str, str, str | None]]:
    """A driver that this release does not know keeps Ocata to Queens from starting; later ones have no such option."""
    spelt = options.get("token", "driver")
    if spelt is None:
        return []
    name = driver_name(spelt)
    if name in release.token_drivers and _accepted(release, spelt, name):
        return []
    return [("token", "driver", None)]


def _provider(
    release: Release, options: Options, good: tuple[str, ...], default: str
) -> list[tuple[str, str, str | None]]:
    spelt = options.get("token", "provider") or ""
    name = provider_name(spelt)
    if name in good and name in release.token_providers and _accepted(release, spelt, name):
        return []
    return [("token", "provider", name if name in good else default)]


def _accepted(release: Release, spelt: str, name: str) -> bool:
    """Whether this release takes the spelling: an equivalent one that works is no reason to restart keystone."""
    return spelt == name or (release.takes_class_paths and _TODAYS_CLASS.fullmatch(spelt) is not None)


def _servers(present: tuple[str, ...], wish: Wish, local: str) -> str:
    """The servers asked for, else those named already (a region's controllers may share several), else our own."""
    return ",".join(wish.servers or present or (local,))


def _cache(release: Release, options: Options, wish: Wish, local: str) -> list[tuple[str, str, str | None]]:
    known = release.memcached_backends
    if wish.backend is not None and wish.backend not in known:
        raise Refused(
            f"{wish.backend!r} does not cache in memcached with {release}",
            "tokens:cache_backend",
            f"choose one of {', '.join(known)}",
        )
    present = options.get("cache", "backend")
    backend = wish.backend or (present if present in known else known[0])
    argument = next(
        (item[len("url:") :] for item in options.get_all("cache", "backend_argument") if item.startswith("url:")), None
    )
    named = options.items("cache", "memcache_servers") or tuple((argument or "").replace(" ", "").split(","))
    servers = _servers(tuple(filter(None, named)), wish, local)
    if argument is not None and argument.replace(" ", "") != servers:
        raise Refused(
            f"[cache] backend_argument = url:{argument} would win over memcache_servers = {servers}",
            options.where("cache", "backend_argument") or "",
            "take that backend_argument out",
        )
    return [("cache", "enabled", "true"), ("cache", "backend", backend), ("cache", "memcache_servers", servers)]


def _same(options: Options, section: str, option: str, after: str | None) -> bool:
    """Whether an option says that already, perhaps in other words."""
    before = options.get(section, option)
    if before is None or after is None:
        return before == after
    if after == "true":
        return options.flag(section, option, False)
    if option in ("servers", "memcache_servers"):
        return ",".join(options.items(section, option)) == after
    return before == after
