"""The accounts by which services sign in at home (P8), as pillar gives them; their secrets show nowhere."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from osregions.errors import SettingsError

SDB = "sdb://"
_USERS = {"ironic_inspector": "ironic-inspector"}  # where the usual user is not called as the project is here


@dataclass(frozen=True)
class Credential:
    """One service's account at home, by the service's name."""

    name: str
    username: str
    user_id: str | None = None
    password: str | None = field(default=None, repr=False)
    project_name: str = "service"
    project_id: str | None = None
    user_domain_name: str = "Default"
    user_domain_id: str | None = None
    project_domain_name: str = "Default"
    project_domain_id: str | None = None
    application_credential_id: str | None = None
    application_credential_secret: str | None = field(default=None, repr=False)
    replaces: tuple[str, ...] = ()  # the names that this account had in the region until now

    def is_user(self, user: str) -> bool:
        """Whether this account takes the place of a user of that name."""
        return user in (self.name, self.username, *self.replaces)


KEYS = tuple(one.name for one in fields(Credential) if one.name != "name")


def read(
    data: Mapping[str, Any], accounts: Collection[str], where: str, sdb: Callable[[str], Any] | None = None
) -> dict[str, Credential]:
    """Check what pillar says under `credentials`; `accounts` are the names it may use, `sdb` resolves `sdb://` values.

    Raises SettingsError, naming the key, and never what it holds.
    """
    found = {}
    for name, given in data.items():
        place = f"{where}:{name}"
        if name not in accounts:
            near = difflib.get_close_matches(str(name), accounts, n=1)
            remedy = (
                f"did you mean {near[0]}?"
                if near
                else "declare its project under `projects`, or name one of those known"
            )
            raise SettingsError(f"there is no service {name!r}", place, remedy)
        if not isinstance(given, Mapping):
            raise SettingsError(
                "its account is no mapping", place, "write password: ... beneath it, see pillar.example"
            )
        for key in given:
            if key not in KEYS:
                near = difflib.get_close_matches(str(key), KEYS, n=1)
                remedy = f"did you mean {near[0]}?" if near else f"the keys there are {', '.join(KEYS)}"
                raise SettingsError(f"the key {key!r} is not known", f"{place}:{key}", remedy)
        found[name] = _credential(name, given, place, sdb)
    return found


def _credential(name: str, given: Mapping[str, Any], where: str, sdb: Callable[[str], Any] | None) -> Credential:
    texts: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        if key == "replaces":
            names = [value] if isinstance(value, str) else value
            if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
                raise SettingsError("this is no list of user names", f"{where}:{key}", "write one item a line")
            texts[key] = tuple(names)
            continue
        texts[key] = secret_text(value, f"{where}:{key}", sdb)
    if name.endswith("_domain_admin") and not {"user_domain_name", "user_domain_id"} <= set(texts):
        # Its domain is one of its own, which nobody can guess.
        raise SettingsError("its domain is missing", where, "write user_domain_name and user_domain_id beneath it")
    for kind in ("user", "project"):
        # keystone's own first domain has the id `default` (its [identity] default_domain_id) and the name Default.
        if texts.get(f"{kind}_domain_name", "Default") == "Default":
            texts.setdefault(f"{kind}_domain_id", "default")
    texts.setdefault("username", _USERS.get(name, name))
    return Credential(name=name, **texts)


def secret_text(value: Any, where: str, sdb: Callable[[str], Any] | None = None) -> str:
    """A text out of pillar that may be a secret, plain or out of sdb. Raises SettingsError, which never shows it."""
    if isinstance(value, str) and value.startswith(SDB):
        resolved = sdb(value) if sdb else None
        if not isinstance(resolved, str) or not resolved or resolved == value:
            raise SettingsError("sdb has nothing there", where, "see the sdb profile in this minion's configuration")
        value = resolved
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise SettingsError("this is not a text", where, "write one; quote what YAML takes for something else")
    text = str(value)
    if "\n" in text or "\r" in text or "\0" in text:
        raise SettingsError("no INI file holds a text of several lines here", where, "take the line ends out")
    if text.startswith("-----BEGIN PGP"):
        raise SettingsError(
            "this was not decrypted", where, "begin that SLS with `#!yaml|gpg`, or see the master's keys"
        )
    return text
