"""RegionTwo is cut off, goes on by itself, and returns (K3, P11), in the lab: real daemons, and a line that fails."""

from __future__ import annotations

import json

import pytest

from tests.lab import cloud, failing
from tests.lab.failing import HOME, IMAGES, MEMBER, NODE, OWN, PLACES, SELF, TO_HOME

pytestmark = pytest.mark.timeout(900)  # the first test of each fixture waits for a lab that is made anew


@pytest.fixture(scope="module")
def region(lab):
    """RegionTwo, joined, with home's identity; nobody watches."""
    failing.ready(lab)
    yield lab
    lab.command("heal")


def _apply(lab, what="regions.services"):
    return lab.salt(MEMBER, "*", "state.apply", what)


def _changes(states):
    return {node: {key for key, one in result.items() if one["changes"]} for node, result in states.items()}


def test_what_is_refused_moves_nothing(region):
    epoch = failing.switch(region, MEMBER)["epoch"]
    for words, said in (
        (("failover", "RegionOne"), "RegionOne is home"),
        (("failover", "RegionNine"), "no region RegionNine"),
        (("failback", "RegionNine"), "no region RegionNine"),
    ):
        found = failing.moved(region, *words)
        assert not found["ok"]
        assert said in found["steps"][0], found
    region.exec(MEMBER, "systemctl", "stop", "keystone")
    found = failing.moved(region, "failover", "RegionTwo")
    region.exec(MEMBER, "systemctl", "start", "keystone")
    assert not found["ok"]
    assert "the keystone of RegionTwo does not answer" in found["steps"][0]
    assert failing.places(region) == TO_HOME
    assert failing.switch(region, MEMBER)["epoch"] == epoch
    failing.until(lambda: region.exec(MEMBER, "curl", "-sf", OWN, check=False).returncode == 0, "keystone", 60)


def test_the_plan_changes_nothing(region):
    epoch = failing.switch(region, MEMBER)["epoch"]
    found = failing.moved(region, "failover", "RegionTwo", "test=True")
    assert found["ok"]
    assert found["steps"][0].startswith("would change: ")
    assert (failing.places(region), failing.switch(region, MEMBER)["epoch"]) == (TO_HOME, epoch)


def test_by_hand_with_homes_master_gone_and_back(region):
    before = failing.tokens(region, failing.count(20, 100))
    epoch = failing.switch(region, MEMBER)["epoch"]
    region.exec(HOME, "systemctl", "stop", "salt-master")
    region.command("cut")
    found = failing.moved(region, "failover", "RegionTwo")
    assert found["ok"], found
    assert "decided, switched" in found["steps"][0]
    assert failing.places(region) == SELF
    assert {failing.switch(region, one)["epoch"] for one in (MEMBER, NODE)} == {epoch + 1}

    assert {one[2] for one in failing.ask(region, f"{OWN}/auth/tokens", before, 0.05)} == {200}, "tokens of home's"
    for url in (IMAGES, PLACES):
        assert {one[2] for one in failing.ask(region, url, before[:10], 0.1)} == {200}
        assert {one[2] for one in failing.ask(region, url, failing.tokens(region, 3, OWN, MEMBER))} == {200}

    again = failing.moved(region, "failover", "RegionTwo")
    assert again["ok"] and again["steps"][0].startswith("holds: ")
    assert {failing.switch(region, one)["epoch"] for one in (MEMBER, NODE)} == {epoch + 1}
    assert _changes(_apply(region)) == {MEMBER: set(), NODE: set()}, "a highstate brought the dead home back"
    region.exec(MEMBER, "systemctl", "restart", "salt-minion", "salt-master")

    refused = region.exec(MEMBER, "salt-call", "--local", "regions.failback", check=False)
    assert refused.returncode and "keystone of RegionOne does not answer" in refused.stdout + refused.stderr
    assert failing.places(region) == SELF
    failing.home_again(region)


@pytest.mark.long
def test_on_a_node_with_no_master_at_all_a_local_call_does_it(region):
    for host in cloud.CONTROLLERS:
        region.exec(host, "systemctl", "stop", "salt-master")
    region.command("hole")
    for host in (MEMBER, NODE):
        found = json.loads(region.exec(host, "salt-call", "--local", "--out=json", "regions.failover").stdout)["local"]
        assert found["ok"] and found["moved"], found
        assert all(check["ok"] for check in found["checks"])
    assert failing.places(region) == SELF
    region.exec(MEMBER, "systemctl", "start", "salt-master")
    failing.home_again(region)


def test_what_speaks_against_the_return_stops_it_with_the_choices(region):
    region.command("cut")
    assert failing.moved(region, "failover", "RegionTwo")["ok"]
    own = "INSERT INTO region (id, description, extra) VALUES ('Own', '', '{}')"
    region.exec(MEMBER, "mariadb", "keystone", input=own)
    region.exec(MEMBER, "mariadb", input="STOP ALL SLAVES")
    region.command("heal")
    failing.reconnected(region)
    _stays(region, "the replica of RegionTwo stands still")
    region.exec(MEMBER, "mariadb", input="START ALL SLAVES")
    _stays(region, "region id=Own: is here and not at home", "Or stay")
    region.exec(MEMBER, "mariadb", "keystone", input="DELETE FROM region WHERE id = 'Own'")
    failing.home_again(region)


def _stays(lab, *words):
    found = failing.moved(lab, "failback", "RegionTwo", master=HOME)
    assert not found["ok"]
    assert [word for word in words if word not in found["steps"][0]] == [], found
    assert failing.places(lab) == SELF
