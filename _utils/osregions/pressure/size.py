"""The size in memcached's own file: Debian's `-m` in /etc/memcached.conf, RHEL's CACHESIZE in /etc/sysconfig/memcached.

Only the digits change: comments, spaces, quotes and line ends around them stay. Where the size is not set yet, it is
added as `tokens.memcached_conf` adds an option.
"""

from __future__ import annotations

import re
from dataclasses import replace

from osregions.errors import RegionsError, SettingsError
from osregions.tokens import memcached_conf
from osregions.tokens.memcached_conf import SYSCONFIG, Memcached

LEAST, MOST = 8, 1 << 20  # megabytes: memcached takes no less while it runs, and does not start with less than 2
_FLAG = r"(?:^|(?<=[\s\"']))(?:-m\s*=?\s*|--memory-limit(?:=|\s+))[\"']?(?P<size>\d+)(?=$|[\s\"'])"
_ARGUMENT = re.compile(_FLAG)
_OPTIONS = re.compile(r"^\s*(?:export\s+)?OPTIONS=")
_CACHESIZE = re.compile(r"^\s*(?:export\s+)?CACHESIZE=[\"']?(?P<size>\d+)")
_REMARK = re.compile(r"(?<!\\)#.*")


def present(text: str, style: str) -> int | None:
    """The megabytes that a configuration sets, by the place that wins; None where it leaves them to memcached."""
    size = memcached_conf.read(text, style).megabytes
    if size != Memcached.megabytes:
        return size
    return size if _places(text, style) else None


def resized(text: str, style: str, megabytes: int | None) -> str:
    """The configuration with another size; None takes out the lines that set one, and nothing else.

    Raises RegionsError when its lines are written in a way not known here.
    """
    if megabytes is None:
        new = _without(text, style)
        wanted = Memcached.megabytes
    else:
        before = memcached_conf.read(text, style)
        places = _places(text, style)
        # Of several, the last one wins, and OPTIONS over CACHESIZE.
        start, end = places[-1] if places else (0, 0)
        new = f"{text[:start]}{megabytes}{text[end:]}" if places else ""
        if not places or memcached_conf.read(new, style).megabytes != megabytes:
            new = memcached_conf.edited(text, style, replace(before, megabytes=megabytes))
        wanted = megabytes
    if memcached_conf.read(new, style).megabytes != wanted:
        raise RegionsError(
            "the size can't be set", "memcached's configuration", "its lines are written in a way not known here"
        )
    return new


def checked(megabytes: object, where: str) -> int:
    """A size that memcached takes. Raises SettingsError."""
    if isinstance(megabytes, bool) or not isinstance(megabytes, int) or not LEAST <= megabytes <= MOST:
        raise SettingsError(
            f"{megabytes!r} is no number of megabytes from {LEAST} to {MOST}",
            where,
            "write one: memcached takes no less while it runs",
        )
    return megabytes


def _places(text: str, style: str) -> list[tuple[int, int]]:
    """Where the digits of a size stand in the text, the one that counts last."""
    variables: list[tuple[int, int]] = []
    options: list[tuple[int, int]] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if style == SYSCONFIG:
            if match := _CACHESIZE.match(line):
                variables.append((at + match.start("size"), at + match.end("size")))
            if _OPTIONS.match(line):
                # A later line sets it anew.
                options = [(at + hit.start("size"), at + hit.end("size")) for hit in _ARGUMENT.finditer(line)]
        elif line.strip().startswith("-"):
            bare = _REMARK.sub("", line)
            options += [(at + hit.start("size"), at + hit.end("size")) for hit in _ARGUMENT.finditer(bare)]
        at += len(line)
    return [*variables, *options]


def _without(text: str, style: str) -> str:
    """The text without the lines that set a size and nothing besides."""
    own = _CACHESIZE if style == SYSCONFIG else re.compile(rf"^\s*(?:{_FLAG})\s*$")
    return "".join(line for line in text.splitlines(keepends=True) if not own.match(line.rstrip("\r\n")))
