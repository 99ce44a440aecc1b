"""The text of one INI file as its service reads it, which can be changed without losing a byte of the rest.

What was read in oslo_config/iniparser.py and cfg.py, and is held against them in the tests: sections that occur twice
are one; their names are compared without regard to case, except DEFAULT; option names are case-sensitive; a repeated
option keeps all its values, and the last one counts where only one can; a line that begins with white space goes on
with the value above; comments stand at the start of a line, never behind a value; one pair of quotes around the first
line of a value is not part of it. A PasteDeploy file (`paste`) is known by its sections, and read as configparser does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

from osregions.conf import scan
from osregions.conf import values as values_of
from osregions.conf.scan import DocumentError, Span

__all__ = ["Document", "DocumentError", "Entry", "section_key"]

_COMMENTED = re.compile(r"#\w+\s*=")  # an option's default, as the sample files show it
# `#option = value` as the sample files have it; then what people write: `# option = value`, `; option = value`.
_DEFAULT = re.compile(
    r"(?P<mark>#|[#;][ \t]*)(?P<option>[^\s=:#;\[][^=:\r\n]*?)[ \t]*(?P<sign>[=:])[ \t]*(?P<value>[^\r\n]*)"
)
_PASTE = re.compile(r"^[ \t]*\[(?:composite|composit|app|application|filter|filter-app|pipeline|server):", re.MULTILINE)
_HEAD = re.compile(r"[^=:]*[=:][^\S\r\n]*")

Edits = Mapping[tuple[str, str], Sequence[str]]
_Splice = tuple[int, int, list[str]]  # lines from, lines to, and what takes their place


@dataclass(frozen=True)
class Entry:
    """One assignment, and the line on which it begins, counted from 1."""

    section: str
    option: str
    value: str
    line: int


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
    """An INI text. Nothing changes it: `set`, `unset` and their kin return another one."""

    _lines: tuple[str, ...]
    _spans: tuple[Span, ...]
    _blocks: tuple[_Block, ...]
    paste: bool = False
    _where: str = field(default="", compare=False)  # the file, for the words of an error

    @classmethod
    def parse(cls, text: str | bytes, where: str = "", paste: bool | None = None) -> Document:
        """Read a text; raises DocumentError, naming the line, where its service would refuse it.

        `paste` says that PasteDeploy reads it; left out, its sections tell.
        """
        if isinstance(text, bytes):
            # Odd bytes in a comment must survive; they come back out of `encode` as they were.
            text = text.decode("utf-8", "surrogateescape")
        if "\0" in text:
            raise DocumentError("this is binary", where, "put the configuration back: no service could read that")
        if paste is None:
            paste = bool(_PASTE.search(text)) if ":" in text else False
        return cls._of(scan.split(text), where, paste)

    @classmethod
    def read(cls, path: str | Path, paste: bool | None = None) -> Document:
        """Read a file."""
        try:
            return cls.parse(Path(path).read_bytes(), str(path), paste)
        except OSError as err:
            raise DocumentError(f"{path} can't be read: {err.strerror}", remedy="name a file that exists") from err

    @classmethod
    def _of(cls, lines: Sequence[str], where: str = "", paste: bool = False) -> Document:
        spans, headers = (scan.paste if paste else scan.oslo)(lines, where)
        ends = [first for _, first in headers[1:]] + [len(lines)]
        blocks = tuple(_Block(section, first, end) for (section, first), end in zip(headers, ends, strict=False))
        return cls(tuple(lines), tuple(spans), blocks, paste, where)

    def __str__(self) -> str:
        return "".join(self._lines)

    def encode(self) -> bytes:
        """The text as it goes into the file."""
        return str(self).encode("utf-8", "surrogateescape")

    # ---- what it says ----

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of the sections, each as it is first written."""
        return tuple({self._key(block.section): block.section for block in reversed(self._blocks)}.values())[::-1]

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every assignment, in the file's order."""
        return tuple(Entry(span.section, span.option, span.value, span.first + 1) for span in self._spans)

    @cached_property
    def counting(self) -> Mapping[tuple[str, str], Entry]:
        """Of each option the assignment that counts, the last, by section and option as they are compared."""
        return {
            key: Entry(span.section, span.option, span.value, span.first + 1)
            for key, spans in self._index.items()
            for span in spans[-1:]
        }

    @cached_property
    def percent(self) -> bool:
        """Whether `%` stands for more than itself, though no paste file: what swift_store_config_file names."""
        return any(option == "auth_address" for _, option in self.counting)

    @cached_property
    def dollar(self) -> bool:
        """Whether `$` names another option: not where Python's configparser is the reader (glance's and swift's)."""
        return not (self.paste or self.percent or any(section == "kms_keymaster" for section, _ in self.counting))

    def has_section(self, section: str) -> bool:
        """Whether there is a section of that name."""
        return bool(self._blocks_of(section))

    def section_options(self, section: str) -> tuple[str, ...]:
        """The options that are set in a section."""
        key = self._key(section)
        return tuple(option for where, option in self._index if where == key)

    def get_all(self, section: str, option: str) -> tuple[str, ...]:
        """All the values that an option is given, in order."""
        return self._said.get((self._key(section), option), ())

    def get(self, section: str, option: str, default: str | None = None) -> str | None:
        """The value that counts for an option with one value: the last."""
        values = self.get_all(section, option)
        return values[-1] if values else default

    def line_of(self, section: str, option: str) -> int | None:
        """The line on which the value that counts stands, counted from 1; None when the option is not set."""
        found = self._found(section, option)
        return found[-1].first + 1 if found else None

    def place_of(self, section: str, option: str) -> int:
        """The line below which an option that is not set would come, counted from 1; the last for a new section."""
        blocks = self._blocks_of(section)
        return self._place(blocks, option) if blocks else len(self._lines)

    def commented(self, section: str, option: str) -> str | None:
        """The default that a comment of the section shows for an option, the last one; None when none does."""
        places = self._comments.get((self._key(section), option))
        if places is None:
            return None
        match = _DEFAULT.match(self._lines[places[0] if places[0] is not None else places[1]])
        return match["value"].strip() if match else None

    def raw(self, section: str, option: str) -> tuple[str, ...]:
        """The very text of each assignment of an option: whole lines, with their ends."""
        return tuple("".join(self._lines[span.first : span.end]) for span in self._found(section, option))

    # ---- what it would say ----

    def set(self, section: str, option: str, value: str) -> Document:
        """Give an option a value: in place where it is set already, else below its commented default, else at the end.

        Of a repeated option the last one changes. Raises DocumentError when no INI file can hold that name or value.
        """
        return self.with_values({(section, option): (*self.get_all(section, option)[:-1], value)})

    def set_all(self, section: str, option: str, values: Sequence[str]) -> Document:
        """Give an option a list of values, one line each."""
        return self.with_values({(section, option): values})

    def add(self, section: str, option: str, value: str) -> Document:
        """Add a value to an option that may have several; the same document when it has that one."""
        values = self.get_all(section, option)
        return self if value in values else self.with_values({(section, option): (*values, value)})

    def remove(self, section: str, option: str, value: str) -> Document:
        """Take one value of an option out, wherever it is given."""
        values = self.get_all(section, option)
        return self.with_values({(section, option): tuple(one for one in values if one != value)})

    def unset(self, section: str, option: str) -> Document:
        """Take every value of an option out; its comments stay."""
        return self.with_values({(section, option): ()})

    def with_values(self, edits: Edits) -> Document:
        """Give many options the lists of values that they are to have, in one go; an empty list takes one out.

        Raises DocumentError when no INI file can hold a name or a value.
        """
        splices: list[_Splice] = []
        sections: dict[str, list[str]] = {}
        for (section, option), values in edits.items():
            values_of.check_names(section, option)
            found = self._found(section, option)
            if found:
                splices += self._changed(found, values)
                continue
            body = [line for value in values for line in self._assignment(f"{option} = ", value)]
            if not body:
                continue
            blocks = self._blocks_of(section)
            if blocks:
                splices.append((place := self._place(blocks, option), place, body))
            else:
                known = next((name for name in sections if self._key(name) == self._key(section)), section)
                sections.setdefault(known, []).extend(body)
        end = len(self._lines)
        splices += [
            (end, end, [*([""] if (number or self.gap_above(section)) else []), f"[{section}]", *body])
            for number, (section, body) in enumerate(sections.items())
        ]
        return self._spliced(splices)._checked(self, edits) if splices else self

    def with_raw(self, section: str, option: str, number: int, text: str) -> Document:
        """Put a text, whole lines, in the place of an option's assignment of that number; an empty one takes it out."""
        span = self._found(section, option)[number]
        if not text:
            return self._without(set(range(span.first, span.end)))
        put = scan.split(text)
        if span.end < len(self._lines) and not scan.ending(put[-1]):
            put[-1] += self._newline(span.end - 1)  # it ended the file once, and something stands below it by now
        lines = (*self._lines[: span.first], *put, *self._lines[span.end :])
        return self._of(lines, self._where, self.paste)

    def gap_above(self, section: str) -> bool:
        """Whether an empty line would come above a section that is not there yet: unless one stands there."""
        return not self.has_section(section) and bool(self._lines) and bool(self._lines[-1].strip())

    def without_empty(self, section: str, gap: bool = True) -> Document:
        """Take a section's line out when nothing but empty lines follows it; the counterpart of appending a section.

        `gap`: and the empty line above it, which was put there with it.
        """
        blocks = self._blocks_of(section)
        if not blocks or any(line.strip() for line in self._lines[blocks[-1].header + 1 : blocks[-1].end]):
            return self
        first = blocks[-1].header
        if gap and first and not self._lines[first - 1].strip():
            first -= 1
        return self._without(set(range(first, blocks[-1].header + 1)))

    # ---- how ----

    @cached_property
    def _index(self) -> Mapping[tuple[str, str], list[Span]]:
        found: dict[tuple[str, str], list[Span]] = {}
        keys = {block.section: self._key(block.section) for block in self._blocks}
        for span in self._spans:
            found.setdefault((keys[span.section], span.option), []).append(span)
        return found

    @cached_property
    def _said(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        return {key: tuple([span.value for span in spans]) for key, spans in self._index.items()}

    @cached_property
    def _comments(self) -> Mapping[tuple[str, str], tuple[int | None, int]]:
        """Where comments show the defaults of options: the last `#option =`, and the last of any form."""
        found: dict[tuple[str, str], tuple[int | None, int]] = {}
        for block in self._blocks:
            key = self._key(block.section)
            for number in range(block.header + 1, block.end):
                line = self._lines[number]
                # Most comments are words: they are passed over before the pattern looks at them.
                if line[0] in "#;" and ("=" in line or ":" in line) and (match := _DEFAULT.match(line)):
                    tight = match["mark"] == "#"
                    if not tight and match["sign"] != "=":
                        continue  # running text
                    before = found.get((key, match["option"]), (None, 0))[0]
                    found[key, match["option"]] = (number if tight else before, number)
        return found

    def _key(self, section: str) -> str:
        # configparser tells upper case from lower, oslo.config does not.
        return section if self.paste else section_key(section)

    def _found(self, section: str, option: str) -> list[Span]:
        return self._index.get((self._key(section), option), [])

    def _blocks_of(self, section: str) -> list[_Block]:
        key = self._key(section)
        return [block for block in self._blocks if self._key(block.section) == key]

    def _changed(self, found: list[Span], values: Sequence[str]) -> Iterator[_Splice]:
        """What takes an option from the values it has to those it is to have: what is the same at both ends stays."""
        old = [span.value for span in found]
        head = _common(old, list(values))
        tail = _common(old[head:][::-1], list(values)[head:][::-1])
        gone, come = found[head : len(found) - tail], list(values)[head : len(values) - tail]
        last = gone[-1] if gone else found[max(head - 1, 0)]
        place = last.end if gone or head else last.first
        for span, value in zip_longest(gone, come):
            if span is None:
                yield place, place, self._assignment(self._start(last), value)
            elif value is None:
                yield span.first, span.end, []
            else:
                yield span.first, span.end, self._assignment(self._start(span), value)

    def _start(self, span: Span) -> str:
        """What stands before an assignment's value, its spacing included."""
        match = _HEAD.match(self._lines[span.first])
        assert match is not None  # it was split there when it was read
        start = match.group()
        if start[-1] in "=:" and start[-2:-1].isspace():
            start += " "  # `option =` without a value: as spaced behind the sign as before it
        return start

    def _assignment(self, start: str, value: str) -> list[str]:
        """The lines that assign a value, without their ends."""
        first, *more = values_of.written(value, self.paste)
        # A continuation stands deeper than its option, however deep that is.
        lead = start[: len(start) - len(start.lstrip())]
        return [(start + first) if first else start.rstrip(), *(f"{lead}    {line}" for line in more)]

    def _spliced(self, splices: list[_Splice]) -> Document:
        """The document with lines taken out and put in; what goes to one place keeps its order."""
        lines: list[str] = []
        at = 0
        open_end = bool(self._lines) and not scan.ending(self._lines[-1])
        for first, end, body in sorted(splices, key=lambda splice: splice[:2]):
            lines += self._lines[at:first]
            if body and first == len(self._lines) and lines and not scan.ending(lines[-1]):
                lines[-1] += self._newline(first - 1)
            newline = self._newline(first if end > first else first - 1)
            lines += [line + newline for line in body]
            at = end
        lines += self._lines[at:]
        if open_end and lines:
            # The file ended without a newline, and goes on doing so.
            lines[-1] = lines[-1].rstrip("\r\n")
        return self._of(lines, self._where, self.paste)

    def _checked(self, before: Document, edits: Edits) -> Document:
        """The same document, which says what was wanted and all else as before: a belt, since it costs little."""
        wanted = {
            **before._said,
            **{(self._key(section), option): tuple(edits[section, option]) for section, option in edits},
        }
        wanted = {key: values for key, values in wanted.items() if values}
        if self._said != wanted:
            section, option = next(
                key for key in (*wanted, *self._said) if self._said.get(key, ()) != wanted.get(key, ())
            )
            raise DocumentError(
                f"[{section}] {option} would not say what it should after this edit",
                self._where,
                "write these options by hand, and report this text's shape",
            )
        return self

    def _without(self, gone: Collection[int]) -> Document:
        return self._spliced([(number, number + 1, []) for number in gone])

    def _place(self, blocks: list[_Block], option: str) -> int:
        """The line above which a new option of these blocks belongs."""
        shown = self._comments.get((self._key(blocks[0].section), option))
        if shown:
            return (shown[0] if shown[0] is not None else shown[1]) + 1
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

    def _newline(self, number: int) -> str:
        """The line ending in use around a line."""
        near = scan.ending(self._lines[number]) if 0 <= number < len(self._lines) else ""
        return near or next((ending for line in self._lines if (ending := scan.ending(line))), "\n")


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items two lists begin with alike."""
    number = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        number += 1
    return number
