"""The admin's openrc file: what it signs in with, and which region it names (P4)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from osregions import files
from osregions.errors import SettingsError

_LINE = re.compile(r"^(?P<lead>\s*(?:export\s+)?)(?P<name>OS_[A-Z0-9_]+)=(?P<value>.*?)(?P<end>\r?)$", re.MULTILINE)


def read(path: str | Path) -> Mapping[str, str]:
    """The OS_ variables that an openrc file sets, quotes taken off; the last one of a name counts, as in a shell.

    Raises SettingsError when the file is not there or sets none.
    """
    try:
        text = Path(path).read_text()
    except OSError as err:
        raise SettingsError(
            f"no openrc file can be read: {err.strerror}", str(path), "name the admin's, `openrc`"
        ) from err
    found = {match["name"]: _unquoted(match["value"]) for match in _LINE.finditer(text)}
    if not found:
        raise SettingsError("this file sets no OS_ variable", str(path), "name the admin's openrc file, `openrc`")
    return found


def with_region(text: str, region: str) -> str:
    """The text of an openrc file that names this region, and is else the same; the variable is added when missing."""
    matches = [match for match in _LINE.finditer(text) if match["name"] == "OS_REGION_NAME"]
    if matches:
        last = matches[-1]
        if _unquoted(last["value"]) == region:
            return text
        return text[: last.start("value")] + region + text[last.end("value") :]
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else newline
    return f"{text}{gap}export OS_REGION_NAME={region}{newline}"


def name_region(
    path: str | Path, region: str, backups: str | Path = files.BACKUPS, dry: bool = False
) -> dict[str, dict[str, str | None]]:
    """Make an openrc file name this region; return what changed: empty when it does already."""
    before = read(path).get("OS_REGION_NAME")
    if before == region:
        return {}
    if not dry:
        # Read as bytes, so that line ends stay what they are.
        files.replace(path, with_region(Path(path).read_bytes().decode(), region), backups)
    return {f"{path} OS_REGION_NAME": {"old": before, "new": region}}


def _unquoted(value: str) -> str:
    try:
        words = shlex.split(value, comments=True)
    except ValueError:
        return value.strip()
    return words[0] if words else ""
