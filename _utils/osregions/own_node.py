"""One node as pillar and its own files have it: what those begin with who look at several of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions import files, keystone_node
from osregions import settings as settings_of
from osregions.catalog.cache import cache_from
from osregions.conf import keystones as ks
from osregions.conf import operations as conf
from osregions.conf import tree
from osregions.conf.catalogue import INTERNAL
from osregions.conf.operations import Machine
from osregions.conf.options import Options, masked
from osregions.database import account_from
from osregions.keys import operations as keys
from osregions.keys import places
from osregions.releases import Release
from osregions.replication import wishes
from osregions.replication.operations import Here
from osregions.services import sign_ins
from osregions.settings import Settings

_UNMANAGED = ("in no table", "in a file of no known project")  # how references begin that are a person's to look at


@dataclass(frozen=True)
class Configured:
    """What a node's files say, while the keystone of one region is the one in use; each entry as plain data."""

    services: list[dict[str, Any]]  # accounts: project, place, url, at (the region whose keystone that is), validates
    drift: list[str]  # options that are not as they are to be
    unmanaged: list[dict[str, Any]]  # references: path, line, value, region
    problems: list[str]  # files that could not be read


@dataclass(frozen=True)
class OwnNode:
    """One node, and what is needed to look at it."""

    minion: str
    region: str
    pillar: Mapping[str, Any] = field(repr=False)  # the whole of `openstack_regions`
    sdb: Callable[[str], Any] | None = None
    records: str = keys.RECORDS

    @property
    def settings(self) -> Settings:
        """The cloud, as pillar declares it."""
        return settings_of.read(self.pillar)

    def section(self, name: str) -> dict[str, Any]:
        """One section of pillar, empty where there is none."""
        return dict(self.pillar.get(name) or {})

    @property
    def options(self) -> Options:
        """Keystone's own options."""
        return keystone_node.options(self.section("keystone").get("config"))

    def release(self) -> Release:
        """Keystone's release; where pillar does not name it a program is started to ask."""
        given = self.section("keystone")
        return keystone_node.release(given=given.get("release"), manage=given.get("manage"))

    @property
    def backups(self) -> str:
        """The directory of backups."""
        return self.section("backup").get("directory") or files.BACKUPS

    def machine(self) -> Machine:
        """The files of its services."""
        return Machine(
            settings=self.settings,
            region=self.region,
            roots=tuple(self.section("repoint").get("roots") or tree.default_roots()),
            backups=self.backups,
            series=self.section("keystone").get("release"),
        )

    def keys(self, release: Release) -> Mapping[str, Any]:
        """What `keystone_keys.view` says."""
        return keys.Node(self.minion, self.region, places.of(release, self.options), records=self.records).view()

    def here(self, release: Release) -> Here:
        """The database server of its keystone."""
        options = self.options
        account = account_from(options)
        return Here(
            wishes=wishes.read(self.pillar, self.settings, self.sdb),
            region=self.region,
            database=account.database,
            release=release,
            user=account.user,
            backups=self.backups,
            cache=cache_from(options),
        )

    def configured(self, at: str) -> Configured:
        """Whom its services validate with, by their files, and where these are not as they are to be for `at`."""
        machine = self.machine()
        known, keystones = machine.settings.known, machine.settings.keystones
        found = tree.survey(machine.roots, known, projects_only=True)
        services = []
        for one in sign_ins.read(found.files, known):
            pointed = ks.pointed(one.url, keystones, one.interface or INTERNAL, self.region)
            services.append(
                {
                    "project": one.project,
                    "place": one.place,
                    "url": masked("", one.url),
                    "at": pointed.region if pointed else None,
                    "validates": one.validates,
                }
            )
        told = conf.shown(machine.plan(at, None))
        references = machine.references()
        unmanaged = [
            {key: one[key] for key in ("path", "line", "value", "region")}
            for one in references["references"]
            if not one["managed"] and one["why"].startswith(_UNMANAGED)
        ]
        drift = [f"{path} {option}" for path, options in told.items() for option in options]
        return Configured(services, drift, unmanaged, list(references["problems"]))
