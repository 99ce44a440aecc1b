"""Deciding, before anything is touched, whether a region can join home: a pure function from views to findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions import clocks
from osregions.catalog.names import same_name
from osregions.lines import listed
from osregions.model import Finding
from osregions.releases import parse
from osregions.settings import Settings


@dataclass(frozen=True)
class NodeView:
    """What one keystone node said of itself."""

    minion: str
    region: str
    release: int | None = None
    schema: str | None = None
    database: str | None = None
    regions: tuple[str, ...] = ()
    memcached: tuple[str, ...] = ()
    local_memcached: tuple[str, ...] = ()
    clock: float | None = None
    reach: Mapping[str, str] | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, minion: str, region: str, data: Mapping[str, Any]) -> NodeView:
        """Take a view out of the form in which Salt carried it."""
        return cls(
            minion=minion,
            region=region,
            release=data.get("release"),
            schema=data.get("schema"),
            database=data.get("database"),
            regions=tuple(data.get("regions") or ()),
            memcached=tuple(data.get("memcached") or ()),
            local_memcached=tuple(data.get("local_memcached") or ()),
            clock=data.get("clock"),
            reach=data.get("reach") or {},
            problems=tuple(data.get("problems") or ()),
        )


def check(
    settings: Settings,
    views: Sequence[NodeView],
    asked: float,
    answered: float,
    joining: str,
    others: Sequence[NodeView] = (),
) -> tuple[Finding, ...]:
    """List what stands in the way of joining.

    `views` are those of keystone nodes, `others` those of nodes whose services will sign in at home. `asked` and
    `answered` are the master's clock before and after the views were taken (seconds since the epoch).
    """
    findings = [
        *_missing(settings, views, joining),
        *_problems((*views, *others)),
        *_same(views, "release", "release-differs", "keystone release", "bring all to one release first"),
        *_same(views, "schema", "schema-differs", "schema", "run `keystone-manage db_sync` of one release everywhere"),
        *_databases(views),
        *_memcached(views),
        *_clocks(views, asked, answered),
        *_reach((*views, *others)),
        *_stores(settings, views),
        *_admin_port(settings, views),
        *_names(settings, views, joining),
    ]
    return tuple(findings)


def _missing(settings: Settings, views: Sequence[NodeView], joining: str) -> Iterable[Finding]:
    for region in (settings.home, joining):
        if not any(view.region == region for view in views):
            yield Finding(
                "no-minion",
                "error",
                region,
                "no minion with the role keystone answered there",
                f"are the grains region: {region} and roles: [keystone] set, and is the minion up?"
                f" It was targeted by {settings.target('keystone', region)}",
            )


def _problems(views: Sequence[NodeView]) -> Iterable[Finding]:
    for view in views:
        for problem in view.problems:
            yield Finding("node-problem", "error", view.minion, problem)


def _same(views: Sequence[NodeView], name: str, code: str, word: str, remedy: str) -> Iterable[Finding]:
    found = {view.minion: getattr(view, name) for view in views if getattr(view, name) is not None}
    if len(set(found.values())) > 1:
        said = ", ".join(f"{minion} has {value}" for minion, value in sorted(found.items()))
        yield Finding(code, "error", "all regions", f"the nodes differ in {word}: {said}", remedy)


def _databases(views: Sequence[NodeView]) -> Iterable[Finding]:
    for one, other in _pairs(views):
        if one.database and one.database == other.database:
            yield Finding(
                "one-database",
                "error",
                f"{one.minion} and {other.minion}",
                f"both regions' keystones use the same database, {one.database}",
                "a region joins with a keystone database of its own; mend [database] connection",
            )


def _memcached(views: Sequence[NodeView]) -> Iterable[Finding]:
    for one, other in _pairs(views):
        # An address that both have (a bridge of libvirt's, say) tells nothing: each means its own by it.
        alike = set(one.local_memcached) & set(other.local_memcached)
        seen = [set(view.memcached) | (set(view.local_memcached) - alike) for view in (one, other)]
        shared = sorted((seen[0] & seen[1]) - (alike - set(one.memcached) - set(other.memcached)))
        if shared and one.database != other.database:
            yield Finding(
                "shared-memcached",
                "error",
                f"{one.minion} and {other.minion}",
                f"two keystones with different databases cache in one memcached: {', '.join(shared)}",
                "keystone's cache keys are the same everywhere, so each would serve the other's rows;"
                " give each region a memcached of its own in [cache] memcache_servers",
            )


def _clocks(views: Sequence[NodeView], asked: float, answered: float) -> Iterable[Finding]:
    for view in views:
        if view.clock is None:
            continue
        skew = abs(clocks.ahead(asked, view.clock, answered))
        if skew > clocks.MOST_SKEW:
            yield Finding(
                "clock-skew",
                "error",
                view.minion,
                f"its clock is at least {skew:.0f} s from the master's, {clocks.MOST_SKEW:.0f} s is the most",
                "tokens expire by the clock: set it right, and keep it so with NTP",
            )


def _reach(views: Sequence[NodeView]) -> Iterable[Finding]:
    for view in views:
        for url, outcome in sorted((view.reach or {}).items()):
            if outcome != "ok":
                yield Finding(
                    "unreachable",
                    "error",
                    view.minion,
                    f"{url} can't be reached: {outcome}",
                    "open that port between them",
                )


def _stores(settings: Settings, views: Sequence[NodeView]) -> Iterable[Finding]:
    """Up to Newton tokens live in memcached: a region's keystones must share one, and no other region's."""
    for region in sorted({view.region for view in views}):
        nodes = [view for view in views if view.region == region and view.release is not None]
        if len(nodes) < 2 or not any(parse(view.release or 0).stores_tokens for view in nodes):
            continue
        if not settings.regions[region].memcached_servers and not all(view.memcached for view in nodes):
            yield Finding(
                "token-store-not-shared",
                "error",
                region,
                f"{len(nodes)} keystone nodes would each keep tokens in a memcached of their own",
                f"name the servers they share in pillar, regions:{region}:memcached_servers",
            )


def _admin_port(settings: Settings, views: Sequence[NodeView]) -> Iterable[Finding]:
    """Up to Pike an admin endpoint follows as $(admin_endpoint)s, which the serving keystone must know."""
    if not settings.identity.follow or not any(view.release and parse(view.release).serves_v2 for view in views):
        return
    for region in sorted({view.region for view in views}):
        if not settings.regions[region].admin_endpoint:
            yield Finding(
                "no-admin-endpoint",
                "error",
                region,
                "this keystone release has a URL of its own for admins, and pillar does not name it",
                f"set regions:{region}:admin_endpoint, such as http://10.213.1.11:35357, or explicit `identity` URLs",
            )


def _names(settings: Settings, views: Sequence[NodeView], joining: str) -> Iterable[Finding]:
    wanted = settings.regions[joining]
    for view in views:
        if not view.regions:
            continue
        if view.region == settings.home and settings.home not in view.regions:
            yield Finding(
                "home-unknown",
                "error",
                view.minion,
                f"home's catalog has no region {settings.home}, but {listed(view.regions)}",
                "name home as its catalog does",
            )
        if view.region == joining and not {joining, wanted.renamed_from} & set(view.regions):
            yield Finding(
                "region-unknown",
                "error",
                view.minion,
                f"its catalog has neither {joining} nor {wanted.renamed_from or 'an earlier name'},"
                f" but {listed(view.regions)}",
                f"set renamed_from of {joining} in pillar to the name it has now",
            )
        for name in view.regions:
            if same_name(name, joining) and name != joining:
                yield Finding(
                    "name-clash",
                    "error",
                    view.minion,
                    f"its catalog has a region {name}, which is {joining} in other case",
                    f"call it {name} in pillar, or rename that region first",
                )


def _pairs(views: Sequence[NodeView]) -> Iterable[tuple[NodeView, NodeView]]:
    for position, one in enumerate(views):
        for other in views[position + 1 :]:
            if one.region != other.region:
                yield one, other
