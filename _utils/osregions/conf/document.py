"""The text of one INI file as oslo.config reads it, which can be changed without losing a byte of the rest.

What was read in oslo_config/iniparser.py and cfg.py, and is held against them in the tests: sections that occur twice
are one; their names are compared without regard to case, except DEFAULT; option names are case-sensitive; a repeated
option keeps all its values, and the last one counts where only one can; a line that begins with white space goes on
with the value above; comments stand at the start of a line, never behind a value; one pair of quotes around the first
line of a value is not part of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from osregions.errors import RegionsError

_COMMENTED = re.compile(r"#\w+\s*=")  # an option's default, as the sample files show it
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class DocumentError(RegionsError):
    """A text that oslo.config would refuse, or a value that an INI file can't hold."""


@dataclass(frozen=True)
class _Entry:
    """One assignment: where it stands and what it says."""

    section: str
    option: str
    value: str
    first: int  # its line
    end: int  # the line after its last one


@dataclass(frozen=True)
class _Block:
    """One `[section]` line and all up to the next one."""

    section: str
    header: int
    end: int


def section_key(section: str) -> str:
    """The form in which section names are compared."""
    return section if section == "DEFAULT" else section.lower()


@dataclass(frozen=True)
class Document:
    """An INI text. Nothing changes it: `set` and `unset` return another one."""

    _lines: tuple[str, ...]
    _entries: tuple[_Entry, ...]
    _blocks: tuple[_Block, ...]

    @classmethod
    def parse(cls, text: str | bytes, where: str = "") -> Document:
        """Read a text; raises DocumentError, naming the line, where oslo.config would refuse it."""
        if isinstance(text, bytes):
            # Odd bytes in a comment must survive; they come back out of `encode` as they were.
            text = text.decode("utf-8", "surrogateescape")
        return cls._of(_LINES.findall(text), where)

    @classmethod
    def read(cls, path: str | Path) -> Document:
        """Read a file."""
        try:
            return cls.parse(Path(path).read_bytes(), str(path))
        except OSError as err:
            raise DocumentError(f"{path} can't be read: {err.strerror}", remedy="name a file that exists") from err

    @classmethod
    def _of(cls, lines: Iterable[str], where: str = "") -> Document:
        lines = tuple(lines)
        entries: list[_Entry] = []
        headers: list[tuple[str, int]] = []
        open_entry: tuple[str, list[str], int] | None = None

        def close(end: int) -> None:
            nonlocal open_entry
            if open_entry:
                option, value, first = open_entry
                entries.append(_Entry(headers[-1][0], option, "\n".join(value), first, end))
                open_entry = None

        for number, raw in enumerate(lines):
            line = raw.rstrip()
            if not line:
                close(number)
            elif line[0] in " \t":
                if open_entry is None:
                    raise _refused(where, number, "a line begins with white space, but there is no value above it")
                open_entry[1].append(line.lstrip())
            else:
                close(number)
                if line[0] == "[":
                    if len(line) < 3 or not line.endswith("]"):
                        raise _refused(where, number, f"{line!r} is no section")
                    headers.append((line[1:-1], number))
                elif line[0] not in "#;":
                    option, value = _split(line, where, number)
                    if not headers:
                        raise _refused(where, number, f"the option {option} stands before any section")
                    open_entry = (option, [value], number)
        close(len(lines))
        ends = [first for _, first in headers[1:]] + [len(lines)]
        blocks = tuple(_Block(section, first, end) for (section, first), end in zip(headers, ends, strict=False))
        return cls(lines, tuple(entries), blocks)

    def __str__(self) -> str:
        return "".join(self._lines)

    def encode(self) -> bytes:
        """The text as it goes into the file."""
        return str(self).encode("utf-8", "surrogateescape")

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of the sections, each as it is first written."""
        return tuple({section_key(block.section): block.section for block in reversed(self._blocks)}.values())[::-1]

    def get_all(self, section: str, option: str) -> tuple[str, ...]:
        """All the values that an option is given, in order."""
        return tuple(entry.value for entry in self._found(section, option))

    def get(self, section: str, option: str, default: str | None = None) -> str | None:
        """The value that counts for an option with one value: the last."""
        values = self.get_all(section, option)
        return values[-1] if values else default

    def set(self, section: str, option: str, value: str) -> Document:
        """Give an option a value: in place where it is set already, else below its commented default, else at the end.

        Raises DocumentError when no INI file can hold that name or value.
        """
        _check_names(section, option)
        written = _written(value)
        found = self._found(section, option)
        if not found:
            return self._insert(section, option, written)
        entry = found[-1]
        if entry.value == value:
            return self
        head = re.match(r"[^=:]*[=:][^\S\r\n]*", self._lines[entry.first])
        assert head is not None  # it was split there when it was read
        start = head.group()
        if start[-1] in "=:" and start[-2:-1].isspace():
            start += " "  # `option =` without a value: as spaced behind the sign as before it
        tail = self._ending(entry.end - 1)
        body = _spread([(start + written[0]).rstrip() if not written[0] else start + written[0], *written[1:]])
        return self._of(
            self._lines[: entry.first]
            + tuple(line + self._newline(entry.first) for line in body[:-1])
            + (body[-1] + tail,)
            + self._lines[entry.end :]
        )

    def unset(self, section: str, option: str) -> Document:
        """Take every value of an option out; its comments stay."""
        return self._without({n for entry in self._found(section, option) for n in range(entry.first, entry.end)})

    def _without(self, gone: Collection[int]) -> Document:
        if not gone:
            return self
        kept = [line for number, line in enumerate(self._lines) if number not in gone]
        last = len(self._lines) - 1
        if last in gone and not self._ending(last) and kept:
            # The file ended without a newline, and goes on doing so.
            kept[-1] = kept[-1].rstrip("\r\n")
        return self._of(kept)

    def without_empty(self, section: str) -> Document:
        """Take a section's line out when nothing but empty lines follows it; the counterpart of appending a section."""
        blocks = [block for block in self._blocks if section_key(block.section) == section_key(section)]
        if not blocks or any(line.strip() for line in self._lines[blocks[-1].header + 1 : blocks[-1].end]):
            return self
        first, end = blocks[-1].header, blocks[-1].end
        if end == len(self._lines) and first and not self._lines[first - 1].strip():
            first -= 1  # the gap that was put above it
        return self._without(set(range(first, end)))

    def _found(self, section: str, option: str) -> list[_Entry]:
        key = section_key(section)
        return [entry for entry in self._entries if entry.option == option and section_key(entry.section) == key]

    def _insert(self, section: str, option: str, written: list[str]) -> Document:
        blocks = [block for block in self._blocks if section_key(block.section) == section_key(section)]
        body = _spread([f"{option} = {written[0]}".rstrip(), *written[1:]])
        if not blocks:
            gap = [""] if self._lines else []
            return self._put(len(self._lines), [*gap, f"[{section}]", *body])
        return self._put(self._place(blocks, option), body)

    def _place(self, blocks: list[_Block], option: str) -> int:
        """The line above which a new option of these blocks belongs."""
        for pattern in (rf"#{re.escape(option)}\s*[=:]", rf"[#;][ \t]*{re.escape(option)}[ \t]*="):
            for block in reversed(blocks):
                for number in reversed(range(block.header + 1, block.end)):
                    if re.match(pattern, self._lines[number]):
                        return number + 1
        block = blocks[-1]
        end = self._trimmed(block, block.end)
        while block.end < len(self._lines) and end > block.header + 1:
            # Paragraphs of mere words above the next section's line speak of that section.
            above = end
            while above > block.header + 1 and self._lines[above - 1].strip():
                above -= 1
            if any(line[0] not in "#;" or _COMMENTED.match(line) for line in self._lines[above:end]):
                break
            if above == block.header + 1:
                break  # it touches our own section's line
            end = self._trimmed(block, above)
        return end

    def _trimmed(self, block: _Block, end: int) -> int:
        """The same end of a block, without the empty lines above it."""
        while end > block.header + 1 and not self._lines[end - 1].strip():
            end -= 1
        return end

    def _put(self, place: int, body: list[str]) -> Document:
        newline = self._newline(place - 1)
        lines = list(self._lines)
        if place and not self._ending(place - 1):
            # The file's last line has no newline: the new last line has none either.
            lines[place - 1] += newline
            return self._of(lines + [line + newline for line in body[:-1]] + [body[-1]])
        return self._of(lines[:place] + [line + newline for line in body] + lines[place:])

    def _ending(self, number: int) -> str:
        line = self._lines[number]
        return line[len(line.rstrip("\r\n")) :]

    def _newline(self, number: int) -> str:
        """The line ending in use around a line."""
        near = self._ending(number) if 0 <= number < len(self._lines) else ""
        return near or next((ending for line in self._lines if (ending := line[len(line.rstrip("\r\n")) :])), "\n")


def _refused(where: str, number: int, problem: str) -> DocumentError:
    place = f"{where or 'the text'}, line {number + 1}"
    return DocumentError(problem, place, "no OpenStack service would start with it: mend that line first")


def _split(line: str, where: str, number: int) -> tuple[str, str]:
    """Take a line apart at its first `=` or `:`."""
    match = re.search(r"[=:]", line)
    if not match:
        # The line itself may be a secret that lost its name: it is not shown.
        raise _refused(where, number, "a line is neither a section, a comment, nor `option = value`")
    option, value = line[: match.start()].strip(), line[match.end() :].strip()
    if not option:
        raise _refused(where, number, "a value has no option's name before it")
    if value and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return option, value


def _written(value: str) -> list[str]:
    """The lines in which a value is written so that it reads back as it is."""
    first, *more = value.split("\n")
    if "\r" in value or any(not line or line != line.strip() for line in more):
        raise DocumentError(
            "a value of several lines can't have empty lines, or white space at the ends of a line",
            remedy="join its lines",
        )
    if first != first.strip() or (first and first[0] == first[-1] and first[0] in "\"'"):
        first = f'"{first}"'
    return [first, *more]


def _spread(lines: list[str]) -> list[str]:
    return [lines[0], *(f"    {line}" for line in lines[1:])]


def _check_names(section: str, option: str) -> None:
    if not section or section != section.strip() or re.search(r"[\r\n]", section):
        raise DocumentError(f"{section!r} can't be the name of a section", remedy="write it without brackets")
    if not option or option != option.strip() or option[0] in "[#;" or re.search(r"[=:\r\n]", option):
        raise DocumentError(f"{option!r} can't be the name of an option", remedy="give its bare name, such as `driver`")
