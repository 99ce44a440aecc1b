"""P7 and P8 on this machine: look, plan, act. What Salt's modules call; nothing here knows Salt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from osregions import files
from osregions.conf import act, references, repoint, tree
from osregions.conf import ledger as ledgers
from osregions.conf.credentials import Credential
from osregions.conf.document import Document
from osregions.conf.options import MASK, OptionChange, masked
from osregions.errors import RegionsError
from osregions.settings import Settings, undeclared

LEDGER = "services"  # what this project set in the services' files, and what stood there before


@dataclass(frozen=True)
class Outcome:
    """What changed, or would: by file and option, with the line, old and new."""

    changes: dict[str, Any]
    comment: str
    backups: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"changes": self.changes, "comment": self.comment, "backups": list(self.backups)}


@dataclass(frozen=True)
class Machine:
    """The configuration of this machine's services."""

    settings: Settings
    region: str
    roots: tuple[str, ...]
    backups: str | Path = files.BACKUPS
    series: int | None = None  # OpenStack's, where pillar tells it

    def __post_init__(self) -> None:
        if self.region not in self.settings.regions:
            problem, where, remedy = undeclared(self.region, self.settings.regions)
            raise RegionsError(problem, f"{where}, or `region`", remedy)

    def references(self) -> dict[str, Any]:
        """Every place that names a keystone, and every file that could not be looked at."""
        found, problems = references.view(self.roots, self.settings.known, self.settings.keystones, self.region)
        return {
            "references": [asdict(reference) for reference in found],
            "problems": [str(RegionsError(one.problem, one.where, one.remedy)) for one in problems],
        }

    def plan(self, at: str, credentials: Mapping[str, Credential] | None) -> tuple[OptionChange, ...]:
        """What has to be written so that all services use the keystone of the region `at`."""
        if at not in self.settings.regions:
            raise RegionsError(
                f"there is no region {at} in pillar", "`at`", f"declared are {', '.join(self.settings.regions)}"
            )
        old_name = self.settings.regions[self.region].renamed_from
        known = ledgers.read(LEDGER, self.backups)
        wish = repoint.Wish(
            region=self.region,
            target=self.settings.regions[at].keystone,
            keystones=self.settings.keystones,
            old_names=(old_name,) if old_name else (),
            series=self.series,
            credentials=credentials,
            originals={note.key: note.before for note in known.notes if note.before is not None},
        )
        found = tree.survey(self.roots, self.settings.known, projects_only=True)
        plan = repoint.plan(found.files, found.problems, self.settings.known, wish)
        for path in dict.fromkeys(change.path for change in plan):
            files.writable(path)
        return plan

    def repoint(self, at: str, credentials: Mapping[str, Credential] | None, dry: bool) -> Outcome:
        """Point every service at the keystone of the region `at`, by its account there, and at its own region."""
        plan = self.plan(at, credentials)
        if not plan:
            return Outcome({}, f"Every service uses the keystone of {at}.")
        if dry:
            return _planned(plan)
        return _done(plan, act.apply(plan, LEDGER, self.backups))

    def written(self) -> dict[str, float]:
        """When each file was last written by this project, in seconds since the epoch."""
        return dict(ledgers.read(LEDGER, self.backups).written)


def undo_plan(backups: str | Path = files.BACKUPS) -> tuple[OptionChange, ...]:
    """What has to be written to take back every option that was set here, as far as nobody changed it since."""
    plan = act.undo_plan(LEDGER, backups)
    for path in dict.fromkeys(change.path for change in plan):
        files.writable(path)
    return plan


def undo(backups: str | Path = files.BACKUPS, dry: bool = False) -> Outcome:
    """Take back every option that was set here, as far as nobody changed it since."""
    plan = undo_plan(backups)
    if dry:
        return _planned(plan) if plan else Outcome({}, "Nothing that was set here is left.")
    kept = act.undo(LEDGER, backups)  # where nothing is to be written there may still be notes to forget
    return _done(plan, kept) if plan else Outcome({}, "Nothing that was set here is left.")


def edit(
    path: str, change: Callable[[Document], Document], backups: str | Path = files.BACKUPS, dry: bool = False
) -> Outcome:
    """Change one file by a function of its document; say which options differ."""
    document = Document.read(path)
    after = change(document)
    changes = {path: dict(_differences(document, after))} if str(after) != str(document) else {}
    if not changes:
        return Outcome({}, f"{path} says so already.")
    files.writable(path)
    if dry:
        return Outcome(changes, f"{path} would be changed.")
    with files.locked(backups):
        if Document.read(path).encode() != document.encode():
            raise RegionsError(f"{path} was changed by somebody else meanwhile", "", "run this again")
        kept = files.replace_all({path: after.encode()}, backups)
    return Outcome(changes, f"{path} was changed.", tuple(kept))


def _seen_by_all(plan: Sequence[OptionChange]) -> str:
    """A warning where a secret goes into a file that anybody may read: its mode is the operator's, and stays."""
    paths = {change.path for change in plan if change.after is not None and change.shown()["new"] == MASK}
    seen = sorted(path for path in paths if Path(path).stat().st_mode & 0o004)
    return f" Anybody on this machine can read the passwords in {', '.join(seen)}: chmod o-r." if seen else ""


def _planned(plan: Sequence[OptionChange]) -> Outcome:
    return Outcome(shown(plan), f"{_counted(plan)} would be changed.{_seen_by_all(plan)}")


def _done(plan: Sequence[OptionChange], kept: Sequence[str]) -> Outcome:
    return Outcome(shown(plan), f"{_counted(plan)} were changed.{_seen_by_all(plan)}", tuple(kept))


def _counted(plan: Sequence[OptionChange]) -> str:
    return f"{len(plan)} options in {len({change.path for change in plan})} files"


def shown(plan: Iterable[OptionChange]) -> dict[str, Any]:
    """The changes by file and option, as Salt shows them: the line, old and new, secrets masked."""
    found: dict[str, Any] = {}
    for change in plan:
        entry: dict[str, Any] = {"line": change.line, **change.shown()}
        if change.replaces:
            entry["instead of"] = change.replaces
        found.setdefault(change.path, {})[change.name] = entry
    return found


def _differences(before: Document, after: Document) -> Iterable[tuple[str, dict[str, Any]]]:
    for section, option in dict.fromkeys((entry.section, entry.option) for entry in (*before.entries, *after.entries)):
        old, new = before.get_all(section, option), after.get_all(section, option)
        if old != new:
            line = before.line_of(section, option) or before.place_of(section, option)
            yield f"[{section}] {option}", {"line": line, "old": _listed(option, old), "new": _listed(option, new)}


def _listed(option: str, values: Sequence[str]) -> Any:
    """One value as it is, several as a list, none as None."""
    texts = [masked(option, value) for value in values]
    return texts if len(texts) > 1 else next(iter(texts), None)
