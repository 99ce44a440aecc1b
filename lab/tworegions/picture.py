"""The closing picture of the demo: drawn from what was found, not from what was meant."""

from __future__ import annotations

from collections.abc import Sequence

from . import machine
from .settings import HOSTS, Versions

JOIN = "orch.join"

_WIDTH = 37
_NAMES = {"RegionOne": "RegionOne (home)", "RegionTwo": "RegionTwo"}


def boxes() -> list[list[str]]:
    """For each region its hosts, and the services that run there at this moment."""
    found = []
    for region in (1, 2):
        lines = []
        for host in HOSTS:
            if host.region != region:
                continue
            lines.append(f"{host.name:17} {host.address}")
            states = machine.execute(host, "systemctl", "is-active", *host.services, check=False).stdout.split()
            lines += [f"  {name:15} {state}" for name, state in zip(host.services, states, strict=True)]
        found.append(lines)
    return found


def draw(versions: Versions, catalog: Sequence[tuple[str, str, str]], identity: str, timings: dict[str, float]) -> str:
    """The cloud as it stands (`catalog`: type, region, URL; `identity`: RegionTwo's), and where the time went."""
    left, right = boxes()
    height = max(len(left), len(right))
    bar = f"  +{'-' * _WIDTH}+          +{'-' * _WIDTH}+"
    lines = ["", bar, _row(_NAMES["RegionOne"], _NAMES["RegionTwo"]), bar]
    for number in range(height):
        lines.append(
            _row(
                left[number] if number < len(left) else "",
                right[number] if number < len(right) else "",
                "--router--" if number == height // 2 else " " * 10,
            )
        )
    lines += [bar, "", f"  the catalog of home's keystone ({versions}):"]
    lines += [f"    {kind:10} {region:10} {url}" for kind, region, url in sorted(set(catalog))]
    lines += ["", f"  {identity}", "", "  where the time went:"]
    lines += [f"  {seconds:7.1f} s  {text}" for text, seconds in timings.items() if seconds >= 1]
    lines += [
        "",
        "  look around:  lab/exec one-controller bash -c '. /root/keystonerc_admin; openstack endpoint list'",
        "  break it:     lab/cut, lab/hole, lab/lose 30, lab/heal",
        "  take it away: lab/down",
    ]
    return "\n".join(lines)


def _row(left: str, right: str, between: str = " " * 10) -> str:
    return f"  | {left:{_WIDTH - 1}}|{between}| {right:{_WIDTH - 1}}|"
