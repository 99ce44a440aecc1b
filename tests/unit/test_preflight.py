"""Before anything is touched: each thing that stands in the way of a join has a code of its own."""

import dataclasses

import pytest

from osregions import preflight, settings
from osregions.preflight import NodeView

SETTINGS = settings.read(
    {
        "home": "RegionOne",
        "join": "RegionTwo",
        "regions": {
            "RegionOne": {"public_endpoint": "http://one:5000"},
            "RegionTwo": {"public_endpoint": "http://two:5000", "renamed_from": "Old"},
        },
    }
)
ONE = NodeView(
    "one-controller",
    "RegionOne",
    release=22,
    schema="alembic:a+b",
    database="keystone on one:3306:1",
    regions=("RegionOne",),
    memcached=("10.0.1.1:11211",),
    clock=100.5,
    reach={"http://two:5000/v3": "ok"},
)
TWO = NodeView(
    "two-controller",
    "RegionTwo",
    release=22,
    schema="alembic:a+b",
    database="keystone on two:3306:1",
    regions=("Old",),
    memcached=("10.0.2.1:11211",),
    clock=100.5,
    reach={"http://one:5000/v3": "ok"},
)


def check(*views, asked=100.0, answered=101.0):
    return preflight.check(SETTINGS, views, asked, answered, "RegionTwo")


def but(view, **changes):
    return dataclasses.replace(view, **changes)


@pytest.mark.parametrize(
    "views",
    [
        (ONE, TWO),
        (ONE, but(TWO, regions=("RegionTwo",))),  # renamed already
        (but(ONE, regions=("RegionOne", "RegionTwo")), but(TWO, regions=("RegionTwo",))),  # joined already
        # a second node of a region shares its database and its cache
        (ONE, but(ONE, minion="one-controller-2"), TWO),
        (but(ONE, clock=95.1), but(TWO, clock=105.9)),
        # each caches on its loopback; a bridge of libvirt's has one address on all machines
        (
            but(ONE, memcached=(), local_memcached=("10.0.1.1:11211", "192.168.122.1:11211")),
            but(TWO, memcached=(), local_memcached=("10.0.2.1:11211", "192.168.122.1:11211")),
        ),
    ],
)
def test_nothing_stands_in_the_way(views):
    assert check(*views) == ()


@pytest.mark.parametrize(
    ("views", "code", "words"),
    [
        ((ONE,), "no-minion", ("RegionTwo", "G@region:RegionTwo and G@roles:keystone")),
        ((TWO,), "no-minion", ("RegionOne",)),
        ((but(ONE, problems=("its password is wrong",)), TWO), "node-problem", ("one-controller", "password is wrong")),
        ((ONE, but(TWO, release=30)), "release-differs", ("one-controller has 22", "two-controller has 30")),
        ((ONE, but(TWO, schema="migrate:75")), "schema-differs", ("migrate:75", "db_sync")),
        ((ONE, but(TWO, database=ONE.database)), "one-database", ("keystone on one:3306:1",)),
        ((ONE, but(TWO, memcached=ONE.memcached)), "shared-memcached", ("10.0.1.1:11211",)),
        (
            (but(ONE, memcached=(), local_memcached=("10.0.1.1:11211",)), but(TWO, memcached=("10.0.1.1:11211",))),
            "shared-memcached",
            ("10.0.1.1:11211",),
        ),
        (
            tuple(
                but(view, release=10, memcached=(), minion=f"{view.minion}{number}")
                for view in (but(ONE, reach={}), but(TWO, reach={}))
                for number in (1, 2)
            ),
            "token-store-not-shared",
            ("RegionOne", "2 keystone nodes", "memcached_servers"),
        ),
        ((but(ONE, clock=94.9), TWO), "clock-skew", ("one-controller", "NTP")),
        ((ONE, but(TWO, clock=106.1)), "clock-skew", ("two-controller",)),
        (
            (but(ONE, reach={"http://two:5000/v3": "timed out"}), TWO),
            "unreachable",
            ("http://two:5000/v3", "timed out"),
        ),
        ((but(ONE, regions=("North",)), TWO), "home-unknown", ("no region RegionOne, but North",)),
        ((ONE, but(TWO, regions=("North",))), "region-unknown", ("neither RegionTwo nor Old, but North",)),
        ((ONE, but(TWO, regions=("Old", "regiontwo"))), "name-clash", ("regiontwo, which is RegionTwo",)),
        ((but(ONE, regions=("RegionOne", "REGIONTWO")), TWO), "name-clash", ("one-controller", "REGIONTWO")),
    ],
)
def test_each_thing_in_the_way_is_found_and_nothing_else(views, code, words):
    found = [finding for finding in check(*views) if finding.code != "no-admin-endpoint" or views[0].release == 22]
    assert {finding.code for finding in found} == {code}
    for word in words:
        assert word in " ".join(map(str, found))
    assert all(finding.severity == "error" for finding in found)


def test_a_node_that_says_nothing_of_itself_stands_alone_with_its_problem():
    found = check(ONE, NodeView("two-controller", "RegionTwo", problems=("it did not answer",)))
    assert [finding.code for finding in found] == ["node-problem"]


def test_a_view_survives_the_way_through_salt():
    data = {key: value for key, value in dataclasses.asdict(TWO).items() if key not in ("minion", "region")}
    data = {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}
    assert NodeView.from_dict("two-controller", "RegionTwo", data) == TWO
    assert check(ONE, NodeView.from_dict("two-controller", "RegionTwo", {**data, "reach": None, "regions": None})) == ()


def test_a_node_whose_services_will_sign_in_at_home_must_reach_it():
    node = NodeView("two-node", "RegionTwo", reach={"http://one:5000": "refused"})
    found = preflight.check(SETTINGS, (ONE, TWO), 100.0, 101.0, "RegionTwo", [node])
    assert [(finding.code, finding.where) for finding in found] == [("unreachable", "two-node")]


def test_liberty_needs_the_admins_url():
    found = check(but(ONE, release=8), but(TWO, release=8))
    assert {(finding.code, finding.where) for finding in found} == {
        ("no-admin-endpoint", "RegionOne"),
        ("no-admin-endpoint", "RegionTwo"),
    }
