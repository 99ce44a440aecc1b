"""60 edits, 40 changes and 20 new options, in files of three sizes: ours beside what people use instead.

All but crudini are measured in this process: the file is read, edited and written. crudini is measured as it is used:
a process, which gets all the edits at once.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from configupdater import ConfigUpdater

from osregions.conf.document import Document
from tests.support import judge

SIZES = (1_000, 4_000, 16_000)
PER_SECTION = 50  # lines
CHANGES, NEW = 40, 20
SLOW = 2.0  # seconds: what takes longer is run once
Edits = dict[tuple[str, str], str]
Tool = Callable[[Path, Edits], None]


@dataclass(frozen=True)
class Result:
    """What one tool made of one file, and the seconds that it took."""

    took: float
    runs: int
    differing: int
    comments: int
    repeated: int
    exact: bool


def sample(lines: int) -> str:
    """A text like a nova.conf of so many lines: 67% comments, and in each 1,000 lines six options given twice."""
    return "\n".join(line for number in range(lines // PER_SECTION) for line in _section(number)) + "\n"


def _section(number: int) -> list[str]:
    lines = [f"[{_name(number)}]"]
    for stanza in range(7):
        # Now and then a stanza has one comment less and one option more.
        pair = stanza == 6 or (stanza == 3 and number % 2 == 0)
        lines += ["#", f"# What option {stanza} is good for, in words that go on for a while (string value)"]
        lines += [] if pair else ["# Possible values: any that the driver knows; see its own documentation."]
        shown = "unset" if stanza == 2 else "option"
        lines += ["# This option may be changed while the service runs.", f"#{shown}_{stanza} = <None>"]
        if stanza == 6 and number % 20 in (1, 4, 7, 10, 13, 16):
            lines += ["alias = one", "alias = other"]
        else:
            lines += [f"option_{stanza} = value {stanza}", *([f"second_{stanza} = value"] if pair else [])]
        lines.append("")
    return lines


def _name(number: int) -> str:
    return "DEFAULT" if number == 0 else f"group_{number}"


def wanted(lines: int) -> Edits:
    """The edits, spread over the whole file; half of the new options have a commented default there."""
    sections = lines // PER_SECTION
    edits = {}
    for number in range(CHANGES):
        edits[_name(number * sections // CHANGES), f"option_{number % 2 + 4}"] = f"changed {number}"
    for number in range(NEW):
        edits[_name(number * sections // NEW), "unset_2" if number % 2 else "brand_new"] = f"new {number}"
    return edits


# ---- the tools ----


def ours(path: Path, edits: Edits) -> None:
    """The product's own documents."""
    document = Document.read(path).with_values({key: (value,) for key, value in edits.items()})
    path.write_bytes(document.encode())


def config_updater(path: Path, edits: Edits) -> None:
    """ConfigUpdater, one read and one write for all edits."""
    updater = ConfigUpdater(strict=False)
    updater.optionxform = str  # type: ignore[method-assign]  # names as they are
    updater.read(str(path))
    for (section, option), value in edits.items():
        updater.set(section, option, value)
    updater.update_file()


def crudini(path: Path, edits: Edits) -> None:
    """crudini, one process for all edits."""
    command = [str(Path(sys.executable).with_name("crudini"))]
    for (section, option), value in edits.items():
        command += ["--set", str(path), section, option, value]
    subprocess.run(command, stderr=subprocess.PIPE, check=True)


class SaltState:
    """Salt's state ini.options_present, with the loader as a minion has it; starting that is not measured."""

    def __init__(self, folder: Path) -> None:
        import salt.config
        import salt.loader

        logging.disable(logging.WARNING)
        options = salt.config.minion_config(None)
        options |= {"root_dir": str(folder), "cachedir": str(folder / "cache"), "file_client": "local", "grains": {}}
        modules = salt.loader.minion_mods(options)
        self._present: Any = salt.loader.states(options, modules, salt.loader.utils(options), None)[
            "ini.options_present"
        ]

    def __call__(self, path: Path, edits: Edits) -> None:
        """One state for all edits."""
        sections: dict[str, dict[str, str]] = {}
        for (section, option), value in edits.items():
            sections.setdefault(section, {})[option] = value
        outcome = self._present(str(path), sections)
        if not outcome["result"]:
            raise RuntimeError(outcome["comment"])


# ---- the measurement ----


def edits(runs: int) -> None:
    """Measure every tool at every size, and print a table for each size."""
    with tempfile.TemporaryDirectory(prefix="bench-oslo-conf-") as name:
        folder = Path(name)
        tools: dict[str, Tool] = {
            "ours": ours,
            "ConfigUpdater": config_updater,
            "crudini": crudini,
            "Salt ini.options_present": SaltState(folder),
        }
        slopes = []
        for lines in SIZES:
            slopes.append(_table(folder / "sample.conf", tools, lines, runs) / lines)
        print("ours, ms per 1,000 lines: " + ", ".join(f"{1e6 * slope:.2f} at {n:,}" for n, slope in _pairs(slopes)))


def _pairs(slopes: list[float]) -> list[tuple[int, float]]:
    return list(zip(SIZES, slopes, strict=True))


def _table(path: Path, tools: dict[str, Tool], lines: int, runs: int) -> float:
    """Print what each tool makes of one size; return the seconds that ours takes."""
    text, edits = sample(lines), wanted(lines)
    comments, repeated = _comments(text), len(_repeated(text))
    print(
        f"{text.count(chr(10)):,} lines, {comments:,} of them comments, {repeated} options given twice;"
        f" {CHANGES} changes and {NEW} new options\n"
        f"{'':26}{'ms':>9}{'to ours':>9}{'differing':>11}{'comments':>10}{'repeated':>10}  oslo.config reads\n"
        f"{'ideal':26}{'':9}{'':9}{2 * CHANGES + NEW:>11,}{comments:>10,}{repeated:>10}  just these edits",
        flush=True,
    )
    first = 0.0
    for name, tool in tools.items():
        found = _measured(path, tool, text, edits, runs)
        first = first or found.took
        print(
            f"{name:26}{1e3 * found.took:>9,.1f}{found.took / first:>9,.1f}{found.differing:>11,}{found.comments:>10,}"
            f"{found.repeated:>10}  {'just these edits' if found.exact else 'something else'}"
            f"{'  (one run)' if found.runs == 1 else ''}",
            flush=True,
        )
    print()
    return first


def _measured(path: Path, tool: Tool, text: str, edits: Edits, runs: int) -> Result:
    took: list[float] = []
    while len(took) < runs and not (took and took[0] > SLOW):
        path.write_text(text)
        start = time.perf_counter()
        tool(path, edits)
        took.append(time.perf_counter() - start)
    after = path.read_text()
    before, said = judge.readings(text.encode()), judge.readings(after.encode())
    assert before is not None
    return Result(
        median(took),
        len(took),
        _differing(text, path),
        _comments(after),
        sum((said or {}).get(key) == before[key] for key in _repeated(text)),
        said == {**before, **{_key(*key): [value] for key, value in edits.items()}},
    )


def _key(section: str, option: str) -> tuple[str, str]:
    return section if section == "DEFAULT" else section.lower(), option


def _comments(text: str) -> int:
    return sum(line[:1] in ("#", ";") for line in text.splitlines())


def _repeated(text: str) -> list[tuple[str, str]]:
    return [key for key, values in (judge.readings(text.encode()) or {}).items() if len(values) > 1]


def _differing(text: str, path: Path) -> int:
    """How many lines diff shows, those that went and those that came."""
    shown = subprocess.run(["diff", "--minimal", "-", str(path)], input=text, capture_output=True, text=True).stdout
    return sum(line[:2] in ("< ", "> ") for line in shown.splitlines())
