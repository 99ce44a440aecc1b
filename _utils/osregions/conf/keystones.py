"""The keystones of a cloud, and what a URL in a configuration file names among them: pure functions on text.

A URL of keystone's is a base (scheme, host, port, perhaps a path such as `/identity`) and what follows it: a version,
and what a service adds to that. Only the base changes when a service is pointed at another keystone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from osregions.conf.catalogue import ADMIN, INTERNAL, PUBLIC
from osregions.errors import SettingsError

PORTS = (5000, 35357)
# A host that is called so, or a path of a web server's.
_BY_NAME = re.compile(r"^(?:[^/]*[.-])?keystone(?:[./-]|$)|^[^/]*/(?:identity|keystone)(?:_admin)?(?:/|$)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_VERSIONED = re.compile(r"^(?P<prefix>.*?)(?P<tail>/v[23](?:\.\d+)?(?:/.*)?)$")
# What Liberty's middleware is given behind a base without a version.
_EXTENSION = re.compile(r"^(?P<prefix>.*?)(?P<tail>/(?:ec2tokens|s3tokens)/?)$")
_BARE = re.compile(r"^[A-Za-z0-9._-]+(?::\d+)?(?:/\S*)?$|^\[[0-9A-Fa-f:.]+\](?::\d+)?(?:/\S*)?$")
_LOOPBACK = re.compile(r"^(?:localhost(?:\..*)?|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|::)$")
# TempAuth and its kin, which Swift's clients also call an auth URL.
_NOT_KEYSTONE = re.compile(r"^/auth/v1(?:\.0)?/?$|^/v1(?:\.\d+)?/?$")


@dataclass(frozen=True)
class Address:
    """A URL taken apart: what tells one keystone from another, and the path."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def local(self) -> bool:
        """Whether it is the machine's own."""
        return bool(_LOOPBACK.match(self.host))

    @property
    def version(self) -> str:
        """The path from the version on: what a service goes on saying wherever keystone is."""
        for pattern in (_VERSIONED, _EXTENSION):
            if match := pattern.match(self.path):
                return match["tail"]
        return "/" if self.path.endswith("/") else ""


@dataclass(frozen=True)
class Keystone:
    """The keystone of one region, by the base of its URL on each interface."""

    region: str
    public: str
    internal: str
    admin: str

    def url(self, interface: str) -> str:
        """The base of its URL on an interface."""
        return {PUBLIC: self.public, INTERNAL: self.internal, ADMIN: self.admin}[interface]


@dataclass(frozen=True)
class Pointed:
    """What a URL names: a region's keystone and interface, as far as they are known, and what follows its base."""

    region: str | None  # None: a keystone that nobody declared
    interface: str | None
    tail: str


@lru_cache(maxsize=1024)  # a cloud's files name the same few addresses over and over
def address(text: str) -> Address | None:
    """Take a URL apart; `host:port/path` without a scheme counts as one; None when it is none, or has no host."""
    text = text.strip()
    bare = "://" not in text
    if bare and not _BARE.match(text):
        return None
    try:
        parts: SplitResult = urlsplit(f"http://{text}" if bare else text)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or re.search(r"\s", text):
        return None
    return Address(scheme, parts.hostname.lower(), port or _DEFAULT_PORTS[scheme], parts.path)


def pointed(text: str, keystones: Iterable[Keystone], interface: str, local: str | None = None) -> Pointed | None:
    """What a URL names; None when it is no URL with a host. `interface` is the option's own, where the URL won't tell.

    A loopback address names the keystone of the region `local`.
    """
    found = address(text)
    if found is None:
        return None
    for keystone in keystones:
        named = [
            (one, rest) for one in (PUBLIC, INTERNAL, ADMIN) if (rest := _rest(found, keystone.url(one))) is not None
        ]
        if named:
            # The longest base says most: http://host/identity is not http://host.
            shortest = min(len(rest) for _, rest in named)
            fitting = [one for one, rest in named if len(rest) == shortest]
            # What has no admin URL of its own is asked where services ask, not where customers do.
            chosen = next((one for one in (interface, INTERNAL) if one in fitting), fitting[0])
            return Pointed(keystone.region, chosen, next(rest for one, rest in named if one == chosen))
    if found.port == 35357:
        interface = ADMIN
    elif interface == ADMIN:
        interface = INTERNAL
    return Pointed(local if found.local else None, interface, found.version)


def retargeted(text: str, keystones: Iterable[Keystone], target: Keystone, interface: str) -> str | None:
    """The same URL at another keystone: its interface, version and path kept; None when it is no URL with a host."""
    found = pointed(text, keystones, interface)
    return None if found is None else target.url(found.interface or interface) + found.tail


def retargeted_list(text: str, keystones: Iterable[Keystone], target: Keystone, interface: str) -> str | None:
    """A list of URLs, separated by commas, each at another keystone; None when one of them is no URL with a host.

    What comes out the same is named once.
    """
    known = tuple(keystones)
    items: list[str] = []
    for item in text.split(","):
        lead = item[: len(item) - len(item.lstrip())]
        new = retargeted(item, known, target, interface) if item.strip() else item.strip()
        if new is None:
            return None
        if not new or new not in map(str.strip, items):
            items.append(lead + new)
    return ",".join(items)


def looks_like(text: str, keystones: Iterable[Keystone]) -> bool:
    """Whether a URL looks like a keystone's: by its port, its name, or a declared keystone's own base."""
    found = address(text)
    if found is None or _NOT_KEYSTONE.match(found.path):
        return False
    if found.port in PORTS or _BY_NAME.match(f"{found.host}{found.path}"):
        return True
    return any(
        _rest(found, keystone.url(one)) is not None for keystone in keystones for one in (PUBLIC, INTERNAL, ADMIN)
    )


def other_product(text: str) -> bool:
    """Whether a URL is that of an authentication which is no keystone's (Swift's TempAuth)."""
    found = address(text)
    return found is not None and bool(_NOT_KEYSTONE.match(found.path)) and found.port not in PORTS


def _rest(found: Address, base: str) -> str | None:
    """What follows a keystone's base in a URL; None when it is not that keystone's."""
    known = address(base)
    if known is None or (found.host, found.port) != (known.host, known.port):
        return None
    prefix = known.path.rstrip("/")
    if found.path != prefix and not found.path.startswith(f"{prefix}/"):
        return None
    rest = found.path[len(prefix) :]
    # At the root of a web server's own port there are many services: only a version tells keystone.
    if known.port in _DEFAULT_PORTS.values() and not prefix and rest not in ("", "/"):
        return rest if (match := _VERSIONED.match(rest)) and not match["prefix"] else None
    return rest


def check(keystones: Iterable[Keystone], where: str) -> None:
    """Raise SettingsError when two regions name one keystone: then nobody could tell whose a URL is."""
    seen: dict[tuple[str, int, str], str] = {}
    for keystone in keystones:
        for url in dict.fromkeys((keystone.public, keystone.internal, keystone.admin)):
            found = address(url)
            if found is None:
                raise SettingsError(f"{url!r} is no URL with a host", f"{where}:{keystone.region}", "write one")
            key = (found.host, found.port, found.path.rstrip("/"))
            if seen.setdefault(key, keystone.region) != keystone.region:
                raise SettingsError(
                    f"{url} is named as the keystone of {seen[key]} and of {keystone.region}",
                    f"{where}:{keystone.region}",
                    "give each region its own keystone's URL",
                )
