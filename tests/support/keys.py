"""Keystone nodes that are directories: keystone.conf and key repositories."""

from __future__ import annotations

import base64
import functools
import json
import os
import tempfile
from pathlib import Path

from osregions.keys import act, operations, places, view
from osregions.keys.places import Place


def key(seed: object = None) -> bytes:
    """A fernet key: a random one, or always the same for one seed."""
    raw = os.urandom(32) if seed is None else repr(seed).encode().ljust(32, b".")[:32]
    return base64.urlsafe_b64encode(raw)


def fill(folder: Path, keys: dict[int, bytes], age: float = 10**7) -> Path:
    """Write a repository as keystone would, its files so many seconds old."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for entry in folder.iterdir():
        entry.unlink()
    for number, material in keys.items():
        path = folder / str(number)
        path.write_bytes(material)
        path.chmod(0o600)
    aged(folder, age)
    return folder


def aged(folder: Path, age: float) -> None:
    """Make the keys of a repository so many seconds old."""
    for path in folder.iterdir():
        then = path.stat().st_mtime - age
        os.utime(path, (then, then))


def content(folder: Path) -> dict[int, bytes]:
    """What a repository holds, as keystone reads it."""
    return view.read(Place("fernet_tokens", str(folder))).materials


def conf(folder: Path, text: str = "") -> Path:
    """A keystone.conf whose repositories lie beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "keystone.conf"
    path.write_text(
        f"[token]\nprovider = fernet\n[fernet_tokens]\nkey_repository = {folder}/fernet-keys\n"
        f"[fernet_receipts]\nkey_repository = {folder}/fernet-keys/\n"
        f"[credential]\nkey_repository = {folder}/credential-keys\n{text}"
    )
    return path


def node(folder: Path, minion: str = "two-a", region: str = "RegionTwo", **changes) -> operations.Node:
    """A node over a folder, of the tokens' and the credentials' repositories in it."""
    found = (
        Place(places.TOKENS, str(folder / "fernet-keys"), 3, 3600 + 172800),
        Place(places.CREDENTIALS, str(folder / "credential-keys")),
    )
    pem = folder / "minion.pem"
    if not pem.exists():
        pem.parent.mkdir(parents=True, exist_ok=True)
        pem.write_bytes(_shared())
    words = {
        "signing_key": pem,
        "minion": minion,
        "region": region,
        "places": places.Places("fernet", found),
        "owner": act.Owner(os.getuid(), os.getgid()),
        "backups": folder / "backups",
        "records": folder / "records",
        "requests": folder / "requests",
        "pause": 0,
    }
    return operations.Node(**{**words, **changes})


@functools.cache
def _shared() -> bytes:
    """A Salt key for nodes where it does not matter whose it is."""
    with tempfile.TemporaryDirectory() as folder:
        return salt_key(Path(folder))[0].read_bytes()


def salt_key(folder: Path) -> tuple[Path, str]:
    """A minion's Salt key: its file, and the public half as a master has it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    folder.mkdir(parents=True, exist_ok=True)
    private = rsa.generate_private_key(65537, 2048)
    path = folder / "minion.pem"
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return path, public.decode()


def carried(value):
    """A value as it is after Salt carried it: plain data."""
    return json.loads(json.dumps(value))
