"""A service as systemd runs it: whether it runs, since when, and whether it has read its files as they are now."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from osregions.errors import RegionsError

_PROPERTIES = "LoadState,ActiveState,UnitFileState,MainPID"


@dataclass(frozen=True)
class Unit:
    """A unit, seen once; times are seconds since the epoch."""

    name: str
    loaded: bool
    active: bool
    enabled: bool
    pid: int  # 0: nothing runs
    started: float | None

    def older_than(self, paths: Iterable[str | Path]) -> str | None:
        """The newest of these files when the running process was started before it was written, else None.

        Looked at by content and not remembered, so that a run that was killed between writing and restarting is made
        good by the next one. A file from the future tells nothing, and is passed over: it would ask for ever.
        """
        if self.started is None:
            return None
        times = {str(path): os.stat(path).st_mtime for path in paths if os.path.exists(path)}
        newer = {path: moment for path, moment in times.items() if self.started < moment <= time.time()}
        return max(newer, key=newer.__getitem__) if newer else None


def booted() -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return os.path.isdir("/run/systemd/system")


def view(name: str, proc: str | Path = "/proc") -> Unit:
    """Look at a unit. One that systemd does not know comes back as not loaded."""
    try:
        done = subprocess.run(
            ["systemctl", "show", f"--property={_PROPERTIES}", "--", f"{name.removesuffix('.service')}.service"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except FileNotFoundError as err:
        raise RegionsError("there is no systemctl here", name, "services are looked after through systemd") from err
    except subprocess.TimeoutExpired as err:
        raise RegionsError("systemctl does not answer", name, "see whether systemd is well on this machine") from err
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[:200]
        raise RegionsError(f"systemctl show failed: {said}", name, "services are looked after through systemd")
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    pid = int(found.get("MainPID") or 0)
    return Unit(
        name=name,
        loaded=found.get("LoadState") == "loaded",
        active=found.get("ActiveState") in ("active", "reloading", "activating"),
        enabled=found.get("UnitFileState", "").startswith(("enabled", "static", "alias", "generated")),
        pid=pid,
        started=started(pid, proc) if pid else None,
    )


def started(pid: int, proc: str | Path = "/proc") -> float | None:
    """When a process was started, to a hundredth of a second; None when it is gone.

    From the ticks since boot in /proc/PID/stat (proc(5)) and the boot's own moment by today's clocks: the `btime` that
    other tools use has whole seconds only, too coarse beside a file that was written in the same second.
    """
    try:
        stat = Path(proc, str(pid), "stat").read_text()
    except OSError:
        return None
    # The name in brackets may hold anything; the fields count from behind its last bracket.
    ticks = int(stat[stat.rindex(")") + 2 :].split()[19])
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def members(unit: str, proc: str | Path = "/proc") -> tuple[int, ...]:
    """The processes of a unit, by the control group that systemd put them in."""
    wanted = f"/{unit.removesuffix('.service')}.service"
    found = []
    for folder in Path(proc).iterdir():
        if not folder.name.isdigit():
            continue
        try:
            groups = (folder / "cgroup").read_text().splitlines()
        except OSError:
            continue  # it ended while we looked
        if any(line.endswith(wanted) or f"{wanted}/" in line for line in groups):
            found.append(int(folder.name))
    return tuple(sorted(found))
