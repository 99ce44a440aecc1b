"""Programs whose clock is off, by Debian's libfaketime."""

from __future__ import annotations

import functools
import subprocess


def ahead(seconds: int) -> dict[str, str]:
    """What to put into a program's environment so that its clock is so many seconds ahead (negative: behind).

    The time of day is; how long something takes stays as it is.
    """
    if not seconds:
        return {}
    return {"LD_PRELOAD": _library(), "FAKETIME": f"{seconds:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@functools.cache
def _library() -> str:
    listed = subprocess.run(["dpkg", "-L", "libfaketime"], capture_output=True, text=True, check=True).stdout
    # The one for programs with threads.
    return next(line for line in listed.splitlines() if line.endswith("/libfaketimeMT.so.1"))
