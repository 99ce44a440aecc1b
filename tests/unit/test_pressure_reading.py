"""memcached's statistics as plain data: what each release gives, and two readings beside each other."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import RegionsError
from osregions.pressure import rates, reading
from osregions.pressure.reading import Slab
from tests.support.pressure import later
from tests.support.pressure import reading as taken

# Out of `stats`, `stats items` and `stats slabs` of memcached 1.6.18 with -m 1 -I 512k.
FIGURES = {
    "pid": "22199",
    "uptime": "3",
    "time": "1795800863",
    "version": "1.6.18",
    "rusage_user": "0.024120",
    "max_connections": "1024",
    "curr_connections": "2",
    "total_connections": "3",
    "cmd_get": "6000",
    "get_misses": "4275",
    "get_expired": "0",
    "touch_misses": "0",
    "limit_maxbytes": "1048576",
    "bytes": "932329",
    "evicted_unfetched": "2868",
    "evictions": "3824",
    "items:15:number": "451",
    "items:15:evicted": "3824",
    "items:15:evicted_time": "1",
    "items:15:outofmemory": "0",
    "15:chunk_size": "2320",
    "15:free_chunks": "7",
    "15:free_chunks_end": "0",
    "active_slabs": "1",
    "total_malloced": "1048576",
}
# Younger than the memcached of RHEL 7.
YOUNGER = ("get_expired", "max_connections", "items:15:evicted_unfetched", "15:free_chunks_end")


def test_what_a_memcached_says():
    found = reading.parsed("a:1", FIGURES, 5.0)
    assert (found.pid, found.uptime, found.started, found.megabytes, found.held) == (22199, 3, 1795800860, 1, 1 << 20)
    assert found.counters["evictions"] == 3824 and found.counters["touch_misses"] == 0
    assert found.slabs == {"15": Slab(2320, 7, 3824, 1, 0)}


def test_counters_that_a_release_does_not_have_are_not_taken_for_nought():
    found = reading.parsed("a:1", {name: value for name, value in FIGURES.items() if name not in YOUNGER}, 5.0)
    assert "get_expired" not in found.counters and "max_connections" not in found.levels
    assert found.slabs["15"].free == 7
    assert rates.since_start(found).misses_of_live_keys == 4275


@pytest.mark.parametrize("name", ["pid", "uptime", "time"])
@pytest.mark.parametrize("value", [None, "", "-1", "x"])
def test_what_tells_nothing_of_itself_is_no_memcached(name, value):
    figures = {**FIGURES, name: value} if value is not None else {k: v for k, v in FIGURES.items() if k != name}
    with pytest.raises(RegionsError, match="is that a memcached"):
        reading.parsed("a:1", figures, 5.0)


def test_kept_and_read_back():
    found = taken()
    assert reading.from_data(json.loads(json.dumps(found.to_data())), "there") == found


@pytest.mark.parametrize(
    "change", [{"pid": "x"}, {"slabs": []}, {"slabs": {"1": {"no": 1}}}, {"more": 1}, {"at": None}]
)
def test_what_is_no_reading_is_refused(change):
    with pytest.raises(RegionsError, match="no reading"):
        reading.from_data({**taken().to_data(), **change}, "there")
    with pytest.raises(RegionsError, match="no reading"):
        reading.from_data([], "there")


def test_rates_between_two_readings():
    found = rates.between(taken(), later(taken(), 100, get_hits=300, get_misses=100, get_expired=40, evictions=30))
    assert (found.seconds, found.broken, found.hit_rate) == (100, "", 0.75)
    assert (found.misses_of_live_keys, found.missed_for_room, found.evicted) == (60, 30, {"15": 30})
    assert found.per_second("evictions") == 0.3


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pid": 501, "uptime": 40, "started": 1_799_999_960}, id="another process"),
        pytest.param({"uptime": 40, "started": 1_799_999_960}, id="the same number, in a container"),
        pytest.param({"server": "127.0.0.2:11211"}, id="another server"),
    ],
)
def test_a_restart_in_between_counts_from_its_start(change):
    after = replace(later(taken(), 100, evictions=30), **change)
    found = rates.between(taken(), after)
    assert (found.broken, found.seconds) == (rates.RESTARTED, after.uptime)
    assert found.count("cmd_get") == after.counters["cmd_get"]


def test_counters_that_were_set_back_tell_nothing():
    """`stats reset`: the process is the same."""
    after = replace(later(taken(), 100), counters=dict.fromkeys(taken().counters, 3))
    assert rates.between(taken(), after).broken == rates.RESET
    assert rates.between(later(taken(), 100), taken()).broken == rates.RESET  # the later one first


@pytest.mark.parametrize(("at", "seconds"), [(0, 100), (100_000, 102), (-100_000, 100)])
def test_a_clock_that_was_set_changes_no_rate(at, seconds):
    after = later(taken(), 101)
    found = rates.between(taken(), replace(after, at=after.at + at))
    assert abs(found.seconds - seconds) <= 1


def test_connections_are_counted_in_32_bits():
    before = replace(taken(), counters={**taken().counters, "total_connections": (1 << 32) - 10})
    after = replace(later(before, 100), counters={**taken().counters, "total_connections": 5})
    assert rates.between(before, after).count("total_connections") == 15


def test_a_class_that_was_empty_at_first_does_not_bring_its_history():
    slabs = {"3": Slab(chunk=100, evicted=100_000), **taken().slabs}
    after = replace(later(taken(), 100), slabs=slabs, counters={**taken().counters, "evictions": 4})
    assert rates.between(taken(), after).evicted == {"3": 4, "15": 0}


def test_one_that_lost_a_counter_in_between_is_compared_by_the_others():
    before = replace(taken(), counters={name: 0 for name in taken().counters if name != "touch_misses"})
    found = rates.between(before, later(taken(), 100))
    assert "touch_misses" not in found.grown and found.count("touch_misses") == 0


counts = st.dictionaries(st.sampled_from(reading.COUNTERS), st.integers(0, 1 << 64))


@given(counts, counts, st.integers(0, 10**7), st.integers(0, 10**7), st.floats(-1e9, 1e9), st.integers(1, 3))
def test_no_two_readings_give_a_rate_that_can_not_be(one, other, first, second, step, pid):
    before = replace(taken(), counters=one, uptime=first)
    after = replace(taken(), counters=other, uptime=second, at=taken().at + step, pid=taken().pid + pid // 3)
    found = rates.between(before, after)
    assert found.seconds >= 0
    assert all(value >= 0 for value in (*found.grown.values(), *found.evicted.values(), found.out_of_memory))
    assert found.hit_rate is None or 0 <= found.hit_rate <= 1
    assert 0 <= found.missed_for_room <= found.misses_of_live_keys or found.misses_of_live_keys == 0
