"""P1 and P2 on this machine: look, plan, act. What Salt's modules call; nothing here knows Salt."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osregions import files, keystone_node, openrc
from osregions.catalog import cache
from osregions.conf import act
from osregions.conf.options import OptionChange, Options
from osregions.database import account_from, session
from osregions.errors import CacheError, Refused, RegionsError
from osregions.identity import Identity
from osregions.releases import Release
from osregions.tokens import memcached, memcached_conf, proofs, public_endpoint, wanted
from osregions.tokens.memcached_conf import Memcached

LEDGER = "keystone"  # what this project set in keystone's files, and what stood there before
_MEMCACHED_FILES = {"/etc/memcached.conf": memcached_conf.DEBIAN, "/etc/sysconfig/memcached": memcached_conf.SYSCONFIG}
# The module that keystone's own Python needs for a backend: without it keystone starts, and fails on first use.
_LIBRARIES = {
    "dogpile.cache.memcached": "memcache",
    "dogpile.cache.bmemcached": "bmemcached",
    "dogpile.cache.pylibmc": "pylibmc",
    "dogpile.cache.pymemcache": "pymemcache",
    "oslo_cache.memcache_pool": "memcache",
    "keystone.cache.memcache_pool": "memcache",
}


@dataclass(frozen=True)
class Outcome:
    """What changed, or would: by option, old and new."""

    changes: dict[str, Any]
    comment: str
    backups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "changes": self.changes,
            "comment": " ".join((self.comment, *self.warnings)),
            "backups": list(self.backups),
        }


@dataclass(frozen=True)
class Keystone:
    """The keystone whose options are looked at and changed."""

    release: Release
    config: str
    options: Options
    manage: str | None = None
    backups: str | Path = files.BACKUPS
    memcached: Memcached = field(default_factory=Memcached)

    def store(self) -> dict[str, Any]:
        """Where the tokens are, and what caches."""
        found = wanted.current(self.release, self.options)
        cached = cache.cache_from(self.options)
        return {
            "release": str(self.release),
            "provider": found.provider,
            "driver": found.driver,
            "stored_in": found.place,
            "survives_a_replica": found.survives_a_replica,
            "cache": {"backend": cached.backend or None, "servers": list(cached.servers)},
        }

    def servers(self) -> tuple[str, ...]:
        """Every memcached that this keystone is configured to use."""
        cached = cache.cache_from(self.options)
        shared = cached.servers if cached.backend in _LIBRARIES else ()
        return tuple(dict.fromkeys((*wanted.current(self.release, self.options).servers, *shared)))

    def configure(self, wish: wanted.Wish, dry: bool) -> Outcome:
        """Set what this release wants for the store wished for."""
        keys = keystone_node.fernet_keys(self.options, wanted.KEYS)
        plan = wanted.plan(self.release, self.options, self.config, wish, self.memcached.local, keys)
        warnings = self._library(plan, dry)
        return self._apply(plan, dry, f"{self.release} keeps its tokens where it should", warnings)

    def set_public_endpoint(self, public: str, admin: str | None, dry: bool) -> Outcome:
        """Tell keystone its own address."""
        plan = public_endpoint.plan(self.release, self.options, self.config, public, admin)
        return self._apply(plan, dry, f"keystone knows its address, {public}")

    def undo(self, dry: bool) -> Outcome:
        """Take back every option that was set here, as far as nobody changed it since."""
        plan = act.undo_plan(LEDGER, self.backups)
        if not plan:
            return Outcome({}, "Nothing that was set here is left.")
        if dry:
            return Outcome(_shown(plan), f"{len(plan)} options would be put back.")
        return Outcome(_shown(plan), f"{len(plan)} options were put back.", tuple(act.undo(LEDGER, self.backups)))

    def prove(self, credentials: str, url: str, unit: str | None, pattern: str | None, tokens: int) -> proofs.Proofs:
        """Issue real tokens at `url`, and see where they go."""
        return proofs.prove(
            identity=lambda: Identity(openrc.read(credentials), url=url, where=credentials),
            servers=self.servers(),
            processes=lambda: keystone_node.processes(unit, pattern),
            rows=self._token_rows,
            tokens=tokens,
        )

    def forget_catalog(self) -> str:
        """Have the cached catalog computed anew: it holds the addresses of the keystone that computed it."""
        keys = cache.catalog_keys(self.release, ())
        try:
            return cache.invalidate(cache.cache_from(self.options), keys)
        except CacheError as err:
            # Keystone itself is well: what is cached runs out by itself, within [cache] expiration_time.
            return f"what keystone has cached was left to run out: {err.problem}"

    def _token_rows(self) -> int | None:
        with session(account_from(self.options, self.config)) as database:
            if not database.rows("SHOW TABLES LIKE 'token'"):
                return None
            return int(database.value("SELECT COUNT(*) FROM token"))

    def _library(self, plan: Sequence[OptionChange], dry: bool) -> tuple[str, ...]:
        after = {(change.section, change.option): change.after for change in plan}
        backend = after.get(("cache", "backend")) or self.options.get("cache", "backend") or ""
        library = _LIBRARIES.get(backend)
        if not plan or library is None or keystone_node.can_import(library, self.manage) is not False:
            return ()
        problem = f"keystone's Python has no module {library}, which [cache] backend = {backend} needs"
        if dry:
            return (f"As it is now, {problem}.",)
        raise Refused(
            problem, self.manage or "keystone-manage", "install it there (python3-memcache, python-memcached)"
        )

    def _apply(self, plan: Sequence[OptionChange], dry: bool, done: str, warnings: tuple[str, ...] = ()) -> Outcome:
        if not plan:
            return Outcome({}, f"{done}.", warnings=warnings)
        names = ", ".join(change.name for change in plan)
        if dry:
            return Outcome(_shown(plan), f"Would be set: {names}.", warnings=warnings)
        return Outcome(_shown(plan), f"Set: {names}.", tuple(act.apply(plan, LEDGER, self.backups)), warnings)


def _shown(plan: Sequence[OptionChange]) -> dict[str, Any]:
    """The changes by option, as Salt shows them; an option that several files set is named with its file."""
    names = [change.name for change in plan]
    return {
        change.name if names.count(change.name) == 1 else f"{change.path} {change.name}": change.shown()
        for change in plan
    }


def memcached_file(config: str | None, style: str | None) -> tuple[str, str]:
    """The path and the style of memcached's configuration on this machine. Raises RegionsError when there is none."""
    if config is None:
        config = next((path for path in _MEMCACHED_FILES if Path(path).is_file()), None)
    if config is None or not Path(config).is_file():
        raise RegionsError(
            "memcached has no configuration here", config or " or ".join(_MEMCACHED_FILES), "is memcached installed?"
        )
    guessed = memcached_conf.SYSCONFIG if "sysconfig" in config else memcached_conf.DEBIAN
    return config, style or _MEMCACHED_FILES.get(config, guessed)


def memcached_present(config: str | None, style: str | None) -> Memcached:
    """What memcached's configuration says; its defaults where it is not installed (yet)."""
    try:
        path, style = memcached_file(config, style)
    except RegionsError:
        return Memcached()
    return memcached_conf.read(_text_of(path), style)


def memcached_facts(config: str | None, style: str | None) -> dict[str, Any]:
    """What memcached's configuration says, and whether the server answers."""
    path, style = memcached_file(config, style)
    found = memcached_conf.read(_text_of(path), style)
    facts: dict[str, Any] = {
        "config": path,
        "port": found.port,
        "size": found.megabytes,
        "listen": list(found.listen) or ["every address"],
        "udp": found.udp_port,
        "server": found.local,
    }
    try:
        figures = memcached.stats(found.local)
        facts |= {"answers": True, "version": figures["version"], "connections": int(figures["curr_connections"])}
    except RegionsError as err:
        facts |= {"answers": False, "problem": str(err)}
    return facts


def memcached_answers(config: str | None, style: str | None, timeout: float) -> dict[str, Any]:
    """Wait until this machine's memcached answers; return its facts. Raises RegionsError when it does not."""
    until = time.monotonic() + timeout
    while True:
        facts = memcached_facts(config, style)
        if facts["answers"]:
            return facts
        if time.monotonic() >= until:
            raise RegionsError(
                f"memcached does not answer within {timeout:g} s", facts["server"], "see `journalctl -u memcached`"
            )
        time.sleep(0.1)


def memcached_listen(
    config: str | None,
    style: str | None,
    wish: memcached_conf.Wish,
    dry: bool,
    backups: str | Path = files.BACKUPS,
    reached_at: Sequence[str] = (),
    along: int | None = None,
) -> Outcome:
    """Make memcached's configuration say where it listens, and that UDP is off.

    `along` is a size in megabytes that is set along with anything else that changes, and not for its own sake: a size
    is set when the operator wants it (`pressure`), for what is changed here ends with a restart.
    `reached_at` are this machine's addresses at which keystone itself reaches it, loopback aside. Raises Refused when
    nobody named addresses, it listens on all of them, and closing it would cut keystone off.
    """
    path, style = memcached_file(config, style)
    text = _text_of(path)
    before = memcached_conf.read(text, style)
    if wish.listen is None and before.everywhere and reached_at:
        raise Refused(
            f"memcached listens on every address, and keystone reaches it at {', '.join(reached_at)}",
            path,
            "name the addresses that it is to be bound to, in pillar memcached:listen",
        )
    after = memcached_conf.wanted(before, wish)
    changes = memcached_conf.changes(before, after)
    if changes and along is not None and wish.megabytes is None:
        after = dataclasses.replace(after, megabytes=along)
        changes = memcached_conf.changes(before, after)
    where = ", ".join(after.listen)
    if not changes:
        return Outcome({}, f"memcached is set to listen on {where}, port {after.port}.")
    if dry:
        return Outcome(changes, f"{path} would be changed.")
    new = memcached_conf.edited(text, style, after)
    left = memcached_conf.changes(memcached_conf.read(new, style), after)
    if left:
        raise RegionsError(f"{', '.join(left)} can't be set", path, "its lines are written in a way not known here")
    backup = files.replace(path, new.encode("utf-8", "surrogateescape"), backups)
    return Outcome(changes, f"{path} was changed.", (backup,) if backup else ())


def _text_of(path: str) -> str:
    """A file's text, odd bytes and all."""
    return Path(path).read_bytes().decode("utf-8", "surrogateescape")
