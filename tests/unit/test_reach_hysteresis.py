"""When a keystone comes to be held for down, and up again: in simulated time, on lines cut and losing packets."""

import random
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.reach import hysteresis
from osregions.reach.hysteresis import DOWN, UNSURE, UP, Standing
from osregions.reach.limits import Limits
from osregions.reach.probe import KINDS, OK, REFUSED, SILENT, SLOW, UNAUTHORIZED, Seen
from tests.support.lines import Line, watched

DEFAULT = Limits()


def states(line, seconds):
    return [state for _, state in watched(line, DEFAULT, seconds)]


def down_after(line, fault, seconds=30):
    """How long after a fault the keystone is held to be down."""
    return next(at - fault for at, state in watched(line, DEFAULT, seconds) if state == DOWN)


def moments(count, seed=1):
    """Moments at which something happens, wherever it falls between two looks."""
    dice = random.Random(seed)
    return [(number, 20 + 3 * dice.random()) for number in range(count)]


def test_healthy_home_is_up_after_one_look():
    assert states(Line(), 60) == [UNSURE, UP]


@pytest.mark.parametrize("how", ["silent", "unreachable"])
def test_cut_line_is_seen_within_four_seconds(how):
    took = [down_after(Line(**{how: lambda at, fault=fault: at >= fault}, seed=n), fault) for n, fault in moments(200)]
    assert max(took) < 4
    assert statistics.median(took) < 3.5


@pytest.mark.parametrize("how", ["silent", "unreachable"])
def test_blips_up_to_two_seconds_move_nothing(how):
    dice = random.Random(2)
    for number, fault in moments(300):
        length = dice.choice([1.0, 2.0, 2.2, dice.uniform(0.2, 2.2)])
        line = Line(**{how: lambda at, a=fault, b=length: a <= at < a + b}, seed=number)
        assert DOWN not in states(line, 30), f"a blip of {length} s at {fault}"


def test_fifty_blips_in_a_row_move_nothing():
    assert DOWN not in states(Line(silent=lambda at: at > 10 and at % 8 < 2.0), 410)


def test_minute_of_lost_packets_moves_nothing():
    """Of 500 minutes at 30 % loss either way, no more than a few; the lab's is one."""
    moved = sum(DOWN in states(Line(loss=0.3, seed=seed), 60) for seed in range(500))
    assert moved <= 4


def test_restart_of_homes_keystone_moves_nothing():
    for number, fault in moments(50):
        assert DOWN not in states(Line(refused=lambda at, a=fault: a <= at < a + 8, seed=number), 60)


def test_keystone_that_stays_away_is_down():
    took = [down_after(Line(refused=lambda at, a=fault: at >= a, seed=n), fault, 60) for n, fault in moments(50)]
    assert min(took) >= 10
    assert max(took) < 12


def test_keystone_that_accepts_and_never_answers_is_down_as_late():
    took = down_after(Line(busy=lambda at: 0.05 if at < 20 else 5), 20, 60)
    assert 10 <= took < 13


def test_overloaded_keystone_of_a_few_seconds_moves_nothing():
    assert DOWN not in states(Line(busy=lambda at: 3 if 20 < at < 26 else 0.05), 60)


def test_home_that_was_never_seen_gets_more_time():
    """The network of one that has just booted may not be there yet."""
    assert 10 <= down_after(Line(silent=lambda _: True), 0) < 13
    assert DOWN not in states(Line(unreachable=lambda at: at < 8), 60)


def test_comes_back_only_after_a_while_of_good_looks():
    held = watched(Line(silent=lambda at: 10 <= at < 60), DEFAULT, 200)
    assert [state for _, state in held] == [UNSURE, UP, DOWN, UP]
    assert 60 + 30 <= held[-1][0] < 60 + 33


def test_flapping_home_does_not_come_back():
    assert states(Line(silent=lambda at: at > 10 and at % 20 < 10), 600)[-1] == DOWN
    assert states(Line(silent=lambda at: at > 10 and at % 20 < 10), 600).count(DOWN) == 1


def test_token_that_is_not_taken_is_no_fault_of_the_line():
    held = Standing(UP, since=0.0, good_at=0.0, good_from=0.0, count=5)
    for at in range(1, 100):
        held = hysteresis.after(held, float(at), Seen(UNAUTHORIZED, 0.01, "", 0.01), DEFAULT)
    assert held.state == UNSURE
    assert hysteresis.after(held, 100.0, Seen(OK, 0.01, "", 0.01), DEFAULT).state == UP


def test_late_answer_of_an_early_look_changes_nothing():
    held = hysteresis.after(Standing(), 10.0, Seen(OK, 0.1, "", 0.1), DEFAULT)
    assert hysteresis.after(held, 9.5, Seen(SILENT, 1.0), DEFAULT).failing is None


def test_own_sleep_is_no_evidence():
    held = Standing(UP, since=0.0, good_at=100.0, life_at=100.0, good_from=0.0, count=50)
    held = hysteresis.after(held, 100.5, Seen(SILENT, 1.0), DEFAULT)
    held = hysteresis.rested(held)
    assert hysteresis.at(held, 5000.0, DEFAULT).state == UP


def test_silence_is_asked_into_often_and_an_answer_seldom():
    well = Standing(UP, good_at=10.0, life_at=10.0, good_from=0.0, count=9)
    assert hysteresis.pace(well, 11.0, DEFAULT) == 1
    silent = replace(well, failing=10.5, good_from=None)
    assert hysteresis.pace(silent, 11.5, DEFAULT) == 0.1
    assert hysteresis.pace(replace(silent, life_at=11.4), 11.5, DEFAULT) == 0.5
    assert hysteresis.pace(replace(silent, state=DOWN), 20.0, DEFAULT) == 1


LOOKS = st.lists(
    st.tuples(
        st.floats(0, 3),
        st.sampled_from(KINDS),
        st.floats(0, 1),
        st.booleans(),
    ),
    max_size=60,
)


@given(LOOKS)
def test_whatever_is_seen_a_state_follows(looks):
    """Only three bad looks in a row make it down, and time alone changes nothing twice."""
    held, now, bad = Standing(), 0.0, 0
    for wait, kind, seconds, life in looks:
        now += wait
        before = held.state
        held = hysteresis.after(held, now, Seen(kind, seconds, "", seconds if life else None), DEFAULT)
        bad = 0 if kind in (OK, SLOW) else bad + 1
        if held.state == DOWN and before != DOWN:
            assert bad >= 3
        later = hysteresis.at(held, now + 100, DEFAULT)
        assert hysteresis.at(later, now + 100, DEFAULT) == later
        if held.good_at is not None and held.failing is not None:
            assert held.failing >= held.good_at


def test_refusal_counts_as_life():
    held = Standing(UP, since=0.0, good_at=0.0, life_at=0.0, good_from=0.0, count=5)
    for at in (1.0, 2.0, 3.0, 4.0, 5.0):
        held = hysteresis.after(held, at, Seen(REFUSED, 0.001, "", 0.001), DEFAULT)
    assert held.state == UP
