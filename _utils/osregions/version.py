"""The one place that holds the version, and what tells when a module and this package do not belong together.

A minion can hold the project twice: installed by pip, and synced from its master's file roots. Salt then takes the
modules from the sync and this package from pip. And a minion that runs jobs in threads, or has loaded this package for
a beacon, keeps the package it has loaded when a newer one is synced. Either way code of two versions would work on a
database together; so every module asks `loadable` first, and is not loaded when the answer is no.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

__version__ = "0.1.0"

HERE = Path(__file__).resolve().parent


def fingerprint(package: Path) -> str:
    """Return a digest of the package's source files: the same for the same source, wherever it is installed."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(f"{file.relative_to(package)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


LOADED = fingerprint(HERE)


def stated(package: Path) -> str:
    """Return the version that a package's source states."""
    try:
        text = (package / "version.py").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    lines = [line for line in text.splitlines() if line.startswith("__version__")]
    return lines[0].partition("=")[2].strip().strip("\"'") if lines else "unknown"


def fault(module: str, package: Path = HERE, loaded: str = LOADED) -> str | None:
    """Say why the Salt module in that file must not use this package, or return None when they belong together."""
    beside = Path(module).absolute().parents[1] / "utils" / "osregions"
    now = fingerprint(package)
    if beside.is_dir() and beside.resolve() != package and fingerprint(beside) != now:
        return (
            f"openstack-regions {stated(beside)} was synced to {beside}, but {stated(package)} is installed in "
            f"{package} and comes first: two deliveries on one machine that differ. Uninstall "
            f"saltext-openstack-regions, or install the version that was synced, then restart the Salt daemon"
        )
    if now != loaded:
        return (
            f"openstack-regions in {package} was replaced (it is {stated(package)} now) while this Salt daemon runs on "
            f"what it loaded before ({__version__}): restart the Salt daemon"
        )
    return None


def loadable(name: str, module: str) -> str | tuple[bool, str]:
    """Return what a module's `__virtual__` returns: its name, or why it is not loaded.

    Use: `return version.loadable(__virtualname__, __file__)`.
    """
    why = fault(module)
    return (False, why) if why else name
