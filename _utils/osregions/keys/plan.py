"""What has to be written and removed, in an order that is right at every step: pure functions, from sets to steps.

What holds after each step, so that it does not matter at which one a run is killed:

- a key that both the old and the new set have is there;
- the primary key is the old one, or one of the new set: no key that only this node knows becomes primary;
- a key of the new set that is there stays there.

A node that holds the set before home's last rotation knows home's primary, as its staged key. So tokens of either are
valid at the other whichever of them has got how far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from osregions.errors import Refused
from osregions.keys import view


@dataclass(frozen=True)
class Step:
    """One file that is written, whole, or removed."""

    name: str
    material: bytes | None = field(default=None, repr=False)  # None: the file goes
    kind: str = "add"  # add, replace, remove


def replacing(now: Mapping[int, bytes], wanted: Mapping[int, bytes], strays: Iterable[str] = ()) -> tuple[Step, ...]:
    """The steps from one set to another.

    First what is missing, the primary before the others: from then on this node issues what all know. Then what has
    another key under its number; a key that is still wanted is not overwritten before it stands elsewhere. Then what is
    too many, lowest first: so that a node whose own numbers are higher goes from its own primary straight to the new.
    """
    at = dict(now)
    steps: list[Step] = []

    def write(number: int, material: bytes) -> None:
        steps.append(Step(str(number), material, "replace" if number in at else "add"))
        at[number] = material

    for number in sorted(wanted.keys() - at.keys(), reverse=True):
        write(number, wanted[number])
    needed = set(wanted.values())
    pending = {number for number in wanted if at[number] != wanted[number]}
    while pending:
        held = list(at.values())
        free = [number for number in pending if at[number] not in needed or held.count(at[number]) > 1]
        if not free:
            # The same keys under exchanged numbers: one is put aside, as the primary; all know it, since it is wanted.
            write(max(at) + 1, at[max(pending)])
            continue
        number = max(free)
        write(number, wanted[number])
        pending.remove(number)
    steps += [Step(name, kind="remove") for name in strays]
    steps += [Step(str(number), kind="remove") for number in sorted(at.keys() - wanted.keys())]
    return tuple(steps)


def rotating(now: Mapping[int, bytes], fresh: bytes, max_active_keys: int) -> tuple[Step, ...]:
    """The steps of one rotation, as keystone's: the staged key becomes primary, `fresh` the staged one, the oldest go.

    The new staged key is written last. Until then the staged key is the primary one, and that says that a rotation
    broke off: what is still to do of it is done, and no second one begun. So it is with a `keystone-manage
    fernet_rotate` that was killed between its two renamings, which leaves no staged key, and which keystone-manage
    itself does not get over.
    """
    if not now:
        raise Refused("there are no keys to rotate", remedy="make them first: keystone-manage fernet_setup")
    at = dict(now)
    steps: list[Step] = []
    if not view.unfinished(now):
        number = max(now) + 1
        at[number] = now[0]
        steps.append(Step(str(number), now[0]))
    kept = sorted((number for number in at if number), reverse=True)[: max(max_active_keys - 1, 1)]
    steps += [Step(str(number), kind="remove") for number in sorted(at) if number and number not in kept]
    steps.append(Step("0", fresh, "replace" if 0 in at else "add"))
    return tuple(steps)


def after(now: Mapping[int, bytes], steps: Iterable[Step]) -> dict[int, bytes]:
    """The set that some steps lead to."""
    at = dict(now)
    for step in steps:
        number = int(step.name)
        if step.material is not None:
            at[number] = step.material
        elif step.name == str(number):
            at.pop(number, None)
    return at


def changes(before: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """What differs from one set to another, both by name and fingerprint: of each name old and new."""
    names = sorted(before.keys() | wanted.keys(), key=lambda name: (len(name), name))
    return {
        name: {"old": before.get(name), "new": wanted.get(name)}
        for name in names
        if before.get(name) != wanted.get(name)
    }
