"""The facts about a cloud of regions: what each node said, checked and made immutable. Nothing here judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from osregions import files
from osregions.lines import one_line
from osregions.replication import faults

_LONGEST = 2000
_LATE = "it was not understood: is its openstack-regions of this version?"


@dataclass(frozen=True)
class Move:
    """What came of a node's last move."""

    what: str  # failover or failback
    epoch: int
    ok: bool
    comment: str
    timeline: Mapping[str, float]  # seconds since the epoch, by moment


@dataclass(frozen=True)
class Switch:
    """Where a node's services find identity."""

    identity: str = ""  # home or local; empty: nobody knows
    at: str = ""  # the region whose keystone that is
    epoch: int = 0
    since: float = 0.0
    reason: str = ""
    by: str = ""
    unfinished: bool = False
    problem: str = ""  # damage that its copy made good; or that it did not, where nobody knows the identity
    moves: tuple[float, ...] = ()
    last: Move | None = None


@dataclass(frozen=True)
class Asked:
    """One that was asked for an answer: what was wrong, empty when nothing was."""

    url: str
    problem: str
    seconds: float
    region: str = ""


@dataclass(frozen=True)
class Replica:
    """A region's replica of home's keystone database; `told` is what is wrong with it, by kind."""

    wanted: bool
    replicates: bool = False
    source: str = ""
    io: str = ""
    sql: str = ""
    received: str = ""
    position: str = ""
    tls: bool = False
    lag: float | None = None  # seconds; None: not measured, or not here in time
    behind: float | None = None  # then: the seconds that it is behind at least; None: nobody knows
    measured: bool = False  # whether home was asked what it has
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether both threads do their work."""
        return self.replicates and faults.runs(self.io, self.sql)


@dataclass(frozen=True)
class Keys:
    """A keystone's keys: a digest of each kind."""

    provider: str
    digests: Mapping[str, str]
    faults: tuple[str, ...]
    primaries: Mapping[str, int] = field(default_factory=dict)  # the numbers of those in use: a rotation adds 1


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the catalog that a keystone serves."""

    type: str
    region: str
    interface: str
    url: str


@dataclass(frozen=True)
class Catalog:
    """What signing in at a node's keystone brought."""

    sign_in: float  # seconds
    endpoints: tuple[Endpoint, ...]
    answers: tuple[Asked, ...]  # of its own region's endpoints
    stale: tuple[str, ...]


@dataclass(frozen=True)
class Tokens:
    """Where a keystone keeps its tokens."""

    release: str
    major: int
    stored_in: str
    survives: bool  # whether they can be issued while the database can't be written
    silent: Mapping[str, str] = field(default_factory=dict)  # memcached servers that do not answer, and why
    used: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # those that do: items and connections so far


@dataclass(frozen=True)
class Pressure:
    """What a node's beacon holds of the size of memcached."""

    verdict: str  # one of pressure.remedies.VERDICTS
    sentence: str
    remedy: str


@dataclass(frozen=True)
class Service:
    """One account of a service: where it signs in."""

    project: str
    place: str
    url: str
    at: str | None  # the region whose keystone that is; None: nobody declared it
    validates: bool


@dataclass(frozen=True)
class Reference:
    """A place that names a keystone, and that nobody manages."""

    path: str
    line: int
    value: str
    region: str | None


@dataclass(frozen=True)
class Conf:
    """The configuration of a node's services."""

    services: tuple[Service, ...]
    drift: tuple[str, ...]  # options that are not as they are to be
    unmanaged: tuple[Reference, ...]
    problems: tuple[str, ...]
    drifted: int = 0  # how many, as a long list comes cut
    unmanaged_count: int = 0


@dataclass(frozen=True)
class Backups:
    """The backups of keystone's database on a node."""

    count: int
    newest: float | None  # seconds since the epoch


@dataclass(frozen=True)
class Node:
    """What one node said; a part that it could not tell is None, and has its problem."""

    minion: str
    region: str
    keystone: bool = False
    database: bool = False
    ahead: float = 0.0  # seconds by which its clock is ahead of the asker's, at least; negative: behind
    switch: Switch | None = None
    seen: Mapping[str, Any] | None = None  # by its beacon
    keystones: tuple[Asked, ...] | None = None
    conf: Conf | None = None
    tokens: Tokens | None = None
    keys: Keys | None = None
    catalog: Catalog | None = None
    backups: Backups | None = None
    pressure: Pressure | None = None
    replica: Replica | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    late: frozenset[str] = frozenset()  # the parts whose problem is that they did not come in time


@dataclass(frozen=True)
class Region:
    """One region: the nodes that answered, and the minions that did not."""

    name: str
    home: bool
    nodes: tuple[Node, ...]
    silent: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()  # the minions that serve keystone, as the master knows them

    @property
    def switch(self) -> Switch | None:
        """Where the region's identity is: the newest of its nodes' switches counts."""
        known = [one.switch for one in self.nodes if one.switch and one.switch.identity]
        return max(known, key=lambda one: (one.epoch, one.since), default=None)

    @property
    def replica(self) -> Replica | None:
        """The region's replica, as the node that has it says."""
        return next((one.replica for one in self.nodes if one.replica), None)


@dataclass(frozen=True)
class Cloud:
    """All regions, as one master reaches them."""

    home: str
    at: float  # when they were asked, seconds since the epoch
    seconds: float  # how long that took
    regions: tuple[Region, ...]

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The catalog: as home's keystone serves it, else as any other does."""
        ordered = sorted(self.regions, key=lambda one: not one.home)
        served = [node.catalog for region in ordered for node in region.nodes if node.catalog]
        return served[0].endpoints if served else ()


def node(minion: str, region: str, said: object, ahead: Callable[[float], float]) -> Node:
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
        str(server): {name: int(_number(figures[name])) for name in ("total_items", "total_connections")}
        for server, figures in said["used"].items()
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
