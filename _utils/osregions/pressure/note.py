"""What is remembered of a size that was set here: what it was before, how memcached did then, and what is still due.

The note lies beside the backups. It is written before the file is changed, so that a run that was killed between the
two leaves a way back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from osregions import files
from osregions.errors import BackupError, RegionsError
from osregions.pressure import reading
from osregions.pressure.reading import Reading
from osregions.tokens.memcached_conf import Memcached

_NAME = "memcached-size.json"


@dataclass(frozen=True)
class Note:
    """What was done to one configuration of memcached."""

    path: str
    was: int | None  # megabytes that it set before anything was set here; None: it set none
    set: int
    digest: str  # of the text that was written
    size_alone: bool  # whether a memcached that runs on an earlier text lacks nothing of this one but its size
    before: dict[str, Any] | None = None  # the reading before it was set; None: it did not answer

    @property
    def back(self) -> int:
        """The megabytes that it had, set or not."""
        return self.was or Memcached.megabytes

    @property
    def reading(self) -> Reading | None:
        """How memcached did before, if it was seen."""
        return None if self.before is None else reading.from_data(self.before, _NAME)


def read(path: str, backups: str | Path = files.BACKUPS) -> Note | None:
    """The note on a configuration; None when nothing was set here. Raises BackupError when it can't be believed."""
    place = Path(backups, _NAME)
    try:
        notes = json.loads(place.read_text())
        found = notes.get(path)
        return None if found is None else Note(**found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as err:
        raise BackupError(
            f"the note on memcached's size is damaged: {err}",
            str(place),
            "remove it; the file's earlier texts are in regions.file_backups",
        ) from err


def write(note: Note, backups: str | Path = files.BACKUPS) -> None:
    """Keep a note, in place of an earlier one on the same configuration."""
    place = Path(backups, _NAME)
    try:
        notes = json.loads(place.read_text())
    except (FileNotFoundError, ValueError):
        notes = {}
    others = notes if isinstance(notes, dict) else {}
    try:
        files.private_directory(backups)
        files.write(place, json.dumps({**others, note.path: asdict(note)}).encode())
    except OSError as err:
        raise BackupError(
            f"what memcached's size was can't be noted: {err.strerror}", str(place), "make room or give the right there"
        ) from err


def digest(text: str | bytes) -> str:
    """A text's digest, by which it is known again."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return hashlib.sha256(data).hexdigest()


def only_the_size(path: str, backups: str | Path = files.BACKUPS) -> bool:
    """Whether all that a memcached older than this file lacks of it is the size, which has its own moment."""
    try:
        found = read(path, backups)
        return found is not None and found.size_alone and found.digest == digest(Path(path).read_bytes())
    except (OSError, RegionsError):
        return False
