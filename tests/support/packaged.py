"""What Debian's packages bring: fetched once, unpacked, never installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support import venvs

CACHE = venvs.CACHE / "packaged"
PACKAGES = {
    "nova": ("nova-common", "nova-compute"),
    "neutron": ("neutron-common", "neutron-metadata-agent"),
    "cinder": ("cinder-common",),
    "glance": ("glance-common", "glance-api"),
    "heat": ("heat-common",),
    "ironic": ("ironic-common",),
    "octavia": ("octavia-common",),
    "magnum": ("magnum-common",),
    "barbican": ("barbican-common", "barbican-api"),
}
# Where packages keep what their scripts copy to /etc (ucf).
_PLACES = ("etc", "usr/share")


class PackageError(Exception):
    """A package could not be fetched or unpacked."""


def fetch() -> Path:
    """Return the folder that holds the files of the packages with configuration."""
    return unpacked(*(name for names in PACKAGES.values() for name in names))


def promtool() -> Path:
    """Return Prometheus' program that tries rules. The package is unpacked only: no Prometheus starts."""
    return unpacked("prometheus") / "prometheus" / "usr" / "bin" / "promtool"


def unpacked(*packages: str) -> Path:
    """Return the folder that holds these packages' files, each under its name, fetching what is not there yet."""
    CACHE.mkdir(parents=True, exist_ok=True)
    missing = [name for name in packages if not (CACHE / name / venvs.COMPLETE).exists()]
    if missing:
        downloads = CACHE / "downloads"
        downloads.mkdir(exist_ok=True)
        _run(["apt-get", "-qq", "update"], downloads)
        # Fetched as root: apt's own user may not write here.
        _run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *missing], downloads)
        for name in missing:
            (package,) = downloads.glob(f"{name}_*.deb")
            shutil.rmtree(CACHE / name, ignore_errors=True)
            _run(["dpkg-deb", "-x", str(package), str(CACHE / name)], downloads)
            (CACHE / name / venvs.COMPLETE).touch()
    return CACHE


def tree(target: Path) -> dict[str, list[Path]]:
    """Lay the packages' configuration out as under /etc; return each project's files."""
    found: dict[str, list[Path]] = {}
    for project, names in PACKAGES.items():
        folder = target / "etc" / project
        for name in names:
            for source in _configuration(fetch() / name, project):
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / source.name)
                found.setdefault(project, []).append(folder / source.name)
    return found


def _configuration(package: Path, project: str) -> list[Path]:
    """The INI files of a package."""
    found = {}
    for place in _PLACES:
        for path in sorted((package / place).rglob("*")):
            inside = "doc" not in path.parts and any(project in part for part in path.relative_to(package).parts[:-1])
            if path.is_file() and path.suffix in (".conf", ".ini") and inside:
                found.setdefault(path.name, path)
    return list(found.values())


def _run(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackageError(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
