"""Running commands: output kept, shown only when something went wrong."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class LabError(Exception):
    """Something in the lab did not go as it must; the text is for the operator."""


class CommandError(LabError):
    """A command ended with a status that is not 0."""

    def __init__(self, argv: Sequence[str], status: int, output: str) -> None:
        self.argv, self.status, self.output = list(argv), status, output
        tail = "\n".join(output.strip().splitlines()[-40:])
        super().__init__(f"`{shlex.join(self.argv)}` ended with status {status}:\n{tail}")


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | None = None,
    env: dict[str, str] | None = None,
    check: bool = True,
    timeout: float | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command, give back its status and its output; raise CommandError on a status other than 0."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            env=env,
            timeout=timeout,
            cwd=cwd,
        )
    except FileNotFoundError as err:
        raise LabError(f"`{words[0]}` is not installed: {err}") from err
    except subprocess.TimeoutExpired as err:
        raise CommandError(words, -1, f"no end after {err.timeout:.0f} s") from err
    if check and done.returncode:
        raise CommandError(words, done.returncode, done.stdout + done.stderr)
    return done


def wait(what: str, ready: Callable[[], object], *, seconds: float, pause: float = 0.25) -> None:
    """Ask `ready` until it says yes, at most for `seconds`; a failing command counts as a no."""
    end = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
            last = "not yet"
        except (CommandError, OSError) as err:
            last = str(err)
        if time.monotonic() > end:
            raise LabError(f"{what}: not after {seconds:.0f} s ({last})")
        time.sleep(pause)


def write(path: Path, text: str, *, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
    """Put a file in its place, with mode and owner from the first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), mode)
        if owner:
            os.fchown(stream.fileno(), *owner)
        stream.write(text)


def is_mounted(path: Path) -> bool:
    """True when something is mounted at `path`."""
    return os.path.ismount(path)


def mounts_under(path: Path) -> list[str]:
    """Mount points at or below `path`, the deepest first."""
    top = str(path)
    found = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        point = line.split()[4].encode().decode("unicode_escape")
        if point == top or point.startswith(top + "/"):
            found.append(point)
    return sorted(found, key=lambda point: point.count("/"), reverse=True)


def unmount(path: Path) -> None:
    """Take away everything mounted at or below `path`."""
    for point in mounts_under(path):
        if run(["umount", point], check=False).returncode:
            run(["umount", "--lazy", point], check=False)
