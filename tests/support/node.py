"""A Salt minion in a network and a file system of its own, with two keystones' stand-ins in reach, and no more.

The namespaces go with their last process: nothing of it is left on the machine that runs the tests. Its systemctl knows
no units: a machine whose first process is not systemd has none to tell of.
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

import yaml

from tests.support import impostor

HOME, LOCAL = "198.51.100.11", "198.51.100.22"
MINION = "two-1"
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
_FIRE = """
import json, sys, salt.config, salt.utils.event as e
opts = salt.config.master_config(sys.argv[1])
with e.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
    bus.fire_event(json.loads(sys.argv[2]), sys.argv[3])
"""


class Node:
    """One node of RegionTwo; by the files `moods` its keystones' stand-ins are told to misbehave."""

    def __init__(self, folder: Path, python_path: Path | None = None):
        self.folder = folder
        self.environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if python_path:
            self.environment["PYTHONPATH"] = str(python_path)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "systemctl").write_text("#!/bin/sh\nexit 0\n")
        (programs / "systemctl").chmod(0o755)
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"
        self._processes: list[subprocess.Popen] = []
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "bash", "-euc", _ENTER],
            stdin=subprocess.DEVNULL,
        )
        self.moods = {place: folder / f"{place}.mood" for place in ("home", "local")}
        for mood in self.moods.values():
            mood.write_text("")
        self.wait(lambda: Path(f"/proc/{self._holder.pid}/cmdline").read_bytes().startswith(b"sleep"), "namespaces")
        for place, address in (("home", HOME), ("local", LOCAL)):
            self.start([sys.executable, str(_IMPOSTOR), address, "5000", str(self.moods[place])])

    def pillar(self, limits=None, **region) -> dict:
        """The pillar of this node's cloud; `region` is said of RegionTwo."""
        openrc = self.folder / "openrc"
        openrc.write_text(
            f"export OS_USERNAME=admin\nexport OS_PASSWORD={impostor.PASSWORD}\n"
            f"export OS_AUTH_URL=http://{HOME}:5000/v3\nexport OS_PROJECT_NAME=admin\n"
        )
        (self.folder / "roots").mkdir(exist_ok=True)
        return {
            "openstack_regions": {
                "home": "RegionOne",
                "regions": {
                    "RegionOne": {"public_endpoint": f"http://{HOME}:5000"},
                    "RegionTwo": {"public_endpoint": f"http://{LOCAL}:5000", **region},
                },
                "openrc": {"admin": str(openrc)},
                "repoint": {"roots": [str(self.folder / "roots")]},
                "backup": {"directory": str(self.folder / "backup")},
                "failover": limits or {},
            }
        }

    def keep(self, pillar: dict) -> None:
        """Keep a pillar for the days without a master, as the formula does."""
        code = (
            "import json, sys; from osregions.reach import snapshot as s; s.write('RegionTwo', json.loads(sys.argv[1]))"
        )
        self.run(sys.executable, "-c", code, json.dumps(pillar))

    def minion(self, beacon=None, engine=True, **more) -> subprocess.Popen:
        """Start the minion; without `master` it never has one."""
        folder = self.folder / "minion"
        folder.mkdir(exist_ok=True)
        conf = {
            "id": MINION,
            "root_dir": str(self.folder / "salt"),
            "sock_dir": "sock",  # these two are under root_dir
            "log_file": "minion.log",
            "log_level_logfile": "info",
            "grains": {"region": "RegionTwo", "roles": ["keystone"]},
            "enable_fqdns_grains": False,
            "beacons_before_connect": True,
            "beacons": {"keystone_reach": beacon or [{"interval": 1}]},
            "engines": [{"regions_failover": {}}] if engine else [],
            **({} if "master" in more else {"master_type": "disable", "file_client": "local"}),
            **more,
        }
        (folder / "minion").write_text(yaml.safe_dump(conf))
        return self.start([str(Path(sys.executable).parent / "salt-minion"), "-c", str(folder)])

    def master(self, pillar: dict, **more) -> None:
        """Start a master beside it, with this pillar for every minion; `more` goes into its configuration."""
        roots, folder = self.folder / "pillar", self.folder / "master"
        for made in (roots, folder):
            made.mkdir()
        (roots / "top.sls").write_text("base: {'*': [cloud]}\n")
        (roots / "cloud.sls").write_text(yaml.safe_dump(pillar))
        conf = {
            "interface": "127.0.0.1",
            "root_dir": str(self.folder / "master-root"),
            "sock_dir": "sock",
            "log_file": "master.log",
            "log_level_logfile": "info",
            "open_mode": True,
            "auto_accept": True,
            "pillar_roots": {"base": [str(roots)]},
            "user": "root",
            **more,
        }
        (folder / "master").write_text(yaml.safe_dump(conf))
        self.start([str(Path(sys.executable).parent / "salt-master"), "-c", str(folder)])

    @property
    def masters_log(self) -> str:
        (path,) = (self.folder / "master-root").rglob("master.log")
        return path.read_text()

    def listener(self, pattern: str, count: int) -> subprocess.Popen:
        """Listen on the master's bus for so many events: a line for each, its tag, a tab and its data."""
        return subprocess.Popen(
            self.inside(
                *(str(Path(sys.executable).parent / "salt-run"), "-c", str(self.folder / "master")),
                *("state.event", pattern, f"count={count}"),
            ),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def heard(self, pattern: str, count: int, seconds: float) -> list[dict]:
        """The data of so many events on the master's bus, within so many seconds."""
        listener = self.listener(pattern, count)
        try:
            said, _ = listener.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            listener.kill()
            raise AssertionError(f"no {pattern} within {seconds} s; the minion's log:\n{self.log[-3000:]}") from None
        return [json.loads(line.partition("\t")[2]) for line in said.splitlines() if "\t" in line]

    def fire(self, tag: str, data: dict) -> None:
        """Send an event on the master's bus, as anybody could who is on it."""
        self.run(sys.executable, "-c", _FIRE, str(self.folder / "master" / "master"), json.dumps(data), tag)

    def call(self, function: str, *arguments: str):
        """What a function on the node returns."""
        words = [str(Path(sys.executable).parent / "salt-call"), "-c", str(self.folder / "minion"), "--local"]
        return json.loads(self.run(*words, "--out=json", "--out-indent=-1", function, *arguments))["local"]

    @property
    def log(self) -> str:
        path = self.folder / "salt" / "minion.log"
        return path.read_text() if path.exists() else ""

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

    def ready(self) -> None:
        """Wait until the beacon holds both keystones to be up, and the engine is there."""
        self.wait(
            lambda: (seen := self.sight) and seen["home"]["state"] == seen["local"]["state"] == "up", "both seen up", 40
        )

    def wait(self, ready, what, seconds=60.0):
        limit = time.monotonic() + seconds
        while True:
            found = ready()
            if found:
                return found
            if time.monotonic() > limit:
                raise AssertionError(
                    f"{what}: not within {seconds} s; it sees {self.sight}; its log:\n{self.log[-3000:]}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._holder.kill()
        self._holder.wait()
        shutil.rmtree(self.folder / "salt", ignore_errors=True)
