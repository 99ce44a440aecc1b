"""Replacing a file whole or not at all, and keeping what it said before."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import glob
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from osregions.errors import BackupError

BACKUPS = "/var/backups/openstack-regions"
STATE = "/var/lib/openstack-regions"
_SECOND = "%Y%m%dT%H%M%S"
_STAMP = f"{_SECOND}.%fZ"
# In the name of a file that is being written; one that is left over was a kill's, and the next run takes it away.
_UNFINISHED = ".osregions-"


def private_directory(path: str | Path) -> Path:
    """Make a directory that only its owner can enter, and return it."""
    directory = Path(path)
    # What is above it may be somebody else's, /var/backups say: that is made when missing, and else left alone.
    if not directory.parent.exists():
        directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.mkdir(exist_ok=True, mode=0o700)
    if directory.stat().st_mode & 0o077:
        directory.chmod(0o700)
    return directory


def stamp() -> str:
    """The present moment in UTC, as it stands in the name of a backup."""
    return datetime.datetime.now(datetime.timezone.utc).strftime(_STAMP)


def moment(stamp: str) -> float:
    """The moment that a backup's stamp names, in seconds since the epoch. Raises ValueError for what is none."""
    # What follows the seconds tells apart what was made within one.
    found = datetime.datetime.strptime(stamp[:15], _SECOND)
    return found.replace(tzinfo=datetime.timezone.utc).timestamp()


def write(
    path: str | Path,
    data: bytes,
    like: str | Path | None = None,
    mode: int = 0o600,
    owner: tuple[int, int] | None = None,
) -> None:
    """Put `data` at `path` in one step: a temporary file beside it, fsync, rename.

    `like` names a file whose owner, mode and extended attributes (SELinux context among them) the new one takes;
    `owner` is a user's and a group's number.
    """
    target = Path(path)
    name = _stage(target, data, like, mode, owner)
    try:
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_directory(target.parent)


def _stage(
    target: Path, data: bytes, like: str | Path | None, mode: int = 0o600, owner: tuple[int, int] | None = None
) -> str:
    """Write a file's new text beside it, whole and safe on disk; return the temporary file's path."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}{_UNFINISHED}", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if like is not None:
                _dress(file.fileno(), like)
            else:
                if owner is not None:
                    os.fchown(file.fileno(), *owner)
                os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    return name


def _dress(descriptor: int, like: str | Path) -> None:
    status = os.stat(like)
    os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, status.st_mode & 0o7777)
    for name in os.listxattr(like):
        # Some attributes belong to the kernel and can't be set by anyone; the file is none the worse for it.
        with contextlib.suppress(OSError):
            os.setxattr(descriptor, name, os.getxattr(like, name))


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: str | Path, text: str | bytes, backups: str | Path = BACKUPS) -> str | None:
    """Give the file at `path` a new text, after its earlier one was kept (0600); return the backup's path.

    A symbolic link stays one: what it points at is replaced. Returns None when the file says that already.
    """
    target = Path(os.path.realpath(path))
    data = text.encode() if isinstance(text, str) else text
    if not target.exists():
        raise BackupError(f"there is no file {path}", remedy="name a file that exists")
    before = target.read_bytes()
    if before == data:
        return None
    backup = keep(target, backups)
    write(target, data, like=target)
    return backup


def replace_all(texts: Mapping[str, bytes], backups: str | Path = BACKUPS) -> list[str]:
    """Give several files new texts, all or none: each is backed up and written beside the old one, then all renamed.

    A symbolic link stays one. A full disk, or a folder that can't be written, is met before the first file changes; a
    kill in the midst of the renaming leaves each file whole, old or new. Returns the backups.
    """
    targets = {Path(os.path.realpath(path)): data for path, data in texts.items()}
    for target in targets:
        writable(target)
    kept, staged = [], {}
    at = ""
    try:
        for target, data in targets.items():
            at = str(target)
            sweep(target)
            kept.append(keep(target, backups))
            staged[target] = _stage(target, data, like=target)
        for target, name in list(staged.items()):
            at = str(target)
            os.replace(name, target)
            del staged[target]
    except OSError as err:
        where = "" if err.filename in (None, at) else str(err.filename)
        raise BackupError(
            f"{at} can't be written: {err.strerror}", where, "make room or give the right there, and run this again"
        ) from err
    finally:
        for name in staged.values():
            with contextlib.suppress(OSError):
                os.unlink(name)
        for folder in {target.parent for target in targets}:
            with contextlib.suppress(OSError):
                _sync_directory(folder)
    return kept


def writable(path: str | Path) -> None:
    """Raise BackupError when a file could not be replaced: rights, a read-only file system, an immutable file."""
    target = os.path.realpath(path)
    try:
        # Opened and closed again: nothing else tells of immutable files and read-only mounts alike.
        os.close(os.open(target, os.O_WRONLY | os.O_CLOEXEC))
    except OSError as err:
        raise BackupError(
            f"{path} can't be written: {err.strerror}", "", "give this user the right to write it, or leave it out"
        ) from err
    if not os.access(os.path.dirname(target), os.W_OK | os.X_OK):
        raise BackupError(
            f"{path} can't be replaced: its folder can't be written",
            os.path.dirname(target),
            "give this user the right to write there",
        )


def sweep(path: str | Path) -> None:
    """Take away what a killed run left unfinished beside a file."""
    target = Path(path)
    for leftover in target.parent.glob(f".{glob.escape(target.name)}{_UNFINISHED}*"):
        leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(backups: str | Path = BACKUPS) -> Iterator[None]:
    """Hold this machine's files: one writer at a time. The lock goes with its holder, however that ends."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(private_directory(backups) / ".lock"))
        except OSError as err:
            raise BackupError(
                f"backups can't be kept: {err.strerror}", str(backups), "make room or give the right there"
            ) from err
        yield


@contextlib.contextmanager
def lock(path: str | Path) -> Iterator[None]:
    """Hold one lock file, made where it is not there; whoever else wants it waits. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def keep(path: str | Path, backups: str | Path = BACKUPS) -> str:
    """Copy a file to the backups, with a note of where it belongs; return the copy's path."""
    target = Path(os.path.realpath(path))
    directory = private_directory(Path(backups) / "files")
    backup = directory / f"{str(target).strip('/').replace('/', '--')}.{stamp()}"
    try:
        # The note comes first: a copy that nobody can place is worse than a note without a copy.
        status = target.stat()
        origin = {"path": str(target), "mode": status.st_mode & 0o7777, "uid": status.st_uid, "gid": status.st_gid}
        write(f"{backup}.origin", json.dumps(origin).encode())
        write(backup, target.read_bytes())
    except OSError as err:
        for leftover in (backup, Path(f"{backup}.origin")):
            leftover.unlink(missing_ok=True)
        raise BackupError(
            f"{target} can't be backed up: {err.strerror}", str(backup), "make room there, or name another directory"
        ) from err
    return str(backup)


def backups(path: str | Path | None = None, directory: str | Path = BACKUPS) -> list[dict[str, str]]:
    """List the kept texts, newest first, of one file or of all: each with `backup` and `path`."""
    found = []
    folder = Path(directory) / "files"
    wanted = os.path.realpath(path) if path else None
    for note in folder.glob("*.origin"):
        backup = note.with_name(note.name[: -len(".origin")])
        origin = json.loads(note.read_text())["path"]
        if backup.exists() and wanted in (None, origin):
            found.append({"backup": str(backup), "path": origin})
    return sorted(found, key=lambda entry: entry["backup"].rsplit(".", 2)[-2:], reverse=True)


def restore(backup: str | Path, backups: str | Path = BACKUPS) -> dict[str, str | None]:
    """Give a file back the text that `backup` kept; what it says now is kept in turn.

    Returns `path` and `backup` (of the text that was replaced; None when the file said that already).
    """
    note = Path(f"{backup}.origin")
    if not note.exists() or not Path(backup).exists():
        raise BackupError(f"{backup} is not a backup of a file", remedy="list them with regions.file_backups")
    origin = json.loads(note.read_text())
    path, data = origin["path"], Path(backup).read_bytes()
    if os.path.exists(path):
        return {"path": path, "backup": replace(path, data, backups)}
    write(path, data)
    os.chown(path, origin["uid"], origin["gid"])
    os.chmod(path, origin["mode"])
    return {"path": path, "backup": None}
