"""The numbers and modes of fail-over: each that can't be is told with its key, its value and its remedy."""

import pytest

from osregions import settings
from osregions.errors import SettingsError
from osregions.reach import wish
from osregions.reach.limits import Limits

CLOUD = {
    "home": "RegionOne",
    "regions": {
        "RegionOne": {"public_endpoint": "http://one:5000", "internal_endpoint": "http://one-internal:5000"},
        "RegionTwo": {"public_endpoint": "http://two:5000"},
    },
}


def cloud(limits=None, **region):
    regions = {**CLOUD["regions"], "RegionTwo": {**CLOUD["regions"]["RegionTwo"], **region}}
    return settings.read({**CLOUD, "regions": regions, "failover": limits})


def test_what_holds_when_nothing_is_said():
    found = cloud()
    assert found.failover == Limits()
    two = found.regions["RegionTwo"]
    assert (two.failover, two.failback) == ("auto", "ask")


def test_what_is_said_holds():
    found = cloud({"interval": 2, "down_after": 5.5, "cap_per_hour": 1}, failover="ask", failback="auto")
    assert (found.failover.interval, found.failover.down_after, found.failover.cap_per_hour) == (2, 5.5, 1)
    assert (found.regions["RegionTwo"].failover, found.regions["RegionTwo"].failback) == ("ask", "auto")


def test_bare_off_is_what_yaml_makes_of_it():
    assert cloud(failover=False).regions["RegionTwo"].failover == "off"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"interval": 0}, ["0 is no number from 0.2 to 60", "openstack_regions:failover:interval"]),
        ({"interval": -1}, ["-1 is no number"]),
        ({"interval": "1"}, ["'1' is no number"]),
        ({"interval": True}, ["True is no number"]),
        ({"interval": float("nan")}, ["nan is no number"]),
        ({"interval": 0.5}, ["interval 0.5 is below 1", "time-out", "write 1 or more"]),
        ({"timeout": 2}, ["interval 1 is below 2"]),
        ({"timeout": 2, "interval": 2}, ["down_after 2.6 is below 3", "one lost look would decide"]),
        ({"timeout": 0.4}, ["timeout 0.4 is below 0.5"]),
        ({"restart_after": 2}, ["restart_after 2 is below 2.6, which is down_after"]),
        ({"cap_per_hour": 0}, ["0 is no whole number from 1 to 1000"]),
        ({"cap_per_hour": 1.5}, ["1.5 is no whole number"]),
        ({"minimum_stay": None, "graze": 3}, ["'graze' is not known", "did you mean grace"]),
        ([1], ["[1] is no mapping"]),
    ],
)
def test_what_can_not_be(limits, words):
    with pytest.raises(SettingsError) as error:
        cloud(limits)
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize("mode", ["automatic", "", 1, True, ["auto"]])
def test_unknown_mode(mode):
    with pytest.raises(SettingsError, match=r"can't be chosen .*regions:RegionTwo:failover.*one of auto, ask, off"):
        cloud(failover=mode)


def test_who_watches_whom():
    found = wish.wish(cloud({"up_after": 60}), "RegionTwo", "two-1", {"grace": 9})
    assert (found.minion, found.region, found.home_region) == ("two-1", "RegionTwo", "RegionOne")
    assert (found.home, found.local) == ("http://one-internal:5000", "http://two:5000")
    assert (found.limits.up_after, found.limits.grace) == (60, 9)


def test_home_watches_nobody():
    assert wish.wish(cloud(), "RegionOne", "one-1") is None


@pytest.mark.parametrize(
    ("region", "words"),
    [(None, "grains.setval region"), ("", "which region is that of this node"), ("RegionNine", "no region RegionNine")],
)
def test_node_of_no_region(region, words):
    with pytest.raises(SettingsError, match=f"{words}.*declared are RegionOne" if words[0] == "g" else words):
        wish.wish(cloud(), region, "two-1")


def test_accounts_of_the_admin_and_else_of_a_service(tmp_path):
    conf = tmp_path / "glance" / "glance-api.conf"
    conf.parent.mkdir()
    conf.write_text(
        "[keystone_authtoken]\nauth_url = http://one:5000\nusername = glance\n"
        "password = secret\nproject_name = service\n"
    )
    openrc = tmp_path / "openrc"
    openrc.write_text("export OS_USERNAME=admin\nexport OS_PASSWORD=other\n")
    pillar = {"openstack_regions": {**CLOUD, "openrc": {"files": [str(openrc)]}, "repoint": {"roots": [str(tmp_path)]}}}
    assert [one["OS_USERNAME"] for one in wish.accounts(pillar, cloud())] == ["admin"]
    openrc.unlink()
    assert [one["OS_USERNAME"] for one in wish.accounts(pillar, cloud())] == ["glance"]
    conf.unlink()
    assert wish.accounts(pillar, cloud()) == []
