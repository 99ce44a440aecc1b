"""Who watches whom on this node, and by which accounts: out of pillar, or what was kept of it for bad days."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from osregions import openrc
from osregions.conf import tree
from osregions.errors import RegionsError, SettingsError
from osregions.reach import limits as limits_of
from osregions.reach.watch import Wish
from osregions.services import sign_ins
from osregions.settings import PILLAR, Settings, section, undeclared

OPENRC = ("/root/keystonerc_admin", "/root/admin-openrc", "/root/openrc")


def wish(
    settings: Settings, region: str | None, minion: str, given: Mapping[str, Any] | None = None, where: str = PILLAR
) -> Wish | None:
    """What this node is to watch; None on a node of home's, which has nobody to lose.

    `given` are numbers that go before pillar's, which `where` has. Raises SettingsError.
    """
    if not region or region not in settings.regions:
        raise SettingsError(*undeclared(region, settings.regions))
    if region == settings.home:
        return None
    numbers = {name: getattr(settings.failover, name) for name in limits_of.NAMES}
    return Wish(
        minion=minion,
        region=region,
        home_region=settings.home,
        home=settings.regions[settings.home].keystone.internal,
        local=settings.regions[region].keystone.internal,
        limits=limits_of.read({**numbers, **(given or {})}, where),
    )


def accounts(pillar: Mapping[str, Any], settings: Settings) -> list[Mapping[str, str]]:
    """The accounts by which this node can sign in: the admin's openrc file, else those by which services validate."""
    named = section(pillar, "openrc")
    files = [named["admin"]] if named.get("admin") else list(named.get("files") or OPENRC)
    found: list[Mapping[str, str]] = []
    for path in files:
        with contextlib.suppress(RegionsError):
            said = openrc.read(path)
            if said.get("OS_PASSWORD"):
                found.append(said)
    return found or _services(section(pillar, "repoint").get("roots"), settings)


def _services(roots: Sequence[str] | None, settings: Settings) -> list[Mapping[str, str]]:
    seen = tree.survey(tuple(roots or tree.default_roots()), settings.known, projects_only=True)
    return [one.credentials for one in sign_ins.read(seen.files, settings.known) if one.validates]
