"""The status as one HTML file: no script, nothing from elsewhere, for any screen, light and dark."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2

from osregions.reach import timeline
from osregions.reach.remedies import ERROR, INFO, WARNING
from osregions.replication.observe import BEHIND
from osregions.status import plots, table
from osregions.status.page_template import PAGE, STYLE

_WORDS = {ERROR: "Error", WARNING: "Warning", INFO: "Remark"}
_BOX, _STEP, _TOP = 74, 96, 4  # heights of the picture: a region, from one to the next, and above the first


def render(status: Mapping[str, Any], records: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page of what `regions.status` returned; `records` are what was kept of it before, the oldest first."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.finalize = _printable
    environment.filters["sentence"] = table.sentence
    found: str = environment.from_string(PAGE).render(
        style=STYLE,
        status=status,
        head=table.head(status),
        words=_WORDS,
        picture=_picture(status),
        regions=[_region(name, status, records) for name in status["regions"]],
        moment=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(status["at"])),
        width=plots.WIDTH,
        height=plots.HEIGHT,
    )
    return found


def _printable(value: Any) -> Any:
    """What a minion said may hold characters that no document can."""
    if isinstance(value, str) and not value.isprintable():
        kept = "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in value)
        return type(value)(kept) if hasattr(value, "__html__") else kept
    return value


def _picture(status: Mapping[str, Any]) -> dict[str, Any]:
    """Where each region stands in the picture, home first, and how the lines to it are."""
    home = status["home"]
    names = [home, *(name for name in status["regions"] if name != home)]
    boxes = []
    for place, name in enumerate(names):
        region = status["regions"].get(name)
        if region is None:
            continue
        y = _TOP + place * _STEP
        switch = region["identity"] or {}
        replica, lag, whole = _replica(region["replica"])
        boxes.append(
            {
                "name": name,
                "home": name == home,
                "y": y,
                "middle": y + _BOX // 2,
                "state": _state(name, home, status),
                "local": switch.get("identity") == "local",
                "known": bool(switch),
                "reached": name not in _without_home(status),
                "replica": replica,
                "lag": lag,
                "whole": whole,
                "nodes": _nodes(region),
                "uses": _uses(name, home, region, switch),
            }
        )
    return {"boxes": boxes, "height": _TOP + len(names) * _STEP, "box": _BOX}


def _without_home(status: Mapping[str, Any]) -> set[str]:
    """The regions whom home's keystone does not answer."""
    return {one["where"].split(",")[0] for one in status["findings"] if one["code"] == "home_keystone_down"}


def _state(name: str, home: str, status: Mapping[str, Any]) -> str:
    """How bad it is with a region; nothing is told of one that is not seen."""
    found = {one["severity"] for one in status["findings"] if one["where"].split(",")[0] == name}
    if ERROR in found or (name == home and _without_home(status)):
        return ERROR
    if WARNING in found:
        return WARNING
    return "ok" if status["regions"][name]["nodes"] else "unseen"


def _replica(said: Mapping[str, Any] | None) -> tuple[str, str, bool]:
    """How bad it is with a replica, how far it is behind, and whether its line is whole.

    What is not known is neither well nor broken.
    """
    if said is None:
        return WARNING, "replica unknown", False
    if not said.get("runs"):
        return ERROR, "stands still" if said.get("replicates") else "no replica", False
    if (lag := table.lag(said)) is None:
        return WARNING, "lag unknown", False
    return WARNING if said["told"].get(BEHIND) else "ok", lag, True


def _nodes(region: Mapping[str, Any]) -> str:
    silent = len(region["silent"])
    count = len(region["nodes"]) + silent
    return f"{count} node{'s' if count != 1 else ''}" + (f", {silent} silent" if silent else "")


def _uses(name: str, home: str, region: Mapping[str, Any], switch: Mapping[str, Any]) -> str:
    if not region["nodes"]:
        return "does not answer" if region["silent"] else "is not seen from here"
    if not switch and name != home:
        return "nobody says whose keystone it uses"
    local = name == home or switch["identity"] == "local"
    return "uses its own keystone" if local else f"uses {switch['at']}'s keystone"


def _endpoints(region: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each address of a service, whatever interfaces have it."""
    found: dict[tuple[str, str, str | None], list[str]] = {}
    for one in region["endpoints"]:
        found.setdefault((one["type"], one["url"], one["problem"]), []).append(one["interface"])
    return [
        {"type": kind, "url": url, "problem": problem, "interfaces": ", ".join(sorted(interfaces))}
        for (kind, url, problem), interfaces in found.items()
    ]


def _region(name: str, status: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    region = status["regions"][name]
    drawn = [
        ("How far the replica is behind", None if region["home"] else plots.of(records, name, "lag")),
        ("How long signing in takes", plots.of(records, name, "sign_in")),
    ]
    last = (region["identity"] or {}).get("last")
    return {
        "name": name,
        "rows": [(label, text) for label, text in table.rows(name, status) if label not in ("endpoints", "services")],
        "endpoints": _endpoints(region),
        "nodes": region["nodes"],
        "silent": region["silent"],
        "plots": [(title, plot) for title, plot in drawn if plot],
        "last": f"{last['what']}, epoch {last['epoch']}: {timeline.told(last['timeline'])}" if last else "",
    }
