"""What two databases' nodes say before a region becomes a replica, and what the master makes of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import Refused
from osregions.replication import prospect
from osregions.replication.people import Assignment, Held, Named
from tests.unit.test_replication_checks import HOME, REGION, SCHEMA

IDS = st.text("0123456789abcdef", min_size=1, max_size=6)
NAMED = st.builds(Named, IDS, st.text(max_size=6), st.none() | IDS)


def by_id(named):
    return {one.id: one for one in named}


HELD = st.builds(
    Held,
    **{kind: st.lists(NAMED, max_size=4).map(by_id) for kind in ("domains", "projects", "users", "groups", "roles")},
    assignments=st.frozensets(st.builds(Assignment, IDS, IDS, IDS, IDS, st.booleans()), max_size=4),
    memberships=st.frozensets(st.tuples(IDS, IDS), max_size=4),
    belongings=st.dictionaries(st.tuples(st.sampled_from(["trust", "credential"]), IDS), st.none() | IDS, max_size=4),
)


@given(HELD)
def test_whom_a_region_holds_travels_whole(held):
    assert prospect.understood(json.loads(json.dumps(prospect.told(held)))) == held


def said(end, **more):
    server = end.server
    return {
        "problems": [],
        "release": 22,
        "server": {
            "mariadb": server.dialect.mariadb,
            "version": list(server.dialect.version),
            "variables": dict(server.variables),
        },
        "schema": {**vars(SCHEMA), "versions": list(SCHEMA.versions)},
        "free": 1 << 40,
        "accounts": ["RegionTwo"],
        **more,
    }


def problems(theirs, ours):
    return [one.problem for one in prospect.problems("RegionOne", "RegionTwo", theirs, ours)]


def test_a_pair_that_fits():
    assert problems(said(HOME), said(REGION)) == []
    assert problems(said(HOME), said(REGION, schema=None)) == []


@pytest.mark.parametrize(
    ("theirs", "ours", "words"),
    [
        ({"accounts": []}, {}, "home's node does not know the password of RegionTwo's account"),
        ({"release": 23}, {}, "keystone is 23 at RegionOne and 22 at RegionTwo"),
        ({}, {"free": 1}, "0 MB are free at RegionTwo"),
        ({}, {"problems": [{"problem": "no password", "remedy": "write it"}]}, "no password"),
        ({"schema": None}, {}, "RegionOne has no keystone database"),
    ],
)
def test_what_stands_in_the_way(theirs, ours, words):
    (problem,) = problems(said(HOME, **theirs), said(REGION, **ours))
    assert words in problem


def test_there_is_one_node_with_the_database():
    answer = {"ret": {"server": {}}, "retcode": 0}
    assert prospect.one_node("RegionTwo", {"two": answer}) == ("two", {"server": {}})
    for answers, words in (
        ({}, "no node with the keystone database of RegionTwo answered"),
        ({"two": answer, "three": answer}, "three, two all have keystone's database"),
        ({"two": answer, "three": {"ret": "no socket here", "retcode": 1}}, "three does not say .*: no socket here"),
    ):
        with pytest.raises(Refused, match=rf"(?s){words}.*targets:database"):
            prospect.one_node("RegionTwo", answers)


@pytest.mark.parametrize("discard", [False, True])
def test_what_home_lacks_is_said_in_words(discard):
    found = {"lost": ["x"], "text": "1 project (blue)", "accounts": ["y"], "accounts_text": "1 user (admin)"}
    text = prospect.verdict("RegionTwo", found, discard)
    assert "1 project (blue)" in text and "1 user (admin)" in text and "kept" in text
    assert ("say `discard: true`" in text) is not discard
    assert "nothing of RegionTwo's is lost" in prospect.verdict("RegionTwo", {**found, "lost": []}, discard)
