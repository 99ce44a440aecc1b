"""Which units have to be restarted: those that read a file which was written after their start. A pure function."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from osregions.conf.known import Known
from osregions.services.view import Program, Unit


@dataclass(frozen=True)
class Restart:
    """One unit's turn."""

    unit: Unit
    because: str  # the file that it has not read yet
    verb: str  # what it comes to: restarted, or started


def restarts(units: Iterable[Unit], written: Mapping[str, float], known: Known, now: float) -> tuple[Restart, ...]:
    """The restarts that are due, in an order that works; each unit once, a web server once for all it runs.

    `written` says when this project wrote each file. A unit that nobody wants to run is left alone. A moment that is
    yet to come tells nothing (a clock was set back), and would ask for a restart for ever.
    """
    due = []
    for unit in units:
        if not _wanted(unit):
            continue
        newer = [
            path
            for path, moment in written.items()
            if moment <= now
            and (unit.started is None or unit.started < moment)
            and any(reads(program, path, known) for program in unit.programs)
        ]
        if newer:
            verb = "restarted" if unit.state.up else "started"
            due.append(Restart(unit, max(newer, key=written.__getitem__), verb))
    return tuple(sorted(due, key=lambda restart: (restart.unit.rank, restart.unit.name)))


def reads(program: Program, path: str, known: Known) -> bool:
    """Whether a program reads a file: by the project that the file belongs to, and its name."""
    project = known.project_of(path)
    if project is None or project.name != program.project:
        return False
    name = os.path.basename(path)
    if os.path.dirname(path).endswith(".d"):
        name = project.files[0]  # what lies in its `.d` folder is read with the main file
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in program.service.files)


def _wanted(unit: Unit) -> bool:
    """Whether a unit runs, is on its way, or failed though it is to run."""
    if unit.state.active in ("active", "reloading", "activating"):
        return True
    return unit.state.active == "failed" and unit.state.enabled
