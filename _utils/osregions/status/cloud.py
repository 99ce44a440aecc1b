"""From the answers of many minions to the facts of one cloud, and from these to plain data that others show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from osregions import clocks
from osregions.model import Finding
from osregions.status import findings
from osregions.status.answers import node_from
from osregions.status.facts import Cloud, Node, Region


@dataclass(frozen=True)
class Answer:
    """What a minion returned, and when; seconds since the epoch."""

    said: object
    at: float


def assemble(
    home: str,
    known: Mapping[str, Collection[str]],
    answers: Mapping[str, Answer],
    asked: float,
    seconds: float,
    controllers: Mapping[str, Collection[str]],
) -> Cloud:
    """The facts of a cloud: `known` has the minions of each region, `controllers` those of them that serve keystone,
    whether they answered or not. `asked` is when they were, and `seconds` how long all of it took.
    """
    regions = []
    for name, minions in known.items():
        nodes = tuple(
            node_from(one, name, answers[one].said, partial(_ahead, asked, answers[one].at))
            for one in sorted(minions)
            if one in answers
        )
        silent = tuple(sorted(set(minions) - set(answers)))
        regions.append(Region(name, name == home, nodes, silent, tuple(sorted(controllers.get(name, ())))))
    return Cloud(home, asked, round(seconds, 3), tuple(regions))


def _ahead(asked: float, answered: float, said: float) -> float:
    return clocks.ahead(asked, said, answered)


def shown(cloud: Cloud, found: Collection[Finding]) -> dict[str, Any]:
    """Facts and findings as plain data: what the runner returns, the page draws and the metrics count."""
    return {
        "ok": not findings.retcode(found),
        "retcode": findings.retcode(found),
        "worst": findings.worst(found),
        "home": cloud.home,
        "at": cloud.at,
        "seconds": cloud.seconds,
        "findings": [asdict(one) for one in found],
        "regions": {region.name: _region(cloud, region) for region in cloud.regions},
    }


def _region(cloud: Cloud, region: Region) -> dict[str, Any]:
    switch = region.switch
    sign_ins = [one.catalog.sign_in for one in region.nodes if one.catalog]
    backups = [one.backups for one in region.nodes if one.backups]
    return {
        "home": region.home,
        "identity": asdict(switch) if switch else None,
        "keystones": _keystones(region),
        "replica": {**asdict(region.replica), "runs": region.replica.runs} if region.replica else None,
        "sign_in": max(sign_ins, default=None),
        "endpoints": _endpoints(cloud, region),
        "backups": {
            "count": sum(one.count for one in backups),
            "newest": max((one.newest for one in backups if one.newest), default=None),
        }
        if backups
        else None,
        "nodes": {one.minion: _node(one) for one in region.nodes},
        "silent": list(region.silent),
    }


def _keystones(region: Region) -> list[dict[str, Any]]:
    """Each keystone that was asked from this region, and who asked it in vain."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for node in region.nodes:
        for one in node.keystones or ():
            entry = found.setdefault(
                (one.region, one.url), {"region": one.region, "url": one.url, "asked": 0, "failed": {}}
            )
            entry["asked"] += 1
            if one.problem:
                entry["failed"][node.minion] = one.problem
    return list(found.values())


def _endpoints(cloud: Cloud, region: Region) -> list[dict[str, Any]]:
    # One that follows the keystone which serves the catalog is home's here: home's nodes have asked it.
    answered: dict[str, str] = {}
    for other in sorted(cloud.regions, key=lambda one: one.name == region.name):
        for node in other.nodes:
            answered |= {one.url: one.problem for one in (node.catalog.answers if node.catalog else ())}
    return [
        {"type": one.type, "interface": one.interface, "url": one.url, "problem": answered.get(one.url)}
        for one in cloud.endpoints
        if one.region == region.name
    ]


def _node(node: Node) -> dict[str, Any]:
    return {
        "keystone": node.keystone,
        "database": node.database,
        "identity": node.switch.identity if node.switch else None,
        "epoch": node.switch.epoch if node.switch else None,
        "unfinished": node.switch.unfinished if node.switch else None,
        "watches": node.seen is not None,
        "ahead": round(node.ahead, 3),
        "tokens": asdict(node.tokens) if node.tokens else None,
        "pressure": asdict(node.pressure) if node.pressure else None,
        "keys": asdict(node.keys) if node.keys else None,
        "services": [asdict(one) for one in node.conf.services] if node.conf else None,
        "drift": list(node.conf.drift) if node.conf else None,
        "unmanaged": [asdict(one) for one in node.conf.unmanaged] if node.conf else None,
        "counts": {"drift": node.conf.drifted, "unmanaged": node.conf.unmanaged_count} if node.conf else None,
        "problems": dict(node.problems),
    }
