"""What `salt-run regions.status` says in the lab: of the cloud while it is cut, and once all is well."""

from __future__ import annotations

import json
import time
from typing import Any

from . import machine
from .openstack import need
from .progress import Progress
from .settings import Host, controller

_BUSY = "timeout=8"  # all four machines are this one
_PATIENCE = 60  # seconds in which minions that were cut off, and services that were restarted, are at their ease again


def cut(progress: Progress, member: Host) -> None:
    """While home is gone RegionTwo's own master tells so, at once, and what to do; the page does, too."""
    with progress.step(f"salt-run regions.status on {member.name} tells what is wrong, within five seconds"):
        found = _asked(member, "regions.status")
        codes = {one["code"] for one in found["findings"]}
        need(codes >= {"home_keystone_down", "identity_local"}, f"it finds {sorted(codes)}")
        need(found["seconds"] < 5, f"it took {found['seconds']} s")
    table = machine.execute(member, "salt-run", "--no-color", "regions.status", _BUSY, check=False).stdout
    progress.plain(f"\n{table.rstrip()}\n")
    with progress.step("the same as a page: salt-run regions.report"):
        path = _asked(member, "regions.report", _BUSY)["path"]
        text = machine.execute(member, "cat", path).stdout
        need("home_keystone_down" in text and "identity_local" in text, f"{path} does not tell that")
    progress.say(f"{member.name}:{path}")


def shown(progress: Progress) -> None:
    """At last nothing is wrong: the table, and where the page is."""
    home = controller(1)
    progress.title("How the cloud is: salt-run regions.status")
    with progress.step("nothing is wrong any more"):
        until = time.monotonic() + _PATIENCE
        words = ("salt-run", "--no-color", "regions.status", _BUSY)
        while (done := machine.execute(home, *words, check=False)).returncode and time.monotonic() < until:
            pass
        need(not done.returncode, f"it says\n{done.stdout}")
    progress.plain(f"\n{done.stdout.rstrip()}\n")
    with progress.step("the same as a page: salt-run regions.report"):
        path = _asked(home, "regions.report", _BUSY)["path"]
    progress.say(f"{home.name}:{path}, to be had by lab/exec {home.name} cat {path}")


def _asked(master: Host, function: str, *words: str) -> dict[str, Any]:
    text = machine.execute(master, "salt-run", "--out=json", function, *words, check=False).stdout
    need("{" in text, f"{function}: {text}")
    found: dict[str, Any] = json.loads(text[text.index("{") :])
    return found
