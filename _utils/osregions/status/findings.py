"""From facts to findings: what is wrong with the cloud, how bad that is, and what to do; pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from osregions import clocks
from osregions.lines import listed
from osregions.model import Finding
from osregions.pressure.remedies import TOO_SMALL, WASTEFUL
from osregions.reach import verdict, view
from osregions.reach.remedies import ERROR, REMEDIES, SEVERITIES, WARNING, of
from osregions.reach.switch import LOCAL
from osregions.reach.view import HOME, Replica
from osregions.replication import faults, observe
from osregions.settings import Settings
from osregions.status.facts import Cloud, Keys, Node, Region, Switch

_DAY = 86400
# What each part of a node's answer is called, where it could not be told.
_PARTS = {
    "": "this node",
    "switch": "where identity is",
    "seen": "what its beacon sees",
    "keystones": "whether keystones answer",
    "conf": "the configuration of its services",
    "tokens": "where tokens are kept",
    "keys": "which keys keystone has",
    "catalog": "what its keystone serves",
    "backups": "which backups there are",
    "pressure": "whether its memcached is large enough",
    "replication": "how the replica is",
    "behind": "how far the replica is behind",
}
_SIZES = {TOO_SMALL: "memcached_small", WASTEFUL: "memcached_wasteful"}
_FEW = 4  # of a list, that are told


def find(cloud: Cloud, settings: Settings, backup_days: float = 7) -> tuple[Finding, ...]:
    """Everything that is wrong, the worst first; empty when nothing is."""
    found: list[Finding] = []
    home = next((one for one in cloud.regions if one.home), None)
    own = _own(cloud)
    for region in (own,) if own else cloud.regions:
        told = _Region(cloud, region, home, settings, backup_days)
        found += told.all()
    if own:
        others = _listed(one.name for one in cloud.regions if one is not own)
        found.append(of("own_master", own.name, region=own.name, home=cloud.home, others=others))
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda one: -SEVERITIES.index(one.severity)))


def worst(findings: Iterable[Finding]) -> str:
    """The worst severity among findings; empty when there is none."""
    return max((one.severity for one in findings), key=SEVERITIES.index, default="")


def keys_apart(here: Keys, there: Keys) -> list[str]:
    """The kinds of keys in which a keystone differs from home's, each with how many rotations it is behind."""
    found = []
    for kind in sorted(there.digests):
        if here.digests.get(kind) != there.digests[kind]:
            behind = there.primaries.get(kind, 0) - here.primaries.get(kind, 0)
            found.append(f"{kind}, {behind} rotation{'s' if behind != 1 else ''} behind" if behind > 0 else kind)
    return found


def retcode(findings: Iterable[Finding]) -> int:
    """The exit status: 2 with an error, 1 with a warning, else 0."""
    return {ERROR: 2, WARNING: 1}.get(worst(findings), 0)


def _own(cloud: Cloud) -> Region | None:
    """The region whose own master asked: that knows nobody of home, nor of any other."""
    known = [one for one in cloud.regions if one.nodes or one.silent]
    return known[0] if len(known) == 1 and not known[0].home else None


class _Region:
    """What is wrong with one region."""

    def __init__(
        self, cloud: Cloud, region: Region, home: Region | None, settings: Settings, backup_days: float
    ) -> None:
        self.cloud, self.region, self.home, self.settings, self.days = cloud, region, home, settings, backup_days
        self.words = {"region": region.name, "home": cloud.home}

    def all(self) -> Iterator[Finding]:
        region = self.region
        if not region.nodes and not region.silent:
            yield self._of("no_minions")
            return
        if region.silent:
            yield self._of("minion_silent", minions=_listed(region.silent))
        yield from self._identity()
        yield from self._keystones()
        yield from self._keys()
        yield from self._replica()
        yield from self._endpoints()
        yield from self._backups()
        for node in region.nodes:
            yield from self._node(node)

    def _of(self, code: str, node: Node | None = None, **words: object) -> Finding:
        where = f"{self.region.name}, {node.minion}" if node else self.region.name
        return of(code, where, **{**self.words, **words})

    def _identity(self) -> Iterator[Finding]:
        region, switch = self.region, self.region.switch
        for node in region.nodes:
            if node.switch and node.switch.problem:
                verb = "failover" if node.switch.identity == LOCAL else "failback"
                yield self._of("switch_damaged", node, what=node.switch.problem, verb=verb)
        if region.home or switch is None:
            return
        if switch.identity == LOCAL:
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(switch.since))
            reason = switch.reason or "no reason was given"
            yield self._of("identity_local", since=since, reason=reason, by=switch.by or "nobody knows")
        verb = "failover" if switch.identity == LOCAL else "failback"
        for node in region.nodes:
            own = node.switch
            if not own or not own.identity:
                continue
            if own.identity != switch.identity:
                words = {"here": own.identity, "epoch": own.epoch, "there": switch.identity, "verb": verb}
                yield self._of("services_astray", node, **words)
            elif own.unfinished:
                yield self._of("services_unfinished", node, verb=verb)
        yield from self._verdict(switch)

    def _verdict(self, switch: Switch) -> Iterator[Finding]:
        """What fail-over makes of what the region's controllers see, where any of them watches."""
        region = self.region
        seen = {node.minion: node.seen for node in region.nodes if node.seen and node.keystone}
        if not seen or region.name not in self.settings.regions:
            return
        moves = max((one.switch.moves for one in region.nodes if one.switch), key=len, default=())
        kept = region.replica
        replica = Replica(kept.runs, kept.lag is not None, None) if kept and kept.measured else Replica()
        picture = view.of(
            region.name,
            seen,
            self.settings,
            LOCAL if switch.identity == LOCAL else HOME,
            switch.epoch,
            moves,
            self.cloud.at,
            len(region.controllers),
            replica,
            moved=switch.since,
        )
        said = verdict.decide(picture)
        severity = REMEDIES[said.code].severity
        if severity and picture.sights:
            yield Finding(said.code, severity, region.name, said.reason, said.remedy)

    def _keystones(self) -> Iterator[Finding]:
        """Each keystone that does not answer, once for the region, with those who asked in vain."""
        failed: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for node in self.region.nodes:
            for one in node.keystones or ():
                if one.problem:
                    failed.setdefault((one.region, one.url), []).append((node.minion, one.problem))
        for (name, url), those in failed.items():
            code = "home_keystone_down" if name == self.cloud.home else "own_keystone_down"
            whys = _listed(dict.fromkeys(why for _, why in those))
            nodes = _listed(minion for minion, _ in those)
            moving = "REGION" if self.region.home else self.region.name  # home has nowhere to go
            yield self._of(code, region=moving, url=url, nodes=nodes, why=whys)

    def _keys(self) -> Iterator[Finding]:
        """Keystones whose keys are not those of home; where home is silent, not what home gave."""
        region, home = self.region, self.home
        with_keys = [one for one in (home.nodes if home else ()) if one.keys]
        replica = region.replica
        for node in region.nodes:
            if not node.keys:
                continue
            if node.keys.faults:
                yield self._of("keys_fault", node, what=_listed(node.keys.faults))
            apart: list[str] = []
            if with_keys and with_keys[0].keys and (region.home or (replica and replica.replicates)):
                apart = keys_apart(node.keys, with_keys[0].keys)
            if apart:
                yield self._of("keys_behind", node, what=_listed(apart))
            elif node.replica and (told := node.replica.told.get(observe.KEYS)):
                yield self._of("keys_behind", node, what=_listed(told))

    def _replica(self) -> Iterator[Finding]:
        region = self.region
        for node in region.nodes:
            replica = node.replica
            if region.home or replica is None:
                continue
            if not replica.replicates:
                yield self._of("replica_none", node)
                continue
            for code, what in faults.faults(replica.io, replica.sql, replica.told):
                yield self._of(code, node, what=what)

    def _endpoints(self) -> Iterator[Finding]:
        region, endpoints = self.region, self.cloud.endpoints
        if endpoints:
            wanted: dict[str, set[str]] = {}
            for one in endpoints:
                wanted.setdefault(one.type, set()).add(one.interface)
            have = {(one.type, one.interface) for one in endpoints if one.region == region.name}
            # A service that a region does not have at all is its own affair; identity it must have.
            types = {kind for kind, _ in have} | {"identity"} | self._served()
            for kind in sorted(types):
                for interface in sorted(wanted.get(kind, ())):
                    if (kind, interface) not in have:
                        yield self._of("endpoint_missing", type=kind, interface=interface)
        silent: dict[str, str] = {}
        for node in region.nodes:
            for answer in node.catalog.answers if node.catalog else ():
                if answer.problem:
                    silent.setdefault(answer.url, answer.problem)
        types_of = {one.url: one.type for node in region.nodes if node.catalog for one in node.catalog.endpoints}
        for url, why in silent.items():
            yield self._of("endpoint_silent", url=url, why=why, type=types_of.get(url, "a service"))

    def _served(self) -> set[str]:
        """The types of service whose nodes are in this region, by the accounts by which they validate tokens."""
        conf = [node.conf for node in self.region.nodes if node.conf]
        projects = {service.project for one in conf for service in one.services if service.validates}
        return {
            service.type
            for project in self.settings.known.projects
            if project.name in projects
            for service in project.services
            if service.type
        }

    def _backups(self) -> Iterator[Finding]:
        """Home alone has rows of its own: the others' are its. A controller that is silent may have a newer one."""
        region = self.region
        said = [one.backups for one in region.nodes if one.backups]
        if not region.home or not said or set(region.silent) & set(region.controllers):
            return
        newest = max((one.newest for one in said if one.newest), default=None)
        if newest is None:
            yield self._of("backup_none")
        elif (age := self.cloud.at - newest) > self.days * _DAY:
            yield self._of("backup_old", age=f"{age / _DAY:.1f} days", limit=f"{self.days:g} days")

    def _node(self, node: Node) -> Iterator[Finding]:
        down = {one.region for one in node.keystones or () if one.problem}
        for part, why in node.problems.items():
            # What did not come in time says nothing of keystone, which has less time than that to refuse.
            if part == "catalog" and part not in node.late:
                if node.region not in down:
                    yield self._of("sign_in_fails", node, why=why)
            elif part == "behind":
                # Home's database is not reached: said already, where its keystone is not either.
                if self.cloud.home not in down and node.replica:
                    yield self._of("unread", node, part=_PARTS[part], why=why)
            else:
                yield self._of("unread", node, part=_PARTS.get(part, part), why=why)
        if abs(node.ahead) > clocks.MOST_SKEW:
            side = "ahead of" if node.ahead > 0 else "behind"
            what = f"the clock of this node is {abs(node.ahead):.0f} s {side} its master's"
            yield self._of("clock_apart", node, what=what)
        if node.tokens and not node.tokens.survives:
            yield self._of("tokens_stored", node, place=node.tokens.stored_in)
        for server, why in node.tokens.silent.items() if node.tokens else ():
            yield self._of("memcached_silent", node, server=server, why=why)
        if node.pressure and (code := _SIZES.get(node.pressure.verdict)):
            yield self._of(code, node, what=node.pressure.sentence.rstrip("."), do=node.pressure.remedy.rstrip("."))
        if node.tokens and self.home and not self.region.home:
            theirs = {one.tokens.release: one.tokens.major for one in self.home.nodes if one.tokens}
            if theirs and node.tokens.major not in theirs.values():
                yield self._of("release_unequal", node, here=node.tokens.release, there=_listed(theirs))
        if node.catalog and node.catalog.stale:
            yield self._of("catalog_stale", node, what=_listed(node.catalog.stale))
        yield from self._conf(node)

    def _conf(self, node: Node) -> Iterator[Finding]:
        if node.conf is None or not node.switch or not node.switch.at:
            return
        at = node.switch.at
        elsewhere: dict[str, list[str]] = {}
        for one in node.conf.services:
            if one.validates and one.at != at:
                elsewhere.setdefault(one.at or one.url, []).append(f"{one.project} ({one.place})")
        for there, services in elsewhere.items():
            yield self._of("service_elsewhere", node, services=_listed(services), there=there, here=at)
        unmanaged: dict[str, list[str]] = {}
        for reference in node.conf.unmanaged:
            if reference.region not in (None, at):
                unmanaged.setdefault(str(reference.region), []).append(f"{reference.path}:{reference.line}")
        for there, places in unmanaged.items():
            yield self._of("reference_elsewhere", node, places=_listed(places), there=there, here=at)
        if node.conf.drift:
            yield self._of("drift", node, count=node.conf.drifted, what=_listed(node.conf.drift))
        for problem in node.conf.problems:
            yield self._of("unread", node, part="a file of its services", why=problem)


def _listed(items: Iterable[str]) -> str:
    return listed(items, _FEW)
