"""Former key sets, kept (0600) under the backups: each a directory, whole or not there, with a note of its origin."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from osregions import files
from osregions.errors import BackupError
from osregions.keys import view
from osregions.keys.places import Place

KEEP = 30
_NOTE = "origin.json"
_UNFINISHED = ".unfinished-"


def keep(repository: view.Repository, backups: str | Path, most: int = KEEP, spare: Iterable[str] = ()) -> str | None:
    """Copy a set to the backups; return the copy's path, None when there is nothing to copy.

    The oldest go when there are more than `most`, but for those in `spare`.
    """
    if not repository.keys and not repository.strays:
        return None
    directory = Path(backups) / "keys"
    at = directory
    try:
        files.private_directory(Path(backups))
        files.private_directory(directory)
        for leftover in directory.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(leftover)
        stamp = files.stamp()
        name = f"{os.path.realpath(repository.place.path).strip('/').replace('/', '--')}.{stamp}"
        at = files.private_directory(directory / f"{_UNFINISHED}{name}")
        for key in (*repository.keys.values(), *repository.strays):
            files.write(at / key.name, key.material)
        note: dict[str, Any] = {
            "kind": repository.place.kind,
            "path": repository.place.path,
            "digest": repository.digest,
            "at": stamp,
        }
        files.write(at / _NOTE, json.dumps(note).encode())
        target = directory / name
        at.rename(target)
        for older in listed(backups, repository.place.path)[most:]:
            if older["backup"] not in spare:
                shutil.rmtree(older["backup"])
    except OSError as err:
        raise BackupError(
            f"the keys can't be backed up: {err.strerror}", str(at), "make room there, or name another directory"
        ) from None
    return str(target)


def listed(backups: str | Path, path: str | None = None) -> list[dict[str, str]]:
    """The kept sets, newest first, of one repository or of all: each with `backup`, `kind`, `path`, `at`."""
    found = []
    for note in (Path(backups) / "keys").glob(f"*/{_NOTE}"):
        if note.parent.name.startswith(_UNFINISHED):
            continue
        said = json.loads(note.read_text())
        if path is None or os.path.realpath(said["path"]) == os.path.realpath(path):
            found.append({"backup": str(note.parent), **{key: said[key] for key in ("kind", "path", "at")}})
    return sorted(found, key=lambda entry: entry["at"], reverse=True)


def read(backup: str | Path, backups: str | Path) -> view.Repository:
    """The set that a backup holds, as a repository of the place it came from."""
    folder = Path(backup)
    if str(folder) not in {entry["backup"] for entry in listed(backups)}:
        raise BackupError(f"{backup} is not a backup of keys", remedy="list them with keystone_keys.backups")
    said = json.loads((folder / _NOTE).read_text())
    found = view.read(Place(said["kind"], str(folder)))
    if found.digest != said["digest"]:
        raise BackupError(f"{backup} is damaged: it is not the set that was kept", remedy="choose another one")
    return view.Repository(Place(said["kind"], said["path"]), found.keys, mode=stat.S_IRWXU)
