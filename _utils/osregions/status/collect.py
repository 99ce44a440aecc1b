"""Asking several things at once, none of which may hold up the others or the answer."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from osregions.errors import RegionsError

Tasks = Mapping[str, Callable[[], Any]]


def together(tasks: Tasks, seconds: float) -> dict[str, dict[str, Any]]:
    """What each task returns, by its name: `value`, or the `problem` that it met, and how many `seconds` it took.

    Never raises, and returns in time: a task that has not ended by then is left to itself, and that is its problem; it
    is `late` then.
    """
    began = time.monotonic()
    found: dict[str, dict[str, Any]] = {}

    def run(name: str, task: Callable[[], Any]) -> None:
        try:
            said: dict[str, Any] = {"value": task()}
        except RegionsError as err:
            said = {"problem": str(err)}
        except Exception as err:  # whatever it is, the other parts count; its own words may hold anything
            said = {"problem": f"looking failed: {type(err).__name__}"}
        found[name] = {**said, "seconds": round(time.monotonic() - began, 3)}

    threads = {}
    for name, task in tasks.items():
        # Salt's loader keeps what it gives a module, pillar among it, in the context of the thread that called.
        context = contextvars.copy_context()
        threads[name] = threading.Thread(target=context.run, args=(run, name, task), name=f"status {name}", daemon=True)
        threads[name].start()
    for thread in threads.values():
        thread.join(max(began + seconds - time.monotonic(), 0))
    done = dict(found)  # a late one may still write
    late = {"problem": f"no answer within {seconds:.2g} s", "seconds": round(seconds, 3), "late": True}
    return {name: done.get(name, late) for name in tasks}
