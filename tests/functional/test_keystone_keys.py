"""Keystone's keys through Salt's own loader: a cloud of minions with real directories and fernet tokens."""

from __future__ import annotations

import json
import shutil

import pytest
from salt.exceptions import CommandExecutionError

from osregions.keys import act
from tests.support import keys
from tests.support.keys_cloud import MINIONS, REPOSITORIES, Cloud


@pytest.fixture(scope="module")
def minions(loaders, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(act, "PAUSE", 0)  # no keystone reads here
        yield Cloud(loaders, tmp_path_factory.mktemp("cloud"))


@pytest.fixture
def cloud(minions):
    return minions.begin()


def test_home_keys_reach_every_node_once(cloud):
    for region in ("RegionTwo", "RegionThree"):
        cloud.asked()
        planned = cloud.state("keys_spread", test=True, regions=[region], joining=region)
        assert planned["result"] is None and "keystone_keys.request" not in cloud.asked()
        done = cloud.state("keys_spread", regions=[region], joining=region)
        assert done["result"] is True, done["comment"]
        assert done["changes"] == planned["changes"] != {}
    assert all(found == cloud.contents()["one-a"] for found in cloud.contents().values())
    for issuer in MINIONS:
        token = cloud.issue(issuer)
        assert all(cloud.validates(minion, token) for minion in MINIONS)
    cloud.asked()
    before = {path: path.stat().st_mtime_ns for path in cloud.folder.rglob("*")}
    for test in (True, False):
        again = cloud.state("keys_spread", test=test)
        assert (again["result"], again["changes"]) == (True, {}), again["comment"]
    assert set(cloud.asked()) == {"keystone_keys.view"}
    assert {path: path.stat().st_mtime_ns for path in cloud.folder.rglob("*")} == before


def test_a_region_of_its_own_keys_is_refused_until_it_joins(cloud):
    before = cloud.contents()
    done = cloud.state("keys_spread")
    assert done["result"] is False and done["changes"] == {}
    assert "two-a: it has fernet_tokens keys of its own" in done["comment"]
    assert "`joining: RegionTwo`" in done["comment"]
    assert cloud.contents() == before
    assert cloud.state("keys_spread", joining="RegionTwo")["changes"].keys() == {"two-a", "two-b"}
    assert cloud.contents()["three-a"] == before["three-a"]


def test_once_and_on_the_command_line_older_keys_are_taken_and_a_rotation_comes_early(cloud):
    cloud.joined()
    for kind in REPOSITORIES:
        former = {number - 2 if number else 0: key for number, key in cloud.content("one-a", kind).items()}
        for minion in ("one-a", "one-b"):
            keys.fill(cloud.folder / minion / kind, former)
    usual = cloud.pillar
    for word, wish in (("older", "keys_spread"), ("force", "keys_rotated")):
        refused = cloud.state(wish)
        assert refused["changes"] == {}
        if word == "older":
            assert refused["result"] is False
            assert """orch.keys pillar='{"openstack_regions": {"keys": {"older": true}}}'""" in refused["comment"]
        cloud.pillar = {**usual, "keys": {**usual["keys"], word: True}}
        done = cloud.state(wish)
        cloud.pillar = usual
        assert done["result"] is True, done["comment"]
        assert done["changes"].keys() >= {"two-a", "two-b", "three-a"}
    assert cloud.content("two-a") == cloud.content("one-a")


def test_keys_that_came_by_hand_are_left_and_noted_as_homes(cloud):
    for kind in REPOSITORIES:
        keys.fill(cloud.folder / "two-a" / kind, cloud.content("one-a", kind))
    before = cloud.contents()
    planned = cloud.state("keys_spread", regions=["RegionTwo"], joining="RegionTwo", test=True)
    done = cloud.state("keys_spread", regions=["RegionTwo"], joining="RegionTwo")
    assert done["changes"].keys() == planned["changes"].keys() == {"two-b"}, done["comment"]
    assert cloud.contents()["two-a"] == before["two-a"]
    told = cloud.minions["two-a"].modules["keystone_keys.view"]()
    digests = {kind: one["digest"] for kind, one in told["repositories"].items()}
    assert told["installed"]["digests"] == digests and told["installed"]["source"] == "one-a"
    cloud.asked()
    assert cloud.state("keys_spread", regions=["RegionTwo"])["changes"] == {}
    assert set(cloud.asked()) == {"keystone_keys.view"}


def test_one_missing_node_does_not_keep_the_keys_from_the_others(cloud):
    cloud.joined()
    keys.fill(cloud.folder / "two-a/fernet-keys", {**cloud.content("one-a"), 7: keys.key()})
    cloud.silent.add("two-b")
    done = cloud.state("keys_spread")
    assert done["result"] is False and done["changes"].keys() == {"two-a"}
    assert "two-b: it does not answer" in done["comment"] and "salt-key -d" in done["comment"]
    assert cloud.content("two-a") == cloud.content("one-a")


def test_rotated_when_it_is_time_and_spread(cloud):
    cloud.joined()
    tokens = [cloud.issue(minion) for minion in MINIONS]
    planned = cloud.state("keys_rotated", test=True)
    assert planned["result"] is None and planned["changes"].keys() == MINIONS.keys()
    done = cloud.state("keys_rotated")
    assert done["result"] is True, done["comment"]
    assert done["changes"] == planned["changes"]
    assert all(found == cloud.contents()["one-a"] for found in cloud.contents().values())
    assert max(cloud.content("two-a")) == 6 and len(cloud.content("two-a")) == 3
    tokens += [cloud.issue(minion) for minion in MINIONS]
    assert all(cloud.validates(minion, token) for minion in MINIONS for token in tokens)
    again = cloud.state("keys_rotated")
    assert (again["result"], again["changes"]) == (True, {}) and "due in 49.0 h" in again["comment"]
    assert max(cloud.content("one-a")) == 6


def test_a_node_that_got_its_keys_late_delays_the_next_rotation(cloud):
    """Until then it made tokens with the key before, and that must stay for their life."""
    cloud.joined()
    keys.aged(cloud.folder / "two-b/fernet-keys", -(10**7))
    assert "due in" in cloud.state("keys_rotated")["comment"]
    assert max(cloud.content("one-a")) == 5


def test_five_rotations_with_a_region_down(cloud):
    cloud.joined()
    before = cloud.contents()
    tokens = [cloud.issue(minion) for minion in MINIONS]
    cloud.silent |= {"two-a", "two-b"}
    for _ in range(5):
        cloud.age()
        for test in (True, False):
            done = cloud.state("keys_rotated", test=test)
            assert done["result"] is False and done["changes"] == {}
            assert "postponed" in done["comment"] and "two-a (RegionTwo): it does not answer" in done["comment"]
        assert cloud.contents() == before
    assert "keystone_keys.rotate" not in cloud.asked()
    cloud.silent.clear()
    for _ in range(5):
        cloud.age()
        done = cloud.state("keys_rotated")
        assert done["result"] is True and done["changes"].keys() == MINIONS.keys(), done["comment"]
        assert all(found == cloud.contents()["one-a"] for found in cloud.contents().values())
        fresh = [cloud.issue(minion) for minion in MINIONS]
        assert all(cloud.validates(minion, token) for minion in MINIONS for token in (*tokens, *fresh))
        tokens = fresh
    assert max(cloud.content("two-a")) == 10


def test_a_node_lost_between_rotation_and_spread_is_waited_for(cloud):
    cloud.joined()
    real = cloud._cmd

    def lost(tgt, fun, *args, **kwargs):
        answers = real(tgt, fun, *args, **kwargs)
        if fun == "keystone_keys.rotate":
            cloud.silent.add("three-a")
        return answers

    cloud._cmd = lost
    done = cloud.state("keys_rotated")
    cloud._cmd = real
    assert done["result"] is False and "three-a: it does not answer" in done["comment"]
    assert done["changes"].keys() == MINIONS.keys() - {"three-a"}
    # One rotation behind, it and all others know each other's tokens.
    for issuer in MINIONS:
        assert all(cloud.validates(minion, cloud.issue(issuer)) for minion in MINIONS)
    cloud.age()
    assert "postponed" in cloud.state("keys_rotated")["comment"]
    cloud.silent.clear()
    assert "three-a (RegionThree): it does not hold one-a's keys: spread them" in cloud.state("keys_rotated")["comment"]
    assert cloud.state("keys_spread")["changes"].keys() == {"three-a"}
    assert max(cloud.content("three-a")) == 6


def test_a_forced_rotation_still_leaves_nobody_behind(cloud):
    cloud.joined()
    cloud.state("keys_rotated", force=True)
    assert max(cloud.content("one-a")) == 6
    assert cloud.state("keys_rotated", force=True)["result"] is True
    cloud.silent.add("one-b")
    done = cloud.state("keys_rotated", force=True)
    assert done["result"] is False and "one-b (RegionOne)" in done["comment"]
    assert max(cloud.content("one-a")) == 7


def test_too_often_is_refused(cloud):
    cloud.joined()
    done = cloud.state("keys_rotated", every=3600)
    assert done["result"] is False and "write 176400 or more" in done["comment"]
    cloud.pillar["keys"]["every"] = 2 * 10**7
    assert "due in" in cloud.state("keys_rotated")["comment"]


def test_a_new_controller_of_home_does_not_hand_its_own_keys_to_all(cloud):
    cloud.joined()
    cloud.add("one-0", "RegionOne")
    before = cloud.contents()
    done = cloud.state("keys_spread")
    assert (
        done["result"] is False and "one-0 does not know the fernet_tokens key that one-a encrypts" in done["comment"]
    )
    assert cloud.contents() == before
    cloud.pillar["keys"]["source"] = "one-a"
    done = cloud.state("keys_spread")
    assert done["result"] is True and done["changes"].keys() == {"one-0"}
    del cloud.pillar["keys"]["source"]
    assert cloud.state("keys_spread")["changes"] == {}
    assert "one-9 is no keystone node of RegionOne" in cloud.state("keys_spread", source="one-9")["comment"]


def test_home_restored_from_an_old_backup_takes_no_keys_from_the_others(cloud):
    cloud.joined()
    old = cloud.contents()["one-a"]
    for _ in range(2):
        cloud.age()
        assert cloud.state("keys_rotated")["result"] is True
    new = cloud.contents()["one-a"]
    for minion in ("one-a", "one-b"):
        for kind, found in zip(REPOSITORIES, old, strict=True):
            keys.fill(cloud.folder / minion / kind, found)
    done = cloud.state("keys_spread")
    assert done["result"] is False and "are newer (number 7) than one-a's" in done["comment"]
    assert cloud.contents()["two-a"] == new
    assert cloud.state("keys_spread", older=True)["result"] is True
    assert cloud.contents()["two-a"] == old


def test_who_asks_in_another_name_gets_nothing(cloud):
    cloud.accepted["two-b"] = cloud.stranger
    before = cloud.content("two-b")
    done = cloud.state("keys_spread", joining="RegionTwo", regions=["RegionTwo"])
    assert done["result"] is False and done["changes"].keys() == {"two-a"}
    assert "not signed by the key that this master accepted" in done["comment"]
    assert cloud.content("two-b") == before
    (sealed,) = [said[4] for said in cloud.said if isinstance(said, list) and said[1] == "keystone_keys.seal"]
    assert sealed["one-a"]["ret"].keys() == {"two-a"}


def test_who_gives_keys_in_homes_name_is_not_heard(cloud):
    """Another minion answers for home's, with keys of its own, sealed as they should be."""
    real, before = cloud._cmd, cloud.contents()

    def forged(tgt, fun, *args, **kwargs):
        if fun != "keystone_keys.seal":
            return real(tgt, fun, *args, **kwargs)
        sealed = cloud.minions["three-a"].modules[fun](**keys.carried(kwargs["kwarg"]))
        return {"one-a": {"ret": keys.carried(sealed), "retcode": 0}}

    cloud._cmd = forged
    cloud.accepted["one-a"] = cloud.stranger
    done = cloud.state("keys_spread", joining="RegionTwo", regions=["RegionTwo"])
    cloud._cmd = real
    assert done["result"] is False and done["changes"] == {}
    assert "the keys are three-a's for two-a" in done["comment"]
    done = cloud.state("keys_spread", joining="RegionTwo", regions=["RegionTwo"])
    assert done["result"] is False and "the sealed set is not signed by the key" in done["comment"]
    assert cloud.contents() == before


def test_an_answer_sent_again_is_refused(cloud):
    cloud.joined("RegionTwo")
    asked = cloud.minions["two-a"].modules["keystone_keys.request"]()
    sealed = cloud.minions["one-a"].modules["keystone_keys.seal"]({"two-a": asked})
    install = cloud.minions["two-a"].modules["keystone_keys.install"]
    assert install(sealed)["changes"] == {}
    with pytest.raises(CommandExecutionError, match="no request that is open"):
        install(sealed)
    with pytest.raises(CommandExecutionError, match="this is two-b"):
        cloud.minions["two-b"].modules["keystone_keys.install"](sealed["two-a"])


def test_damaged_keys_of_home_reach_nobody(cloud):
    cloud.joined()
    keys.fill(cloud.folder / "one-a/fernet-keys", {**cloud.content("one-a"), 6: b"half a key"})
    before = cloud.content("two-a")
    done = cloud.state("keys_spread")
    assert done["result"] is False and done["changes"] == {} and "hold" not in done["comment"].splitlines()[0]
    assert "one-a: ERROR: key 6 is no fernet key" in done["comment"]
    assert "two-a: one-a gave no keys for it" in done["comment"]
    assert cloud.content("two-a") == before


def test_nodes_that_are_not_configured_alike(cloud):
    conf = cloud.folder / "two-a/keystone.conf"
    conf.write_text(conf.read_text().replace("/two-a/fernet-keys/\n", "/two-a/receipt-keys\n"))
    done = cloud.state("keys_spread", joining="RegionTwo", regions=["RegionTwo"])
    assert done["result"] is False and "differ in whether they have fernet_receipts" in done["comment"]
    conf.write_text(conf.read_text().replace("provider = fernet", "provider = jws"))
    done = cloud.state("keys_spread", joining="RegionTwo", regions=["RegionTwo"])
    assert done["result"] is False and "signed by jws keys, which this does not carry" in done["comment"]
    done = cloud.state("keys_rotated", regions=["RegionTwo"], force=True)
    assert done["result"] is False and "jws" in done["comment"]


def test_receipts_apart_are_carried_and_rotated(cloud):
    for minion in MINIONS:
        conf = cloud.folder / minion / "keystone.conf"
        conf.write_text(conf.read_text().replace(f"/{minion}/fernet-keys/\n", f"/{minion}/receipt-keys\n"))
        held = cloud.home_keys() if minion.startswith("two") else dict.fromkeys((), b"")
        keys.fill(cloud.folder / minion / "receipt-keys", held)
    keys.fill(cloud.folder / "one-a/receipt-keys", cloud.home_keys())
    for region in ("RegionTwo", "RegionThree"):
        done = cloud.state("keys_spread", joining=region, regions=[region])
        assert done["result"] is True, done["comment"]
    for minion in MINIONS:
        keys.aged(cloud.folder / minion / "receipt-keys", 10**7)
    cloud.age()
    done = cloud.state("keys_rotated")
    assert done["changes"]["three-a"].keys() == {"fernet_tokens", "fernet_receipts"}, done["comment"]
    assert cloud.content("three-a", "receipt-keys") == cloud.content("one-a", "receipt-keys")


def test_no_key_is_ever_said(cloud, caplog):
    caplog.set_level(1)
    before = cloud.secrets()
    cloud.joined("RegionTwo")
    cloud.state("keys_spread", joining="RegionThree")
    cloud.age()
    cloud.state("keys_rotated")
    minion = cloud.minions["two-a"]
    for fun in ("protect", "backups", "undo"):
        cloud.said.append(minion.modules[f"keystone_keys.{fun}"]())
    cloud.said.append(minion.modules["keystone_keys.restore"]("fernet_tokens"))
    for name in ("protected", "whole", "own"):
        cloud.said.append(minion.states[f"keystone_keys.{name}"](name="x"))
    shutil.rmtree(cloud.folder / "one-a/fernet-keys")
    cloud.state("keys_spread")
    keys.fill(cloud.folder / "one-a/fernet-keys", {0: keys.key(), 1: b"half a key"})
    cloud.state("keys_spread", source="one-a", older=True)
    secrets = before | cloud.secrets()
    assert len(secrets) > 20
    said = json.dumps(cloud.said) + caplog.text
    assert "keystone_keys.install" in said and len(caplog.records) > 0
    for secret in secrets:
        assert secret not in said


def test_backups_and_leftovers(cloud):
    cloud.joined()
    listed = cloud.minions["two-a"].modules["keystone_keys.backups"]()
    assert [entry["kind"] for entry in listed] == ["credential", "fernet_tokens"] * (len(listed) // 2)
    assert {path.name for path in cloud.folder.rglob("request-*")} == set()
    before = cloud.content("two-a")
    minion = cloud.minions["two-a"]
    (own,) = {entry["backup"] for entry in listed if entry["kind"] == "fernet_tokens"} & {
        entry["backup"] for entry in minion.modules["keystone_keys.backups"]("fernet_tokens")[-1:]
    }
    minion.modules["keystone_keys.restore"](own)
    assert 9 in cloud.content("two-a")
    minion.modules["keystone_keys.restore"]("fernet_tokens")
    assert cloud.content("two-a") == before
    planned = minion.dry.states["keystone_keys.own"](name="x")
    done = minion.states["keystone_keys.own"](name="x")
    assert (planned["result"], done["result"]) == (None, True) and planned["changes"] == done["changes"] != {}
    assert 9 in cloud.content("two-a")
    assert minion.states["keystone_keys.own"](name="x")["changes"] == {}
    assert cloud.minions["one-a"].states["keystone_keys.own"](name="x")["changes"] == {}


def test_the_states_of_one_node(cloud):
    minion, folder = cloud.minions["two-a"], cloud.folder / "two-a/fernet-keys"
    whole = minion.states["keystone_keys.whole"](name="x")
    assert whole["result"] is True and "fernet_tokens: keys 0, 1, 9, primary 9" in whole["comment"]
    (folder / "9").chmod(0o644)
    assert minion.states["keystone_keys.whole"](name="x")["result"] is False
    assert minion.dry.states["keystone_keys.whole"](name="x")["result"] is None
    planned = minion.dry.states["keystone_keys.protected"](name="x")
    done = minion.states["keystone_keys.protected"](name="x")
    assert (planned["result"], done["result"]) == (None, True) and planned["changes"] == done["changes"]
    assert minion.states["keystone_keys.protected"](name="x")["changes"] == {}
    shutil.rmtree(cloud.folder / "two-a/credential-keys")
    whole = minion.states["keystone_keys.whole"](name="x")
    assert whole["result"] is True and "a key that all know" in whole["comment"]
    (folder / "0").unlink()
    whole = minion.states["keystone_keys.whole"](name="x")
    assert whole["result"] is False and "a rotation broke off" in whole["comment"]


@pytest.mark.parametrize(
    ("sls", "functions"),
    [
        ("regions.keys", ["keystone_keys.protected", "keystone_keys.whole"]),
        ("regions.keys.clean", ["keystone_keys.own"]),
        ("orch.keys", ["regions_identity.keys_spread"]),
        ("orch.rotate_keys", ["regions_identity.keys_spread", "regions_identity.keys_rotated"]),
    ],
)
def test_the_formula(cloud, sls, functions):
    found = cloud.minions["two-a"].modules["state.show_sls"](sls)
    assert isinstance(found, dict), found
    seen = [
        f"{module}.{next(word for word in words if isinstance(word, str))}"
        for data in found.values()
        for module, words in data.items()
        if not module.startswith("__")
    ]
    assert seen == functions
