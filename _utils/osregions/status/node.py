"""What one node says of itself for the status: each part by itself, in time, without secrets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from osregions import keystone_node, openrc
from osregions.alarms import limits
from osregions.catalog import backup, served, view
from osregions.database import account_from, session
from osregions.identity import Identity
from osregions.own_node import OwnNode
from osregions.pressure import watch
from osregions.reach import sight
from osregions.reach.switch import SwitchError
from osregions.replication import observe
from osregions.replication.operations import Here
from osregions.status.collect import together
from osregions.status.facts import USE
from osregions.tokens import memcached
from osregions.tokens.operations import Keystone

_WORTH_ASKING = 1.0  # seconds: with less left nobody is asked, for who does not answer so soon need not be silent
_LISTED = 50  # of a long list; the rest is counted
_LATELY = 3600.0  # seconds; or the window of the beacon, which looks no less often than that


@dataclass(frozen=True)
class Place:
    """One node, and what is needed to look at all of its parts."""

    own: OwnNode
    switch: Callable[[], Mapping[str, Any]]
    keystone: bool = False  # whether it serves keystone
    database: bool = False  # whether it has the server of keystone's database
    pressure: str = watch.PLACE  # where the beacon memcached_pressure keeps what it holds

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
                "pressure": self._pressure,
            }
        if self.database and self.own.region != self.own.settings.home:
            tasks |= self._replica(seconds)
        parts = together(tasks, seconds)
        roles = {"keystone": self.keystone, "database": self.database}
        return {"minion": self.own.minion, "region": self.own.region, **roles, "clock": time.time(), "parts": parts}

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
        settings = self.own.settings
        wanted = dict.fromkeys((settings.home, self.own.region))
        asked = {name: settings.regions[name].keystone.internal for name in wanted}
        # A little sooner than the whole: then what is told is why it does not answer.
        limit = seconds * 0.8
        said = together({name: partial(keystone_node.answer, url, limit) for name, url in asked.items()}, seconds)
        return [_answer(said[name], region=name, url=url) for name, url in asked.items()]

    def _conf(self) -> dict[str, Any]:
        """Whom this node's services validate with, by their files, and where these are not as they are to be."""
        at = self.switch()["at"]
        found = self.own.configured(at)
        # Those that are a finding come first: the list is cut.
        unmanaged = sorted(found.unmanaged, key=lambda one: one["region"] in (None, at))
        return {
            "services": found.services,
            "drift": found.drift[:_LISTED],
            "unmanaged": unmanaged[:_LISTED],
            "counts": {"drift": len(found.drift), "unmanaged": len(unmanaged)},
            "problems": found.problems[:_LISTED],
        }

    def _tokens(self, seconds: float) -> dict[str, Any]:
        """Where tokens are kept, and which memcached of those that keystone uses is silent."""
        config = self.own.section("keystone").get("config") or keystone_node.CONFIG
        release = self.own.release()
        keystone = Keystone(release=release, config=config, options=self.own.options)
        limit = seconds * 0.8
        asked = together({one: partial(memcached.counters, one, limit) for one in keystone.servers()}, limit)
        silent = {one: said["problem"] for one, said in asked.items() if "problem" in said}
        used = {one: {name: said["value"][name] for name in USE} for one, said in asked.items() if "value" in said}
        return {**keystone.store(), "major": release.major, "silent": silent, "used": used}

    def _keys(self) -> dict[str, Any]:
        """Which keys this keystone has, by digests, and what is wrong with them."""
        said = self._key_view()
        return {
            "provider": said["provider"],
            "digests": {kind: one["digest"] for kind, one in said["repositories"].items()},
            "primaries": {kind: one["primary"] or 0 for kind, one in said["repositories"].items()},
            "faults": [f"{kind}: {fault}" for kind, one in said["repositories"].items() for fault in one["faults"]],
        }

    def _catalog(self, seconds: float) -> dict[str, Any]:
        """Sign in at this node's keystone as the admin: how long it takes, what it serves, and what answers of that."""
        began = time.monotonic()
        path = self.own.section("openrc").get("admin") or "/root/keystonerc_admin"
        account = openrc.read(path)
        url = self.own.section("keystone").get("url") or keystone_node.local_url()
        token = Identity(account, url=url, timeout=seconds * 0.8, where=path).issue()
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
        own = sorted({one["url"] for one in endpoints if one["region"] == self.own.region})
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
        with session(account_from(self.own.options)) as db:
            return served.compare(catalog, *view.whole_catalog(db))

    def _backups(self) -> dict[str, Any]:
        found = backup.backups(account_from(self.own.options).database, self.own.backups)
        return {"count": len(found), "newest": found[0].taken if found else None}

    def _pressure(self) -> dict[str, str] | None:
        """What the beacon holds of memcached's size; None where none watches, or did lately."""
        found = watch.read(self.pressure)
        if found is None or found.held is None or not found.readings:
            return None
        if not 0 <= time.time() - found.readings[-1].at < max(_LATELY, self.own.section("pressure").get("window") or 0):
            return None
        return {name: str(getattr(found.held, name)) for name in ("verdict", "sentence", "remedy")}

    def _replica(self, seconds: float) -> dict[str, Callable[[], Any]]:
        """How the replica is as far as this side can tell, and then with home asked: the first doesn't wait for home.

        Where pillar wants none here, neither looks.
        """
        looked: Future[tuple[Here, observe.Own] | None] = Future()

        def look() -> tuple[Here, observe.Own] | None:
            if not self.own.section("replication").get("passwords"):
                return None
            here = self._here()
            return here, observe.own_side(here)

        def replication() -> dict[str, Any]:
            try:
                looked.set_result(look())
            except BaseException as err:
                looked.set_exception(err)
            found = looked.result()
            return self._told(found[1]) if found else {"wanted": False}

        def behind() -> dict[str, Any]:
            found = looked.result()
            return self._told(found[1], observe.home_side(*found, seconds / 4)) if found else {"wanted": False}

        return {"replication": replication, "behind": behind}

    def _told(self, seen: observe.Own, home: observe.AtHome | None = None) -> dict[str, Any]:
        """What the status of a replica says, without what is said twice."""
        said = observe.told(seen, home, self._key_view, self._allowed())
        return {"wanted": True, **{key: one for key, one in said.items() if key not in ("findings", "filters", "keys")}}

    def _allowed(self) -> float:
        """The seconds that pillar lets a replica be behind."""
        return limits.read(self.own.section("alarms"), "").lag

    def _key_view(self) -> Mapping[str, Any]:
        return self.own.keys(self.own.release())

    def _here(self) -> Here:
        return self.own.here(self.own.release())


def answers(url: str, timeout: float) -> str | None:
    """Ask an endpoint for anything at all: None when whoever is there does his work, else what was wrong."""
    said = keystone_node.asked(url, timeout)
    # Without a token most refuse, or know no such path; to some a GET there is not implemented.
    return said if isinstance(said, str) else None if said < 500 or said == 501 else f"it answers {said}"


def _answer(said: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One that was asked, with what was wrong; empty when nothing was."""
    return {**more, "problem": str(said.get("problem") or said.get("value") or ""), "seconds": said["seconds"]}
