"""A real memcached of the tests' own, on a loopback port."""

from __future__ import annotations

import subprocess
from pathlib import Path

import memcache

from tests.support import ports


class Memcached:
    """The server, started; `address` is what goes into keystone.conf."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, megabytes: int = 16):
        self.folder = folder
        self.port = ports.free()
        self.megabytes = megabytes
        self.log = folder / f"memcached-{self.port}.log"
        self._process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "memcached was never started"
        return self._process.pid

    def start(self) -> None:
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [
                    "memcached",
                    "-u",
                    "root",
                    "-l",
                    self.host,
                    "-p",
                    str(self.port),
                    "-U",
                    "0",
                    "-m",
                    str(self.megabytes),
                    "-c",
                    "256",
                    "-t",
                    "1",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        ports.wait(lambda: ports.answers(self.port), self._process, str(self.log))

    def stop(self) -> None:
        if self._process:  # nothing to lose, and asked politely it takes a second
            self._process.kill()
            self._process.wait()

    def client(self) -> memcache.Client:
        """Return a client of the kind that the product uses."""
        return memcache.Client([self.address], socket_timeout=3)

    def stats(self) -> dict[str, str]:
        """Return memcached's own counters."""
        pairs = self.client().get_stats()
        assert pairs, f"memcached at {self.address} gives no statistics"
        return {_text(key): _text(value) for key, value in pairs[0][1].items()}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
