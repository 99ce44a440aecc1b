"""A Salt minion in a network and a file system of its own, with two keystones' stand-ins in reach, and no more.

The namespaces go with their last process: nothing of it is left on the machine that runs the tests.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support import impostor

HOME, LOCAL = "198.51.100.11", "198.51.100.22"
_IMPOSTOR = Path(impostor.__file__)
_ENTER = """
mount -t tmpfs tmpfs /run
mkdir -p /var/lib/openstack-regions
mount -t tmpfs tmpfs /var/lib/openstack-regions
ip link set lo up
ip address add 198.51.100.22/32 dev lo
ip link add line type veth peer name far
ip link set line up
ip link set far up
ip address add 198.51.100.11/32 dev lo
exec sleep infinity
"""


class Node:
    """One node of RegionTwo; `home` and `local` are the files by which its keystones' stand-ins are told to misbehave."""

    def __init__(self, folder: Path, python_path: Path | None = None):
        self.folder = folder
        self.environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if python_path:
            self.environment["PYTHONPATH"] = str(python_path)
        self._processes: list[subprocess.Popen] = []
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "bash", "-euc", _ENTER],
            stdin=subprocess.DEVNULL,
        )
        self.moods = {}
        for place, address in (("home", HOME), ("local", LOCAL)):
            self.moods[place] = folder / f"{place}.mood"
            self.moods[place].write_text("")
        self._wait(lambda: b"sleep" in Path(f"/proc/{self._holder.pid}/cmdline").read_bytes(), "the namespaces")
        for place, address in (("home", HOME), ("local", LOCAL)):
            self.start([sys.executable, str(_IMPOSTOR), address, "5000", str(self.moods[place])])

    def inside(self, *words: str) -> list[str]:
        """A command as it is run within."""
        return ["nsenter", "-t", str(self._holder.pid), "--net", "--mount", *words]

    def start(self, words, log="processes.log") -> subprocess.Popen:
        with (self.folder / log).open("a") as out:
            process = subprocess.Popen(
                self.inside(*words),
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def run(self, *words: str) -> str:
        done = subprocess.run(
            self.inside(*words),
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def cut(self) -> None:
        """No way to home's keystone any more: what is sent there is dropped in silence."""
        self.run("sh", "-c", f"ip address del {HOME}/32 dev lo && ip route add {HOME}/32 dev line")
        self.run("ip", "neigh", "replace", HOME, "lladdr", "02:00:00:00:00:01", "dev", "line", "nud", "permanent")

    def heal(self) -> None:
        self.run("sh", "-c", f"ip route del {HOME}/32 dev line; ip address add {HOME}/32 dev lo")

    def read(self, path: str):
        """A JSON file of the node's; None where there is none."""
        done = subprocess.run(self.inside("cat", path), capture_output=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None

    @property
    def sight(self):
        return self.read("/run/openstack-regions/reach.json")

    @property
    def switch(self):
        return self.read("/var/lib/openstack-regions/switch/now.json")

    def _wait(self, ready, what, seconds=60.0):
        limit = time.monotonic() + seconds
        while True:
            found = ready()
            if found:
                return found
            if time.monotonic() > limit:
                raise AssertionError(f"{what}: not within {seconds} s")
            time.sleep(0.05)

    wait = _wait

    def stop(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._holder.kill()
        self._holder.wait()
        shutil.rmtree(self.folder / "salt", ignore_errors=True)
