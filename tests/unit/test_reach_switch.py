"""The switch of a region: moved once by many, read through damage, lost by nobody."""

import json
import multiprocessing
import os
import signal
import time

import pytest

from osregions.reach import switch
from osregions.reach.switch import HOME, LOCAL, Switch, SwitchError


def test_a_region_that_was_never_moved_is_at_home(tmp_path):
    assert switch.read("RegionTwo", tmp_path) == switch.Reading(Switch("RegionTwo", HOME, 0))
    assert list(tmp_path.iterdir()) == []


def test_a_move_is_read_again_with_all_it_said(tmp_path):
    done = switch.move("RegionTwo", LOCAL, 1, "home is silent", "engine@two", tmp_path, now=5.0)
    assert done.moved
    found = switch.read("RegionTwo", tmp_path).switch
    assert found == Switch("RegionTwo", LOCAL, 1, "home is silent", "engine@two", 5.0)


@pytest.mark.parametrize("epoch", [1, 2])
def test_an_older_or_equal_epoch_loses_quietly(tmp_path, epoch):
    switch.move("RegionTwo", LOCAL, 2, "first", "a", tmp_path)
    late = switch.move("RegionTwo", HOME, epoch, "second", "b", tmp_path)
    assert (late.moved, late.switch.identity, late.switch.reason) == (False, LOCAL, "first")


def test_a_newer_epoch_of_the_same_place_keeps_since_when_it_is_there(tmp_path):
    switch.move("RegionTwo", LOCAL, 1, "first", "a", tmp_path, now=5.0)
    again = switch.move("RegionTwo", LOCAL, 4, "all nodes", "b", tmp_path, now=9.0)
    assert (again.moved, again.switch.epoch, again.switch.since) == (True, 4, 5.0)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"region": "RegionTwo", "identity": "home", "epoch": 9, "reason": "", "by": "", "since": 0.0}',
    ],
)
def test_a_damaged_file_is_taken_as_its_copy_and_that_is_said(tmp_path, damage):
    switch.move("RegionTwo", LOCAL, 3, "cut", "a", tmp_path)
    (tmp_path / "switch/now.json").write_bytes(damage)
    found = switch.read("RegionTwo", tmp_path)
    assert (found.switch.identity, found.switch.epoch) == (LOCAL, 3)
    assert "now.json is damaged" in found.problem and "its copy counts: local" in found.problem
    assert switch.move("RegionTwo", HOME, 4, "back", "b", tmp_path).moved
    assert switch.read("RegionTwo", tmp_path).problem == ""


def test_a_damaged_file_is_written_anew_from_its_copy_and_nothing_moves(tmp_path):
    assert not switch.renew("RegionTwo", tmp_path)
    moved = switch.move("RegionTwo", LOCAL, 3, "cut", "a", tmp_path).switch
    assert not switch.renew("RegionTwo", tmp_path)
    (tmp_path / "switch/now.json").write_bytes(b"{")
    assert switch.renew("RegionTwo", tmp_path)
    assert switch.read("RegionTwo", tmp_path) == switch.Reading(moved)
    assert len(switch.history("RegionTwo", tmp_path)) == 1


def test_a_digit_that_another_hand_changed_is_damage(tmp_path):
    switch.move("RegionTwo", LOCAL, 3, "cut", "a", tmp_path)
    path = tmp_path / "switch/now.json"
    path.write_text(path.read_text().replace('"epoch": 3', '"epoch": 8'))
    assert switch.read("RegionTwo", tmp_path).switch.epoch == 3


def test_the_switch_of_another_region_is_not_believed(tmp_path):
    switch.move("RegionThree", LOCAL, 3, "cut", "a", tmp_path)
    with pytest.raises(SwitchError, match="that of RegionThree, and this is RegionTwo"):
        switch.read("RegionTwo", tmp_path)


def test_when_neither_can_be_believed_nobody_guesses(tmp_path):
    switch.move("RegionTwo", LOCAL, 3, "cut", "a", tmp_path)
    for name in ("now.json", "copy.json"):
        (tmp_path / "switch" / name).write_text("{")
    with pytest.raises(SwitchError, match="take both files away"):
        switch.read("RegionTwo", tmp_path)
    with pytest.raises(SwitchError, match="take both files away"):
        switch.move("RegionTwo", HOME, 4, "", "", tmp_path)


def test_a_kill_between_the_file_and_its_copy_loses_nothing(tmp_path):
    switch.move("RegionTwo", LOCAL, 1, "cut", "a", tmp_path)
    old = (tmp_path / "switch/copy.json").read_bytes()
    switch.move("RegionTwo", HOME, 2, "back", "a", tmp_path)
    (tmp_path / "switch/copy.json").write_bytes(old)
    assert switch.read("RegionTwo", tmp_path).switch.epoch == 2


@pytest.mark.parametrize("epoch", [0, -1, True, "1", 1.0])
def test_what_is_no_epoch_is_refused(tmp_path, epoch):
    with pytest.raises(SwitchError, match="is no epoch"):
        switch.move("RegionTwo", LOCAL, epoch, "", "", tmp_path)


def test_what_is_no_place_is_refused(tmp_path):
    with pytest.raises(SwitchError, match="'away' is no place"):
        switch.move("RegionTwo", "away", 1, "", "", tmp_path)


def test_the_history_tells_each_change_of_place(tmp_path):
    assert switch.history("RegionTwo", tmp_path) == ()
    for epoch, identity in ((1, LOCAL), (2, LOCAL), (3, HOME), (4, LOCAL)):
        switch.move("RegionTwo", identity, epoch, "", "a", tmp_path, now=float(epoch))
    assert [(one.epoch, one.identity, one.since) for one in switch.history("RegionTwo", tmp_path)] == [
        (1, LOCAL, 1.0),
        (3, HOME, 3.0),
        (4, LOCAL, 4.0),
    ]
    with (tmp_path / "switch/history.jsonl").open("a") as file:
        file.write('{"region": "Reg')
    assert len(switch.history("RegionTwo", tmp_path)) == 3
    assert switch.move("RegionTwo", HOME, 5, "", "a", tmp_path).moved
    assert [one.epoch for one in switch.history("RegionTwo", tmp_path)] == [1, 3, 4, 5]


def test_only_root_can_read_it(tmp_path):
    switch.move("RegionTwo", LOCAL, 1, "cut", "a", tmp_path)
    assert (tmp_path / "switch").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "switch/now.json").stat().st_mode & 0o777 == 0o600


def _mover(state, start, results):
    seen = switch.read("RegionTwo", state).switch
    start.wait()
    results.put(switch.move("RegionTwo", LOCAL, seen.epoch + 1, "cut", str(os.getpid()), state).moved)


def test_of_a_hundred_at_once_one_moves_it(tmp_path):
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    movers = [context.Process(target=_mover, args=(tmp_path, start, results)) for _ in range(100)]
    for mover in movers:
        mover.start()
    time.sleep(0.5)
    start.set()
    moved = [results.get(timeout=30) for _ in movers]
    for mover in movers:
        mover.join()
    assert sorted(moved) == [False] * 99 + [True]
    assert switch.read("RegionTwo", tmp_path).switch.epoch == 1


def _restless(state):
    epoch = 1
    while True:
        switch.move("RegionTwo", (HOME, LOCAL)[epoch % 2], epoch, "x" * 2000, "a", state)
        epoch += 1


def test_a_kill_at_any_moment_leaves_a_switch_that_can_be_read(tmp_path):
    context = multiprocessing.get_context("fork")
    last = 0
    for round_ in range(20):
        mover = context.Process(target=_restless, args=(tmp_path,))
        mover.start()
        time.sleep(0.02 + round_ * 0.003)
        os.kill(mover.pid, signal.SIGKILL)
        mover.join()
        found = switch.read("RegionTwo", tmp_path)
        assert found.problem == ""
        assert found.switch.epoch >= last
        last = found.switch.epoch
    assert last > 0
    assert switch.move("RegionTwo", HOME, last + 1, "", "", tmp_path).moved
    assert not list((tmp_path / "switch").glob(".now.json.osregions-*"))
    json.loads((tmp_path / "switch/now.json").read_text())
