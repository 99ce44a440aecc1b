"""Where the sections and options of an INI text stand, in the two dialects that OpenStack's services read.

`oslo` is oslo.config's (oslo_config/iniparser.py); `paste` is PasteDeploy's, which is Python's configparser with
case-sensitive names. Only lines that are neither blank nor a comment cost anything: most of a sample file is both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from osregions.errors import RegionsError

_SIGN = re.compile(r"[=:]")
_PASTE_SECTION = re.compile(r"\[(.+)\]")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NOTHING = -2  # no line is followed by this one


class DocumentError(RegionsError):
    """A text that its reader would refuse, or a value that an INI file can't hold."""


@dataclass(frozen=True)
class Span:
    """One assignment: what it says, its first line and the line after its last one, counted from 0."""

    section: str
    option: str
    value: str
    first: int
    end: int


Found = tuple[list[Span], list[tuple[str, int]]]


def oslo(lines: Sequence[str], where: str) -> Found:
    """The assignments and section lines as oslo.config finds them; DocumentError names a line that it would refuse."""
    spans: list[Span] = []
    headers: list[tuple[str, int]] = []
    section: str | None = None
    option, value, first, last = "", [""], 0, _NOTHING
    for number, raw in enumerate(lines):
        if raw[0] in "#;\n":
            continue
        line = raw.rstrip()
        if not line:
            continue
        if line[0] in " \t":
            # A blank line or a comment in between has ended the value above.
            if last != number - 1:
                raise refused(where, number, "a line begins with white space, but there is no value above it")
            value.append(line.lstrip())
            last = number
            continue
        if last != _NOTHING:
            spans.append(Span(section or "", option, "\n".join(value), first, last + 1))
            last = _NOTHING
        if line[0] == "[":
            if len(line) < 3 or line[-1] != "]":
                raise refused(where, number, "a section's name is not closed, or empty")
            section = line[1:-1]
            headers.append((section, number))
            continue
        match = _SIGN.search(line)
        if not match:
            # The line itself may be a secret that lost its name: it is not shown.
            raise refused(where, number, "a line is neither a section, a comment, nor `option = value`")
        option, text = line[: match.start()].strip(), line[match.end() :].strip()
        if not option:
            raise refused(where, number, "a value has no option's name before it")
        if section is None:
            raise refused(where, number, "an option stands before any section")
        if text and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1]
        value, first, last = [text], number, number
    if last != _NOTHING:
        spans.append(Span(section or "", option, "\n".join(value), first, last + 1))
    return spans, headers


def paste(lines: Sequence[str], where: str) -> Found:
    """The assignments and section lines as PasteDeploy finds them; DocumentError names a line that it would refuse."""
    spans: list[Span] = []
    headers: list[tuple[str, int]] = []
    section: str | None = None
    option: str | None = None
    value: list[str] = []
    first = last = indent = 0

    def close() -> None:
        if option is not None and section is not None:
            text = "\n".join(value).rstrip().replace("%%", "%")
            spans.append(Span(section, option, text, first, last + 1))

    for number, raw in enumerate(lines):
        if raw[0] in "#;":
            continue
        line = raw.strip()
        if not line:
            value.append("")  # a blank line belongs to the value, if more of it follows
            continue
        if line[0] in "#;":
            continue
        depth = len(raw) - len(raw.lstrip())
        if option is not None and depth > indent:
            value.append(line)
            last = number
            continue
        close()
        indent, option = depth, None
        if match := _PASTE_SECTION.match(line):
            section = match[1]
            headers.append((section, number))
            continue
        if section is None:
            raise refused(where, number, "something stands before any section")
        sign = _SIGN.search(line)
        if not sign:
            raise refused(where, number, "a line is neither a section, a comment, nor `option = value`")
        option = line[: sign.start()].strip()
        if not option:
            raise refused(where, number, "a value has no option's name before it")
        value, first, last = [line[sign.end() :].strip()], number, number
    close()
    return spans, headers


def refused(where: str, number: int, problem: str) -> DocumentError:
    """The error for a line, which is counted from 0 here and from 1 by people."""
    place = f"{where or 'the text'}, line {number + 1}"
    return DocumentError(problem, place, "no OpenStack service would start with it: mend that line first")


def split(text: str) -> list[str]:
    """A text's lines with their ends, as Python's universal newlines divide it."""
    if "\r" in text:
        return _LINES.findall(text)
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def ending(line: str) -> str:
    """The end of a line, as it stands there; empty at the end of a text that has none."""
    return line[len(line.rstrip("\r\n")) :]
