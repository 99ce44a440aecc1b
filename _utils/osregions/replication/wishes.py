"""What pillar wants of replication: each region's database, the accounts between them, TLS, the filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions.conf.credentials import secret_text
from osregions.database import Account
from osregions.errors import SettingsError
from osregions.replication import accounts, link
from osregions.replication.dialect import Tls
from osregions.replication.server import admin_account
from osregions.settings import PILLAR, Settings, undeclared

_PLACE = f"pillar {PILLAR}:replication"
# At most 16 characters: MySQL 5.6's limit.
_PREFIX = "osr_"


@dataclass(frozen=True)
class Replication:
    """Pillar's wish, checked."""

    settings: Settings
    passwords: Mapping[str, str] = field(repr=False)  # of each region's account at home
    tls: Tls | None
    admin: Mapping[str, Any] = field(repr=False)
    heartbeat: float = 1.0
    retry: int = 2
    wait: int = 30
    logs_keystone_alone: bool = False  # whether home's log is to hold nothing else (`filter: primary`)

    def account_here(self) -> Account:
        """The administrator of this machine's server."""
        return admin_account(**self.admin)

    def user(self, region: str) -> str:
        """The name of a region's account at home."""
        named = self.settings.regions[region].database.get("user")
        return str(named or _PREFIX + re.sub(r"[^a-z0-9]", "", region.lower())[: 16 - len(_PREFIX)])

    def number(self, region: str) -> int:
        """A region's number, which tells its own revocations apart. Raises SettingsError when two have the same."""
        self._declared(region)
        numbers = {
            name: int(one.database.get("number") or place)
            for place, (name, one) in enumerate(self.settings.regions.items(), 1)
        }
        others = [name for name, number in numbers.items() if number == numbers[region] and name != region]
        if others:
            raise SettingsError(
                f"{region} and {others[0]} have the number {numbers[region]}",
                f"pillar {PILLAR}:regions:{region}:database:number",
                "give each a number of its own",
            )
        return numbers[region]

    def discard(self, region: str) -> bool:
        """Whether the operator has said that what home lacks may go."""
        self._declared(region)
        return bool(self.settings.regions[region].database.get("discard"))

    def accounts(self, database: str) -> tuple[accounts.Wanted, ...]:
        """The accounts that home's server is to have: one for each other region whose password is known here.

        Raises SettingsError when two regions would share one.
        """
        seen: dict[str, str] = {}
        found = []
        for name, region in self.settings.regions.items():
            if name == self.settings.home or name not in self.passwords:
                continue
            user = self.user(name)
            if user in seen:
                raise SettingsError(
                    f"{seen[user]} and {name} would share the account {user}",
                    f"pillar {PILLAR}:regions:{name}:database:user",
                    "name one for each",
                )
            seen[user] = name
            hosts = tuple(region.database.get("addresses") or ()) or (self._host(name),)
            found.append(accounts.Wanted(user, hosts, self.passwords[name], database, self.tls is not None))
        return tuple(found)

    def link(self, region: str, database: str) -> link.Wish:
        """What a region's server is to read, and by which account.

        Raises SettingsError when pillar lacks home's address or that region's password.
        """
        self._declared(region)
        if region == self.settings.home:
            raise SettingsError(f"{region} is home, and replicates nobody", _PLACE, "run this in another region")
        if region not in self.passwords:
            raise SettingsError(
                f"the password of {region}'s account at home is not known",
                f"{_PLACE}:passwords:{region}",
                "write it there, plain, by GPG or as sdb://",
            )
        home = self.settings.regions[self.settings.home].database
        return link.Wish(
            host=self._host(self.settings.home),
            port=int(home.get("port") or 3306),
            user=self.user(region),
            password=self.passwords[region],
            database=database,
            tls=self.tls,
            heartbeat=self.heartbeat,
            retry=self.retry,
        )

    def _declared(self, region: str) -> None:
        if region not in self.settings.regions:
            raise SettingsError(*undeclared(region, self.settings.regions))

    def _host(self, region: str) -> str:
        host = self.settings.regions[region].database.get("host")
        if not host:
            raise SettingsError(
                f"the address of {region}'s database server is not known",
                f"pillar {PILLAR}:regions:{region}:database:host",
                "write it there, as the other regions reach it",
            )
        return str(host)


def read(pillar: Mapping[str, Any], settings: Settings, sdb: Callable[[str], Any] | None = None) -> Replication:
    """Read pillar's `replication`; `sdb` resolves values that begin with `sdb://`. Raises SettingsError."""
    given = pillar.get("replication") or {}
    passwords = {}
    for name, value in (given.get("passwords") or {}).items():
        if name not in settings.regions:
            raise SettingsError(
                f"there is no region {name}",
                f"{_PLACE}:passwords",
                f"declared are {', '.join(settings.regions)}",
            )
        passwords[name] = secret_text(value, f"{_PLACE}:passwords:{name}", sdb)
    tls = given.get("tls")
    admin = {key: value for key, value in (given.get("admin") or {}).items() if value is not None}
    if "password" in admin:
        admin["password"] = secret_text(admin["password"], f"{_PLACE}:admin:password", sdb)
    return Replication(
        settings=settings,
        passwords=passwords,
        tls=Tls(tls.get("ca"), tls.get("cert"), tls.get("key"), tls.get("verify", True)) if tls else None,
        admin=admin,
        heartbeat=float(given.get("heartbeat") or 1),
        retry=int(given.get("retry") or 2),
        wait=int(given.get("wait") or 30),
        logs_keystone_alone=given.get("filter") == "primary",
    )
