"""The parts of the test run: what each one runs, in which venv, and how its outcome is counted.

A test that was skipped, and a part in which nothing ran, count as failed: what was not seen does not hold.
"""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.support import venvs

ROOT = Path(__file__).resolve().parents[2]
RESULTS = venvs.CACHE / "results"


@dataclass(frozen=True)
class Outcome:
    passed: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.passed + other.passed, self.failed + other.failed, self.notes + other.notes)


@dataclass(frozen=True)
class Part:
    name: str
    venvs: tuple[str, ...]
    services: bool = False  # needs Debian's database programs
    image: bool = False  # needs the lab's image
    browser: bool = False  # needs Debian's Chromium, and horizon in the lab
    salt: bool = False  # its tests load Salt, or start its daemons
    once: bool = False  # in the second venv, tests that are marked `one_salt` are left out


# Unit tests and those of database servers know no Salt: one venv is enough. What meets Salt meets both of its releases,
# but for what takes long, and in which Salt has no part or which the lab sees with the other one: that is marked
# `one_salt`, and meets the first.
# The lab's own is in its hosts.
PARTS = {
    "lint": Part("lint", (venvs.TOOLS,)),
    "docs": Part("docs", (venvs.DOCS,)),
    "unit": Part("unit", ("salt3006",), services=True),
    "delivery": Part("delivery", venvs.SALTS, salt=True, once=True),
    "functional": Part("functional", venvs.SALTS, services=True, image=True, salt=True, once=True),
    "servers": Part("servers", ("salt3006",), services=True, image=True),
    "lab": Part("lab", (venvs.LAB,), image=True, browser=True),
}

# What may run side by side on two cores: the delivery's daemons start while the image is built and read. The lab is
# alone: it is timed.
LANES = (("lint", "docs", "unit", "functional"), ("delivery", "servers"))
# The plugins of tests that know no Salt. Those of pytest-salt-factories take a tenth of a second for each test.
PLUGINS = "pytest_timeout,_hypothesis_pytestplugin"


def sources(*suffixes: str) -> list[str]:
    """Return the project's files that end so, without what git ignores."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return sorted(name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file())


def scripts(interpreter: str) -> list[str]:
    """Return the project's commands (no suffix) that are written for that interpreter."""
    found = []
    for name in sources(""):
        path = ROOT / name
        if path.suffix in ("", ".sh") and not path.is_symlink():
            with path.open("rb") as file:
                first = file.readline(120)
            if first.startswith(b"#!") and interpreter.encode() in first:
                found.append(name)
    return found


def lint_checks(tools: Path) -> list[tuple[str, list[str]]]:
    """Return the checks of the part `lint`: a name and a command each."""
    python = [*sources(".py"), *scripts("python3")]
    shipped = [name for name in python if name.startswith("_")]
    checks = [
        ("ruff check", [f"{tools}/ruff", "check", "--no-cache", "--force-exclude", *python]),
        ("ruff format", [f"{tools}/ruff", "format", "--no-cache", "--check", "--force-exclude", *python]),
        ("python 3.10", [f"{tools}/vermin", "-q", "-t=3.10-", "--no-tips", "--violations", *shipped]),
    ]
    for package in ("_utils/osregions", "lab"):
        if any(name.startswith(f"{package}/") for name in sources(".py")):
            checks.append((f"mypy {package}", [f"{tools}/mypy", "--no-error-summary", package]))
    if sls := sources(".sls", ".jinja"):
        # 205 wants every file called .sls: a map.jinja is one by Salt's own formula conventions
        checks.append(("salt-lint", [f"{tools}/salt-lint", "-x", "205", *sls]))
    for name in scripts("bash"):
        checks.append((f"bash -n {name}", ["bash", "-n", name]))
    return checks


def run_lint(only: list[str], out: TextIO) -> Outcome:
    """Run the checks whose name holds one of the words given (all when none is; options are pytest's)."""
    only = [word for word in only if not word.startswith("-")]
    total = Outcome()
    for name, command in lint_checks(venvs.place(venvs.TOOLS) / "bin"):
        if only and not any(word in name for word in only):
            continue
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{done.stdout}{done.stderr}".rstrip(), file=out)
            total += Outcome(failed=1, notes=(f"lint: {name} failed",))
        else:
            total += Outcome(passed=1)
        print(f"    {name}: {'FAILED' if done.returncode else 'ok'}", file=out, flush=True)
    if not total.passed + total.failed:
        return Outcome(failed=1, notes=("lint: no check ran",))
    return total


def run_pytest(part: str, venv: str, arguments: list[str], out: TextIO) -> Outcome:
    """Run the tests of a part in a venv, and count them from pytest's own report."""
    label = f"{part} ({venv})"
    report = RESULTS / f"{part}-{venv}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    python = venvs.place(venv) / "bin" / "python"
    named = [word for word in arguments if (ROOT / word.split("::")[0]).exists()]
    where = [] if named else [f"tests/{part}"]
    # Whoever names tests wants these.
    whole = bool(arguments) or os.environ.get("OPENSTACK_REGIONS_TEST_LONG")
    less = ["-m", "not one_salt"] if PARTS[part].once and venv != PARTS[part].venvs[0] and not whole else []
    command = [str(python), "-m", "pytest", *where, f"--junit-xml={report}", *less, *arguments]
    environment = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)  # only the venv and the checkout, whatever the caller's shell has set
    if not PARTS[part].salt:
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": PLUGINS}
    code = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=out.fileno(),
        stderr=subprocess.STDOUT,
        check=False,
    ).returncode
    return count(label, report, code)


def count(label: str, report: Path, code: int) -> Outcome:
    """Return what a junit report and pytest's exit status say together."""
    if not report.exists():
        return Outcome(failed=1, notes=(f"{label}: pytest ended with {code} and left no report",))
    suites = list(ET.parse(report).getroot().iter("testsuite"))
    ran, broken, errors, skipped = (
        sum(int(suite.get(key, "0")) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    failed = broken + errors + skipped
    notes = []
    if failed:
        notes.append(f"{label}: {broken} failed, {errors} errors, {skipped} skipped (a skipped test counts as failed)")
    if not ran:
        notes.append(f"{label}: no test ran")
    elif code and not failed:
        notes.append(f"{label}: pytest ended with {code}")
    return Outcome(max(ran - failed, 0), failed or (1 if notes else 0), tuple(notes))
