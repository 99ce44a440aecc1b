"""What a controller sees, kept in a file: whole at any moment, root's alone, and not believed when it is read."""

import os
import stat
import threading

import pytest

from osregions.errors import SettingsError
from osregions.reach import hysteresis, sight
from osregions.reach.limits import Limits
from osregions.reach.probe import OK, Seen
from osregions.reach.sight import Glance, Sight

SEEN = Sight(
    "two-1",
    "RegionTwo",
    "RegionOne",
    1e9,
    Glance("down", "silent", "no connection in 1 s", 1.0),
    Glance("up", "ok"),
    True,
)


def test_what_is_kept_is_read(tmp_path):
    place = tmp_path / "run" / "reach.json"
    assert sight.read(place) is None
    sight.write(SEEN, place)
    assert sight.read(place) == SEEN
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert os.listdir(place.parent) == ["reach.json"]


def test_it_is_whole_whenever_it_is_read(tmp_path):
    place = tmp_path / "reach.json"
    sight.write(SEEN, place)
    done = threading.Event()

    def write():
        while not done.is_set():
            sight.write(SEEN, place)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(300):
            assert sight.read(place) == SEEN
    finally:
        done.set()
        writer.join()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_what_is_damaged_is_said_with_its_place(tmp_path, text):
    place = tmp_path / "reach.json"
    place.write_bytes(text)
    with pytest.raises(SettingsError, match=str(place)):
        sight.read(place)


@pytest.mark.parametrize(
    "wrong",
    [
        {"minion": ""},
        {"minion": "a\nb"},
        {"region": ["RegionTwo"]},
        {"region": "R" * 301},
        {"home": None},
        {"home": {"state": "dead", "kind": "ok"}},
        {"home": {"state": "up", "kind": "cosy"}},
        {"home": {"state": "up", "kind": "ok", "seconds": "fast", "count": 0}},
        {"home": {"state": "up", "kind": "ok", "seconds": 0, "count": 0, "since": -1}},
        {"home": {"state": "up", "kind": "ok", "seconds": 0, "count": 0, "detail": "{{ jinja }}\n"}},
        {"at": "now"},
        {"at": 1e300},
    ],
)
def test_nothing_but_what_it_can_be_is_believed(wrong):
    with pytest.raises(SettingsError):
        sight.from_data({**sight.to_data(SEEN), **wrong}, "two-1")


def test_times_are_those_of_the_day():
    held = hysteresis.after(hysteresis.Standing(), 10.0, Seen(OK, 0.5, "", 0.5), Limits())
    found = sight.glance(held, 1_000_000.0)
    assert (found.state, found.since, found.good, found.count) == ("up", 1_000_010.5, 1_000_010.5, 1)
    assert sight.glance(hysteresis.Standing(), 0.0).kind == "unseen"
