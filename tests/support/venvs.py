"""Virtual environments of the tests: made once, kept in a cache, made anew when what they should hold changes.

Knows nothing but the standard library: it runs before anything else is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CACHE = Path(os.environ.get("OPENSTACK_REGIONS_TEST_CACHE", "/var/cache/openstack-regions-tests"))
REQUIREMENTS = Path(__file__).resolve().parent / "requirements"
SALTS = ("salt3006", "salt3008")
TOOLS = "tools"
DOCS = "docs"
LAB = "lab"
COMPLETE = ".complete"  # the last file written into a venv: without it, the venv is half built


class BuildError(Exception):
    """A venv could not be made; the message holds the end of pip's own words."""


def wanted(name: str) -> list[Path]:
    """Return the requirement files that make up the venv of that name."""
    files = [REQUIREMENTS / f"{name}.txt"]
    if name in SALTS:
        files.append(REQUIREMENTS / "common.txt")
    return files


def place(name: str) -> Path:
    """Return where the venv of that name lives: a new place when its requirements or the Python change."""
    digest = hashlib.sha256(f"{sys.executable} {sys.version}".encode())
    for file in wanted(name):
        digest.update(file.read_bytes())
    return CACHE / "venvs" / f"{name}-{digest.hexdigest()[:12]}"


def ready(name: str) -> bool:
    return (place(name) / COMPLETE).exists()


def build(name: str) -> Path:
    """Return the venv of that name, making it first when it is missing or half built."""
    venv = place(name)
    if ready(name):
        return venv
    venv.parent.mkdir(parents=True, exist_ok=True)
    # One builder at a time: a second `tests/run` waits here and then finds the venv made.
    with open(f"{venv}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready(name):
            return venv
        shutil.rmtree(venv, ignore_errors=True)
        with open(f"{venv}.log", "w") as log:
            _run([sys.executable, "-m", "venv", str(venv)], log)
            install = [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
            for file in wanted(name):
                install += ["-r", str(file)]
            _run(install, log)
        (venv / COMPLETE).write_text(time.strftime("%Y-%m-%d %H:%M:%S\n"))
        _forget_older(name, venv)
    return venv


def _run(command: list[str], log) -> None:
    code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT).returncode
    if code:
        log.flush()
        said = "\n".join(Path(log.name).read_text().splitlines()[-25:])
        raise BuildError(f"{' '.join(command)} ended with {code} ({log.name}):\n{said}")


def _forget_older(name: str, keep: Path) -> None:
    """Drop the venvs that earlier requirements of this name left behind."""
    for old in keep.parent.glob(f"{name}-????????????"):
        if old != keep:
            shutil.rmtree(old, ignore_errors=True)
