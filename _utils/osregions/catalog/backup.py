"""Backups of keystone's database (P3): made before every change, checked to be whole, restored in one transaction."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from osregions import files
from osregions.catalog import view
from osregions.catalog.dump import dump_rows, dump_schema, load
from osregions.database import Account, Session, quoted, session
from osregions.errors import BackupError
from osregions.releases import Release

CATALOG = ("region", "service", "endpoint", "endpoint_group", "policy_association", "registered_limit", "limit")
SCOPES = ("catalog", "database")
# Tokens are worth nothing after a restore, and on Liberty may be gigabytes.
_WORTHLESS = ("token",)
KEEP = 30
BEFORE_RESTORING = "before restoring"


@dataclass(frozen=True)
class Backup:
    """What stands in the note beside a backup."""

    backup: str
    database: str
    place: str
    taken: str
    scope: str
    reason: str
    schema: str
    release: int | None
    rows: dict[str, int]
    sha256: str


def make(
    account: Account,
    reason: str,
    scope: str = "catalog",
    directory: str | Path = files.BACKUPS,
    keep: int = KEEP,
    release: Release | None = None,
    spare: str | None = None,
) -> Backup:
    """Back up the catalog's tables, or the whole database, and let go of all but the newest `keep`, and of `spare`.

    A backup counts only with its note (`.json`), which is written last: what a killed run left behind is cleared away.
    """
    if scope not in SCOPES:
        raise BackupError(f"{scope!r} is no scope of a backup", remedy=f"one of {', '.join(SCOPES)}")
    folder = _folder(directory)
    with session(account) as db:
        schema = view.schema_version(db)
        present = [next(iter(row.values())) for row in db.rows("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")]
    tables = [name for name in present if name not in _WORTHLESS and (scope == "database" or name in CATALOG)]
    if not tables:
        raise BackupError(f"{account.database} has no tables of a catalog", account.place, "is it keystone's database?")
    taken = files.stamp()
    word = re.sub(r"[^A-Za-z0-9]+", "-", reason).strip("-")[:60]
    path = folder / f"{account.database}-{taken}-{word}.sql.gz"
    try:
        _check_room(folder)
        rows = dump_rows(account, tables, path)
        if scope == "database":
            dump_schema(account, _schema_path(path))
        _check_whole(path, tables, rows)
        found = Backup(
            backup=str(path),
            database=account.database,
            place=account.place,
            taken=taken,
            scope=scope,
            reason=reason,
            schema=schema,
            release=release.major if release else None,
            rows=rows,
            sha256=_sha256(path),
        )
        files.write(_note(path), json.dumps(asdict(found), indent=2).encode())
    except BaseException as err:
        for leftover in (path, _schema_path(path), _note(path)):
            leftover.unlink(missing_ok=True)
        if isinstance(err, OSError):
            raise BackupError(
                f"the backup can't be written: {err.strerror}; nothing was changed", str(folder), "make room there"
            ) from err
        raise
    prune(keep, account.database, directory, spare)
    return found


def backups(database: str | None = None, directory: str | Path = files.BACKUPS) -> list[Backup]:
    """The backups that are whole, newest first."""
    found = []
    for note in (Path(directory) / "database").glob("*.json"):
        backup = _read(note)
        if backup and Path(backup.backup).exists() and database in (None, backup.database):
            found.append(backup)
    return sorted(found, key=lambda backup: backup.taken, reverse=True)


def find(path: str, directory: str | Path = files.BACKUPS, database: str | None = None) -> Backup:
    """The note of one backup, after its content was checked against it; `latest` is the newest, of `database`.

    What a restore keeps of the state it replaces is never the `latest`: restoring twice must not undo itself.
    """
    if path == "latest":
        newest = [item for item in backups(database, directory) if not item.reason.startswith(BEFORE_RESTORING)]
        if not newest:
            raise BackupError("there is no backup", str(directory), "make one with keystone_catalog.backup")
        path = newest[0].backup
    note = _note(Path(path))
    if not note.exists() or not Path(path).exists():
        raise BackupError(f"{path} is not a backup", remedy="list them with keystone_catalog.backups")
    backup = _read(note)
    if backup is None or _sha256(Path(path)) != backup.sha256:
        raise BackupError(
            f"{path} is not what it was when it was made",
            remedy="restore an older one: keystone_catalog.backups lists them",
        )
    return backup


def check(account: Account, backup: Backup, tables: Sequence[str] | None = None) -> dict[str, int]:
    """See whether a backup fits the database as it is; return how many rows the tables to restore hold now.

    Raises BackupError when the database has another schema by now, or is not the one the backup was made of.
    """
    wanted = list(tables or backup.rows)
    strangers = [name for name in wanted if name not in backup.rows]
    if strangers:
        raise BackupError(f"the backup holds no rows of {', '.join(strangers)}", backup.backup, "leave them out")
    if account.database != backup.database:
        raise BackupError(
            f"the backup is of the database {backup.database}, not {account.database}",
            backup.backup,
            "choose one of this database: keystone_catalog.backups lists them",
        )
    with session(account) as db:
        schema = view.schema_version(db)
        if schema != backup.schema:
            raise BackupError(
                f"the backup has the schema {backup.schema}, the database {schema}",
                backup.backup,
                "restore it with the keystone release that it was made under",
            )
        return _count(db, wanted)


def restore(account: Account, backup: Backup, tables: Sequence[str] | None = None) -> dict[str, int]:
    """Give the tables of a backup the rows they had, in one transaction; return how many rows each has now.

    Raises BackupError where `check` does, and when the server takes no rows back.
    """
    with session(account) as db, db.alone():
        wanted = list(check(account, backup, tables))
        load(account, Path(backup.backup), wanted)
        return _count(db, wanted)


def _count(db: Session, tables: Sequence[str]) -> dict[str, int]:
    return {name: int(db.value(f"SELECT COUNT(*) FROM {quoted(name)}")) for name in tables}


def prune(
    keep: int = KEEP, database: str | None = None, directory: str | Path = files.BACKUPS, spare: str | None = None
) -> list[str]:
    """Delete all but the newest `keep` backups of a database, and what killed runs left; return their paths.

    `spare` is one that stays however old it is: the one that is about to be restored.
    """
    if keep < 1:
        raise BackupError(f"{keep} backups can't be kept", "backup keep", "keep at least 1")
    gone = []
    for backup in backups(database, directory)[keep:]:
        if backup.backup == spare:
            continue
        path = Path(backup.backup)
        # The note goes first: without it the rest no longer counts.
        for item in (_note(path), path, _schema_path(path)):
            item.unlink(missing_ok=True)
        gone.append(backup.backup)
    return gone + _clear_leftovers(Path(directory) / "database")


def _clear_leftovers(folder: Path) -> list[str]:
    an_hour_ago = datetime.datetime.now().timestamp() - 3600
    gone = []
    for path in folder.glob("*.sql.gz"):
        data = path.with_name(path.name.replace(".schema.sql.gz", ".sql.gz"))
        if not _note(data).exists() and path.stat().st_mtime < an_hour_ago:
            path.unlink(missing_ok=True)
            gone.append(str(path))
    return gone


def _folder(directory: str | Path) -> Path:
    try:
        return files.private_directory(Path(directory) / "database")
    except OSError as err:
        raise BackupError(f"there can be no backups: {err.strerror}", str(directory), "name another directory") from err


def _read(note: Path) -> Backup | None:
    """What a note says; nothing when it is damaged, or somebody else's: then it is no backup, and no hindrance."""
    try:
        return Backup(**json.loads(note.read_text()))
    except (ValueError, TypeError):
        return None


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _schema_path(path: Path) -> Path:
    return path.with_name(path.name.replace(".sql.gz", ".schema.sql.gz"))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _check_room(folder: Path) -> None:
    """A full disk is better found before the dump than in its midst."""
    if shutil.disk_usage(folder).free < 1 << 20:
        raise BackupError("less than 1 MiB is free for the backup; nothing was changed", str(folder), "make room there")


def _check_whole(path: Path, tables: Iterable[str], rows: dict[str, int]) -> None:
    """Read the file back: it must end as a finished dump does, and hold every row that was written."""
    found: dict[str, Any] = dict.fromkeys(tables, 0)
    last = b""
    with gzip.open(path, "rb") as file:
        for line in file:
            if line.startswith(b"INSERT INTO `"):
                found[line.split(b"`", 2)[1].decode()] += 1
            last = line.strip() or last
    if found != rows or not last.startswith(b"-- Dump completed"):
        raise BackupError("the backup is not whole; nothing was changed", str(path), "see the server's log")
