"""The options of a service as it sees them: several files, of which a later one wins over an earlier one."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from osregions.conf.document import Document, section_key
from osregions.errors import RegionsError

_TRUE = ("true", "1", "on", "yes")
_FALSE = ("false", "0", "off", "no")
_SECRET = re.compile(r"pass|secret|token|key$|credential|connection$|transport_url", re.IGNORECASE)
_PLAIN = re.compile(r"(?:auth_ur[li]|_auth_url|identity_uri)$", re.IGNORECASE)  # token_auth_url is no secret
# Up to the last @: a password may hold others, and slashes.
_IN_URL = re.compile(r"(?<=://)([^\s:/@,]*):[^\s,]*@")
MASK = "****"


@dataclass(frozen=True)
class OptionChange:
    """One option of one file that gets another value; None means that it is not set."""

    path: str
    section: str
    option: str
    before: str | None
    after: str | None
    line: int = 0  # where it stands, or below which it comes; 0: nobody asked
    replaces: str | None = None  # the option whose line it takes over

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells one option from another."""
        return (self.path, section_key(self.section), self.option)

    @property
    def name(self) -> str:
        """The option as people write it."""
        return f"[{self.section}] {self.option}"

    def shown(self) -> dict[str, str | None]:
        """Old and new, fit to be seen by anybody."""
        return {
            "old": masked(self.option, self.before),
            "new": masked(self.option, self.after),
        }


def masked(option: str, value: str | None) -> str | None:
    """A value that may be shown: a secret is not."""
    if value is None:
        return None
    if _SECRET.search(option) and not _PLAIN.search(option):
        return MASK
    return _IN_URL.sub(rf"\1:{MASK}@", value)


class _Template(string.Template):
    idpattern = r"[_a-z][\._a-z0-9]*"


class Options:
    """What a service reads from its files, in the order in which it reads them."""

    def __init__(self, documents: Iterable[tuple[str, Document]], defaults: Iterable[str] = ()) -> None:
        self._documents = tuple(documents)
        # The distribution's own files: they are read, never written.
        self._defaults = frozenset(defaults)

    @classmethod
    def read(cls, paths: Iterable[str | Path], defaults: Iterable[str] = ()) -> Options:
        """Read the files named; the later ones win."""
        return cls([(str(path), Document.read(path)) for path in paths], defaults)

    @property
    def files(self) -> tuple[str, ...]:
        """The files, in the order in which they are read."""
        return tuple(path for path, _ in self._documents)

    def raw(self, section: str, option: str, default: str | None = None) -> str | None:
        """An option's value as it stands in the last file that sets it."""
        path = self.where(section, option)
        return default if path is None else dict(self._documents)[path].get(section, option)

    def get(self, section: str, option: str, default: str | None = None) -> str | None:
        """An option's value as the service has it: `$$` is a dollar sign, `$name` another option's value."""
        value = self.raw(section, option)
        return default if value is None else self._expanded(value, section, 0)

    def get_all(self, section: str, option: str) -> tuple[str, ...]:
        """All the values of an option that may be given several times."""
        values = [value for _, document in self._documents for value in document.get_all(section, option)]
        return tuple(self._expanded(value, section, 0) for value in values)

    def expanded(self, section: str, value: str) -> str:
        """A value of a section as the service has it, whichever file sets what it names."""
        return self._expanded(value, section, 0)

    def flag(self, section: str, option: str, default: bool) -> bool:
        """A yes-or-no option, in any of the spellings that oslo.config takes."""
        value = self.get(section, option)
        if value is None:
            return default
        if value.lower() not in _TRUE + _FALSE:
            raise RegionsError(
                f"[{section}] {option} = {value!r} is neither true nor false",
                self.where(section, option) or "",
                "write true or false",
            )
        return value.lower() in _TRUE

    def number(self, section: str, option: str, default: int) -> int:
        """An option that holds a whole number."""
        value = self.get(section, option)
        if value is None:
            return default
        try:
            return int(value)
        except ValueError:
            raise RegionsError(
                f"[{section}] {option} = {value!r} is no number", self.where(section, option) or "", "write one"
            ) from None

    def items(self, section: str, option: str) -> tuple[str, ...]:
        """An option that holds a list, separated by commas."""
        value = self.get(section, option)
        return tuple(item.strip() for item in (value or "").split(",") if item.strip())

    def where(self, section: str, option: str) -> str | None:
        """The file whose value counts, or None when no file sets the option."""
        for path, document in reversed(self._documents):
            if document.get(section, option) is not None:
                return path
        return None

    def change(self, main: str, section: str, option: str, after: str | None) -> tuple[OptionChange, ...]:
        """What has to be written so that the option counts as `after` (None: as not set); empty when it does already.

        The file that decides today is the one that changes, since a later file would win over `main`.
        """
        before = self.raw(section, option)
        if before == after:
            return ()
        setting = [(path, doc) for path, doc in self._documents if doc.get(section, option) is not None]
        ours = [(path, doc) for path, doc in setting if path not in self._defaults]
        if after is None:
            # An earlier file's value would count once a later one's is gone, so it goes from all of them.
            return tuple(OptionChange(path, section, option, doc.get(section, option), None) for path, doc in ours)
        path, document = ours[-1] if ours else (main, dict(self._documents).get(main))
        return (OptionChange(path, section, option, document.get(section, option) if document else None, after),)

    def _expanded(self, value: str, section: str, depth: int) -> str:
        if "$" not in value or depth > 8:
            return value
        return _Template(value.replace(r"\$", "$$")).safe_substitute(_Lookup(self, section, depth + 1))


def expanded(document: Document, section: str, value: str) -> str:
    """A value of one document as a service has it; configparser knows no `$`."""
    return Options([("", document)]).expanded(section, value) if document.dollar else value


def quoted(value: str, document: Document) -> str:
    """A value as it is to be written so that the service reads just that: `$` would name another option."""
    if document.percent:
        return value.replace("%", "%%")
    # Behind a backslash `$$` would be read as an escaped dollar sign and one that is not: there it is `\\$`.
    return value if not document.dollar else re.sub(r"(\\?)\$", lambda m: m[1] + (r"\$" if m[1] else "$$"), value)


class _Lookup(dict[str, str]):
    """Other options by name, for `$name` and `${section.name}`."""

    def __init__(self, options: Options, section: str, depth: int) -> None:
        super().__init__()
        self._place = (options, section, depth)

    def __missing__(self, key: str) -> str:
        options, section, depth = self._place
        group, _, name = key.rpartition(".")
        for place in (group,) if group else (section, "DEFAULT"):
            value = options.raw(place, name)
            if value is not None:
                return options._expanded(value, place, depth)
        # An option that no file sets has a default that only the service knows.
        raise KeyError(key)
