"""Looks at one node: each reads what there is, and has it judged. Nothing here changes anything, or knows Salt."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions import files, keystone_node
from osregions import settings as settings_of
from osregions.alarms import judge
from osregions.alarms.held import Found
from osregions.alarms.judge import Where
from osregions.alarms.limits import Limits
from osregions.catalog import backup
from osregions.conf import keystones as ks
from osregions.conf import operations as conf
from osregions.conf import tree
from osregions.conf.catalogue import INTERNAL
from osregions.conf.operations import Machine
from osregions.conf.options import Options
from osregions.database import account_from, session
from osregions.errors import DatabaseError, RegionsError, SettingsError
from osregions.keys import held as kept_keys
from osregions.keys import operations as keys
from osregions.keys import places
from osregions.reach import sight, switch
from osregions.releases import Release
from osregions.replication import observe, wishes
from osregions.replication.operations import Here
from osregions.services import sign_ins
from osregions.settings import Settings

_LASTS = 3600.0  # seconds for which keystone's release is taken to be the same: asking for it starts a program
_releases: dict[tuple[Any, Any], tuple[float, Release]] = {}
_UNMANAGED = ("in no table", "in a file of no known project")  # how references begin that are a person's to look at


@dataclass(frozen=True)
class Node:
    """One node, and what is needed to look at it."""

    minion: str
    region: str
    pillar: Mapping[str, Any] = field(repr=False)  # the whole of `openstack_regions`
    limits: Limits = field(default_factory=Limits)
    sdb: Callable[[str], Any] | None = None
    records: str = keys.RECORDS

    @property
    def settings(self) -> Settings:
        """The cloud, as pillar declares it."""
        return settings_of.read(self.pillar)

    @property
    def where(self) -> Where:
        """Whose node it is."""
        return Where(self.region, self.settings.home)

    def replica(self) -> Found:
        """How the replica of home's keystone database is."""
        here = self._here()
        seen = observe.status(here, ask_home=False)
        if not seen["replicates"] or not seen["threads"]["io"] == seen["threads"]["sql"] == "Yes":
            return judge.replica(self.where, seen)
        patience = max(1, round(self.limits.lag))
        try:
            return judge.replica(self.where, observe.status(here, patience=patience))
        except DatabaseError as err:
            return judge.replica(self.where, seen, home_said=str(err))

    def keys(self) -> Found:
        """Whether keystone's keys are home's, and as they should be."""
        options, release = self._options(), self._release()
        node = keys.Node(self.minion, self.region, places.of(release, options), records=self.records)
        seen = node.view()
        repositories = seen["repositories"]
        told: tuple[str, ...] = ()
        if self.region != self.where.home:
            told = kept_keys.look(seen, self._encrypted(options)).findings
        faults = [f"{kind}: {fault}" for kind, one in repositories.items() for fault in one["faults"]]
        digests = {kind: one["digest"] for kind, one in repositories.items()}
        with contextlib.suppress(SettingsError):
            return judge.keys(self.where, digests, faults, told, sight.read(sight.PLACE), time.time())
        return judge.keys(self.where, digests, faults, told, None, time.time())

    def drift(self) -> Found:
        """Where the files of this node's services are not as they are to be."""
        settings = self.settings
        machine = Machine(
            settings=settings,
            region=self.region,
            roots=tuple(self._section("repoint").get("roots") or tree.default_roots()),
            backups=self._kept(),
            series=self._section("keystone").get("release"),
        )
        at = settings.home
        if self.region != settings.home and switch.read(self.region).switch.local:
            at = self.region
        found = tree.survey(machine.roots, settings.known, projects_only=True)
        validating = []
        for one in sign_ins.read(found.files, settings.known):
            if one.validates:
                pointed = ks.pointed(one.url, settings.keystones, one.interface or INTERNAL, self.region)
                validating.append((f"{one.project} ({one.place})", pointed.region if pointed else None))
        told = conf.shown(machine.plan(at, None))
        references = machine.references()
        return judge.drift(
            self.where,
            at,
            validating,
            [f"{path} {option}" for path, options in told.items() for option in options],
            [
                (f"{one['path']}:{one['line']}", one["region"])
                for one in references["references"]
                if not one["managed"] and one["why"].startswith(_UNMANAGED)
            ],
            references["problems"],
        )

    def backups(self) -> Found:
        """How old the newest backup of the keystone database is that lies here."""
        found = backup.backups(account_from(self._options()).database, self._kept())
        return judge.backups(self.where, [one.taken for one in found], time.time(), self.limits.backup_days)

    # ---- what the looks are made of ----

    def _section(self, name: str) -> dict[str, Any]:
        return dict(self.pillar.get(name) or {})

    def _options(self) -> Options:
        return keystone_node.options(self._section("keystone").get("config"))

    def _release(self) -> Release:
        given = self._section("keystone")
        key = given.get("release"), given.get("manage")
        asked, found = _releases.get(key, (0.0, None))
        if found is None or not 0 <= time.monotonic() - asked < _LASTS:
            found = keystone_node.release(given=key[0], manage=key[1])
            _releases[key] = time.monotonic(), found
        return found

    def _kept(self) -> str:
        return self._section("backup").get("directory") or files.BACKUPS

    def _encrypted(self, options: Options) -> Mapping[str, int]:
        """By which keys credentials are encrypted; a database that does not answer is another alarm's."""
        try:
            account = account_from(options)
            with session(account) as db:
                return observe.encrypted_by(db, account.database)
        except DatabaseError:
            return {}

    def _here(self) -> Here:
        options = self._options()
        account = account_from(options)
        return Here(
            wishes=wishes.read(self.pillar, self.settings, self.sdb),
            region=self.region,
            database=account.database,
            release=self._release(),
            user=account.user,
            backups=self._kept(),
        )


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
    records = opts.get("openstack_regions_records") or keys.RECORDS
    return Node(opts["id"], region, ours, limits(dict(ours.get("alarms") or {})), sdb, records)
