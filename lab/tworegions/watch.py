"""Following a master's event bus: which jobs an orchestration sends out, and what comes back, as it happens."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import machine
from .settings import Host

# Jobs that Salt sends for its own sake.
_HOUSEKEEPING = ("saltutil.find_job", "saltutil.running")


@contextmanager
def jobs(master: Host, tell: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, tell a line for each job that starts on the minions and for each answer."""
    follower = subprocess.Popen(
        machine.enter(master, ["env", "PYTHONUNBUFFERED=1", "salt-run", "state.event", "tagmatch=salt/job/*"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    reader = threading.Thread(target=_read, args=(follower, tell), daemon=True)
    reader.start()
    try:
        yield
    finally:
        follower.terminate()
        follower.wait()
        reader.join(timeout=5)


def _read(follower: subprocess.Popen[str], tell: Callable[[str], None]) -> None:
    functions: dict[str, str] = {}
    for line in follower.stdout or ():
        tag, _, text = line.partition("\t")
        parts = tag.split("/")
        try:
            event = json.loads(text)
        except ValueError:
            continue
        if len(parts) < 4 or not isinstance(event, dict) or event.get("fun") in _HOUSEKEEPING:
            continue
        if parts[3] == "new":
            functions[parts[2]] = _named(event)
            tell(f"-> {', '.join(event.get('minions') or ['nobody'])}: {functions[parts[2]]}")
        elif parts[3] == "ret" and parts[2] in functions:
            tell(f"<- {event.get('id')}: {_answer(event)}")


def _named(event: dict[str, Any]) -> str:
    """The job as an operator would type it; of its arguments only an SLS is named, the others may hold data."""
    function = str(event.get("fun"))
    arguments = event.get("arg") or []
    if function in ("state.sls", "state.apply") and arguments and isinstance(arguments[0], str):
        return f"{function} {arguments[0]}"
    return function


def _answer(event: dict[str, Any]) -> str:
    states = event.get("return")
    if not event.get("success", True) and not isinstance(states, dict):
        return "failed"
    if not isinstance(states, dict) or not all(isinstance(one, dict) and "result" in one for one in states.values()):
        return "answered"
    changed = [str(one.get("__id__") or key) for key, one in states.items() if one.get("changes")]
    failed = [str(one.get("__id__") or key) for key, one in states.items() if one.get("result") is False]
    text = f"{len(states)} states"
    if failed:
        return f"{text}, FAILED: {'; '.join(failed)}"
    return f"{text}, changes in {len(changed)}: {'; '.join(changed)}" if changed else f"{text}, no change"
