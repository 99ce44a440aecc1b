"""The keys of all keystone nodes, as home's master sees them: who holds what, who gets what, when they are rotated.

Nothing here knows Salt: `ask` has minions do something, and returns their answers as `saltutil.cmd` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from osregions.errors import Refused, RegionsError
from osregions.keys import plan, seal
from osregions.keys.operations import FORCE, OLDER, shortest
from osregions.keys.places import CREDENTIALS, ROTATED
from osregions.settings import Settings

Answers = Mapping[str, Mapping[str, Any]]
Ask = Callable[..., Answers]  # ask(minions, function, **arguments)
SPREAD = "spread them first: salt-run state.orchestrate orch.keys"


@dataclass(frozen=True)
class NodeKeys:
    """One keystone node: what `keystone_keys.view` said of it, or why it said nothing."""

    minion: str
    region: str
    said: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def repositories(self) -> Mapping[str, Mapping[str, Any]]:
        """Its repositories, by kind."""
        return self.said.get("repositories") or {}

    def keys(self, kind: str) -> Mapping[str, str]:
        """The fingerprints of one repository, by number."""
        return (self.repositories.get(kind) or {}).get("keys") or {}

    def primary(self, kind: str) -> str | None:
        """The fingerprint of the key that encrypts."""
        number = (self.repositories.get(kind) or {}).get("primary")
        return None if number is None else self.keys(kind).get(str(number))


@dataclass(frozen=True)
class Result:
    """What a state says; None: it would change something."""

    result: bool | None
    changes: dict[str, Any]
    comment: str

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"result": self.result, "changes": self.changes, "comment": self.comment}


@dataclass(frozen=True)
class Fleet:
    """All keystone nodes that this master knows, and which of home's has the keys that count."""

    nodes: tuple[NodeKeys, ...]
    home: str
    source: NodeKeys
    joining: str | None = None  # the region whose own keys may be replaced

    @property
    def kinds(self) -> tuple[str, ...]:
        """The repositories that are carried. Credentials are encrypted without keys until somebody makes some."""
        return tuple(
            kind for kind in self.source.repositories if kind != CREDENTIALS or self.source.primary(kind) is not None
        )

    @property
    def others(self) -> tuple[NodeKeys, ...]:
        """The nodes that should hold what the source holds."""
        return tuple(node for node in self.nodes if node.minion != self.source.minion)

    def changes(self, node: NodeKeys) -> dict[str, Any]:
        """What has to change on a node, by kind and key number."""
        found = {kind: plan.changes(node.keys(kind), self.source.keys(kind)) for kind in self.kinds}
        return {kind: changed for kind, changed in found.items() if changed}

    def noted(self, node: NodeKeys) -> bool:
        """Whether another region's node knows home's set when it sees it: by that it tells what it holds."""
        told = (node.said.get("installed") or {}).get("digests")
        own = {kind: self.source.repositories[kind]["digest"] for kind in self.kinds}
        return node.region == self.home or bool(told == own)

    def problem(self, node: NodeKeys, older: bool = False) -> str:
        """Why a node can't get the keys, or should not; empty when nothing stands in the way."""
        if node.problem:
            return node.problem
        if "jws" in (node.said.get("provider"), self.source.said.get("provider")):
            return "its tokens, or home's, are signed by jws keys, which this does not carry. Carry them by hand"
        differ = sorted(set(self.source.repositories) ^ set(node.repositories))
        if differ:
            return (
                f"it and {self.source.minion} differ in whether they have {', '.join(differ)}. "
                "Set [token] provider and each key_repository alike on all nodes"
            )
        installed = node.said.get("installed")
        for kind in self.kinds:
            known = ((installed or {}).get("primary") or {}).get(kind)
            if known is not None and self.source.repositories[kind]["primary"] < known and not older:
                return (
                    f"its {kind} keys from home are newer (number {known}) than {self.source.minion}'s. Name the right "
                    f"`source`; or, when home was restored from a backup, {OLDER}"
                )
            primary = node.primary(kind)
            foreign = primary is not None and primary not in self.source.keys(kind).values()
            if foreign and not installed and node.region != self.home and node.region != self.joining:
                return (
                    f"it has {kind} keys of its own, and what they made would end. When its region is to join, say so: "
                    f"`joining: {node.region}`"
                )
        return ""

    def behind(self) -> list[str]:
        """Which nodes do not hold exactly the source's set, or can't be seen to; a sentence each."""
        found = []
        for node in self.others:
            why = self.problem(node)
            if not why and self.changes(node):
                why = f"it does not hold {self.source.minion}'s keys: {SPREAD}"
            if why:
                found.append(f"{node.minion or 'nobody'} ({node.region}): {why}")
        return found


def node(minion: str, region: str, answer: Mapping[str, Any] | None) -> NodeKeys:
    """A minion's answer; None when it gave none."""
    if answer is None:
        gone = "it does not answer. Start it; or, if it is gone for good, delete its key (salt-key -d)"
        return NodeKeys(minion, region, problem=gone)
    said = answer.get("ret")
    if answer.get("retcode") or not isinstance(said, Mapping) or "repositories" not in said:
        problem = f"it did not say what keys it has: {str(said)[:300]}. Are its modules synced (saltutil.sync_all)?"
        return NodeKeys(minion, region, problem=problem)
    return NodeKeys(minion, region, said)


def nodes(region: str, answers: Answers, known: Iterable[str]) -> tuple[NodeKeys, ...]:
    """The nodes of a region: those that answered, and those that this master knows and that are silent."""
    found = sorted({*answers, *known})
    if not found:
        nobody = "this master knows no keystone node there. Accept one; or name the other regions as `regions`"
        return (NodeKeys("", region, problem=nobody),)
    return tuple(node(minion, region, answers.get(minion)) for minion in found)


def look(
    settings: Settings,
    view: Callable[[str], Answers],
    known: Callable[[str], Iterable[str]],
    regions: Sequence[str] | None = None,
    joining: str | None = None,
    source: str | None = None,
) -> Fleet:
    """Look at the nodes of home and of some regions, or all; `view` and `known` take a target, as pillar has them."""
    strange = sorted({*(regions or ()), *([joining] if joining else ())} - set(settings.regions))
    if strange:
        raise RegionsError(
            f"there is no region {', '.join(strange)} in pillar", remedy=f"declared are {', '.join(settings.regions)}"
        )
    found: list[NodeKeys] = []
    for region in dict.fromkeys((settings.home, *(regions or settings.regions))):
        target = settings.target("keystone", region)
        found += nodes(region, view(target), known(target))
    return of(found, settings.home, source, joining)


def salt_key(answer: Any, minion: str) -> str | None:
    """The public key that the master accepted for a minion, out of the answer of its wheel function key.print."""
    said = answer if isinstance(answer, Mapping) else {}
    said = said.get("data", said)
    return ((said.get("return", said) or {}).get("minions") or {}).get(minion)


def of(found: Sequence[NodeKeys], home: str, source: str | None = None, joining: str | None = None) -> Fleet:
    """The fleet, with home's node whose keys count: the one named, else the first by name.

    The first counts only if it knows every key that another node of home's makes tokens with: a controller that was
    added with fresh keys of its own must not hand them to all. Raises Refused.
    """
    homes = [one for one in found if one.region == home]
    if source and source not in {one.minion for one in homes}:
        had = ", ".join(one.minion for one in homes)
        raise Refused(f"{source} is no keystone node of {home}", f"there are {had or 'none'}", "name one of those")
    chosen = next((one for one in homes if one.minion == source), homes[0] if homes else None)
    if chosen is None or chosen.problem:
        raise Refused(
            f"the keys of {home} can't be seen",
            f"{chosen.minion}: {chosen.problem}" if chosen else "no node",
            "or name another node of home's as `source`",
        )
    for other in () if source else homes:
        for kind in chosen.repositories:
            primary = other.primary(kind)
            if primary is not None and primary not in chosen.keys(kind).values():
                raise Refused(
                    f"{chosen.minion} does not know the {kind} key that {other.minion} encrypts with",
                    f"both are of {home}",
                    "name the one whose keys are right as `source`, in pillar openstack_regions:keys or here",
                )
    return Fleet(tuple(found), home, chosen, joining)


def spread(fleet: Fleet, ask: Ask, accepted: Callable[[str], str | None], dry: bool, older: bool = False) -> Result:
    """Give every node the source's keys; those that have them are not written, and note whose they are."""
    wrong = {one.minion or one.region: why for one in fleet.others if (why := fleet.problem(one, older))}
    well = [one for one in fleet.others if (one.minion or one.region) not in wrong]
    planned = {one.minion: changes for one in well if (changes := fleet.changes(one))}
    todo = {one.minion: one for one in well if one.minion in planned or not fleet.noted(one)}
    if dry or not todo:
        return _result(fleet, planned, wrong, dry)
    requests = {}
    for minion, answer in _good(ask(sorted(todo), "keystone_keys.request"), todo, wrong).items():
        try:
            seal.check_request(answer, minion, todo[minion].region, accepted(minion))
            requests[minion] = dict(answer)
        except RegionsError as err:
            wrong[minion] = str(err)
    sealed = _sealed(fleet.source.minion, requests, ask, accepted, wrong) if requests else {}
    done = {}
    if sealed:
        answers = ask(sorted(sealed), "keystone_keys.install", sealed=sealed, older=older)
        took = {minion: said["changes"] for minion, said in _good(answers, sealed, wrong).items()}
        # What a node says it did is one thing, what it holds another.
        seen = _good(ask(sorted(took), "keystone_keys.view"), took, wrong) if took else {}
        done = {minion: changes for minion, changes in took.items() if changes}
        for minion, said in seen.items():
            left = fleet.changes(NodeKeys(minion, todo[minion].region, said))
            if left:
                wrong[minion] = f"it still differs in {', '.join(left)}. Run this again"
    return _result(fleet, done, wrong, dry)


@dataclass(frozen=True)
class Clock:
    """When a rotation is due, and what would come too early; in seconds, each node's by its own clock."""

    every: int | None
    age: float
    unfinished: bool
    lifetimes: Mapping[str, int]

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return self.unfinished or (self.every is not None and self.age >= self.every)


def clock(fleet: Fleet, every: int | None, force: bool) -> Clock:
    """When the source's keys are to be rotated. Raises Refused for a wish by which tokens in use would lose theirs."""
    kinds = [kind for kind in ROTATED if kind in fleet.source.repositories]
    if not kinds:
        raise Refused(
            f"{fleet.source.minion} has no keys that are rotated by this: its tokens are "
            f"{fleet.source.said.get('provider')}",
            remedy="credential keys are rotated by keystone-manage credential_migrate and credential_rotate",
        )
    seen = [one for one in fleet.nodes if not one.problem]
    waits, lifetimes = [], {}
    for kind in kinds:
        own = fleet.source.repositories[kind]
        # A node may let its tokens live longer than home does.
        lifetimes[kind] = max(int((one.repositories.get(kind) or {}).get("lifetime") or 0) for one in seen)
        wait = shortest(int(own["max_active_keys"]), lifetimes[kind])
        if wait is None and not force:
            raise Refused(
                f"with max_active_keys = {own['max_active_keys']} a rotation ends the tokens of the moment before",
                f"[{kind}] of {fleet.source.minion}",
                f"set it to 3 or more on every node; or {FORCE}",
            )
        waits.append(wait or 0)
    if every is not None and every < max(waits) and not force:
        raise Refused(
            f"rotating every {every} s would take keys away that tokens in use need",
            f"they live {max(lifetimes.values())} s, {fleet.source.minion}",
            f"write {max(waits)} or more, or raise max_active_keys on every node",
        )
    # Counted from when the last node got its keys: until then it made tokens with the key before.
    ages = [
        float(one.said.get("clock") or 0) - float((one.repositories.get(kind) or {}).get("rotated") or 0)
        for one in seen
        for kind in kinds
    ]
    broken = any(fleet.source.repositories[kind].get("unfinished") for kind in kinds)
    return Clock(max(waits) if every is None else every, min(ages), broken, lifetimes)


def rotated(
    look: Callable[[], Fleet],
    ask: Ask,
    accepted: Callable[[str], str | None],
    dry: bool,
    every: int | None = None,
    force: bool = False,
) -> Result:
    """Rotate home's keys when it is time, if every node holds home's present set; then give them the new one."""
    fleet = look()
    when = clock(fleet, every, force)
    if not when.due and not force:
        left = (when.every or 0) - when.age
        return Result(
            True, {}, f"every node has its keys since {when.age / 3600:.1f} h; a rotation is due in {left / 3600:.1f} h"
        )
    behind = fleet.behind()
    if behind:
        return Result(
            False, {}, "\n".join(["the rotation is due, and postponed, for these would be left behind:", *behind])
        )
    kinds = [kind for kind in ROTATED if kind in fleet.source.repositories]
    expected = {kind: fleet.source.repositories[kind]["digest"] for kind in kinds}
    wrong: dict[str, str] = {}
    name = fleet.source.minion
    words = {"expected": expected, "lifetimes": dict(when.lifetimes), "force": force, "test": dry}
    said = _good(ask([name], "keystone_keys.rotate", **words), [name], wrong).get(name)
    if said is None:
        return Result(False, {}, f"{name}: {wrong[name]}")
    changed = said["changes"]
    if dry:
        return Result(None, {one.minion: changed for one in fleet.nodes}, f"{name}: {said['comment']}, and spread")
    after = spread(look(), ask, accepted, False)
    # By the same words as beforehand: the new key's fingerprint was not known then.
    changes = dict.fromkeys((name, *after.changes), changed)
    if after.result is False:
        late = "until they have the new keys, tokens stay valid everywhere, and no rotation follows"
        return Result(False, changes, f"{name}: {said['comment']}\n{after.comment}\n{late}")
    return Result(True, changes, f"{name}: {said['comment']}; {after.comment}")


def _sealed(
    source: str,
    requests: Mapping[str, Mapping[str, Any]],
    ask: Ask,
    accepted: Callable[[str], str | None],
    wrong: dict[str, str],
) -> dict[str, Mapping[str, Any]]:
    """The source's keys, sealed for those who asked, by minion."""
    found = {}
    said = _good(ask([source], "keystone_keys.seal", requests=requests), [source], wrong).get(source)
    if said is None:
        wrong.update(dict.fromkeys(requests, f"{source} gave no keys for it"))
        return {}
    key = accepted(source)
    for minion in requests:
        try:
            seal.check_sealed(said.get(minion) or {}, minion, source, key)
            found[minion] = said[minion]
        except RegionsError as err:
            wrong[minion] = str(err)
    return found


def _result(fleet: Fleet, changes: dict[str, Any], wrong: Mapping[str, str], dry: bool) -> Result:
    held = [one.minion for one in fleet.nodes if one.minion not in wrong and one.minion not in changes and one.minion]
    said = []
    if changes:
        said.append(f"{', '.join(changes)} {'would get' if dry else 'got'} {fleet.source.minion}'s keys")
    if held:
        said.append(f"{', '.join(held)} {'hold' if len(held) > 1 else 'holds'} them")
    lines = ["; ".join(said), *(f"{minion}: {why}" for minion, why in sorted(wrong.items()))]
    result = False if wrong else None if dry and changes else True
    return Result(result, changes, "\n".join(line for line in lines if line))


def _good(answers: Answers, asked: Iterable[str], wrong: dict[str, str]) -> dict[str, Mapping[str, Any]]:
    """The answers that are none but what was asked for; the others' words go to `wrong`."""
    found = {}
    for minion in asked:
        answer = answers.get(minion)
        said = (answer or {}).get("ret")
        if answer and not answer.get("retcode") and isinstance(said, Mapping):
            found[minion] = said
        else:
            wrong[minion] = str(said)[:500] if answer else "it does not answer any more. Run this again"
    return found
