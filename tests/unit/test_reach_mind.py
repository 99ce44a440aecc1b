"""A node that makes up its own mind: acts once per fault, waits for a master, and survives whatever it meets."""

import json
import os
from dataclasses import replace

import pytest

from osregions.errors import RegionsError
from osregions.reach import sight as sight_of
from osregions.reach import snapshot, switch
from osregions.reach.mind import Hands, Mind
from osregions.reach.sight import Glance, Sight

NOW = 1_000_000.0
PILLAR = {
    "openstack_regions": {
        "home": "RegionOne",
        "regions": {
            "RegionOne": {"public_endpoint": "http://10.213.1.11:5000"},
            "RegionTwo": {"public_endpoint": "http://10.213.2.11:5000"},
        },
    }
}
UP = Glance("up", "ok", since=NOW - 900)
DOWN = Glance("down", "silent", "no connection in 1 s", since=NOW, failing=NOW - 2.6, count=9)
FAULT = Sight("two-1", "RegionTwo", "RegionOne", NOW, DOWN, UP, True)
WELL = replace(FAULT, home=UP)


class World:
    """What a mind has round it: its files, in a folder, and hands that move the switch as `regions.failover` does."""

    def __init__(self, folder):
        self.place, self.state = folder / "reach.json", folder / "state"
        self.done, self.told = [], []
        self.fails = None
        self.connected = False
        self.mind = Mind(
            "two-1",
            Hands(self.over, self.back, lambda found, region: self.told.append(found.code), lambda: self.connected),
            lambda: PILLAR,
            self.place,
            self.state,
        )
        self.sees(WELL)

    def sees(self, sight):
        sight_of.write(sight, self.place)

    def over(self, **named):
        self.done.append(("over", named))
        if self.fails:
            raise self.fails
        epoch = named["epoch"]
        return {"ok": switch.move("RegionTwo", switch.LOCAL, epoch + 1, named["reason"], "t", self.state, NOW).moved}

    def back(self, **named):
        self.done.append(("back", named))
        return {"ok": True}

    def think(self, after=0.0):
        """Think, with what is seen renewed as the beacon renews it."""
        seen = sight_of.read(self.place)
        if seen is not None:
            self.sees(replace(seen, at=NOW + after))
        return self.mind.think(NOW + after)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_while_home_is_well_nothing_is_done(world):
    assert [world.think(at).code for at in range(5)] == ["home_well"] * 5
    assert (world.done, world.told, world.mind.problem) == ([], ["home_well"], "")


def test_fault_is_acted_upon_once_with_all_that_is_known(world):
    world.sees(FAULT)
    for at in range(300):
        world.think(0.1 + at)
    assert world.done == [
        (
            "over",
            {
                "reason": "RegionOne's keystone is down for RegionTwo (silent: no connection in 1 s)",
                "by": "engine of two-1",
                "epoch": 0,
                "moments": {"fault": NOW - 2.6, "seen": NOW, "decided": NOW + 0.1},
            },
        )
    ]
    assert world.told == ["home_down", "stays_local"]


def test_master_has_its_grace(world):
    world.sees(FAULT)
    world.connected = True
    for at in (0.0, 1.0, 2.0, 3.9):
        world.think(at)
    assert world.done == []
    world.think(4.1)
    assert len(world.done) == 1


def test_master_that_acts_in_time_has_acted(world):
    world.sees(FAULT)
    world.connected = True
    world.think(1.0)
    switch.move("RegionTwo", switch.LOCAL, 1, "the master's", "master", world.state, NOW + 1)
    world.think(5.0)
    assert world.done == []


def test_master_that_comes_too_late_for_its_grace_is_not_waited_for_again(world):
    """The grace is one of the fault, not of each look at it."""
    world.sees(FAULT)
    world.think(60.0)
    assert len(world.done) == 1


def test_one_of_several_leaves_it_to_the_master_that_asks_them_all(world):
    """As long as that goes on: then it is alone again, and acts."""
    world.sees(FAULT)
    world.connected = True
    place = world.place.with_name("master.json")
    for at in range(0, 60, 5):
        sight_of.note_master(3, place)
        os.utime(place, (NOW + at, NOW + at))
        world.think(at + 0.5)
    assert world.done == []
    world.think(55 + 15.5)
    assert len(world.done) == 1


@pytest.mark.parametrize("text", ['{"controllers": 1}', "{", "[]", '{"controllers": "many"}', '{"controllers": null}'])
def test_master_of_a_single_controller_has_its_grace_and_no_more(world, text):
    world.sees(FAULT)
    world.connected = True
    place = world.place.with_name("master.json")
    place.write_text(text)
    os.utime(place, (NOW, NOW))
    world.think(4.1)
    assert len(world.done) == 1


def test_act_that_fails_is_tried_again_and_ever_more_seldom(world):
    world.sees(FAULT)
    world.fails = RegionsError("the local keystone does not know glance", "/etc", "mend it")
    for at in range(200):
        world.think(float(at))
    assert 4 <= len(world.done) <= 7
    assert "does not know glance" in world.mind.problem
    world.fails = None
    for at in range(200, 270):
        world.think(float(at))
    assert switch.read("RegionTwo", world.state).switch.local
    assert world.mind.problem == ""


@pytest.mark.parametrize("error", [KeyError("regions.failover"), OSError(28, "No space left"), ValueError("x")])
def test_whatever_breaks_is_survived(world, error):
    world.sees(FAULT)
    world.fails = error
    assert world.think().code == "home_down"
    assert type(error).__name__ in world.mind.problem
    world.fails = None
    world.think(10.0)
    assert switch.read("RegionTwo", world.state).switch.local


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"minion": 5}', "\x00" * 50, json.dumps({"home": {}})])
def test_file_that_is_damaged_moves_nothing(world, text):
    world.place.write_text(text)
    assert world.mind.think(NOW) is None
    assert str(world.place) in world.mind.problem
    assert world.done == []


def test_what_is_no_sight_of_this_node_moves_nothing(world):
    for wrong in (replace(FAULT, minion="two-2"), replace(FAULT, home_region="RegionNine")):
        world.sees(wrong)
        world.think()
    world.place.unlink()
    world.think()
    assert world.done == []


def test_what_was_seen_long_ago_moves_nothing(world):
    world.sees(FAULT)
    assert world.mind.think(NOW + 31).code == "blind"
    assert world.done == []


def test_newer_settings_than_those_it_was_started_with_count(world):
    """Pillar says off since: the beacon, which hears of it, keeps it."""
    later = json.loads(json.dumps(PILLAR))
    later["openstack_regions"]["regions"]["RegionTwo"]["failover"] = "off"
    snapshot.write("RegionTwo", later, world.state)
    world.sees(FAULT)
    assert world.think().code == "mode_off"
    snapshot.write("RegionTwo", PILLAR, world.state)
    assert world.think(1.0).code == "home_down"


def test_kept_settings_that_are_damaged_are_passed_over(world):
    snapshot.write("RegionTwo", PILLAR, world.state)
    (world.state / "settings.json").write_text("{")
    world.sees(FAULT)
    assert world.think().code == "home_down"


def test_switch_that_nobody_can_read_moves_nothing(world):
    switch.move("RegionTwo", switch.LOCAL, 1, "r", "b", world.state)
    for path in (world.state / "switch").glob("*.json"):
        path.write_text("{")
    world.sees(FAULT)
    assert world.think() is None
    assert "nobody knows where the identity of RegionTwo is" in world.mind.problem
    assert world.done == []


@pytest.mark.parametrize(("identity", "hand"), [(switch.LOCAL, "over"), (switch.HOME, "back")])
def test_what_a_kill_left_half_done_is_ended(world, identity, hand):
    switch.move("RegionTwo", switch.LOCAL, 1, "r", "b", world.state, NOW - 500)
    if identity == switch.HOME:
        switch.move("RegionTwo", switch.HOME, 2, "r", "b", world.state, NOW - 500)
    switch.begin(world.state)
    world.sees(replace(FAULT, home=UP))
    for at in range(14):
        world.think(float(at))
    assert world.done == []  # whoever began may be at it
    world.think(16.0)
    assert [(name, named["epoch"]) for name, named in world.done] == [(hand, 1 if hand == "over" else 2)]
    switch.end(world.state)
    for at in range(20, 60):
        world.think(float(at))
    assert len(world.done) == 1


def test_flapping_home_waits_for_a_person(world):
    """Over by itself and back by itself, twice: after the fourth move of an hour it says so and stays."""
    at = 0.0
    for turn in range(3):
        world.sees(replace(FAULT, home=replace(DOWN, since=NOW + at)))
        world.think(at + 1)
        local = switch.read("RegionTwo", world.state).switch
        if not local.local:
            break
        switch.move("RegionTwo", switch.HOME, local.epoch + 1, "it is well", "the master", world.state, NOW + at + 100)
        at += 200 + turn
    assert world.mind.think(NOW + at) is not None
    assert world.told[-1] == "cap"
    assert not switch.read("RegionTwo", world.state).switch.local


def test_moves_by_hand_do_not_wear_it_out(world):
    for epoch in range(1, 9):
        place = switch.LOCAL if epoch % 2 else switch.HOME
        switch.move("RegionTwo", place, epoch, "a drill", "salt-run on one-master", world.state, NOW - 900 + epoch)
    world.sees(FAULT)
    assert world.think().code == "home_down"
    # But it stays for its while wherever a hand has put it.
    switch.move("RegionTwo", switch.HOME, 10, "a drill", "salt-run on one-master", world.state, NOW)
    assert world.think(30.0).code == "stay"
