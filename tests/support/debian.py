"""Debian packages that the tests need on the machine itself."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sysconfig
from pathlib import Path

# mariadb-server-core holds the server without a service: the tests start their own, on ports of their own.
SERVICES = ("mariadb-server-core", "mariadb-client", "memcached", "gnupg", "openssl", "libaio1", "libfaketime")
BUILD = ("gcc", "git", "libc6-dev")  # Salt's timelib has no wheel
BROWSER = ("chromium", "chromium-driver", "fonts-dejavu-core")
POLICY = Path("/usr/sbin/policy-rc.d")


class PackageError(Exception):
    """apt-get could not install what the tests need."""


def building() -> tuple[str, ...]:
    """Return what making the venvs needs with this Python: Debian's own comes without venv and headers."""
    headers = Path(sysconfig.get_path("include"), "Python.h")
    venv = () if importlib.util.find_spec("ensurepip") else ("python3-venv",)
    return (*BUILD, *venv, *(() if headers.exists() else ("python3-dev",)))


def missing(packages: tuple[str, ...]) -> list[str]:
    """Return the packages that dpkg does not know as installed."""
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    installed = {line.split()[0] for line in asked.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def install(packages: tuple[str, ...]) -> list[str]:
    """Install those of the packages that are missing, starting none of their services; return what was installed."""
    wanted = missing(packages)
    if not wanted:
        return []
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *wanted]):
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if done.returncode:
                said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
                raise PackageError(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)
    return wanted
