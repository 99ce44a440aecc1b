"""The wires: a bridge per region, a router between them, and the ways in which the line can fail."""

from __future__ import annotations

from .settings import HOSTS, PREFIX, Host
from .shell import LabError, run

ROUTER = f"{PREFIX}-router"
REGIONS = (1, 2)
_LOSSY = "lossy"


def _switch(region: int) -> str:
    return f"{PREFIX}-switch{region}"


def _ip(netns: str, *words: str) -> None:
    run(["ip", "-n", netns, *words])


def existing() -> list[str]:
    """Network namespaces of the lab that are there now."""
    names = run(["ip", "netns", "list"]).stdout.split("\n")
    return [line.split()[0] for line in names if line.startswith(f"{PREFIX}-")]


def up() -> None:
    """Lay the wires: router, bridges and the hosts' namespaces with their addresses."""
    for name in (ROUTER, *map(_switch, REGIONS)):
        run(["ip", "netns", "add", name])
        _ip(name, "link", "set", "lo", "up")
    _forward(True)
    for region in REGIONS:
        switch, leg = _switch(region), f"region{region}"
        _ip(switch, "link", "add", "bridge", "type", "bridge")
        _ip(switch, "link", "set", "bridge", "up")
        _ip(ROUTER, "link", "add", leg, "type", "veth", "peer", "name", "router", "netns", switch)
        _ip(ROUTER, "addr", "add", f"10.213.{region}.1/24", "dev", leg)
        _ip(ROUTER, "link", "set", leg, "up")
        _ip(switch, "link", "set", "dev", "router", "master", "bridge", "up")
    for host in HOSTS:
        _plug(host)


def _plug(host: Host) -> None:
    switch = _switch(host.region)
    run(["ip", "netns", "add", host.netns])
    _ip(host.netns, "link", "set", "lo", "up")
    _ip(host.netns, "link", "add", "eth0", "type", "veth", "peer", "name", host.name, "netns", switch)
    _ip(host.netns, "addr", "add", f"{host.address}/24", "dev", "eth0")
    _ip(host.netns, "link", "set", "eth0", "up")
    _ip(host.netns, "route", "add", "default", "via", host.gateway)
    _ip(switch, "link", "set", "dev", host.name, "master", "bridge", "up")


def down() -> None:
    """Take every wire away."""
    for name in existing():
        run(["ip", "netns", "delete", name])


def cut() -> None:
    """Take RegionTwo's leg of the router down: senders at home are told `unreachable`, the others hear nothing."""
    _needs_router()
    _ip(ROUTER, "link", "set", "region2", "down")


def hole() -> None:
    """Stop forwarding: what goes from one region to the other vanishes without a word."""
    _needs_router()
    _forward(False)


def lose(percent: int) -> None:
    """Lose some of the packets between the regions, each by itself, either way."""
    _needs_router()
    _keep_all()
    rules = (
        f"add table ip {_LOSSY}",
        f"add chain ip {_LOSSY} forward {{ type filter hook forward priority 0; }}",
        f"add rule ip {_LOSSY} forward numgen random mod 100 < {percent} drop",
    )
    run(["ip", "netns", "exec", ROUTER, "nft", "-f", "-"], stdin="\n".join(rules) + "\n")


def heal() -> None:
    """Undo `cut`, `hole` and `lose`."""
    _needs_router()
    _ip(ROUTER, "link", "set", "region2", "up")
    _forward(True)
    _keep_all()


def state() -> str:
    """How the line between the regions is: whole, cut, hole, lossy, or several of these at once."""
    _needs_router()
    down = "state DOWN" in run(["ip", "-n", ROUTER, "link", "show", "region2"]).stdout
    forwarding = run(["ip", "netns", "exec", ROUTER, "sysctl", "-n", "net.ipv4.ip_forward"]).stdout.strip() == "1"
    faults = (["cut"] if down else []) + ([] if forwarding else ["hole"])
    faults += ["lossy"] if _LOSSY in _tables() else []
    return " and ".join(faults) or "whole"


def _forward(yes: bool) -> None:
    run(["ip", "netns", "exec", ROUTER, "sysctl", "-qw", f"net.ipv4.ip_forward={int(yes)}"])


def _tables() -> str:
    return run(["ip", "netns", "exec", ROUTER, "nft", "list", "tables"]).stdout


def _keep_all() -> None:
    if _LOSSY in _tables():
        run(["ip", "netns", "exec", ROUTER, "nft", "delete", "table", "ip", _LOSSY])


def _needs_router() -> None:
    if ROUTER not in existing():
        raise LabError("the lab is not up; start it with lab/up")
