"""A cloud of minions in this process, with directories for key repositories, and the master that asks them."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import salt.loader
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from salt.exceptions import CommandExecutionError

from tests.support import keys

MINIONS = {
    "one-a": "RegionOne",
    "one-b": "RegionOne",
    "two-a": "RegionTwo",
    "two-b": "RegionTwo",
    "three-a": "RegionThree",
}
REPOSITORIES = ("fernet-keys", "credential-keys")
REGIONS = {
    name: {"public_endpoint": f"http://10.0.{number}.1:5000"}
    for number, name in enumerate(sorted(set(MINIONS.values())))
}
_GRAIN = re.compile(r"G@region:(\w+)")


class Cloud:
    """The minions, and the master: what its states ask of minions is asked of their loaders, and all of it is noted."""

    def __init__(self, loaders, folder: Path):
        self.folder, self.loaders = folder, loaders
        self.pem, self.public = keys.salt_key(folder / "pki")
        _, self.stranger = keys.salt_key(folder / "stranger")
        self.made = {}

    def begin(self):
        """Every node as it was before any of this."""
        self.silent, self.said, self.minions = set(), [], {}
        self.pillar = {
            "home": "RegionOne",
            "regions": REGIONS,
            "keystone": {"release": 22},
            "keys": {"user": str(os.getuid()), "group": str(os.getgid())},
        }
        for minion, region in MINIONS.items():
            self.add(minion, region)
        for kind in REPOSITORIES:
            keys.fill(self.folder / "one-a" / kind, self.home_keys())
            keys.fill(self.folder / "one-b" / kind, keys.content(self.folder / "one-a" / kind))
        self.accepted = dict.fromkeys((*MINIONS, "one-0"), self.public)
        return self

    def home_keys(self):
        return {0: keys.key(), 4: keys.key(), 5: keys.key()}

    def add(self, minion, region):
        place = self.folder / minion
        shutil.rmtree(place, ignore_errors=True)
        conf = keys.conf(place)
        for kind in REPOSITORIES:
            keys.fill(place / kind, {0: keys.key(), 1: keys.key(), 9: keys.key()})
        if minion not in self.made:
            pillar = json.loads(json.dumps(self.pillar))
            pillar["keystone"]["config"] = str(conf)
            pillar["backup"] = {"directory": str(place / "backups")}
            self.made[minion] = self.loaders.but(
                id=minion,
                pillar={"openstack_regions": pillar},
                grains={"region": region, "roles": ["keystone"]},
                pki_dir=str(self.pem.parent),
                openstack_regions_records=str(place / "records"),
                openstack_regions_requests=str(place / "requests"),
            )
        self.minions[minion] = self.made[minion]

    def state(self, fun, test=False, **words):
        """Run a state on the master."""
        master = self.loaders.but(id="master", pillar={"openstack_regions": self.pillar}, test=test)
        functions = {"saltutil.cmd": self._cmd, "saltutil.runner": self._runner, "saltutil.wheel": self._wheel}
        states = salt.loader.states(
            master.opts, functions, master.utils, salt.loader.serializers(master.opts), context={}
        )
        done = states[f"regions_identity.{fun}"](name="keys", **words)
        self.said.append(done)
        return done

    def _cmd(self, tgt, fun, arg=(), tgt_type="compound", timeout=None, kwarg=None):
        minions = tgt if tgt_type == "list" else self._named(tgt)
        answers = {}
        for minion in minions:
            if minion in self.silent:
                continue
            try:
                ret = self.minions[minion].modules[fun](*keys.carried(arg), **keys.carried(kwarg or {}))
                answers[minion] = {"ret": keys.carried(ret), "retcode": 0}
            except CommandExecutionError as err:
                answers[minion] = {"ret": f"ERROR: {err}", "retcode": 1}
        self.said.append([tgt, fun, arg, kwarg, answers])
        return answers

    def _runner(self, fun, tgt, tgt_type):
        assert fun == "cache.grains"
        return {minion: {} for minion in self._named(tgt)}

    def _wheel(self, fun, match):
        assert fun == "key.print"
        return {"data": {"return": {"minions": {match: self.accepted[match]}}}}

    def _named(self, target):
        region = _GRAIN.match(target)[1]
        return sorted(minion for minion, opts in self.minions.items() if opts.opts["grains"]["region"] == region)

    def content(self, minion, kind="fernet-keys"):
        return keys.content(self.folder / minion / kind)

    def contents(self):
        return {minion: [self.content(minion, kind) for kind in REPOSITORIES] for minion in self.minions}

    def asked(self):
        """What minions were asked since the last time, and forget it."""
        found = [entry[1] for entry in self.said if isinstance(entry, list)]
        self.said.clear()
        return found

    def age(self, seconds=10**7):
        for minion in self.minions:
            keys.aged(self.folder / minion / "fernet-keys", seconds)

    def issue(self, minion):
        held = self.content(minion)
        return Fernet(held[max(held)]).encrypt(minion.encode())

    def validates(self, minion, token):
        held = self.content(minion)
        try:
            return bool(MultiFernet([Fernet(held[number]) for number in sorted(held, reverse=True)]).decrypt(token))
        except InvalidToken:
            return False

    def joined(self, *regions):
        """Have regions join, and the keys be old enough to be rotated."""
        for region in regions or ("RegionTwo", "RegionThree"):
            done = self.state("keys_spread", regions=[region], joining=region)
            assert done["result"] is True, done["comment"]
        self.age()
        self.asked()
        return self

    def secrets(self):
        """Every key that any file of the cloud holds, kept ones too, and the private halves."""
        found = set()
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name.isdigit():
                found.add(path.read_text())
        return found
