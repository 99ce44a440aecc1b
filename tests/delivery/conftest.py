"""Real masters and minions, each given the extension in one of the ways that a user has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from saltfactories.manager import FactoriesManager

from tests.support.node import Node

ROOT = Path(__file__).resolve().parents[2]
WALK = Path(__file__).with_name("walk.py")
LEFT_OUT = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "tests", "lab", "bench", "*.egg-info", "build")


@dataclass
class Cloud:
    """A master and a minion that run, and the source that was delivered to them."""

    delivery: str
    source: Path
    master: object
    minion: object
    environment: dict

    def call(self, function, *arguments, **named):
        """Run a function on the minion by way of the master and return what came back."""
        cli = self.master.salt_cli(environ=self.environment)
        result = cli.run(function, *arguments, minion_tgt=self.minion.id, **named)
        assert result.returncode == 0, f"{function}: {result.stdout}{result.stderr}"
        return result.data

    def run(self, function, *arguments, **named):
        """Run a runner on the master and return what came back."""
        result = self.master.salt_run_cli(environ=self.environment).run(function, *arguments, **named)
        assert result.returncode == 0, f"{function}: {result.stdout}{result.stderr}"
        return result.data

    def sync(self):
        """Bring what the file server holds to minion and master; return what came as new, by kind."""
        for_minion = self.call("saltutil.sync_all")
        for_master = self.run("saltutil.sync_all")
        return {"minion": for_minion, "master": for_master}

    def walk(self):
        """Return what the loaders of minion and master hold of ours."""
        done = subprocess.run(
            [
                sys.executable,
                str(WALK),
                str(self.source),
                self.minion.config["conf_file"],
                self.master.config["conf_file"],
            ],
            cwd=self.source.parent,  # not the checkout, whose folders are importable
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])


def copy(source, target):
    """Copy what a checkout delivers, and return where."""
    return shutil.copytree(source, target, ignore=LEFT_OUT)


def build_wheel(source, folder):
    """Build the wheel from a copy (a build leaves folders behind) and return its path."""
    built = copy(source, folder / "build")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(folder), str(built)], stdin=subprocess.DEVNULL, check=True)
    shutil.rmtree(built)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_wheel(wheel, target):
    """Install the wheel into a folder that goes before the venv's own packages."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*command, str(wheel)], stdin=subprocess.DEVNULL, check=True)
    return target


def commit(repository):
    """Make a git repository out of a folder, or record its changes."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "delivered"]):
        subprocess.run([*git, *command], cwd=repository, stdin=subprocess.DEVNULL, check=True)
    return repository


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The checkout as it is now, for every delivery of this session: they are compared with each other."""
    return copy(ROOT, tmp_path_factory.mktemp("source") / "checkout")


@pytest.fixture(scope="session")
def wheel(source, tmp_path_factory):
    return build_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def packages(wheel, tmp_path_factory):
    """The wheel's contents, where a Python path can name them."""
    return install_wheel(wheel, tmp_path_factory.mktemp("site-packages"))


@pytest.fixture
def node(packages):
    """A node of RegionTwo in a network of its own; see `tests.support.node`."""
    # A short path: those of sockets may not be long.
    with tempfile.TemporaryDirectory(prefix="osr-") as folder:
        made = Node(Path(folder), packages)
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="session")
def start_cloud(tmp_path_factory, event_listener, stats_processes, _salt_factories_config, salt_factories_config):
    """`start_cloud(delivery, source, master={...}, python_path=None, minion={...}) -> Cloud` that runs."""
    running = []

    def start(delivery, source, master=None, python_path=None, minion=None):
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if python_path:
            environment["PYTHONPATH"] = str(python_path)
        folder = tmp_path_factory.mktemp(delivery)
        settings = {**_salt_factories_config, **salt_factories_config, "root_dir": folder, "cwd": folder}
        settings |= {"environ": environment, "slow_stop": False}
        manager = FactoriesManager(stats_processes=stats_processes, event_listener=event_listener, **settings)
        quiet = {"enable_fqdns_grains": False, "grains": {"region": "RegionOne", "roles": ["controller"]}}
        pillar = {"pillar_roots": {"base": [str(source / "pillar.example")]}}
        # Whoever answers is not waited for, and a busy machine answers late.
        patient = {"open_mode": True, "timeout": 60}
        one = manager.salt_master_daemon(f"{delivery}-master", overrides={**patient, **pillar, **(master or {})})
        running.append(one)
        one.start()
        two = one.salt_minion_daemon(f"{delivery}-minion", overrides={**quiet, **(minion or {})})
        running.append(two)
        two.start()
        return Cloud(delivery, source, one, two, environment)

    try:
        yield start
    finally:
        for daemon in reversed(running):
            daemon.terminate()


def by_pip(start_cloud, source, tmp_path_factory, wheel):
    """The wheel in Python's path of master and minion; the formula by file roots; nothing synced."""
    target = install_wheel(wheel, tmp_path_factory.mktemp("site-packages"))
    return start_cloud("pip", source, {"file_roots": {"base": [str(source / "salt")]}}, python_path=target)


def by_file_roots(start_cloud, source):
    """A checkout and its folder `salt` as file roots, synced."""
    cloud = start_cloud("roots", source, {"file_roots": {"base": [str(source), str(source / "salt")]}})
    cloud.sync()
    return cloud


def by_gitfs(start_cloud, source, tmp_path_factory):
    """A git URL twice under two names, the second with `root: salt`, synced."""
    repository = commit(copy(source, tmp_path_factory.mktemp("gitfs-source") / "checkout"))
    url = f"file://{repository}"
    remotes = [{url: [{"name": "extension"}]}, {url: [{"name": "formula"}, {"root": "salt"}]}]
    settings = {
        "fileserver_backend": ["gitfs"],
        "gitfs_provider": "gitpython",
        "gitfs_base": "main",
        "gitfs_remotes": remotes,
    }
    cloud = start_cloud("gitfs", repository, settings)
    cloud.run("fileserver.update")
    cloud.sync()
    return cloud


@pytest.fixture(scope="session")
def deliveries(start_cloud, source, tmp_path_factory, wheel):
    """`deliveries(name)`: the running cloud of a delivery, started when first asked for."""
    made = {}

    def get(name):
        if name not in made:
            if name == "pip":
                made[name] = by_pip(start_cloud, source, tmp_path_factory, wheel)
            elif name == "file_roots":
                made[name] = by_file_roots(start_cloud, source)
            else:
                made[name] = by_gitfs(start_cloud, source, tmp_path_factory)
        return made[name]

    return get


@pytest.fixture(params=["pip", "file_roots", "gitfs"])
def cloud(request, deliveries):
    """Each delivery in turn."""
    return deliveries(request.param)
