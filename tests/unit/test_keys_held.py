"""Whether a keystone's keys are home's, by the two witnesses that a region's node has."""

from __future__ import annotations

import hashlib

import pytest

from osregions.errors import RegionsError
from osregions.keys import held, view
from osregions.replication import observe
from tests.support import keys

KINDS = ("fernet-keys", "credential-keys")
HOME = {0: keys.key("s"), 4: keys.key("o"), 5: keys.key("p")}
NULL = b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def sha1(material):
    return hashlib.sha1(material).hexdigest()


@pytest.fixture
def two(tmp_path):
    """A region's node that has home's keys from home."""
    for name, materials in (("one", HOME), ("two", {0: keys.key("a"), 1: keys.key("b")})):
        for kind in KINDS:
            keys.fill(tmp_path / name / kind, materials)
    home, two = keys.node(tmp_path / "one", "one-a", "RegionOne"), keys.node(tmp_path / "two")
    two.install(home.sealed_for({"two-a": two.request()}))
    return two


def look(node, encrypted=None):
    return held.look(keys.carried(node.view()), encrypted or {})


def test_home_s_keys_are_known_again(two):
    found = look(two, {sha1(HOME[5]): 3, sha1(HOME[4]): 1, sha1(HOME[0]): 1, sha1(NULL): 2})
    assert found.from_home is True and found.findings == ()
    assert found.digests == dict.fromkeys(("fernet_tokens", "credential"), view.digest(HOME))
    assert found.as_dict() == {"digests": found.digests, "from_home": True}


@pytest.mark.parametrize("kind", KINDS)
def test_keys_that_changed_since(two, tmp_path, kind):
    at = two.view()["installed"]["at"]
    keys.fill(tmp_path / "two" / kind, {**HOME, 0: keys.key("here")})
    found = look(two)
    name = {"fernet-keys": "fernet_tokens", "credential-keys": "credential"}[kind]
    (finding,) = found.findings
    assert finding.startswith(f"the {name} keys are not those that home gave at {at}: ") and "orch.keys" in finding
    assert found.from_home is False


def test_keys_of_a_kind_that_is_gone(two):
    view = two.view()
    del view["repositories"]["credential"]
    (finding,) = held.look(view, {}).findings
    assert "the credential keys are not those" in finding


def test_keys_that_never_came(two):
    two.undo()
    found = look(two)
    (finding,) = found.findings
    assert found.from_home is None and "no note says that the keys came from home: " in finding
    old = {**two.view(), "installed": {"source": "one-a", "at": "x", "primary": {"fernet_tokens": 5}}}
    assert held.look(old, {}).findings == (finding,)


def test_keys_that_are_not_carried():
    assert held.look({"provider": "uuid", "repositories": {}, "installed": None}, {}) == held.Held({}, None)
    jws = {"provider": "jws", "repositories": {"credential": {"digest": "x"}}, "installed": None}
    assert held.look(jws, {}).findings == ()


def test_credentials_by_a_key_that_is_not_here(two):
    other = sha1(keys.key("another"))
    (finding,) = look(two, {sha1(HOME[5]): 3, other: 2}).findings
    assert finding.startswith(
        f"2 of home's credentials can't be read here: the key that encrypted them ({other[:16]}) "
    )
    assert "orch.keys" in finding


def test_without_keys_of_credentials_those_by_the_key_that_all_know_are_read(two, tmp_path):
    for path in (tmp_path / "two/credential-keys").iterdir():
        path.unlink()
    findings = look(two, {sha1(NULL): 1, sha1(HOME[5]): 1}).findings
    assert len(findings) == 2 and "1 of home's credentials can't be read here" in findings[1]


def test_keys_that_can_t_be_seen_are_a_finding():
    def look():
        raise RegionsError("the note can't be read", "keys.json", "mend its rights")

    seen, (finding,) = observe._keys(look, {})
    assert seen is None and "the note can't be read" in finding and "mend its rights" in finding
    assert observe._keys(None, {"x": 1}) == (None, [])


def test_no_key_is_told(two):
    said = repr((two.view(), look(two, {sha1(b"x"): 1})))
    assert not any(material.decode() in said for material in HOME.values())
