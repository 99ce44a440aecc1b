"""Snapshots: what the four hosts had written at one moment, kept as layers that a later lab/up starts from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import cloud, hostfiles, image, join, machine, saltfiles
from .settings import CACHE, HOSTS, PRODUCT, PROJECT, Versions
from .shell import LabError, run, write

STANDALONE, JOINED = "standalone", "joined"


@dataclass(frozen=True)
class Snapshot:
    """One moment of the lab, named after what led to it."""

    name: str
    digest: str
    versions: Versions

    @property
    def path(self) -> Path:
        """Its folder in the cache; it gets this name when it is complete."""
        return CACHE / "snapshots" / f"{self.name}-{self.versions.salt}-{self.versions.keystone}-{self.digest}"

    @property
    def ready(self) -> bool:
        """True when the lab can start from it."""
        return (self.path / "snapshot.json").is_file()

    def layers(self, host: str) -> list[Path]:
        """Layers for one host's file system, the uppermost first."""
        below = json.loads((self.path / "snapshot.json").read_text(encoding="utf-8"))["layers"]
        return [self.path / host, *(Path(one.replace("{host}", host)) for one in below)]


def find(name: str, versions: Versions) -> Snapshot:
    """The snapshot called `name` for these versions and the sources as they are now; it need not exist yet."""
    inputs: list[object] = [part.digest for part in image.describe(versions).parts]
    inputs += [cloud, hostfiles, saltfiles, _tree([PROJECT / "lab/tworegions/inside"])]
    if name == JOINED:
        inputs += [join, _tree(PROJECT / one for one in PRODUCT)]
    elif name != STANDALONE:
        inputs.append(name)
    return Snapshot(name, image.digest(*inputs), versions)


def _tree(tops: Iterable[Path]) -> str:
    """One digest of every file below these folders."""
    total = hashlib.sha256()
    for top in tops:
        for path in sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(f"{path.relative_to(PROJECT)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def freeze(snapshot: Snapshot, layers: list[str]) -> None:
    """Keep what the running hosts have written, over `layers` (a list for any host: `{host}` stands for its name).

    The databases are stopped meanwhile, so that their files are whole; everything else goes on.
    """
    if any(not machine.running(one) for one in HOSTS):
        raise LabError("a snapshot needs every host running; lab/up starts them")
    unfinished = snapshot.path.with_name(snapshot.path.name + ".unfinished")
    image.remove(unfinished)
    unfinished.mkdir(parents=True)
    _sweep(snapshot, layers)
    controllers = [one for one in HOSTS if one.controller]
    try:
        for one in controllers:
            machine.execute(one, "systemctl", "stop", "mariadb")
        for one in HOSTS:
            run(["cp", "-a", "--sparse=always", machine.written(one), unfinished / one.name])
    finally:
        for one in controllers:
            machine.execute(one, "systemctl", "start", "mariadb")
    write(unfinished / "snapshot.json", json.dumps({"layers": layers}, indent=2) + "\n")
    os.sync()
    if snapshot.path.exists():
        image.remove(snapshot.path)
    unfinished.rename(snapshot.path)


def _sweep(snapshot: Snapshot, layers: list[str]) -> None:
    """Remove earlier snapshots of the same name and versions, except what the running lab stands on."""
    stem = snapshot.path.name.removesuffix(snapshot.digest)
    for folder in snapshot.path.parent.glob(f"{stem}*"):
        used = any(one.startswith(str(folder)) for one in layers)
        if not used and folder != snapshot.path and not folder.name.startswith(snapshot.path.name):
            shutil.rmtree(folder)


def disk_usage(snapshot: Snapshot) -> str:
    """How much room a snapshot takes."""
    return run(["du", "-sh", snapshot.path]).stdout.split()[0]
