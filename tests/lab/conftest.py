"""The two-region lab for the tests that need whole machines. What can't run here fails; nothing is skipped."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.lab import failing, seen

LAB = Path(__file__).resolve().parents[2] / "lab"


class LabFault(AssertionError):
    """A command of the lab, or a command in one of its hosts, did not do what it should."""


class Lab:
    """The running lab: hosts `one-controller`, `one-node`, `two-controller`, `two-node`."""

    ready = None  # as what `failing.ready` has made it

    def exec(self, host, *command, check=True, input=None, timeout=240):
        """Run a command in a host and return subprocess's CompletedProcess (text).

        With `check`, a status that is not zero fails the test with what the command said. `input` is the command's
        standard input: the place for a secret, which must not be in a command line.
        """
        done = self._run([str(LAB / "exec"), host, *map(str, command)], input=input, timeout=timeout)
        if check and done.returncode:
            raise LabFault(f"{host}: {' '.join(map(str, command))} ended with {done.returncode}:\n{_end(done)}")
        return done

    def shell(self, host, script, check=True, timeout=240):
        """Run a shell script in a host and return its output without the last line's end."""
        return self.exec(host, "bash", "-euc", script, check=check, timeout=timeout).stdout.rstrip("\n")

    def salt(self, master, target, *words, check=True, timeout=240):
        """Run `salt TARGET WORDS...` on a controller and return {minion: what it returned}."""
        done = self.exec(
            master, "salt", "--out=json", "--static", "--timeout=60", target, *words, check=check, timeout=timeout
        )
        return _json(done.stdout)

    def runner(self, master, *words, check=True, timeout=240):
        """Run `salt-run WORDS...` on a controller and return what the runner returned."""
        done = self.exec(master, "salt-run", "--out=json", *words, check=check, timeout=timeout)
        return _json(done.stdout)

    def reset(self, snapshot="standalone", keystone="22", horizon=False):
        """Start again from a snapshot, `standalone` or `joined`, of a keystone release that the lab has."""
        self.ready = None
        self.command("up", "--from", snapshot, "--keystone", keystone, *(["--horizon"] if horizon else []))

    def command(self, name, *arguments, timeout=900):
        """Run one of the lab's own commands (`cut`, `hole`, `heal`, ...) and return what it said."""
        done = self._run([str(LAB / name), *arguments], timeout=timeout)
        if done.returncode:
            raise LabFault(f"lab/{name} {' '.join(arguments)} ended with {done.returncode}:\n{_end(done)}")
        return done.stdout

    @staticmethod
    def _run(words, input=None, timeout=240):
        standard_input = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}
        try:
            return subprocess.run(
                words, capture_output=True, text=True, errors="replace", timeout=timeout, check=False, **standard_input
            )
        except subprocess.TimeoutExpired as error:
            raise LabFault(f"{' '.join(words)}: no end after {timeout} s") from error


def _json(text):
    """Return the JSON at the end of what a Salt command printed (warnings may stand before it)."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start < 0:
        return json.loads(text or "null")
    return json.loads(text[start:])


def _end(done):
    return "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-40:])


def pytest_collection_modifyitems(config, items):
    """Leave out what is marked `long`, unless it is asked for, or named."""
    if os.environ.get("OPENSTACK_REGIONS_TEST_LONG"):
        return
    named = tuple(word for word in config.args if "::" in word)
    left = [item for item in items if item.get_closest_marker("long") and not item.nodeid.startswith(named)]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


@pytest.fixture(scope="session")
def running_lab():
    """The lab, which the first who resets it starts; taken down at the end unless OPENSTACK_REGIONS_KEEP_LAB is set."""
    lab = Lab()
    yield lab
    if not os.environ.get("OPENSTACK_REGIONS_KEEP_LAB"):
        lab.command("down")


@pytest.fixture(scope="module")
def lab(running_lab):
    """The lab as this module's tests left it: the first `reset` is theirs (`lab.reset("standalone")`)."""
    return running_lab


@pytest.fixture(scope="session")
def whole(running_lab):
    """A joined cloud whose RegionTwo has home's identity, and a backup of home's; whoever uses it leaves it well."""
    failing.ready(running_lab)
    running_lab.exec(failing.HOME, "salt-call", "keystone_catalog.backup")
    seen.well(running_lab)
    yield running_lab
    running_lab.command("heal")
