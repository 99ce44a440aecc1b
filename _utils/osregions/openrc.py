"""The admin's openrc file: what it signs in with (P8), and which region it names (P4)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from osregions import files
from osregions.conf.credentials import Credential
from osregions.conf.options import masked
from osregions.errors import SettingsError

_LINE = re.compile(r"^(?P<lead>\s*(?:export\s+)?)(?P<name>OS_[A-Z0-9_]+)=(?P<value>.*?)(?P<end>\r?)$", re.MULTILINE)
# A value as a shell reads it: up to a space or `;` outside of quotes; a # within it is no comment.
_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s;"'\\])*""")


def read(path: str | Path) -> Mapping[str, str]:
    """The OS_ variables that an openrc file sets, quotes taken off; the last one of a name counts, as in a shell.

    Raises SettingsError when the file is not there or sets none.
    """
    try:
        text = _text(path)
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
    return with_value(text, "OS_REGION_NAME", region)


def with_value(text: str, name: str, value: str) -> str:
    """The text of an openrc file in which a variable has this value, and which is else the same."""
    matches = [match for match in _LINE.finditer(text) if match["name"] == name]
    plain = shlex.quote(value)
    if matches:
        last = matches[-1]
        if _unquoted(last["value"]) == value:
            return text
        # The first word alone: its quotes stay, and so does what follows it, a comment say.
        word = _word(last["value"])
        quote = word[0] if word[:1] in ('"', "'") and word[:1] == word[-1:] and plain == value else ""
        start = last.start("value")
        return text[:start] + quote + plain + quote + text[start + len(word) :]
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else newline
    return f"{text}{gap}export {name}={plain}{newline}"


def sign_in(
    path: str | Path, account: Credential, backups: str | Path = files.BACKUPS, dry: bool = False
) -> dict[str, dict[str, str | None]]:
    """Have an openrc file of that user's sign in by home's account; return what changed, secrets masked.

    A file that signs in as somebody else is left alone. Raises SettingsError as `read` does, and when home's password
    is not known.
    """
    said = read(path)
    user = said.get("OS_USERNAME", "")
    if not account.is_user(user):
        return {}
    if account.password is None:
        raise SettingsError(
            f"home's password of {account.name} is not known",
            f"{path} signs in as {user}",
            f"write it in pillar, openstack_regions:credentials:{account.name}:password",
        )
    wanted = {"OS_USERNAME": account.username, "OS_PASSWORD": account.password}
    named = {"OS_PROJECT_NAME": account.project_name, "OS_TENANT_NAME": account.project_name}
    wanted |= {name: value for name, value in named.items() if name in said}
    changed = {name: value for name, value in wanted.items() if said.get(name) != value}
    if changed and not dry:
        text = _text(path)
        for name, value in changed.items():
            text = with_value(text, name, value)
        files.replace(path, text.encode(errors="surrogateescape"), backups)
    return {
        f"{path} {name}": {"old": masked(name, said.get(name)), "new": masked(name, value)}
        for name, value in changed.items()
    }


def name_region(
    path: str | Path, region: str, backups: str | Path = files.BACKUPS, dry: bool = False
) -> dict[str, dict[str, str | None]]:
    """Make an openrc file name this region; return what changed: empty when it does already."""
    before = read(path).get("OS_REGION_NAME")
    if before == region:
        return {}
    if not dry:
        files.replace(path, with_region(_text(path), region).encode(errors="surrogateescape"), backups)
    return {f"{path} OS_REGION_NAME": {"old": before, "new": region}}


def _text(path: str | Path) -> str:
    """A file's text, read so that line ends and odd bytes stay what they are."""
    return Path(path).read_bytes().decode(errors="surrogateescape")


def _word(value: str) -> str:
    """The first word of what follows the =, quotes and all; everything, where a quote is not closed."""
    match = _WORD.match(value)
    word = match[0] if match else ""
    return value if not word and value[:1] in ('"', "'") else word


def _unquoted(value: str) -> str:
    word = _word(value)
    try:
        return "".join(shlex.split(word))
    except ValueError:
        return word.strip()
