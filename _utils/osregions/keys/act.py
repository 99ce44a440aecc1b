"""Writing a key repository: file by file, each whole or not at all, in the order that the plan says."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from osregions import files
from osregions.errors import BackupError, RegionsError
from osregions.keys import view
from osregions.keys.places import Place
from osregions.keys.plan import Step

# Keystone reads a repository anew for each token: it lists the directory, then opens file after file. One that listed
# before a key got its new number must have read it under the old one before that is overwritten.
PAUSE = 0.1
_DIRECTORY, _FILE = 0o700, 0o600


@dataclass(frozen=True)
class Owner:
    """Whose the keys are: keystone's user and group, by name or number; None where that is to be found out."""

    user: str | int | None = None
    group: str | int | None = None

    def ids(self, repository: view.Repository) -> tuple[int, int]:
        """The numbers: as given, else those of the account `keystone`, else of who has the directory now."""
        try:
            if self.user is not None:
                if self.group is not None and str(self.user).isdigit():
                    return int(self.user), _group(self.group)  # a container's, which this machine need not know
                uid, own = _user(self.user)
                return uid, own if self.group is None else _group(self.group)
            with contextlib.suppress(KeyError):
                uid, own = _user("keystone")
                return uid, own if self.group is None else _group(self.group)
        except KeyError:
            raise RegionsError(
                f"there is no account {self.user}:{self.group} on this machine",
                "pillar openstack_regions:keys:user and group",
                "name the user and the group that keystone runs as",
            ) from None
        if repository.mode is not None:
            return repository.uid, repository.gid
        raise RegionsError(
            "whose the keys should be can't be told: there is no user keystone, and no directory yet",
            repository.place.path,
            "name the user that keystone runs as: pillar openstack_regions:keys:user",
        )


def _user(name: str | int) -> tuple[int, int]:
    found = pwd.getpwuid(int(name)) if str(name).isdigit() else pwd.getpwnam(str(name))
    return found.pw_uid, found.pw_gid


def _group(name: str | int) -> int:
    return int(name) if str(name).isdigit() else grp.getgrnam(str(name)).gr_gid


def apply(place: Place, steps: Iterable[Step], owner: tuple[int, int], pause: float | None = None) -> None:
    """Do the steps. Killed at any of them, it leaves whole files and a set as the plan promises; run again, it ends."""
    folder = Path(place.path)
    before = None
    at = str(folder)
    try:
        _directory(folder, owner)
        _sweep(folder)
        for step in steps:
            if before not in (None, step.kind):
                time.sleep(PAUSE if pause is None else pause)
            before, target = step.kind, folder / step.name
            at = str(target)
            if step.material is None:
                target.unlink(missing_ok=True)
            else:
                files.write(target, step.material, mode=_FILE, owner=owner)
    except OSError as err:
        raise BackupError(
            f"{at} can't be written: {err.strerror}", "", "make room or give the right there, and run this again"
        ) from None


def put_right(repository: view.Repository, owner: tuple[int, int]) -> None:
    """Give the directory and its keys the owner and the modes that they should have."""
    folder = Path(repository.place.path)
    try:
        _directory(folder, owner)
        for key in (*repository.keys.values(), *repository.strays):
            os.chmod(folder / key.name, _FILE)
            os.chown(folder / key.name, *owner)
    except OSError as err:
        raise BackupError(
            f"{err.filename or folder} can't be changed: {err.strerror}", "", "give this user the right to it"
        ) from None


def wrong_rights(repository: view.Repository, owner: tuple[int, int]) -> dict[str, dict[str, str]]:
    """What `put_right` would change: of each path the owner and mode that it has, and that it gets."""
    if repository.mode is None:
        return {}
    path, found = repository.place.path, {}
    entries = [(path, repository.mode, repository.uid, repository.gid, _DIRECTORY)]
    for key in (*repository.keys.values(), *repository.strays):
        entries.append((f"{path.rstrip('/')}/{key.name}", key.mode, key.uid, key.gid, _FILE))
    for name, mode, uid, gid, wanted in entries:
        if (mode, uid, gid) != (wanted, *owner):
            found[name] = {"old": f"{uid}:{gid} {mode:04o}", "new": f"{owner[0]}:{owner[1]} {wanted:04o}"}
    return found


def _directory(folder: Path, owner: tuple[int, int]) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=_DIRECTORY)
    # Opened once: between looking and changing it can't become another.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        status = os.fstat(descriptor)
        if (status.st_uid, status.st_gid) != owner:
            os.fchown(descriptor, *owner)
        if status.st_mode & 0o7777 != _DIRECTORY:
            os.fchmod(descriptor, _DIRECTORY)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Take away what killed runs left unfinished: whole keys may be in there."""
    for entry in folder.glob(".*.osregions-*"):
        entry.unlink(missing_ok=True)
