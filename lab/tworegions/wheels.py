"""Making wheels on this machine, for installation in the image without a network or a compiler."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import sysconfig
from pathlib import Path

from .shell import run


def builder() -> tuple[str, list[str]]:
    """A Python 3.11 that can make wheels, and the Debian packages that have to be installed for it."""
    headers = Path(sysconfig.get_path("include"), "Python.h")
    own = sys.version_info[:2] == (3, 11) and headers.exists() and _makes_environments()
    if own and shutil.which("gcc"):
        return sys.executable, []
    if own:
        return sys.executable, ["gcc", "libc6-dev"]
    return "/usr/bin/python3.11", ["python3-venv", "python3-dev", "gcc", "libc6-dev"]


def _makes_environments() -> bool:
    """True when this Python has all that `python -m venv` needs; Debian ships it apart, in python3-venv."""
    found = importlib.util.find_spec("ensurepip")
    if found is None or found.origin is None:
        return False
    places = (Path(found.origin).parent / "_bundled", Path("/usr/share/python-wheels"))
    return any(any(place.glob("pip-*.whl")) for place in places)


def build(python: str, requirements: tuple[str, ...], folder: Path) -> None:
    """Build wheels of the requirements and of all that they need (Salt's timelib exists as source only)."""
    tools = folder.with_name(folder.name + ".tools")
    shutil.rmtree(tools, ignore_errors=True)
    run([python, "-m", "venv", tools])
    run([tools / "bin/pip", "wheel", "--disable-pip-version-check", "--wheel-dir", folder, *requirements])
    shutil.rmtree(tools)
