"""P9 and the proof on this machine: look, plan, act. What Salt's modules call; nothing here knows Salt."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from osregions.conf import tree
from osregions.conf.operations import Machine
from osregions.services import act, plan, proof, sign_ins, view


def follow(
    machine: Machine, planned: Iterable[str], wait: float, dry: bool, haste: float | None = None
) -> dict[str, Any]:
    """Restart the units that have not read what this project wrote, and wait for them.

    `planned` are files that would be written, under a plan that has not been carried out; `haste` is for units whose
    keystone is gone, see `act.restart`.
    """
    known = machine.settings.known
    now = time.time()
    written = {**machine.written(), **dict.fromkeys(planned, now)}
    units = view.view(known.projects) if written else ()
    due = plan.restarts(units, written, known, now)
    changes = {one.unit.name: one.verb for one in due}
    if not due:
        return {"changes": {}, "comment": "Every service runs with its configuration as it is."}
    if dry:
        words = ", ".join(f"{one.unit.name} ({one.because})" for one in due)
        return {"changes": changes, "comment": f"Not read yet by: {words}."}
    back = act.restart(due, wait, haste=haste)
    words = ", ".join(f"{one.unit} after {one.seconds} s" for one in back)
    return {"changes": changes, "comment": f"Restarted, in this order, and answering again: {words}."}


def prove(machine: Machine, at: str, alone: bool = False) -> dict[str, Any]:
    """Prove that the services of this machine accept real tokens, and validate at the keystone of the region `at`.

    `alone`: the other regions' keystones are out of reach, and are not asked whether they know the token.
    """
    known = machine.settings.known
    keystones = {one.region: one for one in machine.settings.keystones}
    found = tree.survey(machine.roots, known, projects_only=True)
    checks = proof.prove(
        sign_ins.read(found.files, known),
        view.view(known.projects),
        keystones[at],
        [one for name, one in keystones.items() if name != at and not alone],
    )
    return {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}
