"""Work that may get stuck, or that only a new process can do, for whoever lives too long to take that risk.

A master's reactor runs its reactions in threads of one process that lives for weeks. Each has Salt's loaders try
imports that fail; one that a destructor interrupts can leave its module's lock held for ever (CPython issue 91351), and
from then on no reaction of that master loads its modules. Seen on Salt 3008, Python 3.11.2, after 100 events at once.
A fork is no way out: it takes over locks that other threads hold at that moment (seen too).
"""

from __future__ import annotations

import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from osregions.errors import RegionsError

_ONE = threading.Lock()  # one at a time, in this process: they get into each other's way


def within(act: Callable[[], Any], seconds: float) -> Any:
    """What `act` returns, or its error; TimeoutError when it, or one before it, is not done within that time."""
    found: dict[str, Any] = {}

    def run() -> None:
        with _ONE:
            try:
                found["value"] = act()
            except BaseException as err:  # whatever it is, it is raised where somebody waits
                found["error"] = err

    # Salt's loader keeps what it gives a module in the context of the thread that called.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(seconds)
    if "error" in found:
        raise found["error"]
    if "value" not in found:
        raise TimeoutError(f"not done within {seconds:g} s")
    return found["value"]


def anew(words: Sequence[str], environment: Mapping[str, str], seconds: float) -> str:
    """What a program of its own prints. Raises RegionsError when it fails, or takes longer; it is killed then."""
    try:
        done = subprocess.run(
            list(words),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as err:
        raise RegionsError(f"it was not done within {seconds:g} s", "", "the next event tries again") from err
    if not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise RegionsError(f"it ended without a word: {last}", "", "see the master's log")
    return done.stdout


def salt_run(conf_file: str, words: Sequence[str], seconds: float, **more: str) -> str:
    """What `salt-run --out=json` prints, with this configuration of a master's; `more` goes to its environment.

    Raises RegionsError, as `anew`.
    """
    code = "from salt.scripts import salt_run; salt_run()"
    options = ["-c", os.path.dirname(conf_file), "--out=json"]
    return anew([sys.executable, "-c", code, *options, *words], {**os.environ, **more}, seconds)
