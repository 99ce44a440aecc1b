"""What an alarm's beacon holds and when it speaks: not for a blip, not over and over, not for what it did not see."""

from __future__ import annotations

import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.alarms import held as holding
from osregions.alarms import limits
from osregions.alarms.held import Found, Held
from osregions.alarms.limits import Limits
from osregions.errors import RegionsError, SettingsError
from osregions.reach.remedies import FINDINGS, SEVERITIES, of

LIMITS = Limits(times=2, remind=600)
START = 1_000_000.0
LETTERS = {"l": "replica_lags", "f": "fence_broken", "s": "replica_stopped"}
WORDS = {"region": "RegionTwo", "home": "RegionOne", "what": "x", "part": "this", "why": "it is silent"}


def finding(letter, **words):
    return of(LETTERS[letter], "RegionTwo", **{**WORDS, **words})


def found(look, **words):
    """A look in letters: what is wrong; `.` well, `?` nothing seen, `h` home not seen."""
    if look == "?":
        return Found((of("unread", "RegionTwo", **WORDS),), unseen=None)
    unseen = frozenset({"replica_lags"}) if "h" in look else frozenset()
    return Found(tuple(finding(one, **words) for one in look if one in LETTERS), unseen=unseen)


def told(looks, pause=60.0, numbers=LIMITS):
    """Look so often; return what was told at which look, and what is held."""
    held, spoken = Held(), []
    for number, look in enumerate(looks.split()):
        held, due = holding.looked(held, found(look), START + number * pause, numbers)
        if due:
            spoken.append((number, " ".join(holding.event_data(held)["codes"])))
    return spoken, held


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ("", []),
        (".", []),  # once is not enough to say that all is well
        (". .", [(1, "")]),
        (". . . . . .", [(1, "")]),
        ("f", []),
        ("f f", [(1, "fence_broken")]),
        ("f f f f f", [(1, "fence_broken")]),
        (". . f . f . f .", [(1, "")]),  # blips
        (". . f f . . ", [(1, ""), (3, "fence_broken"), (5, "")]),
        (". . f f sf sf", [(1, ""), (3, "fence_broken"), (5, "fence_broken replica_stopped")]),
        ("lf lf", [(1, "fence_broken replica_lags")]),  # the worst first
        ("l l h h h h", [(1, "replica_lags")]),  # home was not asked: no opinion
        ("l l ? ? ?", [(1, "replica_lags"), (3, "replica_lags unread")]),
        ("l l ? ? . .", [(1, "replica_lags"), (3, "replica_lags unread"), (5, "")]),
        ("? ?", [(1, "unread")]),
        (". . ? .", [(1, "")]),
        ("l l" + " l" * 12, [(1, "replica_lags"), (11, "replica_lags")]),  # ten minutes later
    ],
)
def test_what_is_told(looks, expected):
    assert told(looks)[0] == expected


def test_calm_is_told_once_an_hour():
    spoken, _ = told(". " * 200)
    assert [number for number, _ in spoken] == [1, 61, 121, 181]


def test_what_is_told_again_is_as_it_was_seen_last():
    held = Held()
    for number in range(4):
        held, _ = holding.looked(held, found("f", what=f"look {number}"), START + number, LIMITS)
    (one,) = holding.event_data(held)["findings"]
    assert one["sentence"].endswith("look 3")
    assert (one["since"], one["severity"]) == (START + 1, "error")
    assert "mysql_replication.fence" in one["remedy"]


def test_a_clock_that_was_set_back_keeps_nothing_quiet():
    held, _ = told("f f")[1], None
    held, due = holding.looked(held, found("f"), START - 86400, LIMITS)
    assert due


LOOKS = st.lists(st.sampled_from([".", "f", "l", "fl", "?", "h", "hf"]), max_size=60)


@given(LOOKS, st.integers(1, 5), st.floats(1, 2000))
def test_however_looks_come(looks, times, pause):
    numbers = Limits(times=times, remind=600)
    held, before, last = Held(), None, None
    for number, look in enumerate(looks):
        now = START + number * pause
        held, due = holding.looked(held, found(look), now, numbers)
        codes = holding.event_data(held)["codes"]
        recent = [found(one) for one in looks[max(0, number + 1 - times) : number + 1]]
        if len(recent) == times:
            for code in FINDINGS:
                seen = {one.sees(code) and any(f.code == code for f in one.findings) for one in recent}
                if all(one.sees(code) for one in recent) and len(seen) == 1:
                    assert (code in codes) is seen.pop()  # so many looks in a row are believed
        if due:
            changed, overdue = codes != before, last is not None and now - last >= min(600, holding.CALM)
            assert changed or overdue
            before, last = codes, now
        elif codes and before is not None:
            assert set(codes) == set(before) and now - last < 600  # what is wrong was told, and not long ago
        assert holding.read_data(json.loads(json.dumps(holding.to_data(held)))) == held


@pytest.fixture
def place(tmp_path):
    return holding.place("replication_health", tmp_path / "run" / "alarms")


def test_a_minion_that_starts_anew_goes_on(place):
    held = told(". . f f ? f l")[1]
    assert holding.read(place) is None
    holding.write(held, place)
    assert holding.read(place) == held
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    _, due = holding.looked(holding.read(place), found("f"), START + 8 * 60, LIMITS)
    assert not due


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"findings": [{"code": "x"}]}', "3", "\x00"])
def test_what_is_damaged_is_told(place, text):
    place.parent.mkdir(parents=True)
    place.write_text(text)
    with pytest.raises(RegionsError, match=r"can't be read: .*replication_health\.json\).* remove it"):
        holding.read(place)


def test_an_alarm_of_another_version_is_not_taken(place):
    holding.write(told("f f")[1], place)
    place.write_text(place.read_text().replace("fence_broken", "fence_bent"))
    with pytest.raises(RegionsError, match="no alarm of this version"):
        holding.read(place)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("times", 0, "0 is no whole number from 1 to 100"),
        ("times", 1.5, "1.5 is no whole number"),
        ("remind", True, "True is no number from 1 to 864000"),
        ("lag", 301, "301 is no number from 1 to 300"),
        ("lag", "long", "'long' is no number"),
        ("backup_days", 0, "0 is no number from 0.001 to 3650"),
    ],
)
def test_a_number_that_can_not_be(name, value, words):
    with pytest.raises(SettingsError, match=words) as caught:
        limits.read({name: value}, "here")
    assert f"here:{name}" in str(caught.value)


@pytest.mark.parametrize("value", [0, 4.9, True, "often", None, 86401])
def test_an_interval_that_can_not_be(value):
    with pytest.raises(SettingsError, match=r"an interval of .* can't be \(here:interval\)"):
        limits.interval(value, "here")


@pytest.mark.parametrize("code", FINDINGS)
def test_each_finding_has_a_severity_and_a_remedy(code):
    one = FINDINGS[code]
    assert one.severity in SEVERITIES and one.remedy and not one.says.endswith(".")
