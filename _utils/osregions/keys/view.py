"""A key repository as keystone reads it. Key material is held, and never shown: what is shown are fingerprints."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osregions.errors import RegionsError
from osregions.keys.places import CREDENTIALS, Place

SHOWN = 16  # hex digits of a fingerprint that are shown; a set is compared by all of them


@dataclass(frozen=True)
class Key:
    """One key file."""

    name: str
    material: bytes = field(repr=False)
    mode: int = 0o600
    uid: int = 0
    gid: int = 0
    changed: float = 0.0

    @property
    def fingerprint(self) -> str:
        """What tells this key from others, and tells nothing of it: a key is 256 random bits."""
        return fingerprint(self.material)

    @property
    def key_hash(self) -> str:
        """What keystone writes beside a credential that this key encrypted, into `credential.key_hash`."""
        return hashlib.sha1(self.material, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Repository:
    """A directory of keys: those that count, by number; and `strays`, files that keystone takes for keys by mistake."""

    place: Place
    keys: Mapping[int, Key] = field(default_factory=dict)
    strays: tuple[Key, ...] = ()
    mode: int | None = None  # None: there is no such directory
    uid: int = 0
    gid: int = 0

    @property
    def materials(self) -> dict[int, bytes]:
        """The keys themselves, by number."""
        return {number: key.material for number, key in self.keys.items()}

    @property
    def primary(self) -> int | None:
        """The number of the key that encrypts: the highest."""
        return max(self.keys, default=None)

    @property
    def rotated(self) -> float | None:
        """When this node got its present primary or staged key, by a rotation here or from home; seconds since 1970.

        Keystone's own command renames the primary, which keeps the time it was made; but it writes the staged one anew.
        """
        times = [self.keys[number].changed for number in (0, self.primary or 0) if number in self.keys]
        return max(times, default=None)

    @property
    def digest(self) -> str:
        """One text for the whole set: equal where numbers and keys are."""
        return digest(self.materials)

    def faults(self, owner: tuple[int, int] | None = None) -> list[str]:
        """What is wrong with it, a sentence each; `owner` is whose it should be, by numbers."""
        path, found = self.place.path, []
        if self.mode is None:
            return [f"{path} is not there"]
        if not self.keys:
            found.append(f"{path} holds no key")
        elif 0 not in self.keys:
            found.append(f"{path} has no staged key (0): a rotation broke off")
        elif unfinished(self.materials):
            found.append(f"{path}: the staged key (0) is the primary one: a rotation broke off")
        found += [f"{path}/{key.name}: keystone reads this name as a number" for key in self.strays]
        found += [f"{path}/{key.name} is no fernet key" for key in self.keys.values() if not valid(key.material)]
        if self.mode & 0o077:
            found.append(f"{path} has mode {self.mode:04o}, not 0700")
        if owner and (self.uid, self.gid) != owner:
            found.append(f"{path} belongs to {self.uid}:{self.gid}, not to {owner[0]}:{owner[1]}")
        for key in self.keys.values():
            if key.mode != 0o600:
                found.append(f"{path}/{key.name} has mode {key.mode:04o}, not 0600")
            if owner and (key.uid, key.gid) != owner:
                found.append(f"{path}/{key.name} belongs to {key.uid}:{key.gid}, not to {owner[0]}:{owner[1]}")
        return found

    def shown(self, owner: tuple[int, int] | None = None) -> dict[str, Any]:
        """As plain data that anybody may see."""
        # As little of a secret as a fingerprint, and in the database in any case.
        hashes = {str(number): key.key_hash for number, key in sorted(self.keys.items())}
        return {
            **({"hashes": hashes} if self.place.kind == CREDENTIALS else {}),
            "path": self.place.path,
            "max_active_keys": self.place.max_active_keys,
            "lifetime": self.place.lifetime,
            "keys": shown(self.materials) | {key.name: key.fingerprint[:SHOWN] for key in self.strays},
            "primary": self.primary,
            "digest": self.digest,
            "rotated": self.rotated,
            "unfinished": unfinished(self.materials),
            "faults": self.faults(owner),
        }


def read(place: Place) -> Repository:
    """Look at a repository. Raises RegionsError when it can't be read."""
    folder = Path(place.path)
    keys: dict[int, Key] = {}
    strays: list[Key] = []
    try:
        if not folder.is_dir():
            return Repository(place)
        for entry in sorted(os.listdir(folder)):
            number = _number(entry)
            if number is None or not (folder / entry).is_file():
                continue
            key = _key(folder, entry)
            # Keystone leaves empty files out, and so does this; one that bears a number must not stay, though.
            if entry == str(number) and number >= 0 and key.material.strip():
                keys[number] = key
            else:
                strays.append(key)
        status = folder.stat()
    except OSError as err:
        raise RegionsError(
            f"{err.filename or place.path} can't be read: {err.strerror}",
            f"[{place.kind}] key_repository",
            "give this user the right to read it, or correct the option",
        ) from None
    return Repository(place, keys, tuple(strays), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def fingerprint(material: bytes) -> str:
    """The SHA-256 of a key file, in hex digits."""
    return hashlib.sha256(material).hexdigest()


def shown(materials: Mapping[int, bytes]) -> dict[str, str]:
    """Keys by number, each as the beginning of its fingerprint; numbers are texts, for msgpack and JSON alike."""
    return {str(number): fingerprint(materials[number])[:SHOWN] for number in sorted(materials)}


def digest(materials: Mapping[int, bytes]) -> str:
    """One fingerprint for a whole set."""
    lines = "".join(f"{number}:{fingerprint(materials[number])}\n" for number in sorted(materials))
    return hashlib.sha256(lines.encode()).hexdigest()


def valid(material: bytes) -> bool:
    """Whether this is a fernet key: 32 bytes in URL-safe base64."""
    try:
        return len(base64.urlsafe_b64decode(material.strip())) == 32
    except (binascii.Error, ValueError):
        return False


def unfinished(materials: Mapping[int, bytes]) -> bool:
    """Whether a rotation broke off: the staged key is the primary one already, or was moved and no new one made."""
    primary = max(materials, default=0)
    return primary > 0 and materials.get(0, materials[primary]) == materials[primary]


def check(materials: Mapping[int, bytes], where: str, strays: Iterable[Key] = ()) -> None:
    """Raise RegionsError for a set that no keystone should get: empty, or with a file that is no key."""
    if not materials:
        raise RegionsError("there are no keys", where, "make them at home first: keystone-manage fernet_setup")
    for number, material in sorted(materials.items()):
        if not valid(material):
            raise RegionsError(f"key {number} is no fernet key", where, "put the right one there, or restore a backup")
    for key in strays:
        raise RegionsError(
            f"keystone reads the file name {key.name!r} as a number", where, "take that file out of the directory"
        )


def _number(name: str) -> int | None:
    """A file name as keystone takes it, which calls int()."""
    try:
        return int(name)
    except ValueError:
        return None


def _key(folder: Path, name: str) -> Key:
    with open(folder / name, "rb") as file:
        status = os.fstat(file.fileno())
        material = file.read()
    return Key(name, material, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime)
