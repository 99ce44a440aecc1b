"""One host as a machine: its root mounted, systemd started in it, commands run in it, and its end."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .settings import HOST_PATH, PREFIX, PROJECT, RUN, SOURCE, Host
from .shell import LabError, run, unmount, wait, write

_CGROUP = Path("/sys/fs/cgroup")
_ENVIRONMENT = {"PATH": HOST_PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "USER": "root"}


def folder(host: Host) -> Path:
    """Where this host's writable layer, mount point and notes are."""
    return RUN / "hosts" / host.name


def root(host: Host) -> Path:
    """The host's file system as seen from outside."""
    return folder(host) / "root"


def written(host: Host) -> Path:
    """What the host has written: the upper layer of its file system."""
    return folder(host) / "written"


def mount(host: Host, layers: Sequence[Path]) -> None:
    """Put the host's file system together; `layers` with the uppermost first."""
    work = folder(host) / "work"
    for one in (root(host), written(host), work):
        one.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={':'.join(map(str, layers))},upperdir={written(host)},workdir={work}"
    run(["mount", "-t", "overlay", f"{PREFIX}-{host.name}", "-o", options, root(host)])


def unmount_root(host: Host) -> None:
    """Take the host's file system apart; what it wrote stays."""
    unmount(root(host))
    shutil.rmtree(folder(host) / "work", ignore_errors=True)


def systemd_rules() -> bool:
    """True on a machine that systemd started: there a scope holds each host, elsewhere a cgroup made by hand."""
    return Path("/run/systemd/system").is_dir()


def boot(host: Host) -> None:
    """Start systemd in the host; returns when it runs, not when it has started everything."""
    (root(host) / SOURCE.lstrip("/")).mkdir(parents=True, exist_ok=True)
    argv = [
        *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--console=pipe"),
        f"--network-namespace-path=/run/netns/{host.netns}",
        f"--directory={root(host)}",
        f"--machine={PREFIX}-{host.name}",
        f"--hostname={host.name}",
        *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
    ]
    if host.controller:
        argv.append(f"--bind-ro={PROJECT}:{SOURCE}")
    if systemd_rules():
        scope = f"{PREFIX}-{host.name}.scope"
        run(["systemctl", "reset-failed", scope], check=False)
        argv = ["systemd-run", "--quiet", "--scope", f"--unit={scope}", "--property=Delegate=yes", *argv]
        groups: list[Path] = []
    else:
        groups = _own_cgroups(host)

    if groups:  # a shell enters them first: a cgroup is entered by a process, and inherited by what it starts
        joins = "; ".join(f"echo $$ > {shlex.quote(str(group))}/cgroup.procs" for group in groups)
        argv = ["sh", "-ec", f'{joins}; exec "$@"', "sh", *argv]
    log = (folder(host) / "console.log").open("w")
    with log:
        supervisor = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    write(folder(host) / "supervisor", f"{supervisor.pid} {_started(supervisor.pid)}\n")

    def leader_is_there() -> bool:
        if supervisor.poll() is not None:
            said = (folder(host) / "console.log").read_text(errors="replace")
            raise LabError(f"{host.name} did not start (systemd-nspawn ended with {supervisor.returncode}): {said}")
        pid = _init_below(supervisor.pid)
        if pid:
            write(folder(host) / "leader", f"{pid} {_started(pid)}\n")
        return bool(pid)

    wait(f"{host.name}: systemd", leader_is_there, seconds=20, pause=0.05)


def _own_cgroups(host: Host) -> list[Path]:
    """Cgroups for one host, in the hierarchies that its systemd uses."""
    groups = _groups_of(host)
    for group in groups:
        group.mkdir(parents=True, exist_ok=True)
    return groups


def _groups_of(host: Host) -> list[Path]:
    tops = [_CGROUP / name for name in ("systemd", "unified") if (_CGROUP / name).is_dir()] or [_CGROUP]
    return [top / PREFIX / host.name for top in tops]


def _init_below(pid: int) -> int | None:
    """Systemd in the host: the child of nspawn that is pid 1 of a namespace of its own."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return None
    for child in map(int, children):
        try:
            status = Path(f"/proc/{child}/status").read_text(encoding="utf-8")
            name = Path(f"/proc/{child}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            continue
        numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
        if name == "systemd" and len(numbers) > 1 and numbers[-1] == "1":
            return child
        found = _init_below(child)
        if found:
            return found
    return None


def _started(pid: int) -> str | None:
    """When this process began, in clock ticks: tells it from a later one with the same pid; None when it has ended."""
    try:
        state, *numbers = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else numbers[18]


def _noted(host: Host, name: str) -> int | None:
    """The pid in one of our notes, when that very process still runs."""
    try:
        pid, began = (folder(host) / name).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return int(pid) if _started(int(pid)) == began else None


def leader(host: Host) -> int:
    """The pid, outside, of the host's systemd; LabError when the host does not run."""
    pid = _noted(host, "leader")
    if pid is None:
        raise LabError(f"{host.name} is not running; start the lab with lab/up")
    return pid


def running(host: Host) -> bool:
    """True while the host's systemd runs."""
    return _noted(host, "leader") is not None


def enter(host: Host, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` inside the host."""
    environment = [f"{key}={value}" for key, value in _ENVIRONMENT.items()]
    if os.isatty(0) and "TERM" in os.environ:
        environment.append(f"TERM={os.environ['TERM']}")
    return ["nsenter", "-t", str(leader(host)), "-a", "-r", "-w", "env", "-i", *environment, *argv]


def execute(
    host: Host, *argv: str, stdin: str | None = None, check: bool = True, timeout: float | None = 300
) -> subprocess.CompletedProcess[str]:
    """Run a command in the host and give back what it said."""
    return run(enter(host, argv), stdin=stdin, check=check, timeout=timeout)


def wait_booted(host: Host, seconds: float = 90) -> None:
    """Until systemd has started everything, or says what failed."""

    def settled() -> bool:
        said = execute(host, "systemctl", "is-system-running", check=False).stdout.strip()
        if said == "degraded":
            raise LabError(execute(host, "systemctl", "--failed", "--no-legend", check=False).stdout.strip())
        return said == "running"

    wait(f"{host.name}: start-up", settled, seconds=seconds)


def power_off(host: Host, seconds: float = 30) -> None:
    """Shut the host down as a machine is shut down: services end in order."""
    pid = leader(host)
    os.kill(pid, signal.SIGRTMIN + 4)  # systemd's signal for `poweroff`
    _until_gone(host, seconds)


def kill(hosts: Sequence[Host]) -> None:
    """Pull the plug of several hosts: SIGKILL to pid 1 ends everything in a host at once."""
    for host in hosts:
        for name in ("leader", "supervisor"):
            pid = _noted(host, name)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    for host in hosts:
        _until_gone(host, 20)
        _kill_unnoted(host)


def _kill_unnoted(host: Host) -> None:
    """End what a command left running that was itself killed before it could note what it had started."""
    if systemd_rules():
        run(["systemctl", "kill", "--signal=KILL", f"{PREFIX}-{host.name}.scope"], check=False)
        return

    def empty() -> bool:
        pids = {
            int(pid)
            for group in _groups_of(host)
            for procs in group.rglob("cgroup.procs")
            for pid in procs.read_text(encoding="utf-8").split()
        }
        for pid in pids - {0}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    wait(f"{host.name}: its last processes", empty, seconds=10, pause=0.05)


def _until_gone(host: Host, seconds: float) -> None:
    end = time.monotonic() + seconds
    while _noted(host, "leader") or _noted(host, "supervisor"):
        supervisor = _noted(host, "supervisor")
        if supervisor:
            with suppress(ChildProcessError):
                os.waitpid(supervisor, os.WNOHANG)  # ours, when this very command started it
        if time.monotonic() > end:
            raise LabError(f"{host.name} did not end within {seconds:.0f} s")
        time.sleep(0.05)


def clean_cgroups() -> None:
    """Remove the cgroups made by hand."""
    for top in (_CGROUP / "systemd", _CGROUP / "unified", _CGROUP):
        own = top / PREFIX
        if own.is_dir():
            for path in sorted((one for one in own.rglob("*") if one.is_dir()), key=lambda one: -len(one.parts)):
                path.rmdir()
            own.rmdir()
