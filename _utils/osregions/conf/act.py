"""Writing options into configuration files, and taking them back.

Beside the backups lies a ledger that remembers what each option said before this project first changed it. It is
written before the file is: a kill in between leaves a note without a change, which undoing passes over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from osregions import files
from osregions.conf.document import Document, section_key
from osregions.conf.options import OptionChange
from osregions.errors import BackupError

_Note = dict[str, "str | bool | None"]


def apply(changes: Iterable[OptionChange], ledger: str, backups: str | Path = files.BACKUPS) -> list[str]:
    """Write the changes, each file whole in one step and remembered in the ledger of that name; return the backups."""
    changes = tuple(changes)
    if not changes:
        return []
    _remember(changes, ledger, backups)
    return _write(changes, backups)


def undo_plan(ledger: str, backups: str | Path = files.BACKUPS) -> tuple[OptionChange, ...]:
    """What has to be written to take a ledger's changes back.

    An option that says something else by now was changed by somebody else since, and is left alone.
    """
    plan = []
    for note in _notes(ledger, backups):
        path, section, option = str(note["path"]), str(note["section"]), str(note["option"])
        if not Path(path).exists():
            continue
        now = Document.read(path).get(section, option)
        if now == note["after"] and now != note["before"]:
            before = note["before"]
            plan.append(OptionChange(path, section, option, now, None if before is None else str(before)))
    return tuple(plan)


def undo(ledger: str, backups: str | Path = files.BACKUPS) -> list[str]:
    """Take a ledger's changes back, and forget it; return the backups of what the files said until now."""
    added = [(str(note["path"]), str(note["section"])) for note in _notes(ledger, backups) if note.get("new_section")]
    written = _write(undo_plan(ledger, backups), backups, added)
    _path(ledger, backups).unlink(missing_ok=True)
    return written


def _write(changes: Iterable[OptionChange], backups: str | Path, emptied: Iterable[tuple[str, str]] = ()) -> list[str]:
    documents: dict[str, Document] = {}
    for change in changes:
        document = documents.get(change.path) or Document.read(change.path)
        if change.after is None:
            documents[change.path] = document.unset(change.section, change.option)
        else:
            documents[change.path] = document.set(change.section, change.option, change.after)
    for path, section in emptied:
        if path in documents:
            documents[path] = documents[path].without_empty(section)
    kept = [files.replace(path, document.encode(), backups) for path, document in documents.items()]
    return [backup for backup in kept if backup]


def _remember(changes: tuple[OptionChange, ...], ledger: str, backups: str | Path) -> None:
    notes = {(note["path"], note["section"], note["option"]): note for note in _notes(ledger, backups)}
    for change in changes:
        key = (change.path, change.section, change.option)
        known = notes.get(key)
        # What it said before the first change is what undoing means, unless somebody else had a hand in between.
        ours = known is not None and known["after"] == change.before
        before = known["before"] if known and ours else change.before
        sections = {section_key(name) for name in Document.read(change.path).sections}
        added = section_key(change.section) not in sections or bool(known and known.get("new_section"))
        notes[key] = {
            "path": change.path,
            "section": change.section,
            "option": change.option,
            "before": before,
            "after": change.after,
            "new_section": added,
        }
    target = _path(ledger, backups)
    files.private_directory(Path(backups))
    files.private_directory(target.parent)
    files.write(target, json.dumps(list(notes.values()), indent=1).encode())


def _notes(ledger: str, backups: str | Path) -> list[_Note]:
    path = _path(ledger, backups)
    if not path.exists():
        return []
    try:
        notes: list[_Note] = json.loads(path.read_text())
    except ValueError as err:
        raise BackupError("the ledger of changed options is damaged", str(path), "move it away and run again") from err
    return notes


def _path(ledger: str, backups: str | Path) -> Path:
    return Path(backups) / "ledgers" / f"{ledger}.json"
