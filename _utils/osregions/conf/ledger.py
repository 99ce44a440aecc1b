"""What options said before this project first changed them, to the byte, so that the change can be taken back.

A ledger lies beside the backups (0600) and is written before the files are: a kill in between leaves a note without a
change, which undoing passes over. For each option it holds the text that stood there, and the values that were written
since: whatever else an option says by now is somebody else's, and stays.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from osregions import files
from osregions.conf.document import section_key
from osregions.errors import BackupError


@dataclass(frozen=True)
class Note:
    """One option of one file, as it was and as it was made."""

    path: str
    section: str
    option: str
    before: str | None = field(repr=False)  # its value; None: it was not set
    text: str | None = field(repr=False)  # the very lines, or those of the option that it took the place of
    written: tuple[str | None, ...] = field(repr=False)  # the values given to it, the newest last
    new_section: bool = False
    gap: bool = False  # an empty line was put above the new section
    replaces: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells one option from another."""
        return (self.path, section_key(self.section), self.option)


@dataclass(frozen=True)
class Ledger:
    """All that was changed under one name, and when each file was last written (seconds since the epoch)."""

    notes: tuple[Note, ...] = ()
    written: Mapping[str, float] = field(default_factory=dict)

    def of(self, path: str, section: str, option: str) -> Note | None:
        """The note on an option, if there is one."""
        return self._by_key.get((path, section_key(section), option))

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, str, str], Note]:
        return {note.key: note for note in self.notes}

    def with_notes(self, notes: Iterable[Note]) -> Ledger:
        """The ledger with these notes in the place of those on the same options."""
        found = {note.key: note for note in self.notes}
        found.update({note.key: note for note in notes})
        return Ledger(tuple(found.values()), self.written)

    def without(self, keys: Iterable[tuple[str, str, str]]) -> Ledger:
        """The ledger without the notes on these options."""
        gone = set(keys)
        return Ledger(tuple(note for note in self.notes if note.key not in gone), self.written)

    def stamped(self, paths: Iterable[str]) -> Ledger:
        """The ledger that says these files are written now."""
        return Ledger(self.notes, {**self.written, **dict.fromkeys(paths, time.time())})


def read(name: str, backups: str | Path = files.BACKUPS) -> Ledger:
    """Read a ledger; an empty one when there is none. Raises BackupError when it is damaged."""
    path = _path(name, backups)
    if not path.exists():
        return Ledger()
    try:
        data: dict[str, Any] = json.loads(path.read_text())
        notes = tuple(Note(**{**note, "written": tuple(note["written"])}) for note in data["notes"])
        return Ledger(notes, {str(file): float(moment) for file, moment in data["written"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise BackupError(
            "the ledger of changed options is damaged",
            str(path),
            "move it away and run again: oslo_conf.undo then no longer knows what stood there before;"
            " regions.file_backups has the earlier texts",
        ) from err


def write(name: str, ledger: Ledger, backups: str | Path = files.BACKUPS) -> None:
    """Write a ledger, whole in one step."""
    path = _path(name, backups)
    data = {"notes": [asdict(note) for note in ledger.notes], "written": dict(ledger.written)}
    try:
        files.private_directory(Path(backups))
        files.private_directory(path.parent)
        files.sweep(path)
        files.write(path, json.dumps(data, indent=1).encode())
    except OSError as err:
        raise BackupError(
            f"the ledger of changed options can't be written: {err.strerror}", str(path), "make room or give the right"
        ) from err


def _path(name: str, backups: str | Path) -> Path:
    return Path(backups) / "ledgers" / f"{name}.json"
