"""The facts about a cloud of regions, immutable. Nothing here judges; `answers` makes them of what nodes said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions.replication import faults

USE = ("total_items", "total_connections")  # what keeps growing in a memcached that somebody uses


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
