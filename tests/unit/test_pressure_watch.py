"""What the beacon holds and when it speaks: not for a blip, not over and over, not for what was not measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import RegionsError, SettingsError
from osregions.pressure import limits, watch
from osregions.pressure.limits import Limits
from osregions.pressure.remedies import VERDICT_OF
from osregions.pressure.verdict import Verdict, no_answer
from osregions.pressure.watch import Watched
from tests.support.pressure import reading

LIMITS = Limits(window=300, times=3, remind=3600)
LETTERS = {"s": "evicts_live", "f": "well", "w": "spare", "u": "idle", "r": "restarted"}


def told(looks, pause=300.0, numbers=LIMITS):
    """Look so often, a letter each (`-`: no answer); return what was told at which look, and what is held."""
    watched, spoken = Watched(), []
    for number, letter in enumerate(looks):
        now = 1_000_000.0 + number * pause
        code = LETTERS.get(letter, "")
        verdict = Verdict(VERDICT_OF.get(code, ""), code, f"look {number}", "", {})
        found = "Connection refused" if letter == "-" else replace(reading(), at=now)
        watched, said = watch.looked(watched, found, now, lambda one, other, v=verdict: v, numbers)
        if said is not None:
            spoken.append((number, said.verdict))
    return spoken, watched


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ("", []),
        ("f", []),  # one reading is no rate
        ("fff", []),
        ("ffff", [(3, "fine")]),
        ("ffffffffffff", [(3, "fine")]),
        ("ffffsffsffssf", [(3, "fine")]),
        ("ffffsss", [(3, "fine"), (6, "too small")]),
        ("ffffssfsss", [(3, "fine"), (9, "too small")]),
        ("ffffsusrs", [(3, "fine"), (8, "too small")]),  # nobody at work for a moment is no opinion
        ("ffffuuuuuuuuuuuu", [(3, "fine")]),
        ("ffff---", [(3, "fine"), (6, "unknown")]),
        ("---", [(2, "unknown")]),
        ("ffff---fff", [(3, "fine"), (6, "unknown"), (9, "fine")]),
        ("ffffwww", [(3, "fine"), (6, "wasteful")]),
        ("sssssssssssssss", [(3, "too small")]),
        ("ssssssssssssssss", [(3, "too small"), (15, "too small")]),  # an hour later
    ],
)
def test_what_is_told(looks, expected):
    assert told(looks)[0] == expected


def test_calm_is_told_once_a_day():
    spoken, _ = told("f" * 800)
    assert [number for number, _ in spoken] == [3, 3 + 288, 3 + 2 * 288]


def test_what_is_told_again_has_the_newest_figures():
    _, watched = told("sssssssss")
    assert watched.held.sentence == "look 8"
    assert watched.since == 1_000_000.0 + 3 * 300


def test_what_is_compared_reaches_over_the_window():
    seen = []
    watched = Watched()
    for number in range(500):  # a look each second
        now = 1_000_000.0 + number

        def judge(before, after):
            seen.append(after.at - before.at)
            return Verdict("fine", "well", "", "", {})

        watched, _ = watch.looked(watched, replace(reading(), at=now), now, judge, Limits(window=60, times=1))
    assert len(seen) == 440
    assert 60 <= min(seen) <= max(seen) <= 63
    assert len(watched.readings) <= 33


def test_a_clock_that_was_set_back_silences_nobody():
    _, watched = told("ssss")
    watched, said = watch.looked(watched, "gone", 500.0, None, replace(LIMITS, times=1))
    assert said.code == "no_answer"
    watched, said = watch.looked(watched, "gone", 400.0, None, LIMITS)
    assert said is not None  # what was told lies in the future


def test_kept_and_read_back(tmp_path):
    place = tmp_path / "run" / "pressure.json"
    assert watch.read(place) is None
    _, watched = told("ssssf")
    watch.write(watched, place)
    assert watch.read(place) == watched
    assert place.stat().st_mode & 0o777 == 0o600
    watch.write(Watched(), place)
    assert watch.read(place) == Watched()


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"readings": 1}', "\xff"])
def test_what_can_not_be_believed_is_said(tmp_path, text):
    place = tmp_path / "pressure.json"
    place.write_text(text, encoding="latin-1")
    with pytest.raises(RegionsError, match=r"can't be read.*writes it anew"):
        watch.read(place)


def test_a_verdict_that_is_none_is_not_taken(tmp_path):
    place = tmp_path / "pressure.json"
    watch.write(Watched(held=replace(no_answer("x"), verdict="gone")), place)
    with pytest.raises(RegionsError, match="'gone' is no verdict"):
        watch.read(place)


def test_one_that_answered_meanwhile_is_not_silent_for_so_many_looks():
    assert told("-f-", numbers=replace(LIMITS, times=2))[0] == []


@given(st.text(alphabet="sfwur-", max_size=60), st.integers(1, 4))
def test_never_told_what_so_many_looks_did_not_say(looks, times):
    spoken, _ = told(looks, numbers=replace(LIMITS, times=times, remind=10**6))
    word = {"s": "too small", "f": "fine", "w": "wasteful", "-": "unknown"}
    before = None
    for number, verdict in spoken:
        if verdict != before:
            opinions = [word[letter] for letter in looks[: number + 1] if letter in word][-times:]
            assert opinions == [verdict] * times
        before = verdict


@pytest.mark.parametrize(
    ("name", "value"), [("times", 1.5), ("times", 0), ("window", True), ("window", "x"), ("missed", 0), ("remind", -1)]
)
def test_a_number_that_can_not_be_is_named(name, value):
    with pytest.raises(SettingsError, match=rf"{value!r} is no .*number from .*there:{name}"):
        limits.read({name: value}, "there")


def test_numbers_that_are_given_are_taken():
    assert limits.read({"window": 60, "live": None, "watch": True}, "there") == Limits(window=60)
