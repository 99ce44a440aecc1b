"""A real memcached of the tests' own, on a loopback port."""

from __future__ import annotations

import contextlib
import random
import subprocess
import threading
import time
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

    def client(self, **options) -> memcache.Client:
        """Return a client of the kind that the product uses."""
        return memcache.Client([self.address], socket_timeout=3, **options)

    def stats(self) -> dict[str, str]:
        """Return memcached's own counters."""
        pairs = self.client().get_stats()
        assert pairs, f"memcached at {self.address} gives no statistics"
        return {_text(key): _text(value) for key, value in pairs[0][1].items()}


class Configured(Memcached):
    """One that is started from a file as its system starts it: Debian's own wrapper, or RHEL's unit."""

    WRAPPER = "/usr/share/memcached/scripts/systemd-memcached-wrapper"
    # memcached.service of RHEL, with its EnvironmentFile.
    UNIT = '. "$0"; exec memcached -p "$PORT" -u "$USER" -m "$CACHESIZE" -c "$MAXCONN" $OPTIONS'

    def __init__(self, folder: Path, style: str, text: str):
        super().__init__(folder)
        self.style = style
        self.conf = folder / ("memcached.conf" if style == "debian" else "sysconfig-memcached")
        self.conf.write_text(text.format(port=self.port))

    def start(self) -> None:
        command = [self.WRAPPER] if self.style == "debian" else ["sh", "-c", self.UNIT]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, str(self.conf)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        ports.wait(lambda: ports.answers(self.port), self._process, str(self.log))

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextlib.contextmanager
    def used(self, keys: int, size: int = 2000, seed: int = 1):
        """While this lasts, somebody asks for one of so many keys after another, and sets those that are not there."""
        ends = threading.Event()

        def go() -> None:
            # It asks on, too, after a restart.
            chosen, client = random.Random(seed), self.client(dead_retry=0)
            while not ends.is_set():
                key = f"key-{chosen.randrange(keys)}"
                if client.get(key) is None:
                    client.set(key, "x" * size, time=3600)
                time.sleep(0.0005)
            client.disconnect_all()

        worker = threading.Thread(target=go, daemon=True)
        worker.start()
        try:
            yield
        finally:
            ends.set()
            worker.join(10)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
