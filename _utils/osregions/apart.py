"""Do something in a process of its own, and have its answer: what it breaks in there goes with it.

A master's reactor runs its reactions in threads of one process that lives for weeks. Each has Salt's loaders try
imports that fail; one that a destructor interrupts can leave its module's lock held for ever (CPython issue 91351), and
from then on no reaction of that master loads its modules. Seen on Salt 3008, Python 3.11.2, after 100 events at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from osregions.errors import RegionsError

_LOOK = 0.2  # seconds between two looks whether it is still there
_END = b"\n"


def run(act: Callable[[], Any], seconds: float) -> Any:
    """What `act` returns, which must be plain data, from a fork of this process.

    Raises RegionsError with the words of what it raised, or when it was killed or took longer than `seconds`; it is
    killed then.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _child(act, writing)
    os.close(writing)
    try:
        text = _read(reading, child, time.monotonic() + seconds)
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    if text is None:
        raise RegionsError("this was not done within its time, or was killed", f"{seconds:g} s", "run it again")
    found = json.loads(text)
    if "error" in found:
        raise RegionsError(found["error"])
    return found["value"]


def _child(act: Callable[[], Any], writing: int) -> None:
    try:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_DFL)  # the parent's handlers are about the parent's work
        try:
            found = {"value": act()}
        except Exception as err:  # whatever it is, the parent must hear of it
            found = {"error": str(err) if isinstance(err, RegionsError) else f"{type(err).__name__}: {err}"}
        text = json.dumps(found, default=str).encode() + _END
        while text:
            text = text[os.write(writing, text) :]
    finally:
        os._exit(0)  # nothing of the parent's is to be cleaned up here


def _read(reading: int, child: int, until: float) -> bytes | None:
    """What the child says; None when it says nothing, or not all, in time.

    Another fork of this process may hold the pipe open: its end tells nothing, so the text has one of its own.
    """
    text = b""
    gone = False
    while time.monotonic() < until:
        ready, _, _ = select.select([reading], [], [], _LOOK)
        if ready:
            part = os.read(reading, 65536)
            text += part
            if text.endswith(_END):
                return text
            if not part:
                return None
        elif gone:
            return None
        else:
            gone = _gone(child)
    return None


def _gone(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:  # somebody else asked after it
        return True
