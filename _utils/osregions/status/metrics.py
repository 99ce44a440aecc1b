"""The status as metrics of Prometheus, in the text that node_exporter's textfile collector reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from osregions.reach.remedies import SEVERITIES

PREFIX = "openstack_regions_"
Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True)
class Metric:
    """One metric, a gauge: what it is, and by what it is told apart."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


METRICS = (
    Metric("status_timestamp_seconds", "When the status was read, in seconds since the epoch."),
    Metric("status_duration_seconds", "How long reading it took."),
    Metric("status_worst", "The worst finding: 0 none, 1 info, 2 warning, 3 error."),
    Metric("findings", "Findings by their code, see osregions.reach.remedies.", ("region", "code", "severity")),
    Metric("nodes", "Minions of a region that answered, and that were silent.", ("region", "state")),
    Metric("identity_local", "1 while a region signs people in by its own keystone.", ("region",)),
    Metric("identity_epoch", "How often a region was moved.", ("region",)),
    Metric("keystone_answers", "1 while every node of a region is answered by that keystone.", ("region", "keystone")),
    Metric("sign_in_seconds", "How long the admin's signing in takes; absent where it fails.", ("region",)),
    Metric("replica_running", "1 while a region replicates home's identity.", ("region",)),
    Metric("replica_lag_seconds", "How far it is behind, at least; absent where nobody knows.", ("region",)),
    Metric("endpoint_answers", "1 while an endpoint answers.", ("region", "type", "interface")),
    Metric("backup_age_seconds", "The age of the newest backup of a region's keystone database.", ("region",)),
)


def told(status: Mapping[str, Any]) -> str:
    """What `regions.status` returned, as metrics."""
    samples: dict[str, list[Sample]] = {}
    for name, labels, value in _samples(status):
        samples.setdefault(name, []).append((labels, value))
    lines = []
    for metric in METRICS:
        if found := samples.get(metric.name):
            lines += [f"# HELP {PREFIX}{metric.name} {metric.help}", f"# TYPE {PREFIX}{metric.name} gauge"]
            lines += [_line(metric, labels, value) for labels, value in found]
    return "\n".join(lines) + "\n"


def _samples(status: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str], float]]:
    yield "status_timestamp_seconds", {}, status["at"]
    yield "status_duration_seconds", {}, status["seconds"]
    yield "status_worst", {}, SEVERITIES.index(status["worst"]) + 1 if status["worst"] else 0
    counts: dict[tuple[str, str, str], int] = {}
    for one in status["findings"]:
        key = (one["where"].split(",")[0], one["code"], one["severity"])
        counts[key] = counts.get(key, 0) + 1
    for (region, code, severity), count in counts.items():
        yield "findings", {"region": region, "code": code, "severity": severity}, count
    for name, region in status["regions"].items():
        yield from _region(name, region, status["at"])


def _region(name: str, region: Mapping[str, Any], now: float) -> Iterator[tuple[str, Mapping[str, str], float]]:
    own = {"region": name}
    yield "nodes", {**own, "state": "answered"}, len(region["nodes"])
    yield "nodes", {**own, "state": "silent"}, len(region["silent"])
    if (switch := region["identity"]) and not region["home"]:
        yield "identity_local", own, switch["identity"] == "local"
        yield "identity_epoch", own, switch["epoch"]
    for one in region["keystones"]:
        yield "keystone_answers", {**own, "keystone": one["region"]}, not one["failed"]
    if region["sign_in"] is not None:
        yield "sign_in_seconds", own, region["sign_in"]
    if (replica := region["replica"]) and not region["home"]:
        yield "replica_running", own, replica["runs"]
        lag = replica["behind"] if replica["lag"] is None else replica["lag"]
        if lag is not None:
            yield "replica_lag_seconds", own, lag
    # Two endpoints may have one service type and interface: both have to answer.
    answers: dict[tuple[str, str], bool] = {}
    for one in region["endpoints"]:
        if one["problem"] is not None:
            key = (one["type"], one["interface"])
            answers[key] = answers.get(key, True) and not one["problem"]
    for (kind, interface), good in answers.items():
        yield "endpoint_answers", {**own, "type": kind, "interface": interface}, good
    if region["backups"] and region["backups"]["newest"]:
        yield "backup_age_seconds", own, max(now - region["backups"]["newest"], 0)


def _line(metric: Metric, labels: Mapping[str, str], value: float) -> str:
    shown = ",".join(f'{name}="{_escaped(labels[name])}"' for name in metric.labels)
    number = repr(float(value)) if isinstance(value, float) else str(int(value))
    return f"{PREFIX}{metric.name}{f'{{{shown}}}' if shown else ''} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
