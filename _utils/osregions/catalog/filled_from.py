"""Which database keystone's caches were filled from: each node notices when a seed or a restore has replaced it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from osregions import files
from osregions.database import Session
from osregions.files import STATE


def mark(session: Session) -> str:
    """A digest by which the session's database is known; writing to it leaves it so, another in its place does not.

    Seen through keystone's own rights: when each table was created. An upgrade of keystone changes that too. The table
    whose numbers are kept apart is altered by that, and left out.
    """
    rows = session.rows(
        "SELECT TABLE_NAME AS name, CREATE_TIME AS created FROM information_schema.TABLES"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'revocation_event' ORDER BY TABLE_NAME"
    )
    return hashlib.sha256("\n".join(f"{row['name']} {row['created']}" for row in rows).encode()).hexdigest()


class Record:
    """The mark that caches were last told of, kept on this node."""

    def __init__(self, database: str, state: str | Path = STATE) -> None:
        self._path = Path(state) / f"cached-{database}"

    def read(self) -> str:
        """The mark; empty where there is none yet."""
        try:
            return self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def write(self, mark: str) -> None:
        """Keep this mark."""
        files.private_directory(self._path.parent)
        files.write(self._path, f"{mark}\n".encode())
