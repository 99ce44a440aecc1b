"""From what a node said to facts: checked, and made plain. What can't be understood is a problem of that part alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from osregions import files
from osregions.lines import one_line
from osregions.status.facts import (
    USE,
    Asked,
    Backups,
    Catalog,
    Conf,
    Endpoint,
    Keys,
    Move,
    Node,
    Pressure,
    Reference,
    Replica,
    Service,
    Switch,
    Tokens,
)

_LONGEST = 2000
_LATE = "it was not understood: is its openstack-regions of this version?"


def node_from(minion: str, region: str, said: object, ahead: Callable[[float], float]) -> Node:
    """What a node said, as facts; `ahead` judges its clock. What can't be understood is a problem of that part."""
    if not isinstance(said, Mapping) or not isinstance(said.get("parts"), Mapping):
        last = said.strip().splitlines()[-1:] if isinstance(said, str) else []
        return Node(minion, region, problems={"": one_line(last[0], _LONGEST) if last else _LATE})
    answer = _plain(said)
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    late = frozenset(name for name, part in answer["parts"].items() if isinstance(part, Mapping) and part.get("late"))
    for name, (into, read) in _READERS.items():
        part = answer["parts"].get(name)
        if part is None:
            continue
        try:
            if part.get("problem"):
                problems[name] = str(part["problem"])
            elif (made := read(part["value"])) is not None:
                found[into] = made
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            problems[name] = _LATE
    try:
        off = ahead(_number(answer["clock"]))
    except (KeyError, TypeError, ValueError):
        off = 0.0
    return Node(
        minion,
        region,
        bool(answer.get("keystone")),
        bool(answer.get("database")),
        off,
        problems=problems,
        late=late,
        **found,
    )


def _switch(said: Mapping[str, Any]) -> Switch:
    if said["damaged"]:
        return Switch(problem=str(said["damaged"]))
    last = said.get("last")
    return Switch(
        identity=str(said["identity"]),
        at=str(said["at"]),
        epoch=int(_number(said["epoch"])),
        since=_number(said["since"]),
        reason=str(said["reason"]),
        by=str(said["by"]),
        unfinished=bool(said["unfinished"]),
        problem=str(said["problem"]),
        moves=tuple(_number(one) for one in said["moves"]),
        last=Move(
            str(last["what"]),
            int(_number(last["epoch"])),
            bool(last["ok"]),
            str(last["comment"]),
            {str(name): _number(moment) for name, moment in last["timeline"].items()},
        )
        if last
        else None,
    )


def _asked(said: Sequence[Mapping[str, Any]]) -> tuple[Asked, ...]:
    return tuple(
        Asked(str(one["url"]), str(one["problem"]), _number(one["seconds"]), str(one.get("region", ""))) for one in said
    )


def _conf(said: Mapping[str, Any]) -> Conf:
    counts = _counts(said["counts"])
    return Conf(
        tuple(
            Service(str(one["project"]), str(one["place"]), str(one["url"]), _name(one["at"]), bool(one["validates"]))
            for one in said["services"]
        ),
        _texts(said["drift"]),
        tuple(
            Reference(str(one["path"]), int(_number(one["line"])), str(one["value"]), _name(one["region"]))
            for one in said["unmanaged"]
        ),
        _texts(said["problems"]),
        max(counts["drift"], len(said["drift"])),
        max(counts["unmanaged"], len(said["unmanaged"])),
    )


def _tokens(said: Mapping[str, Any]) -> Tokens:
    silent = {str(server): str(why) for server, why in said["silent"].items()}
    major, survives = int(_number(said["major"])), bool(said["survives_a_replica"])
    used = {
        str(server): {name: int(_number(figures[name])) for name in USE} for server, figures in said["used"].items()
    }
    return Tokens(str(said["release"]), major, str(said["stored_in"]), survives, silent, used)


def _keys(said: Mapping[str, Any]) -> Keys:
    digests = {str(kind): str(digest) for kind, digest in said["digests"].items()}
    return Keys(str(said["provider"]), digests, _texts(said["faults"]), _counts(said["primaries"]))


def _catalog(said: Mapping[str, Any]) -> Catalog:
    endpoints = tuple(
        Endpoint(str(one["type"]), str(one["region"]), str(one["interface"]), str(one["url"]))
        for one in said["endpoints"]
    )
    return Catalog(_number(said["sign_in"]), endpoints, _asked(said["answers"]), _texts(said["stale"]))


def _backups(said: Mapping[str, Any]) -> Backups:
    taken = said["newest"]
    newest = files.moment(taken) if taken else None
    return Backups(int(_number(said["count"])), newest)


def _pressure(said: Mapping[str, Any] | None) -> Pressure | None:
    return Pressure(str(said["verdict"]), str(said["sentence"]), str(said["remedy"])) if said else None


def _replica(said: Mapping[str, Any], measured: bool) -> Replica:
    told = {str(kind): _texts(lines) for kind, lines in (said.get("told") or {}).items()}
    if not said.get("replicates"):
        return Replica(bool(said["wanted"]), told=told)
    return Replica(
        wanted=True,
        replicates=True,
        source=str(said["source"]),
        io=str(said["threads"]["io"]),
        sql=str(said["threads"]["sql"]),
        received=str(said["received"] or ""),
        position=str(said["position"] or ""),
        tls=bool(said["tls"]),
        lag=_seconds(said["lag"]),
        behind=_seconds(said.get("behind")),
        measured=measured and said["clock"] is not None,
        told=told,
    )


def _plain(said: Any) -> Any:
    """What a minion said, with each text as one line: these are shown on terminals."""
    if isinstance(said, str):
        return one_line(said, _LONGEST)
    if isinstance(said, Mapping):
        return {_plain(key): _plain(value) for key, value in said.items()}
    return [_plain(one) for one in said] if isinstance(said, (list, tuple)) else said


def _name(said: object) -> str | None:
    return None if said is None else str(said)


def _counts(said: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(_number(count)) for name, count in said.items()}


def _seconds(said: Any) -> float | None:
    return None if said is None else _number(said)


def _number(said: Any) -> float:
    """A number that can be: of seconds since the epoch at most, and none below nought."""
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not 0 <= said < 1e11:
        raise ValueError("no number that can be")
    return float(said)


def _texts(said: Sequence[Any]) -> tuple[str, ...]:
    if isinstance(said, str):
        raise TypeError("a list was to come")
    return tuple(str(one) for one in said)


# Into which field each part goes, and how it is read; what comes later supersedes what came before.
_READERS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "switch": ("switch", _switch),
    "seen": ("seen", lambda said: dict(said) if said else None),
    "keystones": ("keystones", _asked),
    "conf": ("conf", _conf),
    "tokens": ("tokens", _tokens),
    "keys": ("keys", _keys),
    "catalog": ("catalog", _catalog),
    "backups": ("backups", _backups),
    "pressure": ("pressure", _pressure),
    "replication": ("replica", lambda said: _replica(said, False)),
    "behind": ("replica", lambda said: _replica(said, True)),
}
