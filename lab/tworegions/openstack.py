"""The openstack command in the lab's hosts, signed in by a person's openrc file."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from . import machine
from .settings import Host
from .shell import LabError


def need(holds: object, text: str) -> None:
    """LabError with this text when something that must hold does not."""
    if not holds:
        raise LabError(text)


def run(
    host: Host, *words: str, person: str = "admin", project: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the openstack command in a host, signed in as `person` by the file in /root; `project` in place of theirs."""
    other = f"export OS_PROJECT_NAME={project}; " if project else ""
    script = f'. /root/keystonerc_{person}; {other}exec openstack "$@"'
    return machine.execute(host, "bash", "-c", script, "openstack", *words, check=check)


def openstack(host: Host, *words: str, person: str = "admin", project: str = "") -> Any:
    """What the openstack command answers, as data."""
    done = run(host, *words, "--format", "json", person=person, project=project)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise LabError(
            f"openstack {' '.join(words)} on {host.name} gave no JSON:\n{done.stdout}{done.stderr}"
        ) from None
