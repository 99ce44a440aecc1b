"""All nodes of a region go over to its own keystone, or back: what a master asks them, decides, and has them do.

A master believes no event. That one came makes it ask the region's controllers what they see; their answers are theirs,
for Salt checks who returns a job, as it does not check who an event is from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from osregions.errors import Refused
from osregions.lines import one_line
from osregions.reach import guards, timeline, verdict, view
from osregions.reach.view import HOME, LOCAL, Replica, View
from osregions.settings import Settings

_RETURN = 30.0  # seconds in which a replica comes up with home once the line is whole again
_PAUSE = 1.0
_REASON = 500  # characters of a reason that a node told
Answers = Mapping[str, Mapping[str, Any]]


class Ask(Protocol):
    """Have the minions of a target do something, and wait for their answers."""

    def __call__(self, target: str, fun: str, **words: Any) -> Answers:
        """By minion: `ret`, and `retcode` when it failed."""


@dataclass(frozen=True)
class Standing:
    """Where the switch of a region is, and what its controllers see."""

    identity: str
    epoch: int
    picture: View
    unfinished: tuple[str, ...] = ()  # nodes whose services do not follow their switch yet
    astray: tuple[str, ...] = ()  # nodes whose switch is not where the region's is
    tied: bool = False  # one of these has come to the same number
    reason: str = ""  # why the region was moved last


@dataclass(frozen=True)
class Result:
    """What a master did with a region, and what to tell."""

    ok: bool
    comment: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)  # for the bus; empty: nothing that anybody wants to hear
    returns: bool = False  # the region is to return now, and by itself: orch.failback does that


@dataclass(frozen=True)
class Fleet:
    """A region's nodes, as one master reaches them."""

    settings: Settings
    region: str
    ask: Ask
    known: Callable[[str], Collection[str]]  # the minions of a target, whether they answer or not
    by: str
    test: bool = False

    def __post_init__(self) -> None:
        guards.member(self.settings, self.region)

    @property
    def _nodes(self) -> str:
        return self.settings.target("region", self.region)

    @property
    def _keystones(self) -> str:
        return self.settings.target("keystone", self.region)

    @property
    def _databases(self) -> str:
        return self.settings.target("database", self.region)

    def standing(self, replica: Replica | None = None) -> Standing:
        """Ask every node where its switch is, and the controllers what they see."""
        controllers = self.known(self._keystones)
        said = _good(self.ask(self._nodes, "regions.standing", controllers=len(controllers)))
        if not said:
            raise Refused(
                f"no minion of {self.region} answers this master",
                self._nodes,
                f"run this on {self.region}'s own master, or on each node: salt-call --local regions.failover",
            )
        switches = {minion: answer["switch"] for minion, answer in said.items()}
        # Nodes that moved alone may have come to the same number: then the later one counts.
        newest = max(switches.values(), key=lambda one: (one["epoch"], one["since"]))
        astray = {minion: one for minion, one in switches.items() if one["identity"] != newest["identity"]}
        # Every node may watch; the controllers decide.
        seen = {minion: said[minion]["seen"] for minion in said if minion in controllers and said[minion]["seen"]}
        moves = max((tuple(one["moves"]) for one in switches.values()), key=len)
        return Standing(
            newest["identity"],
            newest["epoch"],
            view.of(
                self.region,
                seen,
                self.settings,
                newest["identity"],
                newest["epoch"],
                moves,
                time.time(),
                len(controllers),
                replica,
                moved=newest["since"],
            ),
            tuple(sorted(minion for minion, one in switches.items() if one["unfinished"])),
            tuple(sorted(astray)),
            any(one["epoch"] == newest["epoch"] for one in astray.values()),
            one_line(str(newest.get("reason") or ""), _REASON),
        )

    # ---- over ----

    def react(self) -> Result:
        """Do what is to be done by itself, after some event said that it is worth looking."""
        found = self.standing()
        decided = verdict.decide(found.picture)
        stragglers = ", ".join(sorted({*found.unfinished, *found.astray}))
        if decided.action == verdict.FAIL_OVER:
            return self._over(found, decided.reason)
        # They follow for the reason for which the others moved, which may be at it this very moment.
        reason = found.reason or f"{stragglers} did not follow"
        if stragglers and found.identity == LOCAL:
            return self._over(found, reason)
        if stragglers:
            return self._back(found, reason, sorted({*found.unfinished, *found.astray}))
        if decided.code != "replica_unknown":
            return Result(True, f"{self.region}: {decided.text}")
        return self._maybe_back(found)

    def _maybe_back(self, found: Standing) -> Result:
        """Home is well and the region is not there: say so, or have it return, as pillar's mode says."""
        if not self.known(self.settings.target("keystone", self.settings.home)):
            return Result(True, f"{self.region}: {self.settings.home} is back; its own master looks after the return")
        replica, told = self._replica(time.monotonic())
        decided = verdict.decide(replace(found.picture, replica=replica))
        said = f"{self.region}: {decided.text} ({told})"
        if decided.action == verdict.FAIL_BACK:
            return Result(True, said, returns=True)
        asks = decided.action == verdict.ASKS
        data = {"action": decided.action, "code": decided.code, "reason": decided.reason, "remedy": decided.remedy}
        return Result(
            True, said, event={"tag": f"openstack_regions/verdict/{self.region}", "data": data} if asks else {}
        )

    def over(self, reason: str) -> Result:
        """Fail the region over because a person said so; each node looks at the local keystone before it moves."""
        return self._over(self.standing(), reason)

    def _over(self, found: Standing, reason: str) -> Result:
        moments = {"decided": time.time()}
        homes = [one.home for one in found.picture.sights]
        if faults := [one.failing for one in homes if one.failing]:
            moments["fault"] = min(faults)
        if seen := [one.since for one in homes if one.since and one.state == "down"]:
            moments["seen"] = min(seen)
        words = {"reason": reason, "by": self.by, "epoch": _passed(found, LOCAL), "moments": moments, "test": self.test}
        answers = self.ask(self._nodes, "regions.failover", **words)
        return self._result("failover", answers, self.known(self._nodes))

    # ---- and back ----

    def fit_to_return(self, by_itself: bool, patience: float = _RETURN) -> str:
        """Look whether the region can return to home; what was seen. Raises Refused with what speaks against it."""
        replica, told = self._replica(time.monotonic() + patience)
        found = self.standing(replica)
        if found.identity == HOME and not found.astray and not found.unfinished:
            return f"{self.region} is at home already"
        if by_itself:
            decided = verdict.decide(found.picture)
            if decided.action != verdict.FAIL_BACK:
                raise Refused(f"{self.region} stays as it is: {decided.reason}", "", decided.remedy)
            return f"{decided.reason}; {told}"
        if found.picture.sights:
            decided = verdict.asked_for(found.picture, verdict.FAIL_BACK)
            if decided.action == verdict.REFUSE:
                raise Refused(decided.reason, "", decided.remedy)
        return told

    def _replica(self, until: float) -> tuple[Replica, str]:
        """How the region's replica is, after it had time to come up with home. Raises Refused for divergence."""
        while True:
            answers = self.ask(self._databases, "mysql_replication.replicates")
            holds = [one for one, answer in answers.items() if answer.get("ret") is True]
            if holds or time.monotonic() > until:
                break
            time.sleep(_PAUSE)
        if not answers:
            raise Refused(
                f"no node of the database of {self.region} answers this master",
                self._databases,
                "after a cut a minion may take minutes to notice that its connection is gone: restart it, or wait",
            )
        if not holds:
            words = "; ".join(f"{one}: {answer.get('ret')}" for one, answer in _sorted(answers))
            raise Refused(
                f"no node of the database of {self.region} replicates home",
                words,
                "is its database server up? See mysql_replication.status",
            )
        node = f"L@{min(holds)}"
        while True:
            resumed = next(iter(self.ask(node, "mysql_replication.resume", test=self.test).values()), {})
            status = next(iter(self.ask(node, "mysql_replication.status").values()), {})
            said = status.get("ret")
            # What is wrong beside it (keys, clocks, the fence) is told, and keeps nobody from home's own keystone.
            if isinstance(said, Mapping) and said.get("lag") is not None:
                break
            if time.monotonic() > until:
                wrong = said.get("findings") if isinstance(said, Mapping) else [said]
                more = [resumed.get("ret")] if resumed.get("retcode") else []
                listed = "; ".join(map(str, [*more, *(wrong or [])]))
                raise Refused(
                    f"the replica of {self.region} stands still, or lags: {listed}",
                    min(holds),
                    f"{self.region} goes on by itself; mend that, and run this again",
                )
            time.sleep(_PAUSE)
        compared = next(iter(self.ask(node, "mysql_replication.compare").values()), {})
        rows = compared.get("ret")
        if not isinstance(rows, Mapping) or compared.get("retcode"):
            raise Refused(f"home and {self.region} could not be compared: {rows}", min(holds), "run this again")
        if not rows["clean"]:
            differing = [
                *rows["divergence"],
                *rows["schema"],
                *(f"more rows of {one} than are told" for one in rows["beyond"]),
            ]
            listed = "".join(f"\n- {one}" for one in differing)
            choice = rows["remedy"] or "bring both schemas to one release"
            raise Refused(
                f"{self.region} has what home has not, or lacks what home has:{listed}\n",
                "",
                f"{choice}. Or stay: {self.region} goes on by itself as long as it has to",
            )
        told = (
            f"the replica has all of home's {rows['rows']} rows, {len(rows['bookkeeping'])} are bookkeeping of its own"
        )
        if beside := said.get("findings"):
            told = f"{told}; to be looked at: {'; '.join(map(str, beside))}"
        return Replica(advances=True, caught_up=True, diverged=False), told

    def back(self, reason: str) -> Result:
        """Take the nodes back to home, one after another; stop at the first that can't."""
        return self._back(self.standing(), reason)

    def _back(self, found: Standing, reason: str, nodes: Sequence[str] = ()) -> Result:
        words = {"reason": reason, "by": self.by, "epoch": _passed(found, HOME), "test": self.test}
        answers: dict[str, Mapping[str, Any]] = {}
        known = self.known(self._nodes)
        for minion in nodes or sorted(known):
            one = self.ask(f"L@{minion}", "regions.failback", **words)
            answers.update(one)
            if one and not _well(one[minion]):
                break
        return self._result("failback", answers, nodes or known)

    def _result(self, what: str, answers: Answers, known: Collection[str]) -> Result:
        good = {minion: answer["ret"] for minion, answer in _sorted(answers) if isinstance(answer.get("ret"), Mapping)}
        wrong = [f"{minion}: {answer.get('ret')}" for minion, answer in _sorted(answers) if minion not in good]
        failed = [f"{minion}: {one['comment']}" for minion, one in good.items() if not one["ok"]]
        silent = sorted(set(known) - set(answers))
        if not good:
            raise Refused(
                f"{self.region} did not move: {'; '.join(wrong) or 'no node answered'}",
                self._nodes,
                "salt '*' regions.switch tells where each node is; run this again: what was done is not done twice",
            )
        said = [f"{minion}: {one['comment']}" for minion, one in good.items() if one["ok"]]
        said += [f"{minion}: {problem}" for minion, one in good.items() for problem in one["problems"]]
        if silent:
            said.append(f"{', '.join(silent)} did not answer, and follows when it is back")
        changes = {minion: one["changes"] for minion, one in good.items() if one["changes"]}
        times = timeline.merged([one["timeline"] for one in good.values()])
        comment = "\n".join([*wrong, *failed, *said, *([timeline.told(times)] if changes and not self.test else [])])
        ok = not wrong and not failed
        event: dict[str, Any] = {}
        if not self.test and (changes or not ok):
            newest = max((one["switch"] for one in good.values()), key=lambda one: one["epoch"])
            event = {
                "tag": f"openstack_regions/{what}/{self.region}",
                "data": {"ok": ok, "comment": comment, "timeline": times, "switch": newest, "silent": silent},
            }
        return Result(ok, comment, changes, event)


def region_of(minion: str, settings: Settings, known: Callable[[str], Collection[str]]) -> str | None:
    """The region whose node a minion is, by the master's own targets; None when it is home's, or nobody's.

    Raises Refused when it would be of two regions.
    """
    members = [name for name in settings.regions if name != settings.home]
    found = [name for name in members if minion in known(settings.target("region", name))]
    if len(found) > 1:
        raise Refused(f"{minion} is a node of {' and of '.join(found)}", "", "see `targets` in pillar")
    return found[0] if found else None


def _passed(found: Standing, identity: str) -> int | None:
    """The epoch that is passed on: of the region where it is to move; where it is already, what brings all to it."""
    return found.epoch if found.identity != identity or found.tied else max(found.epoch - 1, 0)


def _good(answers: Answers) -> dict[str, Mapping[str, Any]]:
    return {minion: answer["ret"] for minion, answer in answers.items() if isinstance(answer.get("ret"), Mapping)}


def _sorted(answers: Answers) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted(answers.items())


def _well(answer: Mapping[str, Any]) -> bool:
    ret = answer.get("ret")
    return isinstance(ret, Mapping) and bool(ret.get("ok"))
