"""What the master makes of its minions' answers."""

import pytest

from osregions import join, settings
from osregions.errors import Refused
from tests.unit.test_preflight import SETTINGS


def entry(kind, *endpoints):
    return {"type": kind, "name": kind, "id": f"s-{kind}", "endpoints": list(endpoints)}


def served(ident, region, url, interface="public"):
    return {"id": ident, "region_id": region, "url": url, "interface": interface}


IDENTITY = entry(
    "identity", served("i1", "RegionOne", "http://one:5000/v3"), served("i2", "RegionTwo", "http://one:5000/v3")
)
ONE = served("i1", "RegionOne", "http://one:5000/v3")
IMAGE = entry("image", served("g1", "RegionOne", "http://one:9292"), served("g2", "RegionTwo", "http://two:9292"))
ROWS = [
    {"id": "i2", "type": "identity", "url": "$(public_endpoint)s/v3"},
    {"id": "g2", "type": "image", "url": "http://two:9292"},
]


def missing(catalog, rows=ROWS, wanted=SETTINGS):
    return join.missing_endpoints(catalog, wanted, "RegionTwo", rows)


def test_one_cloud_lacks_nothing():
    assert missing([IDENTITY, IMAGE]) == []


@pytest.mark.parametrize(
    ("catalog", "words"),
    [
        ([IDENTITY, entry("image", served("g1", "RegionOne", "x"))], "does not serve RegionTwo's image endpoint g2"),
        ([IDENTITY, entry("image", served("g2", "RegionOne", "x"))], "endpoint g2 is served as image of RegionOne"),
        ([IDENTITY, entry("volume", served("g2", "RegionTwo", "x"))], "endpoint g2 is served as volume of RegionTwo"),
        ([IDENTITY, IMAGE, entry("image", served("g3", "RegionTwo", "x"))], "beside home's, of the type image"),
        ([entry("identity", served("i2", "RegionTwo", "http://one:5000/v3"))],
         "no region RegionOne"),
        ([entry("identity", ONE, served("i2", "RegionTwo", "http://two:5000/v3")), IMAGE],
         "identity is served as http://two:5000/v3, not at home's http://one:5000"),
        ([entry("identity", ONE, served("i2", "RegionTwo", "http://one:50001/v3")), IMAGE],
         "identity is served as http://one:50001/v3"),
        ([], "no region RegionTwo"),
    ],
)  # fmt: skip
def test_each_lack_is_told(catalog, words):
    assert words in " ".join(missing(catalog))


def test_verbatim_and_explicit_identity_are_taken_at_their_word():
    pillar = {
        "home": "RegionOne",
        "join": "RegionTwo",
        "services": "verbatim",
        "identity": {"public": "http://vip:5000/v3"},
        "regions": {name: {"public_endpoint": f"http://{name}:5000"} for name in ("RegionOne", "RegionTwo")},
    }
    identity = entry(
        "identity", served("i1", "RegionOne", "http://one:5000/v3"), served("i2", "RegionTwo", "http://vip:5000/v3")
    )
    twice = entry("image", served("g3", "RegionOne", "http://x"))
    assert missing([identity, IMAGE, twice], wanted=settings.read(pillar)) == []


def test_a_service_without_endpoints_is_no_second_entry():
    assert missing([IDENTITY, IMAGE, entry("image")]) == []


def test_each_region_must_reach_the_others_keystone():
    assert join.keystone_urls(SETTINGS, "RegionTwo") == {
        "RegionOne": ["http://two:5000"],
        "RegionTwo": ["http://one:5000"],
    }


def test_disabled_rows_are_not_expected_to_be_served():
    rows = {
        "services": [{"id": "s1", "type": "image", "enabled": 1}, {"id": "s2", "type": "volume", "enabled": 0}],
        "endpoints": [
            {"id": "e1", "service_id": "s1", "enabled": 1},
            {"id": "e2", "service_id": "s1", "enabled": 0},
            {"id": "e3", "service_id": "s2", "enabled": 1},
        ],
    }
    assert [(row["id"], row["type"]) for row in join.enabled_endpoints(rows)] == [("e1", "image")]


def test_what_home_had_twice_before_is_its_own_business():
    again = entry("image", served("g3", "RegionOne", "http://x"))
    assert missing([IDENTITY, IMAGE, again]) == []


def test_a_minion_that_is_silent_is_a_problem():
    (problem,) = join.silent("m", "RegionOne").problems
    assert "does not answer" in problem


def test_an_answer_becomes_a_view_and_an_error_a_problem():
    assert join.node_view("m", "RegionOne", {"ret": {"release": 22}, "retcode": 0}).release == 22
    for answer in ({"ret": "'regions.view' is not available.", "retcode": 254}, {"ret": None}, {}):
        (problem,) = join.node_view("m", "RegionOne", answer).problems
        assert "saltutil.sync_all" in problem


def test_the_first_of_equals_answers_for_all():
    answers = {"b": {"ret": 2}, "a": {"ret": "no", "retcode": 1}, "c": {"ret": 3}}
    assert join.one_answer(answers, "asking") == ("b", 2)
    with pytest.raises(Refused, match=r"asking failed \(a: no\)"):
        join.one_answer({"a": {"ret": "no", "retcode": 1}}, "asking")
    with pytest.raises(Refused, match="no minion answered"):
        join.one_answer({}, "asking")


def test_the_one_result_of_a_state():
    result = {"result": None, "changes": {"x": 1}, "comment": ""}
    assert join.state_result({"id_|-x_|-y": result}) == result
    for answer in (["Rendering failed"], {"a": {}, "b": {}}, {"a": {}}, "no"):
        with pytest.raises(Refused, match="a minion answered"):
            join.state_result(answer)
    with pytest.raises(Refused, match="no minion answered"):
        join.state_result(None)
