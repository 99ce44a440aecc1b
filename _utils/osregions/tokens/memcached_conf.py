"""The text of memcached's own configuration: Debian's list of arguments, and RHEL's shell variables.

What was read: Debian's /etc/memcached.conf and its systemd-memcached-wrapper, RHEL's /etc/sysconfig/memcached and
memcached.service (`memcached -p ${PORT} -u ${USER} -m ${CACHESIZE} -c ${MAXCONN} $OPTIONS`), memcached(1). Whoever
reaches memcached can read and forge what keystone keeps there: it has no passwords. So it listens where it is told to
and nowhere else, and not on UDP.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from osregions.errors import SettingsError

DEBIAN, SYSCONFIG = "debian", "sysconfig"
LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::", "*", "INADDR_ANY")  # noqa: S104
WARNING = (
    "# WARNING: memcached listens on every address. Whoever reaches it can read and forge what keystone keeps here."
)
_LONG = {"-p": "--port", "-l": "--listen", "-m": "--memory-limit", "-U": "--udp-port"}
_ADDRESS = re.compile(r"[A-Za-z0-9_.:%*-]+")
_VARIABLE = re.compile(r"^(?P<lead>\s*(?:export\s+)?)(?P<name>[A-Z]+)=(?P<value>.*?)\s*$")


@dataclass(frozen=True)
class Memcached:
    """What a configuration says; what it leaves open is memcached's own default."""

    port: int = 11211
    megabytes: int = 64
    listen: tuple[str, ...] = ()  # empty: every address
    udp_port: int | None = None  # None: not said, which means on before 1.5.6 and off since

    @property
    def everywhere(self) -> bool:
        """Whether it listens on every address of the machine."""
        return not self.listen or any(address in EVERYWHERE for address in self.listen)

    @property
    def local(self) -> str:
        """Where a program on this machine reaches it."""
        loopback = self.everywhere or any(address in (LOOPBACK, "localhost") for address in self.listen)
        address = LOOPBACK if loopback else self.listen[0]
        return f"inet6:[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"


@dataclass(frozen=True)
class Wish:
    """What the operator asks for; None keeps what the file says."""

    listen: tuple[str, ...] | None = None
    port: int | None = None
    megabytes: int | None = None


def read(text: str, style: str) -> Memcached:
    """What the configuration says."""
    words = _arguments(text, style)
    base = Memcached()
    if style == SYSCONFIG:
        variables = _variables(text)
        base = Memcached(_number(variables, "PORT", base.port), _number(variables, "CACHESIZE", base.megabytes))
    listen = tuple(item for value in _values(words, "-l") for item in value.split(",") if item)
    port, size, udp = (_values(words, flag) for flag in ("-p", "-m", "-U"))
    return Memcached(
        port=_integer(port[-1], "-p") if port else base.port,
        megabytes=_integer(size[-1], "-m") if size else base.megabytes,
        listen=listen,
        udp_port=_integer(udp[-1], "-U") if udp else None,
    )


def wanted(present: Memcached, wish: Wish) -> Memcached:
    """What the configuration should say: UDP off, the addresses named, and without a name never all of them."""
    if wish.listen is not None:
        for address in wish.listen:
            if not _ADDRESS.fullmatch(address):
                raise SettingsError(f"{address!r} is no address", "memcached:listen", "write one such as 127.0.0.1")
        listen = wish.listen or (LOOPBACK,)
    else:
        # Addresses of its own may well serve this region's other services: they stay. Every address never does.
        listen = (LOOPBACK,) if present.everywhere else present.listen
    return Memcached(wish.port or present.port, wish.megabytes or present.megabytes, listen, 0)


def edited(text: str, style: str, after: Memcached) -> str:
    """The text that says `after`, with all else as it is; the same text when it says so already."""
    before = read(text, style)
    flags = {}
    if before.listen != after.listen:
        flags["-l"] = ",".join(after.listen)
    if before.udp_port != after.udp_port:
        flags["-U"] = str(after.udp_port)
    if before.port != after.port:
        flags["-p"] = str(after.port)
    if before.megabytes != after.megabytes:
        flags["-m"] = str(after.megabytes)
    edit = _edit_sysconfig if style == SYSCONFIG else _edit_debian
    for flag, value in flags.items():
        text = edit(text, flag, value)
    return _warned(text, style, after) if after.everywhere or WARNING in text else text


def changes(before: Memcached, after: Memcached) -> dict[str, dict[str, object]]:
    """What differs, in an operator's words; empty when nothing does."""
    pairs = {
        "listen": (", ".join(before.listen) or "every address", ", ".join(after.listen)),
        "port": (before.port, after.port),
        "size": (before.megabytes, after.megabytes),
        "udp": ("not set" if before.udp_port is None else before.udp_port or "off", after.udp_port or "off"),
    }
    return {name: {"old": old, "new": new} for name, (old, new) in pairs.items() if old != new}


def _arguments(text: str, style: str) -> list[str]:
    if style == SYSCONFIG:
        return _words(_variables(text).get("OPTIONS", ""))
    return [word for line in text.splitlines() for word in _debian_words(line)]


def _debian_words(line: str) -> list[str]:
    """A line's arguments; Debian's wrapper cuts comments off, and passes over lines that do not begin with a dash."""
    bare = re.sub(r"(?<!\\)#.*", "", line).strip()
    return _words(bare) if bare.startswith("-") else []


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as err:
        raise SettingsError(f"memcached's arguments can't be read: {err}", text, "mend the quotes in its file") from err


def _variables(text: str) -> dict[str, str]:
    matches = [match for line in text.splitlines() if (match := _VARIABLE.match(line))]
    return {match["name"]: " ".join(_words(match["value"])) for match in matches}


def _number(variables: dict[str, str], name: str, default: int) -> int:
    value = variables.get(name, "")
    return int(value) if value.isdigit() else default


def _integer(value: str, flag: str) -> int:
    if not value.isdigit():
        raise SettingsError(f"memcached's {flag} is {value!r}", "its configuration", "write a number")
    return int(value)


def _spans(words: Sequence[str], flag: str) -> list[tuple[int, int, str]]:
    """Where a flag stands among arguments: from, to, and value, for `-l x`, `-lx`, `--listen=x` and `--listen x`."""
    long, found, place = _LONG[flag], [], 0
    while place < len(words):
        word = words[place]
        if word in (flag, long) and place + 1 < len(words):
            found.append((place, place + 2, words[place + 1]))
            place += 2
            continue
        if word.startswith(f"{long}="):
            found.append((place, place + 1, word[len(long) + 1 :]))
        elif word.startswith(flag) and len(word) > 2:
            found.append((place, place + 1, word[2:].lstrip("=")))
        place += 1
    return found


def _values(words: Sequence[str], flag: str) -> list[str]:
    return [value for _, _, value in _spans(words, flag)]


def _replaced(words: list[str], flag: str, value: str | None) -> list[str]:
    """The arguments with the flag's first place holding the value, and no other place of it; None takes it out."""
    spans = _spans(words, flag)
    for position, (first, end, _) in reversed(list(enumerate(spans))):
        words = words[:first] + ([flag, value] if value is not None and position == 0 else []) + words[end:]
    return words


def _edit_debian(text: str, flag: str, value: str) -> str:
    lines = text.splitlines(keepends=True)
    done, result = False, []
    for line in lines:
        words = _debian_words(line)
        if not _spans(words, flag):
            result.append(line)
            continue
        kept = _replaced(words, flag, None if done else value)
        done = True
        if kept:
            result.append(f"{shlex.join(kept)}{_ending(line)}")
    if done:
        return "".join(result)
    place = next((n + 1 for n in reversed(range(len(lines))) if re.match(rf"#\s*{flag}\b", lines[n])), len(lines))
    return _inserted(lines, place, f"{flag} {value}")


def _edit_sysconfig(text: str, flag: str, value: str) -> str:
    variables = _variables(text)
    name = {"-p": "PORT", "-m": "CACHESIZE"}.get(flag)
    options = _words(variables.get("OPTIONS", ""))
    if name is None or _spans(options, flag):
        # What OPTIONS says comes later on the command line than PORT and CACHESIZE, and wins.
        words = _replaced(options, flag, value) if _spans(options, flag) else [*options, flag, value]
        name, value = "OPTIONS", shlex.join(words)
    lines = text.splitlines(keepends=True)
    for number in reversed(range(len(lines))):
        match = _VARIABLE.match(lines[number])
        if match and match["name"] == name:
            lines[number] = f'{match["lead"]}{name}="{value}"{_ending(lines[number])}'
            return "".join(lines)
    return _inserted(lines, len(lines), f'{name}="{value}"')


def _warned(text: str, style: str, after: Memcached) -> str:
    """The text with the warning above the line that opens memcached to all, and nowhere when none does."""
    lines = [line for line in text.splitlines(keepends=True) if line.strip() != WARNING]
    if not after.everywhere:
        return "".join(lines)
    for number, line in enumerate(lines):
        words = _arguments(line, style)
        if _spans(words, "-l"):
            return _inserted(lines, number, WARNING)
    return "".join(lines)


def _inserted(lines: list[str], place: int, line: str) -> str:
    before = "".join(lines[:place])
    gap = "" if not before or before.endswith("\n") else "\n"
    return f"{before}{gap}{line}\n{''.join(lines[place:])}"


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
