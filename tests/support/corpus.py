"""The trees under tests/corpus: configuration as each project's tools of its day wrote it, and what comes of each.

The cloud that all of them are repointed in: RegionTwo joins RegionOne, which it was called itself until then.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from osregions import settings
from osregions.conf import operations

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
_DOMAINS = {"heat_domain_admin": "heat", "magnum_domain_admin": "magnum"}
PILLAR = {
    "home": "RegionOne",
    "join": "RegionTwo",
    "regions": {
        "RegionOne": {
            "public_endpoint": "https://cloud.example.com:5000",
            "internal_endpoint": "http://10.13.32.19:5000",
            "admin_endpoint": "http://10.13.32.19:35357",
        },
        "RegionTwo": {
            "public_endpoint": "http://10.13.131.137:5000",
            "admin_endpoint": "http://10.13.131.137:35357",
            "renamed_from": "RegionOne",
        },
    },
}


def pillar() -> dict:
    """The whole pillar, with an account at home for every service that there is."""
    known = settings.read(PILLAR).known
    credentials = {}
    for name in known.accounts:
        credentials[name] = {"password": f"home${name}%pw", "project_name": "services"}
        if name in _DOMAINS:
            credentials[name] |= {"user_domain_name": _DOMAINS[name], "user_domain_id": f"id-of-{_DOMAINS[name]}"}
    return {**PILLAR, "credentials": credentials}


def trees() -> list[str]:
    """The names of the trees."""
    return sorted(path.name for path in CORPUS.iterdir() if path.is_dir())


def copy(name: str, target: Path) -> Path:
    """Copy a tree to a folder and return it."""
    shutil.copytree(CORPUS / name, target, symlinks=True)
    (target / "expected.json").unlink()
    return target


def expected(name: str) -> dict:
    """What is expected of a tree."""
    return json.loads((CORPUS / name / "expected.json").read_text())


def texts(tree: Path) -> dict[str, bytes]:
    """Every file of a tree by its path in it."""
    return {str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}


def machine(tree: Path, region: str = "RegionTwo", given: dict | None = None) -> operations.Machine:
    """A machine whose files are the tree's."""
    found = settings.read(given or pillar())
    roots = [str(path) for path in (tree / "etc", tree / "usr/share") if path.exists()]
    return operations.Machine(found, region, tuple(roots), tree.parent / f"{tree.name}-backups")


def repoint(machine: operations.Machine, at: str = "RegionOne", dry: bool = False, given: dict | None = None):
    """Repoint a machine's services by home's accounts."""
    accounts = settings.credentials_of(given or pillar(), machine.settings.known)
    return machine.repoint(at, accounts, dry)
