"""Loopback ports, and waiting for what listens on them."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable


def free() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether something on 127.0.0.1 accepts a connection to that port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait(ready: Callable[[], bool], process: subprocess.Popen, log: str, seconds: float = 60) -> None:
    """Wait until `ready()`; fail with the end of the log when the process ends first or the time is over."""
    limit = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > limit:
            with open(log, errors="replace") as file:
                said = "".join(file.readlines()[-20:])
            state = f"ended with {process.returncode}" if process.poll() is not None else f"not ready in {seconds} s"
            raise RuntimeError(f"{process.args[0]}: {state}; {log} ends:\n{said}")
        time.sleep(0.05)


def stop(process: subprocess.Popen | None, seconds: float = 20) -> None:
    """End a process of ours: politely, then for good."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
