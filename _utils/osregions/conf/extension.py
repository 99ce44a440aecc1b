"""What pillar adds to the catalogue of options under `projects`: projects of one's own, further options."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from osregions.conf.catalogue import ADMIN, INTERNAL, PUBLIC, Account, Project, RegionName, Service, Spelling, Url
from osregions.errors import SettingsError

_PLACE = re.compile(r"^\[(?P<section>[^\]]+)\]\s*(?P<option>[^\s=:]+)(?::\s*(?P<interface>\S+))?$")
_INTERFACES = (PUBLIC, INTERNAL, ADMIN)
KEYS = ("folders", "files", "urls", "regions", "accounts", "services")
_SERVICE_KEYS = ("files", "rank", "site", "type", "port", "probe")


def read(data: Mapping[str, Any], where: str) -> tuple[Project, ...]:
    """Check what pillar says under `projects` and return it. Raises SettingsError, naming the key."""
    return tuple(_project(name, given, f"{where}:{name}") for name, given in data.items())


def _project(name: str, given: Any, where: str) -> Project:
    _keys(given, KEYS, where)
    texts = {key: _texts(given.get(key) or [], f"{where}:{key}") for key in ("folders", "files", "regions", "accounts")}
    services = given.get("services") or {}
    if not isinstance(services, Mapping):
        raise SettingsError(
            f"{services!r} is no mapping", f"{where}:services", "name each systemd unit, see pillar.example"
        )
    return Project(
        name=name,
        folders=texts["folders"] or (name,),
        files=texts["files"] or (f"{name}.conf",),
        urls=tuple(_url(one, f"{where}:urls") for one in given.get("urls") or []),
        regions=tuple(
            RegionName(section, (Spelling(option),))
            for section, option in (_place(one, f"{where}:regions") for one in texts["regions"])
        ),
        accounts=tuple(Account(section) for section in texts["accounts"]),
        services=tuple(_service(unit, one or {}, f"{where}:services:{unit}") for unit, one in services.items()),
    )


def _url(given: Any, where: str) -> Url:
    """`[section] option`, or that with its interface behind a colon: `[section] option: admin`."""
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, behind),) = given.items()  # YAML made a mapping of it
        given = f"{name}: {behind}"
    section, option = _place(given, where)
    match = _PLACE.match(given)
    interface = (match and match["interface"]) or INTERNAL
    if interface not in _INTERFACES:
        raise SettingsError(f"{interface!r} is no interface", where, f"one of {', '.join(_INTERFACES)}")
    return Url(section, option, interface)


def _place(given: Any, where: str) -> tuple[str, str]:
    match = _PLACE.match(given) if isinstance(given, str) else None
    if match is None:
        raise SettingsError(f"{given!r} names no option", where, "write it as '[section] option'")
    return match["section"], match["option"]


def _service(unit: str, given: Any, where: str) -> Service:
    _keys(given, _SERVICE_KEYS, where)
    kinds: dict[str, Callable[[Any], bool]] = {
        "rank": lambda value: isinstance(value, int),
        "port": lambda value: isinstance(value, int) and 0 < value < 65536,
    }
    for key, value in given.items():
        if key != "files" and not kinds.get(key, lambda value: isinstance(value, str))(value):
            raise SettingsError(f"{value!r} can't be a {key}", f"{where}:{key}", "see pillar.example")
    files = _texts(given.get("files") or [], f"{where}:files") or ("*.conf", "*.ini")
    rest = {key: value for key, value in given.items() if key != "files"}
    return Service(name=unit, units=(re.escape(unit.removesuffix(".service")),), files=files, **rest)


def _keys(given: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(given, Mapping):
        raise SettingsError(f"{given!r} is no mapping", where, "see pillar.example")
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"the keys there are {', '.join(known)}"
            raise SettingsError(f"the key {key!r} is not known", f"{where}:{key}", remedy)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise SettingsError(f"{value!r} is not a list of texts", where, "write one item a line, each after a dash")
    return tuple(value)
