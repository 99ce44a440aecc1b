"""Keys on this machine: look, plan, act. What Salt's modules call; nothing here knows Salt."""

from __future__ import annotations

import base64
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osregions import files
from osregions.errors import BackupError, Refused, RegionsError
from osregions.keys import act, backup, plan, seal
from osregions.keys import view as looks
from osregions.keys.places import CREDENTIALS, ROTATED, Place, Places

RECORDS = "/var/lib/openstack-regions"
_RECORD = "keys.json"  # what this node was given, by numbers; no keys
# What an operator decides once, on the command line of home's master.
OLDER = """salt-run state.orchestrate orch.keys pillar='{"openstack_regions": {"keys": {"older": true}}}'"""
FORCE = """salt-run state.orchestrate orch.rotate_keys pillar='{"openstack_regions": {"keys": {"force": true}}}'"""
NEW_KEY = "a new key"  # in place of a fingerprint that nobody can know beforehand


@dataclass(frozen=True)
class Outcome:
    """What changed, or would: by repository and key number, fingerprints."""

    changes: dict[str, Any]
    comment: str
    backups: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"changes": self.changes, "comment": self.comment, "backups": list(self.backups)}


@dataclass(frozen=True)
class Node:
    """The keystone of this machine, whose keys are looked at and written."""

    minion: str
    region: str
    places: Places
    owner: act.Owner = field(default_factory=act.Owner)
    backups: str | Path = files.BACKUPS
    records: str | Path = RECORDS
    requests: str | Path = seal.REQUESTS
    signing_key: str | Path = "/etc/salt/pki/minion/minion.pem"  # this minion's Salt key
    keep: int = backup.KEEP
    pause: float | None = None  # between steps; None: long enough for a keystone that is reading

    def view(self, kind: str | None = None) -> dict[str, Any]:
        """What this keystone's repositories hold, by fingerprints."""
        found = {}
        for place in self.places.named(kind):
            repository = looks.read(place)
            try:
                owner, unknown = self.owner.ids(repository), []
            except RegionsError as err:
                owner, unknown = None, [str(err)]
            shown = repository.shown(owner)
            found[place.kind] = {**shown, "faults": shown["faults"] + unknown}
        said: dict[str, Any] = {"provider": self.places.provider, "repositories": found, "installed": self._record()}
        said["clock"] = time.time()
        if self.places.jws:
            said["jws"] = {name: {"path": path, "files": _count(path)} for name, path in self.places.jws.items()}
        return said

    def sets(self) -> dict[str, dict[int, bytes]]:
        """The key sets of this node, which are to go to others; raises where they are not fit to."""
        _handled(self.places)
        found = {}
        for place in self.places.found:
            repository = looks.read(place)
            # Without a directory keystone encrypts credentials by a key that everybody knows: nothing to carry.
            if repository.keys or place.kind != CREDENTIALS:
                looks.check(repository.materials, place.path, repository.strays)
                found[place.kind] = repository.materials
        return found

    def request(self) -> dict[str, str]:
        """Open a request for keys."""
        _handled(self.places)
        return seal.request(self.minion, self.region, self.signing_key, self.requests)

    def sealed_for(self, requests: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """This node's sets, sealed for each of those who ask."""
        with files.locked(self.backups):
            sets = self.sets()
        return {minion: seal.seal(sets, said, self.minion, self.signing_key) for minion, said in requests.items()}

    def install(self, sealed: Mapping[str, Any], older: bool = False) -> Outcome:
        """Make this node's repositories those of a sealed answer, or of its part of several; deletions included.

        The first time in a region that joins, this ends every token that its own keys made: there is no set of keys by
        which both clouds' tokens could be valid for long, and its users come from home now.
        """
        mine = sealed.get(self.minion, sealed) if isinstance(sealed, Mapping) else {}
        sets = seal.opened(mine, self.minion, self.region, self.requests)
        _handled(self.places)
        with files.locked(self.backups):
            return self._replace(sets, str(mine["source"]), older)

    def restore(self, which: str, dry: bool = False) -> Outcome:
        """Give a repository back the set that a backup holds, by its path, or the newest of a kind."""
        with files.locked(self.backups):
            if os.path.isabs(which):
                kept = backup.read(which, self.backups)
            else:
                (place,) = self.places.named(which)
                found = backup.listed(self.backups, place.path)
                if not found:
                    raise BackupError(
                        f"no former keys of {which} are kept",
                        str(self.backups),
                        "keystone_keys.backups lists what is kept",
                    )
                kept = backup.read(found[0]["backup"], self.backups)
            (place,) = self.places.named(kept.place.kind)
            if os.path.realpath(place.path) != os.path.realpath(kept.place.path):
                raise Refused(
                    f"these keys were kept of {kept.place.path}, and {place.kind} are in {place.path} now",
                    remedy="correct key_repository, or copy them there by hand",
                )
            looks.check(kept.materials, which)
            changes, backups = self._write({place.kind: (place, kept.materials)}, dry)
        return Outcome(changes, f"the keys {'would be' if dry else 'are'} those that were kept", tuple(backups))

    def undo(self, dry: bool = False) -> Outcome:
        """Give back the sets that this node had of its own before home's first came; the node takes part no more."""
        with files.locked(self.backups):
            own = (self._record() or {}).get("own") or {}
            sets = {}
            for kind, kept in own.items():
                (place,) = self.places.named(kind)
                sets[kind] = (place, backup.read(kept, self.backups).materials)
            changes, backups = self._write(sets, dry)
            if own and not dry:
                (Path(self.records) / _RECORD).unlink(missing_ok=True)
        if not own:
            return Outcome({}, "this node has no keys of its own that home's took the place of")
        return Outcome(changes, f"the keys {'would be' if dry else 'are'} this node's own again", tuple(backups))

    def put_right(self, kind: str | None = None, dry: bool = False) -> Outcome:
        """Owner and modes as they should be."""
        changes: dict[str, Any] = {}
        for place in self.places.named(kind):
            repository = looks.read(place)
            if repository.mode is None:
                continue
            owner = self.owner.ids(repository)
            wrong = act.wrong_rights(repository, owner)
            if wrong and not dry:
                act.put_right(repository, owner)
            changes |= wrong
        word = "would be" if dry else "are"
        return Outcome(changes, f"the keys {word if changes else 'are'} keystone's alone")

    def rotate(
        self,
        expected: Mapping[str, str] | None = None,
        lifetimes: Mapping[str, int] | None = None,
        force: bool = False,
        dry: bool = False,
    ) -> Outcome:
        """Rotate what tokens and receipts are made with.

        `expected` are the sets' digests when somebody last saw that all others have them: with other ones nothing is
        touched. `lifetimes` are those of the longest-lived of any node, by kind.
        """
        _handled(self.places)
        with files.locked(self.backups):
            found = [looks.read(place) for place in self.places.found if place.kind in ROTATED]
            # What broke off is gone on with, alone: a second rotation of the rest would come too early.
            broken = [repository for repository in found if looks.unfinished(repository.materials)]
            planned, changes = [], {}
            for repository in broken or found:
                place = repository.place
                looks.check(repository.materials, place.path, repository.strays)
                if expected is not None and expected.get(place.kind) != repository.digest:
                    raise Refused(
                        f"the keys in {place.path} are not those that the other nodes were found to hold",
                        remedy="somebody rotated or restored them meanwhile: spread them, then rotate",
                    )
                if not force:
                    check_age(repository, (lifetimes or {}).get(place.kind, 0))
                steps = plan.rotating(repository.materials, _new_key(), place.max_active_keys)
                wanted = looks.shown(plan.after(repository.materials, steps)) | {"0": NEW_KEY}
                changes[place.kind] = plan.changes(looks.shown(repository.materials), wanted)
                planned.append((repository, steps))
            if not planned:
                raise Refused(
                    f"no keys of this keystone are rotated by this: its tokens are {self.places.provider}",
                    remedy="credential keys are rotated by keystone-manage credential_migrate and credential_rotate",
                )
            backups = []
            for repository, steps in () if dry else planned:
                backups += self._kept(repository)
                act.apply(repository.place, steps, self.owner.ids(repository), self.pause)
        return Outcome(changes, "the keys would be rotated" if dry else "the keys are rotated", tuple(backups))

    def _replace(self, sets: Mapping[str, Mapping[int, bytes]], source: str, older: bool) -> Outcome:
        own = {place.kind: place for place in self.places.found}
        strange = sorted(sets.keys() - own.keys())
        if strange:
            raise Refused(
                f"{source} has key repositories that this keystone has not: {', '.join(strange)}",
                remedy="set [token] provider and each key_repository alike on all nodes",
            )
        for kind, wanted in sets.items():
            looks.check(wanted, f"{kind} of {source}")
        primaries = {kind: max(wanted) for kind, wanted in sets.items()}
        record = self._record() or {}
        for kind, primary in primaries.items():
            known = (record.get("primary") or {}).get(kind)
            if known is not None and primary < known and not older:
                raise Refused(
                    f"{source} sends {kind} keys up to number {primary}, and this node had number {known} from home",
                    own[kind].path,
                    f"was home restored from a backup? Then, on its master, {OLDER}; else find the node that has the"
                    " right keys",
                )
        # What this region came with is kept for as long as it takes part: regions.keys.clean gives it back.
        own_sets = record.get("own") or (self._foreign(sets, own) if not record else {})
        # Before the keys: a run that is killed must not forget what it took.
        note = {"source": source, "region": self.region, "at": files.stamp(), "primary": primaries, "own": own_sets}
        note["digests"] = {kind: looks.digest(wanted) for kind, wanted in sets.items()}
        self._remember(note)
        changes, backups = self._write({kind: (own[kind], wanted) for kind, wanted in sets.items()}, False)
        return Outcome(changes, f"the keys are {source}'s", tuple(backups))

    def _write(
        self, sets: Mapping[str, tuple[Place, Mapping[int, bytes]]], dry: bool
    ) -> tuple[dict[str, Any], list[str]]:
        changes, backups, planned = {}, [], []
        for kind, (place, wanted) in sets.items():
            repository = looks.read(place)
            steps = plan.replacing(repository.materials, wanted, [key.name for key in repository.strays])
            if steps:
                changes[kind] = plan.changes(repository.shown()["keys"], looks.shown(wanted))
                planned.append((place, repository, steps))
        if not dry:
            # All are kept before the first one changes.
            owners = [self.owner.ids(repository) for _, repository, _ in planned]
            for _, repository, _ in planned:
                backups += self._kept(repository)
            for (place, _, steps), owner in zip(planned, owners, strict=True):
                act.apply(place, steps, owner, self.pause)
        return changes, backups

    def _foreign(self, sets: Mapping[str, Mapping[int, bytes]], own: Mapping[str, Place]) -> dict[str, str]:
        """Keep this node's sets that are no earlier ones of home's; by kind, where."""
        found = {}
        for kind, wanted in sets.items():
            repository = looks.read(own[kind])
            if repository.primary is not None and repository.materials[repository.primary] not in wanted.values():
                found[kind] = str(backup.keep(repository, self.backups, self.keep))
        return found

    def _kept(self, repository: looks.Repository) -> list[str]:
        spare = ((self._record() or {}).get("own") or {}).values()
        kept = backup.keep(repository, self.backups, self.keep, spare)
        return [kept] if kept else []

    def _record(self) -> dict[str, Any] | None:
        try:
            found = json.loads((Path(self.records) / _RECORD).read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise RegionsError(
                "the note of which keys this node was given can't be read",
                f"{self.records}/{_RECORD}",
                "mend its rights, or delete it: then an older set is not recognised as one",
            ) from None
        return found if isinstance(found, dict) else None

    def _remember(self, record: Mapping[str, Any]) -> None:
        try:
            files.private_directory(self.records)
            files.write(Path(self.records) / _RECORD, json.dumps(record).encode())
        except OSError as err:
            raise BackupError(
                f"which keys this node is given can't be noted: {err.strerror}",
                str(self.records),
                "make room or give the right there",
            ) from None


def shortest(max_active_keys: int, lifetime: int) -> int | None:
    """The seconds that must pass between two rotations; None where no time is long enough.

    A key stays for max_active_keys - 2 rotations after it was the primary one: the staged and the primary take two
    places. The last token that it made is asked for until its lifetime is over.
    """
    return math.ceil(lifetime / (max_active_keys - 2)) if max_active_keys > 2 else None


def check_age(repository: looks.Repository, lifetime: int = 0, now: float | None = None) -> None:
    """Raise Refused when a rotation would take away a key that tokens in use may need."""
    if looks.unfinished(repository.materials):
        return  # it is gone on with, not begun
    place = repository.place
    wait = shortest(place.max_active_keys, max(lifetime, place.lifetime or 0))
    if wait is None:
        raise Refused(
            f"with max_active_keys = {place.max_active_keys} a rotation ends the tokens of the moment before",
            f"[{place.kind}]",
            f"set it to 3 or more on every node; or, on home's master, {FORCE}",
        )
    age = (time.time() if now is None else now) - (repository.rotated or 0)
    if age < wait:
        future = " (it lies in the future: is the clock right?)" if age < 0 else ""
        raise Refused(
            f"the last rotation was {age / 3600:.1f} h ago{future}, and tokens need {wait / 3600:.1f} h between two",
            place.path,
            f"wait, or raise max_active_keys on every node; or, on home's master, {FORCE}",
        )


def _handled(places: Places) -> None:
    if places.provider == "jws":
        raise Refused(
            "tokens are signed by jws keys, which this does not carry",
            "[token] provider = jws",
            "give every node all public keys by hand, its own private key to each; or choose fernet",
        )


def _new_key() -> bytes:
    # As cryptography's Fernet.generate_key() does, which keystone uses.
    return base64.urlsafe_b64encode(os.urandom(32))


def _count(path: str) -> int:
    try:
        return sum(1 for entry in os.scandir(path) if entry.is_file())
    except OSError:
        return 0
