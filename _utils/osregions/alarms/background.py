"""Looks that go on beside a minion's work: a beacon's call waits a moment for one, and never for a line that is cut."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 1.0  # seconds that a call waits
STUCK = 120.0  # after which a look that is still at it is told of


@dataclass
class _Run:
    """One look that was begun."""

    began: float
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None


class Stuck(Exception):
    """A look has been going on for far too long."""


class Background:
    """One look at a time."""

    def __init__(self) -> None:
        self._run: _Run | None = None
        self._told = 0.0

    def look(self, act: Callable[[], Any]) -> tuple[Any] | None:
        """What a look found, in a tuple; None when it is still at it: the next call asks again.

        Raises what it raised, and Stuck each so often when it does not end; a new one is not begun before it does.
        """
        run = self._run
        if run is None:
            run = self._run = _Run(time.monotonic())
            self._told = run.began
            # Salt's loader keeps what it gives a module in the context of the thread that called.
            within = contextvars.copy_context().run
            threading.Thread(target=within, args=(_look, run, act), name="openstack-regions alarm", daemon=True).start()
        if not run.done.wait(PATIENCE):
            now = time.monotonic()
            if now - self._told < STUCK:
                return None
            self._told = now
            raise Stuck(f"it has been looked at for {now - run.began:.0f} s, and no answer came")
        self._run = None
        if run.error is not None:
            raise run.error
        return (run.value,)


def _look(run: _Run, act: Callable[[], Any]) -> None:
    try:
        run.value = act()
    except BaseException as err:  # whatever it is, it is told where somebody waits
        run.error = err
    finally:
        run.done.set()
