"""Layers over the Debian root: Salt in /opt/salt, keystone 30 in /opt/keystone, and the dashboard under Apache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .settings import KEYSTONE_RANGES, SALT_RANGES
from .shell import run, unmount, write

# What both environments need to reach MariaDB and memcached.
CLIENTS = ("PyMySQL", "python-memcached")

# No variable of the machine outside reaches a command in the image: its pip would look for the outside's certificates.
CLEAN = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")

# Horizon as Debian ships it, and the packages' own configuration for Apache.
DASHBOARD_PACKAGES = ("openstack-dashboard", "openstack-dashboard-apache")

_SALT_UNIT = """[Unit]
Description=Salt {kind} of the lab
After=network.target

[Service]
Type=notify
NotifyAccess=all
Environment=PATH={path}
ExecStart=/opt/salt/bin/salt-{kind}
KillMode={kill}
Restart=always
RestartSec=1
LimitNOFILE=100000

[Install]
WantedBy=multi-user.target
"""

_KEYSTONE_MANAGE = """#!/bin/sh
exec /opt/keystone/bin/keystone-manage "$@"
"""


def salt_requirements(version: str) -> tuple[str, ...]:
    """What goes into /opt/salt."""
    return (SALT_RANGES[version], *CLIENTS)


def keystone_requirements(version: str) -> tuple[str, ...]:
    """What goes into /opt/keystone; setuptools because its dependencies still import pkg_resources."""
    return (KEYSTONE_RANGES[version], *CLIENTS, "setuptools<81")


def build_salt(below: list[Path], layer: Path, wheel_folder: Path, version: str) -> None:
    """Salt in /opt/salt, with units for master and minion."""
    with _chroot(below, layer, wheel_folder) as root:
        _environment(root, "/opt/salt", salt_requirements(version))
        for kind, kill in (("master", "mixed"), ("minion", "process")):
            unit = _SALT_UNIT.format(
                kind=kind, kill=kill, path="/opt/salt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            )
            write(root / f"etc/systemd/system/salt-{kind}.service", unit)


def build_keystone(below: list[Path], layer: Path, wheel_folder: Path, version: str) -> None:
    """A newer keystone in /opt/keystone, served by the packaged unit `keystone` in the place of the packaged one."""
    with _chroot(below, layer, wheel_folder) as root:
        _environment(root, "/opt/keystone", keystone_requirements(version))
        write(root / "usr/bin/keystone-manage", _KEYSTONE_MANAGE, mode=0o755)
        ini = root / "etc/keystone/keystone-uwsgi.ini"
        lines = [one for one in ini.read_text(encoding="utf-8").splitlines() if not one.startswith("wsgi-file")]
        lines += ["virtualenv = /opt/keystone", "module = keystone.wsgi.api:application"]
        write(ini, "\n".join(lines) + "\n")


def build_dashboard(below: list[Path], layer: Path) -> None:
    """Horizon under Apache; neither is started by its package, nor at boot: a lab that wants it enables it."""
    with _chroot(below, layer) as root:
        policy, names = root / "usr/sbin/policy-rc.d", root / "etc/resolv.conf"
        write(policy, "#!/bin/sh\nexit 101\n", mode=0o755)
        shutil.copyfile("/etc/resolv.conf", names)
        proxies = [f"{name}={os.environ[name]}" for name in _PROXIES if name in os.environ]
        apt: list[str | Path] = [*CLEAN, *proxies, "DEBIAN_FRONTEND=noninteractive", "chroot", root, "apt-get", "-qq"]
        run([*apt, "update"])
        run([*apt, "-o", "Dpkg::Options::=--force-unsafe-io", "install", "-y", *DASHBOARD_PACKAGES])
        run([*apt, "clean"])
        shutil.rmtree(root / "var/lib/apt/lists")
        policy.unlink()
        names.unlink()
        run(["chroot", root, "systemctl", "--quiet", "disable", "apache2"])


def _environment(root: Path, place: str, requirements: tuple[str, ...]) -> None:
    run([*CLEAN, "chroot", root, "python3", "-m", "venv", place])
    options = ["--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-index", "--find-links", "/mnt"]
    run([*CLEAN, "chroot", root, f"{place}/bin/pip", "install", *options, *requirements])


@contextmanager
def _chroot(below: list[Path], layer: Path, wheel_folder: Path | None = None) -> Iterator[Path]:
    """Lower layers with `layer` on top as one writable root; wheels, where there are any, are at /mnt."""
    root, work = layer.with_name(layer.name + ".root"), layer.with_name(layer.name + ".work")
    for folder in (layer, root, work):
        folder.mkdir(parents=True)
    stack = ":".join(map(str, below))
    try:
        run(["mount", "-t", "overlay", "image", "-o", f"lowerdir={stack},upperdir={layer},workdir={work}", root])
        run(["mount", "-t", "proc", "proc", root / "proc"])
        if wheel_folder:
            run(["mount", "--bind", wheel_folder, root / "mnt"])
        yield root
    finally:
        unmount(root)
    root.rmdir()
    shutil.rmtree(work)
