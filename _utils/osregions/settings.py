"""The pillar `openstack_regions`, checked key by key: a misspelt one is an error, never a default."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from osregions.alarms import limits as alarms
from osregions.catalog.identity_urls import IdentityUrls, wish_from
from osregions.catalog.names import check_region_name, same_name
from osregions.conf import credentials, extension
from osregions.conf import keystones as ks
from osregions.conf.known import Known
from osregions.errors import SettingsError
from osregions.pressure import limits as pressure
from osregions.reach import limits

PILLAR = "openstack_regions"
Check = Callable[[Any, str], Any]


@dataclass(frozen=True)
class RegionSettings:
    """One region, as pillar declares it."""

    name: str
    public_endpoint: str
    admin_endpoint: str | None
    renamed_from: str | None
    memcached_servers: tuple[str, ...] = ()
    internal_endpoint: str | None = None
    database: Mapping[str, Any] = field(default_factory=dict)  # its server, as `replication` needs it
    failover: str = limits.AUTO  # whether it leaves home by itself
    failback: str = limits.ASK  # whether it returns by itself

    @property
    def keystone(self) -> ks.Keystone:
        """This region's keystone on each interface; one that is not declared is the public one's."""
        return ks.Keystone(
            self.name,
            self.public_endpoint,
            (self.internal_endpoint or self.public_endpoint).rstrip("/"),
            (self.admin_endpoint or self.internal_endpoint or self.public_endpoint).rstrip("/"),
        )


@dataclass(frozen=True)
class Settings:
    """The cloud, as pillar declares it."""

    home: str
    regions: Mapping[str, RegionSettings]
    join: str | None
    identity: IdentityUrls
    verbatim: bool
    targets: Mapping[str, str]
    known: Known
    failover: limits.Limits = field(default_factory=limits.Limits)

    @property
    def keystones(self) -> tuple[ks.Keystone, ...]:
        """Every region's keystone."""
        return tuple(region.keystone for region in self.regions.values())

    def joining(self) -> RegionSettings:
        """The region that is to join; raises SettingsError when pillar names none."""
        if self.join is None:
            raise SettingsError("no region is named that is to join", f"pillar {PILLAR}:join", "write its name there")
        return self.regions[self.join]

    def target(self, role: str, region: str) -> str:
        """The compound expression that targets a role's minions in a region, by grains."""
        return self.targets[role].replace("{region}", region)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{value!r} is not a text", where, "write one")
    return value


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
        raise SettingsError(f"{value!r} is not a list of texts", where, "write one item a line, each after a dash")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{value!r} is neither true nor false", where, "write one of the two")
    return value


def _number(low: int, high: int) -> Check:
    def check(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SettingsError(f"{value!r} is no number from {low} to {high}", where, "write one")
        return value

    return check


def _one_of(*words: str) -> Check:
    def check(value: Any, where: str) -> str:
        if value not in words:
            raise SettingsError(f"{value!r} can't be chosen", where, f"one of {', '.join(words)}")
        return str(value)

    return check


def _url(value: Any, where: str) -> str:
    if isinstance(value, (list, tuple)) or (isinstance(value, str) and len(value.replace(",", " ").split()) > 1):
        raise SettingsError(f"{value!r} is more than one URL for one interface", where, "write the one that all reach")
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or ks.address(value) is None:
        raise SettingsError(f"{value!r} is no URL with a host", where, "write one such as http://10.213.1.11:5000")
    if parts.path.rstrip("/").endswith(("/v3", "/v2.0")):
        raise SettingsError(f"{value!r} ends in a version", where, "leave it off: the endpoints' rows add it")
    return str(value).rstrip("/")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    """What has a reader of its own; the value is not shown, for it may hold secrets."""
    if not isinstance(value, Mapping):
        raise SettingsError("this is no mapping", where, "see pillar.example")
    return value


def _secret(value: Any, where: str) -> str:
    """A text that is not shown."""
    if not isinstance(value, str) or not value:
        raise SettingsError("this is not a text", where, "write one")
    return value


def _limit(name: str) -> Check:
    return lambda value, where: limits.number(name, value, where)


def _pressure(name: str) -> Check:
    return lambda value, where: pressure.number(name, value, where)


def _alarm(name: str) -> Check:
    return lambda value, where: alarms.number(name, value, where)


def _target(value: Any, where: str) -> str:
    if "{region}" not in _text(value, where):
        raise SettingsError(f"{value!r} targets every region alike", where, "let {region} stand where its name belongs")
    return str(value)


def undeclared(region: str | None, regions: Collection[str]) -> tuple[str, str, str]:
    """What to tell of a node whose region pillar does not declare: the problem, its place and the remedy."""
    declared = f"declared are {', '.join(regions)}"
    if region:
        return f"there is no region {region} in pillar", "the grain `region`", declared
    return (
        "nothing says which region is that of this node",
        "the grain `region`",
        f"salt-call grains.setval region REGION sets it; {declared}",
    )


_PORT = _number(1, 65535)
_DATABASE: Mapping[str, Any] = {
    "host": _text,
    "port": _PORT,
    "addresses": _texts,
    "user": _text,
    "number": _number(1, 190),
    "discard": _flag,
}
_REGION: Mapping[str, Any] = {
    "public_endpoint": _url,
    "internal_endpoint": _url,
    "admin_endpoint": _url,
    "renamed_from": _text,
    "memcached_servers": _texts,
    "database": _DATABASE,
    "failover": limits.mode,
    "failback": limits.mode,
}
SCHEMA: Mapping[str, Any] = {
    "home": check_region_name,
    "join": check_region_name,
    "regions": _REGION,
    "identity": wish_from,
    "services": _one_of("mapped", "verbatim"),
    "targets": {"keystone": _target, "region": _target, "database": _target},
    "keystone": {
        "config": _text,
        "release": _number(8, 30),
        "service": _text,
        "manage": _text,
        "url": _url,
        "wait": _number(1, 3600),
    },
    "tokens": {
        "store": _one_of("auto", "memcache", "fernet", "jws"),
        "cache_backend": _text,
        "servers": _texts,
        "verify": _flag,
        "verify_tokens": _number(1, 100),
    },
    "memcached": {
        "package": _text,
        "python_package": _text,
        "service": _text,
        "config": _text,
        "style": _one_of("debian", "sysconfig"),
        "listen": _texts,
        "port": _PORT,
        "size": _number(8, 1 << 20),
    },
    "mysql_client": {"package": _text},
    "backup": {"directory": _text, "keep": _number(1, 10000), "scope": _one_of("catalog", "database")},
    "keys": {
        "source": _text,
        "every": _number(60, 100_000_000),
        "user": _text,
        "group": _text,
        "older": _flag,
        "force": _flag,
    },
    "openrc": {"files": _texts, "admin": _text},
    "repoint": {"roots": _texts, "wait": _number(1, 3600)},
    "dashboard": {"directories": _texts, "service": _text, "url": _url, "sessions": _texts, "wait": _number(1, 3600)},
    "minion": {"config": _text, "service": _text, "restart": _flag},
    "failover": {name: _limit(name) for name in limits.NAMES},
    "status": {"timeout": _number(2, 300)},
    "metrics": {"directory": _text, "every": _number(10, 3600)},
    "pressure": {
        **{name: _pressure(name) for name in pressure.NAMES},
        "watch": _flag,
        "config": _text,
        "restart": _flag,
        "verify": _number(0, 3600),
    },
    "alarms": {**{name: _alarm(name) for name in alarms.NAMES}, "config": _text},
    "credentials": _mapping,
    "projects": _mapping,
    "replication": {
        "passwords": _mapping,
        "tls": {"ca": _text, "cert": _text, "key": _text, "verify": _flag},
        "filter": _one_of("replica", "primary"),
        "option_file": _text,
        "admin": {"user": _text, "password": _secret, "socket": _text, "host": _text, "port": _PORT},
        "heartbeat": _number(1, 60),
        "retry": _number(1, 3600),
        "wait": _number(1, 3600),
    },
}
_KEYSTONE = "G@region:{region} and G@roles:keystone"
TARGETS = {"keystone": _KEYSTONE, "region": "G@region:{region}", "database": _KEYSTONE}


def read(pillar: object) -> Settings:
    """Check the pillar's `openstack_regions` and return what it declares.

    Raises SettingsError, naming the key, what it holds and what it may hold.
    """
    if not isinstance(pillar, Mapping) or not pillar:
        raise SettingsError(f"there is no pillar {PILLAR}", remedy="declare the regions in it, see pillar.example")
    _check(pillar, SCHEMA, PILLAR)
    for key in ("home", "regions"):
        if not pillar.get(key):
            raise SettingsError(f"{key} is missing", f"pillar {PILLAR}", "declare it, see pillar.example")
    regions = {name: _region(name, data) for name, data in pillar["regions"].items()}
    known = Known(more=extension.read(pillar.get("projects") or {}, f"pillar {PILLAR}:projects"))
    credentials_of(pillar, known, lambda _: "asked for on the minion that needs it")
    settings = Settings(
        home=pillar["home"],
        regions=regions,
        join=pillar.get("join"),
        identity=wish_from(pillar.get("identity"), f"pillar {PILLAR}:identity"),
        verbatim=pillar.get("services", "mapped") == "verbatim",
        targets=_targets(pillar.get("targets") or {}),
        known=known,
        failover=limits.read(pillar.get("failover") or {}, f"pillar {PILLAR}:failover"),
    )
    ks.check(settings.keystones, f"pillar {PILLAR}:regions")
    _check_together(settings)
    _check_servers(settings, (pillar.get("tokens") or {}).get("servers") or ())
    return settings


def _targets(given: Mapping[str, str | None]) -> dict[str, str]:
    """The expressions of pillar; keystone's database is on its own nodes where nothing is said of it."""
    named = {role: text for role, text in given.items() if text}
    return {**TARGETS, **({"database": named["keystone"]} if "keystone" in named else {}), **named}


def section(pillar: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One section of our pillar, out of the whole of a minion's; empty where it is not there."""
    return dict((pillar.get(PILLAR) or {}).get(name) or {})


def credentials_of(
    pillar: Mapping[str, Any], known: Known, sdb: Callable[[str], Any] | None = None
) -> dict[str, credentials.Credential]:
    """The accounts that pillar names under `credentials`; `sdb` resolves values that begin with `sdb://`."""
    return credentials.read(pillar.get("credentials") or {}, known.accounts, f"pillar {PILLAR}:credentials", sdb)


def _check(data: Any, schema: Mapping[str, Any], where: str) -> None:
    if not isinstance(data, Mapping):
        raise SettingsError(f"{data!r} is no mapping", f"pillar {where}", "see pillar.example")
    for key, value in data.items():
        place = f"{where}:{key}"
        if key not in schema:
            near = difflib.get_close_matches(str(key), schema, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"the keys there are {', '.join(schema)}"
            raise SettingsError(f"the key {key!r} is not known", f"pillar {place}", remedy)
        if value is None:
            continue
        if schema[key] is _REGION:
            if not isinstance(value, Mapping):
                raise SettingsError(
                    f"{value!r} is no mapping", f"pillar {place}", "name each region, see pillar.example"
                )
            for name, region in value.items():
                check_region_name(name, f"pillar {place}")
                _check(region or {}, _REGION, f"{place}:{name}")
        elif isinstance(schema[key], Mapping):
            _check(value, schema[key], place)
        else:
            schema[key](value, f"pillar {place}")


def _region(name: str, data: Mapping[str, Any] | None) -> RegionSettings:
    data = data or {}
    if not data.get("public_endpoint"):
        raise SettingsError(
            "public_endpoint is missing",
            f"pillar {PILLAR}:regions:{name}",
            "write the URL of that region's keystone without its version, such as http://10.213.1.11:5000",
        )
    public = _url(data["public_endpoint"], f"pillar {PILLAR}:regions:{name}:public_endpoint")
    return RegionSettings(
        name,
        public,
        data.get("admin_endpoint"),
        data.get("renamed_from"),
        tuple(data.get("memcached_servers") or ()),
        data.get("internal_endpoint"),
        dict(data.get("database") or {}),
        _mode(name, data, "failover", limits.AUTO),
        _mode(name, data, "failback", limits.ASK),
    )


def _mode(name: str, data: Mapping[str, Any], key: str, default: str) -> str:
    value = data.get(key)
    return default if value is None else limits.mode(value, f"pillar {PILLAR}:regions:{name}:{key}")


def _check_servers(settings: Settings, servers: Sequence[str]) -> None:
    """Pillar is one for all regions: a server named for all would hold what two databases say under the same keys."""
    loopback = ("127.", "localhost", "[::1]", "::1")
    common = [server for server in servers if not server.startswith(loopback)]
    if common and len(settings.regions) > 1:
        raise SettingsError(
            f"{', '.join(common)} would be every region's memcached",
            f"pillar {PILLAR}:tokens:servers",
            "name servers under each region instead, as memcached_servers",
        )


def _check_together(settings: Settings) -> None:
    names = list(settings.regions)
    for position, name in enumerate(names):
        for other in names[position + 1 :]:
            if same_name(name, other):
                raise SettingsError(
                    f"{name} and {other} differ in case alone",
                    f"pillar {PILLAR}:regions",
                    "keystone holds them to be one",
                )
    for key, named in (("home", settings.home), ("join", settings.join)):
        if named is not None and named not in settings.regions:
            raise SettingsError(
                f"there is no region {named}",
                f"pillar {PILLAR}:{key}",
                f"name one of those declared: {', '.join(names)}",
            )
    if settings.join == settings.home:
        raise SettingsError(
            f"{settings.home} is home, and can't join itself",
            f"pillar {PILLAR}:join",
            "name the region that is to join",
        )
    if settings.regions[settings.home].renamed_from:
        raise SettingsError(
            f"{settings.home} is home, and keeps its name",
            f"pillar {PILLAR}:regions:{settings.home}:renamed_from",
            "leave it out",
        )
    for name, region in settings.regions.items():
        if region.renamed_from and same_name(region.renamed_from, name):
            raise SettingsError(
                f"{region.renamed_from} and {name} are one name to keystone",
                f"pillar {PILLAR}:regions:{name}:renamed_from",
                "choose a name that differs in more than case",
            )
