"""Sealed keys: opened by whom they are for, once, unchanged, soon; and by nobody else."""

from __future__ import annotations

import json
import os
import stat
import time
from types import SimpleNamespace

import pytest

from osregions.errors import Refused, RegionsError
from osregions.keys import seal
from tests.support import keys

pytest.importorskip("cryptography")
SETS = {"fernet_tokens": {0: keys.key("staged"), 3: keys.key("primary")}, "credential": {1: keys.key("credential")}}


@pytest.fixture(scope="module")
def salt(tmp_path_factory):
    return keys.salt_key(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def box(tmp_path, salt):
    """A request of two-a's, and home's answer."""
    said = seal.request("two-a", "RegionTwo", salt[0], tmp_path)
    return keys.carried(seal.seal(SETS, keys.carried(said), "one-a", salt[0]))


def test_there_and_back_once(box, tmp_path):
    assert seal.opened(box, "two-a", "RegionTwo", tmp_path) == SETS
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Refused, match="answer no request that is open"):
        seal.opened(box, "two-a", "RegionTwo", tmp_path)


def test_nothing_but_ciphertext_passes(box, tmp_path, salt):
    said = json.dumps([box, seal.request("two-a", "RegionTwo", salt[0], tmp_path)])
    for material in (material for found in SETS.values() for material in found.values()):
        assert material.decode() not in said
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes().hex() not in said


@pytest.mark.parametrize("to", [("two-b", "RegionTwo"), ("two-a", "RegionThree")])
def test_for_one_node_alone(box, tmp_path, to):
    with pytest.raises(Refused, match=f"are for two-a of RegionTwo .*this is {to[0]} of {to[1]}"):
        seal.opened(box, *to, tmp_path)
    with pytest.raises(Refused, match="can't be opened"):
        seal.opened({**box, "minion": "two-a", "region": "RegionTwo", "source": "x"}, "two-a", "RegionTwo", tmp_path)


@pytest.mark.parametrize("part", ["box", "nonce", "public", "source", "at"])
def test_what_was_changed_on_its_way(box, tmp_path, part, salt):
    other = seal.seal(SETS, seal.request("two-a", "RegionTwo", salt[0], tmp_path), "one-b", salt[0])
    box[part] = other[part]
    with pytest.raises(Refused, match="changed on their way") as error:
        seal.opened(box, "two-a", "RegionTwo", tmp_path)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("part", ["box", "nonce", "public"])
@pytest.mark.parametrize("value", [None, 5, "", "%%%", "AAAA"])
def test_nonsense(box, tmp_path, part, value):
    with pytest.raises(Refused):
        seal.opened({**box, part: value}, "two-a", "RegionTwo", tmp_path)


@pytest.mark.parametrize("name", ["../../etc/shadow", "", "x" * 300, "0" * 32])
def test_a_request_that_is_none(box, tmp_path, name):
    with pytest.raises((Refused, OSError)):
        seal.opened({**box, "request": name}, "two-a", "RegionTwo", tmp_path)


def test_an_answer_too_late(box, tmp_path):
    (request,) = tmp_path.iterdir()
    os.utime(request, (time.time() - 601,) * 2)
    with pytest.raises(Refused, match="no request that is open"):
        seal.opened(box, "two-a", "RegionTwo", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ahead", [120, -120])
def test_homes_clock_does_not_matter(tmp_path, salt, ahead, monkeypatch):
    said = seal.request("two-a", "RegionTwo", salt[0], tmp_path)
    with monkeypatch.context() as home:
        home.setattr(seal, "time", SimpleNamespace(time=lambda: time.time() + ahead))
        box = seal.seal(SETS, said, "one-a", salt[0])
    assert abs(float(box["at"]) - time.time() - ahead) < 60
    assert seal.opened(box, "two-a", "RegionTwo", tmp_path) == SETS


def test_requests_that_nobody_answered_go(tmp_path, salt):
    seal.request("two-a", "RegionTwo", salt[0], tmp_path)
    (request,) = tmp_path.iterdir()
    os.utime(request, (time.time() - 601,) * 2)
    seal.request("two-a", "RegionTwo", salt[0], tmp_path)
    assert request not in list(tmp_path.iterdir()) and len(list(tmp_path.iterdir())) == 1


def test_another_form(box, tmp_path):
    with pytest.raises(Refused, match="form 2, not 1"):
        seal.opened({**box, "version": 2}, "two-a", "RegionTwo", tmp_path)
    with pytest.raises(Refused, match="no sealed set"):
        seal.opened({}, "two-a", "RegionTwo", tmp_path)


def test_who_asks_is_who_it_says(tmp_path, salt):
    said = keys.carried(seal.request("two-a", "RegionTwo", salt[0], tmp_path))
    seal.check_request(said, "two-a", "RegionTwo", salt[1])
    _, others = keys.salt_key(tmp_path / "other")
    for accepted, change, message in (
        (others, {}, "not signed by the key"),
        (salt[1], {"public": seal.request("x", "y", salt[0], tmp_path)["public"]}, "not signed by the key"),
        (salt[1], {"signature": "AAAA"}, "not signed by the key"),
        (salt[1], {"signature": None}, "not signed by the key"),
        (salt[1], {"region": "RegionOne"}, "says that it is two-a of RegionOne"),
        (salt[1], {"minion": "one-a"}, "says that it is one-a"),
        ("nonsense", {}, "not signed by the key"),
        (None, {}, "accepted no Salt key"),
    ):
        with pytest.raises(Refused, match=message):
            seal.check_request({**said, **change}, "two-a", "RegionTwo", accepted)


def test_a_minion_without_a_salt_key(tmp_path):
    with pytest.raises(RegionsError, match=r"can't be signed.*minion\.pem"):
        seal.request("two-a", "RegionTwo", tmp_path / "minion.pem", tmp_path)


def test_without_the_library_it_is_said(tmp_path, salt, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cryptography.exceptions", None)
    with pytest.raises(RegionsError, match=r"lacks the library cryptography.*salt-pip install"):
        seal.request("two-a", "RegionTwo", salt[0], tmp_path)


@pytest.mark.parametrize("said", [{}, {"minion": "a", "region": "b", "request": "c", "public": "AAAA"}])
def test_sealed_for_nobody(said):
    with pytest.raises(RegionsError, match="no request for keys"):
        seal.seal(SETS, said, "one-a", "/nowhere")


def test_whose_keys_they_are(box, salt, tmp_path):
    seal.check_sealed(box, "two-a", "one-a", salt[1])
    others, _ = keys.salt_key(tmp_path / "other")
    forged = seal.seal(SETS, seal.request("two-a", "RegionTwo", salt[0], tmp_path), "one-a", others)
    for sealed, to, message in (
        (forged, "two-a", "the sealed set is not signed by the key"),
        ({**box, "box": forged["box"]}, "two-a", "not signed by the key"),
        ({**box, "signature": None}, "two-a", "not signed by the key"),
        (box, "two-b", "one-a's for two-a"),
        ({**box, "source": "two-b"}, "two-a", "two-b's for two-a"),
        ({}, "two-a", "None's for None"),
    ):
        with pytest.raises(Refused, match=message):
            seal.check_sealed(sealed, to, "one-a", salt[1])
    said = seal.request("two-a", "RegionTwo", salt[0], tmp_path)
    with pytest.raises(Refused, match="not signed by the key"):
        seal.check_sealed({**box, "signature": said["signature"]}, "two-a", "one-a", salt[1])
