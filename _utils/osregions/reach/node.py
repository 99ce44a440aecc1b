"""One node of a region goes over to its own keystone, and back: guard, switch, and do what the switch says.

The switch moves first. From then on every run, whoever starts it, leads to the same place; so a run that was killed is
made good by the next, and one that another has overtaken does the other's work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from osregions import files
from osregions.conf import operations as conf
from osregions.conf import tree
from osregions.conf.operations import Machine
from osregions.errors import RegionsError
from osregions.files import STATE
from osregions.reach import guards, outcomes
from osregions.reach import switch as switches
from osregions.reach.switch import HOME, LOCAL, Reading, Switch
from osregions.services import operations as serving
from osregions.services import sign_ins
from osregions.services.proof import Check

_HASTE = 0.3  # seconds that a service has to stop by itself while its keystone is gone
_NEXT = "run this again"


@dataclass(frozen=True)
class Cause:
    """Why a region is moved, by whom, and what came before: moments in seconds since the epoch."""

    reason: str
    by: str
    epoch: int | None = None  # the newest that its mover has seen; a node with a newer one has been moved since
    moments: Mapping[str, float] = field(default_factory=dict)  # fault, seen, decided


@dataclass(frozen=True)
class Outcome:
    """What was done on one node, and in a line what that comes to."""

    switch: Switch
    moved: bool
    ok: bool
    comment: str
    changes: Mapping[str, Any]
    timeline: Mapping[str, float]
    checks: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            **asdict(self),
            "changes": dict(self.changes),
            "timeline": dict(self.timeline),
            "checks": [dict(check) for check in self.checks],
            "problems": list(self.problems),
        }


@dataclass(frozen=True)
class Node:
    """This node's services, its switch, and how the caches of a keystone on it are told."""

    machine: Machine
    forget: Callable[[], str] = lambda: ""  # returns what was done; raises RegionsError
    vouched: Callable[[], str] = lambda: ""  # how it was seen that the local keystone takes what home issued, if it was
    wait: float = 90
    state: str | Path = STATE

    @property
    def region(self) -> str:
        """The region of this node."""
        return self.machine.region

    def reading(self) -> Reading:
        """The switch as it is; home's own nodes have none to move."""
        return switches.read(self.region, self.state)

    def at(self, switch: Switch) -> str:
        """The region whose keystone the switch says is to be used."""
        return self.region if switch.local else self.machine.settings.home

    def fail_over(self, cause: Cause, dry: bool = False) -> Outcome:
        """Have the services of this node use the region's own keystone."""
        guards.member(self.machine.settings, self.region)
        problems: list[str] = []
        if not self.reading().switch.local:
            own = self.machine.settings.regions[self.region].keystone
            problems += self._forgets(dry)
            guards.answers(own, f"mend it first: failing over to a keystone that is down helps nobody. Then {_NEXT}")
            if not self.vouched():
                guards.lets_in(own, self._sign_ins(), "has it home's rows and keys? See mysql_replication.status")
        return self._move(LOCAL, cause, dry, tuple(problems))

    def fail_back(self, cause: Cause, dry: bool = False) -> Outcome:
        """Have the services of this node use home's keystone again."""
        guards.member(self.machine.settings, self.region)
        home = self.machine.settings.regions[self.machine.settings.home].keystone
        guards.answers(home, f"{self.region} goes on by itself meanwhile; once home is well, {_NEXT}")
        guards.lets_in(home, self._sign_ins(), "are these accounts at home as they were?")
        # What home changed meanwhile came as rows alone: a role that was taken away would be had here a while longer.
        problems = self._forgets(dry) if self.reading().switch.local else []
        return self._move(HOME, cause, dry, tuple(problems))

    def _forgets(self, dry: bool) -> list[str]:
        """Have the caches of a keystone on this node forget what they hold; what speaks against it."""
        if dry:
            return []
        try:
            self.forget()
        except RegionsError as err:
            return [str(err)]  # a cache that is not there can't lead anybody astray
        return []

    def _sign_ins(self) -> tuple[sign_ins.SignIn, ...]:
        known = self.machine.settings.known
        return sign_ins.read(tree.survey(self.machine.roots, known, projects_only=True).files, known)

    def _move(self, identity: str, cause: Cause, dry: bool, problems: tuple[str, ...]) -> Outcome:
        seen = self.reading()
        switch, moved = seen.switch, False
        newest = max(switch.epoch, cause.epoch or 0)
        overtaken = cause.epoch is not None and switch.epoch > cause.epoch
        # A node that lags behind the others is brought to their epoch, though it is at the right place.
        due = not overtaken and (switch.identity != identity or switch.epoch < newest)
        if due and dry:
            switch = Switch(self.region, identity, newest + 1, cause.reason, cause.by, time.time())
        elif due:
            switches.begin(self.state)
            move = switches.move(self.region, identity, newest + 1, cause.reason, cause.by, self.state)
            switch, moved = move.switch, move.moved
        timeline = dict(cause.moments)
        changes: dict[str, Any] = {}
        if due and (moved or dry) and seen.switch.identity != identity:
            timeline["switched"] = time.time()
            changes["switch"] = {"old": seen.switch.identity, "new": identity, "epoch": switch.epoch}
        if seen.problem:
            renewed = not due and not dry and switches.renew(self.region, self.state)
            problems = (*problems, f"{seen.problem}; it was written anew" if renewed else seen.problem)
        return self._follow(switch, moved, dry, changes, timeline, problems)

    def _follow(
        self,
        switch: Switch,
        moved: bool,
        dry: bool,
        changes: dict[str, Any],
        timeline: dict[str, float],
        problems: tuple[str, ...],
    ) -> Outcome:
        """Do what the switch says; whoever else is at it has done it first."""
        if dry:
            at = self.at(switch)
            plan = self.machine.plan(at, None)
            changes |= _named("options", conf.shown(plan))
            due = serving.follow(self.machine, [change.path for change in plan], self.wait, dry=True)
            changes |= _named("units", due["changes"])
            said = _said(self.region, switch, at, changes, f"would be done: {', '.join(changes)}")
            return Outcome(switch, False, True, said, changes, {}, (), problems)
        with files.locked(Path(self.state) / "acting"):
            # Somebody may have moved it while this run waited for its turn.
            switch = self.reading().switch
            at = self.at(switch)
            written = self.machine.repoint(at, None, dry=False)
            changes |= _named("options", written.changes)
            if written.changes:
                timeline["written"] = time.time()
            done = serving.follow(self.machine, (), self.wait, dry=False, haste=_HASTE if switch.local else None)
            changes |= _named("units", done["changes"])
            if done["changes"]:
                timeline["restarted"] = time.time()
            switches.end(self.state)
        proof: dict[str, Any] = {"ok": True, "checks": []}
        if changes:
            proof = serving.prove(self.machine, at, alone=switch.local)
            if switch.local and (evidence := self.vouched()):
                proof["checks"].append(asdict(Check("keystone", "takes a token that home issued", True, evidence)))
            timeline["proved"] = time.time()
        failed = [
            f"{check['service']} {check['name']}: {check['evidence']}" for check in proof["checks"] if not check["ok"]
        ]
        parts = [done["comment"], *failed] if changes else []
        said = _said(self.region, switch, at, changes, " ".join(parts))
        found = Outcome(switch, moved, bool(proof["ok"]), said, changes, timeline, tuple(proof["checks"]), problems)
        if not changes:
            return found
        unkept = outcomes.keep("failover" if switch.local else "failback", switch.epoch, found.as_dict(), self.state)
        return replace(found, problems=(*problems, unkept)) if unkept else found


def _named(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(changes)} if changes else {}


def _said(region: str, switch: Switch, at: str, changes: Mapping[str, Any], more: str) -> str:
    where = "signs people in by itself" if switch.local else f"uses the keystone of {at}"
    why = f": {switch.reason}" if switch.local and switch.reason else ""
    if not changes:
        return f"{region} {where} (epoch {switch.epoch}{why}); nothing was to be done here."
    return f"{region} {where} (epoch {switch.epoch}{why}). {more}"
