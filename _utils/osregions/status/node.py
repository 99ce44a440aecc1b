"""What one node says of itself for the status: each part by itself, in time, without secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from osregions import files, keystone_node, openrc
from osregions import settings as settings_of
from osregions.catalog import backup, served, view
from osregions.catalog.cache import cache_from
from osregions.conf import keystones as ks
from osregions.conf import operations as conf
from osregions.conf import tree
from osregions.conf.catalogue import INTERNAL
from osregions.conf.operations import Machine
from osregions.conf.options import Options, masked
from osregions.database import account_from, session
from osregions.identity import Identity
from osregions.keys import operations as keys
from osregions.keys import places
from osregions.reach import sight
from osregions.reach.switch import SwitchError
from osregions.releases import Release
from osregions.replication import observe, wishes
from osregions.replication.operations import Here
from osregions.services import sign_ins
from osregions.settings import Settings
from osregions.status.collect import together
from osregions.tokens import memcached
from osregions.tokens.operations import Keystone

_UNMANAGED = ("in no table", "in a file of no known project")  # how references begin that are a person's to look at
_WORTH_ASKING = 0.5  # seconds: with less left nobody is asked, for who does not answer so soon need not be silent
_LISTED = 50  # of a long list; the rest is counted


@dataclass(frozen=True)
class Place:
    """One node, and what is needed to look at all of its parts."""

    minion: str
    region: str
    pillar: Mapping[str, Any] = field(repr=False)  # the whole of `openstack_regions`
    switch: Callable[[], Mapping[str, Any]]
    keystone: bool = False  # whether it serves keystone
    database: bool = False  # whether it has the server of keystone's database
    sdb: Callable[[str], Any] | None = None
    records: str = keys.RECORDS

    @property
    def settings(self) -> Settings:
        """The cloud, as pillar declares it."""
        return settings_of.read(self.pillar)

    def say(self, seconds: float) -> dict[str, Any]:
        """Everything that this node can say within so many seconds, as plain data."""
        tasks: dict[str, Callable[[], Any]] = {
            "switch": self._switch,
            "seen": self._seen,
            "keystones": partial(self._keystones, seconds),
            "conf": self._conf,
        }
        if self.keystone:
            tasks |= {
                "tokens": partial(self._tokens, seconds),
                "keys": self._keys,
                "catalog": partial(self._catalog, seconds),
                "backups": self._backups,
            }
        if self.database and self.region != self.settings.home:
            tasks |= {"replication": self._replication, "behind": partial(self._behind, seconds)}
        parts = together(tasks, seconds)
        roles = {"keystone": self.keystone, "database": self.database}
        return {"minion": self.minion, "region": self.region, **roles, "clock": time.time(), "parts": parts}

    def _switch(self) -> dict[str, Any]:
        try:
            return {"damaged": "", **self.switch()}
        except SwitchError as err:
            return {"damaged": str(err)}

    @staticmethod
    def _seen() -> dict[str, Any] | None:
        found = sight.read()
        return sight.to_data(found) if found else None

    def _keystones(self, seconds: float) -> list[dict[str, Any]]:
        """Whether home's keystone answers here, and the region's own."""
        settings = self.settings
        wanted = dict.fromkeys((settings.home, self.region))
        asked = {name: settings.regions[name].keystone.internal for name in wanted}
        # A little sooner than the whole: then what is told is why it does not answer.
        limit = seconds * 0.8
        said = together({name: partial(keystone_node.answer, url, limit) for name, url in asked.items()}, seconds)
        return [_answer(said[name], region=name, url=url) for name, url in asked.items()]

    def _conf(self) -> dict[str, Any]:
        """Whom this node's services validate with, by their files, and where these are not as they are to be."""
        machine = self._machine()
        known, keystones = machine.settings.known, machine.settings.keystones
        at = self.switch()["at"]
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
        return {
            "services": services,
            "drift": [f"{path} {option}" for path, options in told.items() for option in options][:_LISTED],
            "unmanaged": unmanaged[:_LISTED],
            "count": len(unmanaged),
            "problems": references["problems"][:_LISTED],
        }

    def _tokens(self, seconds: float) -> dict[str, Any]:
        """Where tokens are kept, and which memcached of those that keystone uses is silent."""
        given = self._section("keystone")
        config = given.get("config") or keystone_node.CONFIG
        release = self._release()
        keystone = Keystone(release=release, config=config, options=self._options())
        limit = seconds * 0.8
        asked = together({one: partial(memcached.counters, one, limit) for one in keystone.servers()}, limit)
        silent = {one: said["problem"] for one, said in asked.items() if "problem" in said}
        return {**keystone.store(), "major": release.major, "silent": silent}

    def _keys(self) -> dict[str, Any]:
        """Which keys this keystone has, by digests, and what is wrong with them."""
        said = self._key_node().view()
        return {
            "provider": said["provider"],
            "digests": {kind: one["digest"] for kind, one in said["repositories"].items()},
            "faults": [f"{kind}: {fault}" for kind, one in said["repositories"].items() for fault in one["faults"]],
        }

    def _catalog(self, seconds: float) -> dict[str, Any]:
        """Sign in at this node's keystone as the admin: how long it takes, what it serves, and what answers of that."""
        began = time.monotonic()
        account = openrc.read(self._section("openrc").get("admin") or "/root/keystonerc_admin")
        url = self._section("keystone").get("url") or keystone_node.local_url()
        token = Identity(account, url=url, timeout=seconds * 0.8).issue()
        took = time.monotonic() - began
        endpoints = [
            {
                "type": str(entry.get("type")),
                "region": str(one.get("region_id") or one.get("region")),
                "interface": str(one.get("interface")),
                "url": str(one.get("url")),
            }
            for entry in token.catalog
            for one in entry.get("endpoints", ())
        ]
        left = seconds - (time.monotonic() - began) - 0.1
        if left < _WORTH_ASKING:
            return {"sign_in": round(took, 3), "endpoints": endpoints, "answers": [], "stale": []}
        own = sorted({one["url"] for one in endpoints if one["region"] == self.region})
        tasks: dict[str, Callable[[], Any]] = {one: partial(answers, one, left * 0.8) for one in own}
        said = together({**tasks, "": partial(self._stale, token.catalog)}, left)
        return {
            "sign_in": round(took, 3),
            "endpoints": endpoints,
            "answers": [_answer(said[one], url=one) for one in own],
            "stale": said[""].get("value") or [],
        }

    def _stale(self, catalog: tuple[Mapping[str, Any], ...]) -> list[str]:
        """Where the catalog that is served differs from the tables."""
        with session(account_from(self._options())) as db:
            return served.compare(catalog, *view.whole_catalog(db))

    def _backups(self) -> dict[str, Any]:
        found = backup.backups(account_from(self._options()).database, self._kept())
        return {"count": len(found), "newest": found[0].taken if found else None}

    def _replication(self) -> dict[str, Any]:
        """How the replica is, as far as this side can tell; nothing where pillar wants none here."""
        if not self._section("replication").get("passwords"):
            return {"wanted": False}
        return {"wanted": True, **_plain(observe.status(self._here(), self._key_view, ask_home=False))}

    def _behind(self, seconds: float) -> dict[str, Any]:
        """The same with home asked for what it has: None where replication stands still, or is not wanted."""
        if not self._section("replication").get("passwords"):
            return {"wanted": False}
        return {
            "wanted": True,
            **_plain(observe.status(self._here(), self._key_view, patience=max(1, int(seconds / 2)))),
        }

    # ---- what the parts are made of ----

    def _section(self, name: str) -> dict[str, Any]:
        return dict(self.pillar.get(name) or {})

    def _options(self) -> Options:
        return keystone_node.options(self._section("keystone").get("config"))

    def _release(self) -> Release:
        given = self._section("keystone")
        return keystone_node.release(given=given.get("release"), manage=given.get("manage"))

    def _kept(self) -> str:
        return self._section("backup").get("directory") or files.BACKUPS

    def _machine(self) -> Machine:
        return Machine(
            settings=self.settings,
            region=self.region,
            roots=tuple(self._section("repoint").get("roots") or tree.default_roots()),
            backups=self._kept(),
            series=self._section("keystone").get("release"),
        )

    def _key_node(self) -> keys.Node:
        return keys.Node(self.minion, self.region, places.of(self._release(), self._options()), records=self.records)

    def _key_view(self) -> Mapping[str, Any]:
        return self._key_node().view()

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
            cache=cache_from(options),
        )


def answers(url: str, timeout: float) -> str | None:
    """Ask an endpoint for anything at all: None when whoever is there does his work, else what was wrong."""
    said = keystone_node.asked(url, timeout)
    # Without a token most refuse, or know no such path; to some a GET there is not implemented.
    return said if isinstance(said, str) else None if said < 500 or said == 501 else f"it answers {said}"


def _answer(said: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One that was asked, with what was wrong; empty when nothing was."""
    return {**more, "problem": str(said.get("problem") or said.get("value") or ""), "seconds": said["seconds"]}


def _plain(status: Mapping[str, Any]) -> dict[str, Any]:
    """What the status of a replica says, without what is said twice."""
    return {key: value for key, value in status.items() if key not in ("findings", "filters", "keys")}
