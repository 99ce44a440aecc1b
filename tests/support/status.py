"""What the nodes of a healthy cloud of two regions say of themselves, for tests that spoil some of it."""

from __future__ import annotations

import copy
import time
from typing import Any

from osregions import settings as settings_of
from osregions.status import cloud, findings
from osregions.status.cloud import Answer

HOME, MEMBER = "RegionOne", "RegionTwo"
URLS = {HOME: "http://10.213.1.11:5000", MEMBER: "http://10.213.2.11:5000"}
NODES = {HOME: ("one-controller", "one-node"), MEMBER: ("two-controller", "two-node")}
CONTROLLERS = {region: those[:1] for region, those in NODES.items()}
PILLAR = {
    "home": HOME,
    "regions": {name: {"public_endpoint": url} for name, url in URLS.items()},
}
NOW = 1_795_800_000.0  # 2026-11-27
IMAGES = {HOME: "http://10.213.1.11:9292", MEMBER: "http://10.213.2.11:9292"}
INTERFACES = ("admin", "internal", "public")


def part(value: Any) -> dict[str, Any]:
    return {"value": value, "seconds": 0.1}


def glance(state: str, kind: str = "ok", now: float = NOW) -> dict[str, Any]:
    """What is held of one keystone."""
    held = {"state": state, "kind": kind, "detail": "", "seconds": 0.1, "since": now - 60, "count": 5}
    return {**held, "failing": now - 62 if state == "down" else None, "good": now}


def seen(minion: str, home: str = "up", local: str = "up", now: float = NOW) -> dict[str, Any]:
    """What a beacon says."""
    glances = {"home": glance(home, "ok" if home == "up" else "silent", now), "local": glance(local, "ok", now)}
    return {"minion": minion, "region": MEMBER, "home_region": HOME, "at": now, "keys": True, "problem": "", **glances}


def endpoints() -> list[dict[str, str]]:
    found = []
    for region in (HOME, MEMBER):
        for kind, url in (("identity", f"{URLS[HOME]}/v3"), ("image", IMAGES[region])):
            found += [{"type": kind, "region": region, "interface": one, "url": url} for one in INTERFACES]
    return found


def replica() -> dict[str, Any]:
    return {
        "wanted": True,
        "ok": True,
        "replicates": True,
        "source": "10.213.1.11:3306",
        "threads": {"io": "Yes", "sql": "Yes"},
        "errors": {"io": [0, ""], "sql": [0, ""]},
        "received": "1-1-90",
        "position": "1-1-90",
        "lag": 0.002,
        "behind": None,
        "tls": False,
        "schema": {"home": {"schema": "a"}, "here": {"schema": "a"}},
        "clock": {"node": 0.0, "server": 0.0},
        "told": {},
    }


def node(minion: str, region: str, now: float = NOW) -> dict[str, Any]:
    """What one node says."""
    controller = minion.endswith("controller")
    asked = [HOME] if region == HOME else [HOME, region]
    switch = {
        "damaged": "",
        "region": region,
        "identity": "home",
        "epoch": 0,
        "reason": "",
        "by": "",
        "since": 0.0,
        "at": HOME,
        "moves": [],
        "unfinished": False,
        "last": None,
        "problem": "",
    }
    service = {"project": "glance", "place": "/etc/glance/glance-api.conf [keystone_authtoken]", "url": URLS[HOME]}
    parts = {
        "switch": part(switch),
        "seen": part(None),
        "keystones": part([{"region": one, "url": URLS[one], "problem": "", "seconds": 0.1} for one in asked]),
        "conf": part(
            {
                "services": [{**service, "at": HOME, "validates": True}],
                "drift": [],
                "unmanaged": [],
                "counts": {"drift": 0, "unmanaged": 0},
                "problems": [],
            }
        ),
    }
    if controller:
        tokens = {
            "release": "keystone 22 (Zed)",
            "major": 22,
            "stored_in": "nowhere: fernet tokens carry all they need",
            "survives_a_replica": True,
            "silent": {},
            "used": {"127.0.0.1:11211": {"total_items": 845, "total_connections": 31}},
        }
        own = [one["url"] for one in endpoints() if one["region"] == region]
        parts |= {
            "tokens": part({**tokens, "silent": {}}),
            "keys": part(
                {
                    "provider": "fernet",
                    "digests": {"fernet_tokens": "aa", "credential": "bb"},
                    "primaries": {"fernet_tokens": 3, "credential": 1},
                    "faults": [],
                }
            ),
            "catalog": part(
                {
                    "sign_in": 0.31,
                    "endpoints": endpoints(),
                    "answers": [{"url": url, "problem": "", "seconds": 0.1} for url in sorted(set(own))],
                    "stale": [],
                }
            ),
            "pressure": part({"verdict": "fine", "sentence": "nothing that was wanted had to go", "remedy": ""}),
            "backups": part({"count": 3, "newest": time.strftime("%Y%m%dT%H%M%S.000000Z", time.gmtime(now - 7200))}),
        }
        if region != HOME:
            parts |= {"replication": part({**replica(), "lag": None, "clock": None}), "behind": part(replica())}
    return {
        "minion": minion,
        "region": region,
        "keystone": controller,
        "database": controller,
        "clock": now + 0.5,
        "parts": parts,
    }


class Cloud:
    """Answers that can be spoiled, and what the status makes of them."""

    def __init__(self, now: float = NOW, **pillar: Any) -> None:
        self.now = now
        self.nodes = NODES
        self.settings = settings_of.read({**PILLAR, **pillar})
        self.said = {minion: node(minion, region, now) for region, those in NODES.items() for minion in those}

    def part(self, minion: str, name: str) -> Any:
        """The value of a part, to be changed."""
        return self.said[minion]["parts"][name]["value"]

    def fail(self, minion: str, name: str, why: str, **more: Any) -> None:
        """Have a part of a node's answer fail."""
        self.said[minion]["parts"][name] = {"problem": why, "seconds": 2.0, **more}

    def moved(self, minion: str, epoch: int = 1, **more: Any) -> None:
        """Have a node's switch be at its own region."""
        since = self.now - 600
        found = {"identity": "local", "at": MEMBER, "epoch": epoch, "since": since, "reason": "home is down", "by": "x"}
        self.part(minion, "switch").update({**found, **more})
        for one in self.part(minion, "conf")["services"]:
            one.update(at=MEMBER, url=URLS[MEMBER])

    @property
    def seen(self):
        """The facts."""
        known = {one for those in self.nodes.values() for one in those}
        answers = {one: Answer(copy.deepcopy(said), self.now + 1) for one, said in self.said.items() if one in known}
        return cloud.assemble(HOME, self.nodes, answers, self.now, 1.0, CONTROLLERS)

    @property
    def findings(self):
        return findings.find(self.seen, self.settings)

    @property
    def codes(self) -> set[str]:
        return {one.code for one in self.findings}

    @property
    def shown(self) -> dict[str, Any]:
        """What the runner returns."""
        return cloud.shown(self.seen, self.findings)
