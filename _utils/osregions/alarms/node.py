"""Looks at one node: each reads what there is, and has it judged. Nothing here changes anything, or knows Salt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions import settings as settings_of
from osregions.alarms import judge
from osregions.alarms.held import Found
from osregions.alarms.judge import Where
from osregions.alarms.limits import Limits
from osregions.catalog import backup
from osregions.database import account_from, session
from osregions.errors import DatabaseError, RegionsError, SettingsError
from osregions.keys import held as kept_keys
from osregions.keys.operations import RECORDS
from osregions.own_node import OwnNode
from osregions.reach import sight, switch
from osregions.releases import Release
from osregions.replication import observe

_LASTS = 3600.0  # seconds for which keystone's release is taken to be the same: asking for it starts a program
_releases: dict[tuple[Any, Any], tuple[float, Release]] = {}


@dataclass(frozen=True)
class Node:
    """One node, and what is needed to look at it."""

    own: OwnNode
    limits: Limits = field(default_factory=Limits)

    @property
    def where(self) -> Where:
        """Whose node it is."""
        return Where(self.own.region, self.own.settings.home)

    def replica(self) -> Found:
        """How the replica of home's keystone database is."""
        here = self.own.here(self._release())
        seen = observe.own_side(here)
        try:
            home = observe.home_side(here, seen, max(1, round(self.limits.lag)))
        except DatabaseError as err:
            return judge.replica(self.where, observe.told(seen), home_said=str(err))
        return judge.replica(self.where, observe.told(seen, home))

    def keys(self) -> Found:
        """Whether keystone's keys are home's, and as they should be."""
        repositories = (seen := self.own.keys(self._release()))["repositories"]
        told: tuple[str, ...] = ()
        if self.own.region != self.where.home:
            told = kept_keys.look(seen, self._encrypted()).findings
        wrong = [f"{kind}: {fault}" for kind, one in repositories.items() for fault in one["faults"]]
        digests = {kind: one["digest"] for kind, one in repositories.items()}
        return judge.keys(self.where, digests, wrong, told, _sight(), time.time())

    def drift(self) -> Found:
        """Where the files of this node's services are not as they are to be."""
        region, at = self.own.region, self.where.home
        if region != at and switch.read(region).switch.local:
            at = region
        found = self.own.configured(at)
        return judge.drift(
            self.where,
            at,
            [(f"{one['project']} ({one['place']})", one["at"]) for one in found.services if one["validates"]],
            found.drift,
            [(f"{one['path']}:{one['line']}", one["region"]) for one in found.unmanaged],
            found.problems,
        )

    def backups(self) -> Found:
        """How old the newest backup of the keystone database is that lies here."""
        found = backup.backups(account_from(self.own.options).database, self.own.backups)
        return judge.backups(self.where, [one.taken for one in found], time.time(), self.limits.backup_days)

    # ---- what the looks are made of ----

    def _release(self) -> Release:
        given = self.own.section("keystone")
        key = given.get("release"), given.get("manage")
        asked, found = _releases.get(key, (0.0, None))
        if found is None or not 0 <= time.monotonic() - asked < _LASTS:
            found = self.own.release()
            _releases[key] = time.monotonic(), found
        return found

    def _encrypted(self) -> Mapping[str, int]:
        """By which keys credentials are encrypted; a database that does not answer is another alarm's."""
        try:
            account = account_from(self.own.options)
            with session(account) as db:
                return observe.encrypted_by(db, account.database)
        except DatabaseError:
            return {}


def _sight() -> sight.Sight | None:
    """What the beacon keystone_reach saw; what it left damaged is for others to tell."""
    try:
        return sight.read(sight.PLACE)
    except SettingsError:
        return None


def here(
    opts: Mapping[str, Any],
    grains: Mapping[str, Any],
    pillar: Mapping[str, Any],
    limits: Callable[[Mapping[str, Any]], Limits],
    sdb: Callable[[str], Any] | None = None,
) -> Node | None:
    """The node of a minion; None where pillar declares no region of its, or is not there yet.

    `limits` makes the numbers of pillar's section `alarms`. A pillar that is wrong raises nothing: Salt would log that
    at each call, and every state of ours says it.
    """
    ours = dict(pillar.get(settings_of.PILLAR) or {})
    region = grains.get("region") or ""
    try:
        known = settings_of.read(ours).regions
    except RegionsError:
        return None
    if region not in known:
        return None
    records = opts.get("openstack_regions_records") or RECORDS
    return Node(OwnNode(opts["id"], region, ours, sdb, records), limits(dict(ours.get("alarms") or {})))
