"""The rights that keystone's account had before it was fenced, kept (0600) so that they can be given back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from osregions import files
from osregions.errors import BackupError
from osregions.replication.fence import Form
from osregions.replication.grants import Right


@dataclass(frozen=True)
class Note:
    """What was there before the fence, and whether sessions of that time may still be open."""

    before: Mapping[Form, frozenset[Right]] = field(default_factory=dict)
    sessions_ended: bool = False


def read(server: str, database: str, user: str, backups: str | Path = files.BACKUPS) -> Note | None:
    """Read the note on a fence; None when there is none. Raises BackupError when it is damaged."""
    path = _path(server, database, user, backups)
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text())
        before = {
            (str(entry["user"]), str(entry["host"])): frozenset(Right(**right) for right in entry["rights"])
            for entry in data["before"]
        }
        return Note(before, bool(data["sessions_ended"]))
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise BackupError(
            "the note on the fence is damaged",
            str(path),
            "move it away and run again: mysql_replication.unfence then gives all rights on the database",
        ) from err


def write(server: str, database: str, user: str, note: Note, backups: str | Path = files.BACKUPS) -> None:
    """Write the note on a fence, whole in one step."""
    path = _path(server, database, user, backups)
    entries = [
        {"user": form[0], "host": form[1], "rights": [asdict(right) for right in sorted(rights)]}
        for form, rights in sorted(note.before.items())
    ]
    data = {"before": entries, "sessions_ended": note.sessions_ended}
    try:
        files.private_directory(Path(backups))
        files.private_directory(path.parent)
        files.sweep(path)
        files.write(path, json.dumps(data, indent=1).encode())
    except OSError as err:
        raise BackupError(
            f"the note on the fence can't be written: {err.strerror}", str(path), "make room or give the right"
        ) from err


def forget(server: str, database: str, user: str, backups: str | Path = files.BACKUPS) -> None:
    """Take the note away: the fence is no more."""
    _path(server, database, user, backups).unlink(missing_ok=True)


def _path(server: str, database: str, user: str, backups: str | Path) -> Path:
    name = "--".join(re.sub(r"[^A-Za-z0-9_.-]", "-", part.strip("/")) for part in (server, database, user))
    return Path(backups) / "fences" / f"{name}.json"
