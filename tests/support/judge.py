"""The judges of what a configuration file says: oslo.config's own parser, and configparser as PasteDeploy uses it."""

from __future__ import annotations

import configparser
import io
import re

from oslo_config import cfg, iniparser

Readings = dict[tuple[str, str], list[str]]
# PasteDeploy's sections; and the accounts that swift_store_config_file names, which glance_store reads likewise.
_PASTE = re.compile(
    r"^\s*\[(composite|composit|app|application|filter|filter-app|pipeline|server):|^auth_address\s*[=:]", re.MULTILINE
)


class _Oslo(iniparser.BaseParser):
    """oslo.config's parser, which keeps every value of every option."""

    def __init__(self):
        super().__init__()
        self.found: Readings = {}
        self.section = None

    def new_section(self, section):
        self.section = section if section == "DEFAULT" else section.lower()

    def assignment(self, key, value):
        if not self.section:
            raise self.parse_exc("No section", self.lineno, key)
        self.found.setdefault((self.section, key), []).append("\n".join(value))


def text_of(data: bytes) -> str:
    """A file's text with universal newlines, odd bytes and all."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape").read()


def readings(data: bytes) -> Readings | None:
    """Every value of every option as the file's reader has them; None where it refuses the file."""
    text = text_of(data)
    try:
        return _paste(text) if _PASTE.search(text) else _oslo(text)
    except (iniparser.ParseError, configparser.Error):
        return None


def meant(value: str, paste: bool = False) -> str:
    """A value after substitution, of names that nobody set."""
    if paste:
        return value
    return cfg.ConfigOpts.Template(value.replace(r"\$", "$$")).safe_substitute({})


def is_paste(data: bytes) -> bool:
    """Whether PasteDeploy is the file's reader."""
    return bool(_PASTE.search(text_of(data)))


def differing(before: bytes, after: bytes) -> dict[str, dict[str, str | None]]:
    """The options that differ between two texts of a file, with what they mean afterwards: the last value."""
    paste = is_paste(after)
    old, new = readings(before), readings(after)
    assert old is not None and new is not None
    found: dict[str, dict[str, str | None]] = {}
    for section, option in {**old, **new}:
        if old.get((section, option)) != new.get((section, option)):
            values = new.get((section, option))
            found.setdefault(section, {})[option] = meant(values[-1], paste) if values else None
    return found


def _oslo(text: str) -> Readings:
    parser = _Oslo()
    parser.parse(io.StringIO(text))
    return parser.found


def _paste(text: str) -> Readings:
    parser = configparser.RawConfigParser(strict=False, default_section="no section is one of defaults")
    parser.optionxform = str
    parser.read_file(io.StringIO(text))
    return {
        (section, option): [value.replace("%%", "%")]
        for section in parser.sections()
        for option, value in parser.items(section)
    }
