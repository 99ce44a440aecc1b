"""The services of this machine as systemd runs them: which unit runs which program of which project."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from osregions.conf.catalogue import Project, Service
from osregions.errors import RegionsError
from osregions.keystone_node import WEB_SERVERS
from osregions.tokens import sockets, units

_LIST = ("list-units", "--type=service", "--all", "--plain", "--no-legend", "--full", "--no-pager")
_SHOWN = "Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts"
_RUNS = re.compile(r"^\s*(?:WSGIScriptAlias\w*|WSGIDaemonProcess|ProxyPass\w*)\b.*$", re.MULTILINE | re.IGNORECASE)

Systemctl = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Program:
    """A program of a project, as the catalogue knows it."""

    project: str
    service: Service


@dataclass(frozen=True)
class State:
    """What systemd says of a unit."""

    active: str  # ActiveState
    sub: str  # SubState
    enabled: bool
    pid: int
    restarts: int  # how often systemd itself has started it anew

    @property
    def up(self) -> bool:
        """Whether it runs, and is not on its way there or back."""
        return self.active == "active" and self.sub in ("running", "exited")


@dataclass(frozen=True)
class Unit:
    """A unit that runs programs of projects; times are seconds since the epoch."""

    name: str
    programs: tuple[Program, ...]
    state: State
    started: float | None

    @property
    def rank(self) -> int:
        """When its turn to restart is: the lower, the sooner."""
        return min(program.service.rank for program in self.programs)

    @property
    def shared(self) -> bool:
        """Whether it is a web server, which runs others' programs too."""
        return self.name in WEB_SERVERS


def systemctl(words: Sequence[str]) -> str:
    """What systemctl says."""
    try:
        done = subprocess.run(
            ["systemctl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
    except FileNotFoundError as err:
        raise RegionsError(
            "there is no systemctl here", " ".join(words)[:80], "services are looked after through systemd"
        ) from err
    except subprocess.TimeoutExpired as err:
        raise RegionsError(
            "systemctl does not answer", words[0], "see whether systemd is well on this machine"
        ) from err
    if done.returncode and not done.stdout:
        raise RegionsError(f"systemctl {words[0]} failed: {done.stderr.strip()[:200]}", "", "is systemd well here?")
    return done.stdout


def view(projects: Iterable[Project], ask: Systemctl = systemctl, root: str | Path = "/") -> tuple[Unit, ...]:
    """The units of this machine that run programs of these projects, web servers with such a site among them."""
    programs = [Program(project.name, service) for project in projects for service in project.services]
    names = [line.split()[0].removesuffix(".service") for line in ask(_LIST).splitlines() if line.split()]
    found: dict[str, list[Program]] = {}
    for name in names:
        places = WEB_SERVERS.get(name)
        sites = _sites(places, root) if places else ""
        for program in programs:
            service = program.service
            if places:
                runs = service.site is not None and re.search(service.site, sites) is not None
            else:
                runs = any(re.fullmatch(pattern, name) for pattern in service.units)
            if runs:
                found.setdefault(name, []).append(program)
    seen = states(found, ask)
    return tuple(
        Unit(name, tuple(those), seen[name], units.started(seen[name].pid) if seen[name].pid else None)
        for name, those in found.items()
        if name in seen
    )


def states(names: Iterable[str], ask: Systemctl = systemctl) -> dict[str, State]:
    """What systemd says of these units; those that it does not know are left out."""
    wanted = [f"{name}.service" for name in names]
    if not wanted:
        return {}
    found = {}
    for block in ask(("show", f"--property={_SHOWN}", "--", *wanted)).split("\n\n"):
        said = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if said.get("LoadState") != "loaded":
            continue
        found[said["Id"].removesuffix(".service")] = State(
            active=said.get("ActiveState", ""),
            sub=said.get("SubState", ""),
            enabled=said.get("UnitFileState", "").startswith(("enabled", "static", "alias", "generated")),
            pid=int(said.get("MainPID") or 0),
            restarts=int(said.get("NRestarts") or 0),
        )
    return found


def listening(unit: str) -> dict[tuple[str, int], int]:
    """The addresses and ports on which a unit's processes listen."""
    return sockets.ports(units.members(unit))


def _sites(places: Sequence[str], root: str | Path) -> str:
    """The lines by which a web server's sites run programs."""
    lines = []
    for place in places:
        for site in sorted(Path(root, place.lstrip("/")).glob("*")):
            if site.is_file():
                lines += _RUNS.findall(site.read_text(errors="replace"))
    return "\n".join(lines)
