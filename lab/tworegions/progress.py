"""What the lab shows while it works: one line per step, with its seconds; on a terminal the running step moves."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_FRAMES = "|/-\\"


class Progress:
    """Steps of one command, printed as they end; safe to use from several threads."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.live = self.out.isatty()
        self.began = time.monotonic()
        self.lock = threading.RLock()
        self.running: dict[int, tuple[str, float]] = {}
        self.counter = 0
        self.width = 0
        self.timings: dict[str, float] = {}
        self._ticker: threading.Thread | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self.began

    def title(self, text: str) -> None:
        """A headline above the steps that follow."""
        self._print(f"\n== {text}")

    def say(self, text: str) -> None:
        """Lines that belong to the current step, indented."""
        for line in text.splitlines() or [""]:
            self._print(f"             {line}".rstrip())

    def plain(self, text: str) -> None:
        """Text as it is: pictures, tables."""
        self._print(text)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Time what happens inside and say how it ended."""
        with self.lock:
            self.counter += 1
            number, began = self.counter, time.monotonic()
            self.running[number] = (text, began)
            if self.live:
                self._tick()
            elif len(self.running) == 1:
                self._print(f"[{self.elapsed:6.1f} s] ..... {text}")
        try:
            yield
        except BaseException:
            self._end(number, "FAIL ")
            raise
        self._end(number, "done ")

    def _end(self, number: int, mark: str) -> None:
        with self.lock:
            text, began = self.running.pop(number)
            seconds = time.monotonic() - began
            self.timings[text] = seconds
            self._print(f"[{self.elapsed:6.1f} s] {mark} {text} ({seconds:.1f} s)")

    def _print(self, line: str) -> None:
        with self.lock:
            if self.live and self.width:
                self.out.write("\r" + " " * self.width + "\r")
                self.width = 0
            self.out.write(line + "\n")
            self.out.flush()

    def _tick(self) -> None:
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._animate, daemon=True)
            self._ticker.start()

    def _animate(self) -> None:
        turn = 0
        while True:
            time.sleep(0.2)
            turn += 1
            with self.lock:
                if not self.running:
                    continue
                text = "; ".join(f"{what} {time.monotonic() - began:.0f} s" for what, began in self.running.values())
                line = f"[{self.elapsed:6.1f} s]   {_FRAMES[turn % 4]}   {text}"[:118]
                self.out.write("\r" + line.ljust(self.width))
                self.width = max(self.width, len(line))
                self.out.flush()
