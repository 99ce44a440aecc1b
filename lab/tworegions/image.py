"""The image of the hosts: a Debian root and layers over it, cached, rebuilt when what they are made of changes."""

from __future__ import annotations

import ast
import fcntl
import hashlib
import inspect
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from . import debian, layers, wheels
from .progress import Progress
from .settings import CACHE, RUN, Versions
from .shell import LabError, mounts_under, run, unmount

# Commands that the lab itself needs outside, and the Debian package of each.
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
    "sysctl": "procps",
}


@dataclass(frozen=True)
class Part:
    """One folder of the cache, named after what it is made of."""

    kind: str
    digest: str

    @property
    def path(self) -> Path:
        """Where it is once it is complete: it gets this name as the last step of its making."""
        return CACHE / "image" / f"{self.kind}-{self.digest}"

    @property
    def ready(self) -> bool:
        """True when it need not be made."""
        return self.path.is_dir()


@dataclass(frozen=True)
class Image:
    """All parts of the image for one choice of versions."""

    versions: Versions
    debian: Part
    salt_wheels: Part
    salt: Part
    keystone_wheels: Part | None
    keystone: Part | None

    @property
    def layers(self) -> list[Path]:
        """Layers for an overlay mount, the uppermost first."""
        return [part.path for part in (self.keystone, self.salt, self.debian) if part]

    @property
    def ready(self) -> bool:
        """True when nothing has to be built."""
        return all(part.ready for part in self.parts)

    @property
    def parts(self) -> list[Part]:
        """Every part that this image consists of or is made from."""
        return [one for one in (self.debian, self.salt_wheels, self.salt, self.keystone_wheels, self.keystone) if one]


def digest(*inputs: object) -> str:
    """A short name for these inputs; of a module its code counts, not its layout or comments."""
    text = json.dumps([_code(one) if isinstance(one, ModuleType) else one for one in inputs])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _code(module: ModuleType) -> str:
    return ast.dump(ast.parse(inspect.getsource(module)))


def describe(versions: Versions) -> Image:
    """Which parts the image for these versions has; nothing is built."""
    base = Part("debian", digest(debian))
    salt_wheels = Part(f"wheels-salt-{versions.salt}", digest(layers.salt_requirements(versions.salt)))
    salt = Part(f"salt-{versions.salt}", digest(base.digest, salt_wheels.digest, layers))
    if versions.keystone == "22":
        return Image(versions, base, salt_wheels, salt, None, None)
    needs = layers.keystone_requirements(versions.keystone)
    keystone_wheels = Part(f"wheels-keystone-{versions.keystone}", digest(needs))
    keystone = Part(f"keystone-{versions.keystone}", digest(base.digest, keystone_wheels.digest, layers))
    return Image(versions, base, salt_wheels, salt, keystone_wheels, keystone)


def dashboard(versions: Versions) -> Part:
    """The layer with horizon, which only a lab that is to have one is given."""
    return Part("dashboard", digest(describe(versions).debian.digest, layers))


@contextmanager
def locked() -> Iterator[None]:
    """One command at a time builds the image or changes the lab; a second one waits."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Not on the output: lab/image prints folders there.
            print("another lab command is at work; waiting for it to end", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def install(packages: list[str], progress: Progress) -> None:
    """Debian packages that this machine itself lacks."""
    if not packages:
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with progress.step(f"installing on this machine: {' '.join(sorted(packages))}"):
        run(["apt-get", "update", "-qq"], env=environment)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], env=environment)


def build(versions: Versions, progress: Progress) -> Image:
    """Bring every part of the image into the cache; parts that are there already cost nothing."""
    image = describe(versions)
    if image.ready:
        install(_missing_tools(), progress)
        return image
    install(_missing_tools(), progress)
    _sweep(image.parts, progress)
    with ThreadPoolExecutor(4) as pool:
        # the network and one core for Debian, the other core for the wheels
        text = "Debian with keystone, MariaDB, memcached, glance, placement"
        waiting = [pool.submit(_make, image.debian, debian.build, text, progress)]
        waiting.append(pool.submit(_wheels, image, progress))
        for one in waiting:
            one.result()
    _make(
        image.salt,
        lambda at: layers.build_salt([image.debian.path], at, image.salt_wheels.path, versions.salt),
        f"Salt {versions.salt} in /opt/salt",
        progress,
    )
    if image.keystone and image.keystone_wheels:
        folder = image.keystone_wheels.path
        _make(
            image.keystone,
            lambda at: layers.build_keystone([image.debian.path], at, folder, versions.keystone),
            f"keystone {versions.keystone} in /opt/keystone",
            progress,
        )
    return image


def build_dashboard(versions: Versions, progress: Progress) -> Part:
    """Bring the layer with horizon into the cache; the image itself is there already."""
    part, below = dashboard(versions), describe(versions).debian.path
    if not part.ready:
        _sweep([part], progress)
        _make(part, lambda at: layers.build_dashboard([below], at), "horizon under Apache", progress)
    return part


def _wheels(image: Image, progress: Progress) -> None:
    """Wheels for the layers over Debian, and first what this machine lacks to make them."""
    versions = image.versions
    wanted = [(image.salt_wheels, "Salt", layers.salt_requirements(versions.salt))]
    if image.keystone_wheels:
        wanted.append((image.keystone_wheels, "keystone", layers.keystone_requirements(versions.keystone)))
    if all(part.ready for part, _, _ in wanted):
        return
    python, needed = wheels.builder()
    install(needed, progress)
    for part, name, needs in wanted:
        _make(part, partial(wheels.build, python, needs), f"wheels of {name} ({needs[0]})", progress)


def _missing_tools() -> list[str]:
    return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})


def _make(part: Part, maker: Callable[[Path], None], text: str, progress: Progress) -> None:
    """Make a part under another name and rename it at the very end: what has its name is whole."""
    if part.ready:
        return
    unfinished = part.path.with_name(part.path.name + ".unfinished")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    with progress.step(text):
        maker(unfinished)
        os.sync()
        unfinished.rename(part.path)


def _sweep(parts: list[Part], progress: Progress) -> None:
    """Remove what a killed build left behind, and parts of these kinds that nothing uses any more."""
    top = CACHE / "image"
    wanted = {part.path.name for part in parts}
    kinds = {part.kind for part in parts}
    in_use = bool(mounts_under(RUN))
    doomed = []
    for folder in top.iterdir() if top.is_dir() else ():
        kind, _, rest = folder.name.rpartition("-")
        left_over = "." in rest
        outdated = kind in kinds and folder.name not in wanted and not in_use
        if left_over or outdated:
            doomed.append(folder)
    if doomed:
        with progress.step(f"outdated parts of the image are removed: {', '.join(one.name for one in doomed)}"):
            for folder in doomed:
                remove(folder)


def remove(folder: Path) -> None:
    """Delete a folder, but never through a mount that a killed build left in it."""
    unmount(folder)
    for _ in range(20):
        if not mounts_under(folder):
            break
        time.sleep(0.1)
    else:
        raise LabError(f"{folder} still has something mounted below it; unmount that, then try again")
    run(["rm", "-rf", "--one-file-system", "--", folder])
