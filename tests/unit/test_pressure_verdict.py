"""Too small, fine, wasteful, unknown: each code by what brings it, and a size that the machine can give."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.pressure import propose, remedies, verdict
from osregions.pressure.limits import Limits
from osregions.pressure.machine import Memory
from osregions.pressure.reading import COUNTERS, MEGABYTE, Slab
from osregions.pressure.use import Use
from tests.support.pressure import MACHINE, later, reading

CACHE, TOKENS = Use(False, 600), Use(True, 3600)
GETS = {"cmd_get": 1000, "get_hits": 900, "get_misses": 100, "cmd_set": 100, "total_items": 100}
EVICTS = {**GETS, "evictions": 50}
LARGE = reading(1024, held=3, uptime=100_000)
POOR = Memory(MACHINE.total, 0)
SPLIT = {"15": Slab(chunk=2320), "30": Slab(chunk=65536, free=224)}

TABLE = [
    pytest.param(reading(), {**EVICTS, "evicted_time": 5}, {}, "evicts_live", id="missed for want of room"),
    pytest.param(
        reading(),
        {**EVICTS, "get_misses": 9, "evicted_time": 5},
        {},
        "evicts_idle",
        id="missed by fewer than one in 100",
    ),
    pytest.param(reading(), {**EVICTS, "evicted_time": 601}, {}, "evicts_idle", id="of no use any more when it went"),
    pytest.param(reading(), {**EVICTS, "evicted_time": 601}, {"live": 900}, "evicts_live", id="as pillar says"),
    pytest.param(
        reading(), {**EVICTS, "get_expired": 100, "evicted_time": 5}, {}, "evicts_idle", id="missed since it ran out"
    ),
    pytest.param(
        reading(),
        {"cmd_set": 100, "evictions": 100, "evicted_unfetched": 100, "evicted_time": 5},
        {},
        "evicts_idle",
        id="nobody asks for anything",
    ),
    pytest.param(reading(), {**EVICTS, "evicted_time": 601}, {"use": TOKENS}, "evicts_tokens", id="tokens live here"),
    pytest.param(
        reading(),
        {"cmd_set": 10, "evictions": 1, "evicted_time": 9000},
        {"use": TOKENS},
        "evicts_tokens",
        id="one token",
    ),
    pytest.param(
        replace(reading(held=64), slabs=SPLIT),
        {**EVICTS, "evicted_time": 5},
        {},
        "evicts_live",
        id="a fifth lies elsewhere",
    ),
    pytest.param(
        replace(reading(held=48), slabs=SPLIT),
        {**EVICTS, "evicted_time": 5},
        {},
        "uneven",
        id="a quarter lies elsewhere",
    ),
    pytest.param(reading(), {**GETS, "oom": 3}, {}, "no_room", id="out of memory in a class"),
    pytest.param(reading(), {**GETS, "store_no_memory": 3}, {}, "no_room", id="run with -M"),
    pytest.param(reading(), {**EVICTS, "listen_disabled_num": 1}, {}, "connections", id="connections waited"),
    pytest.param(reading(), {**GETS, "rejected_connections": 9}, {}, "connections", id="connections refused"),
    pytest.param(reading(16384), GETS, {}, "beyond_machine", id="more than the machine has"),
    pytest.param(LARGE, GETS, {}, "spare", id="large"),
    pytest.param(LARGE, {}, {}, "spare", id="large and idle"),
    pytest.param(replace(LARGE, uptime=80_000), GETS, {}, "well", id="large, and not yet a day old"),
    pytest.param(reading(64, held=2, uptime=100_000), GETS, {}, "well", id="never spare below its default"),
    pytest.param(reading(), {}, {}, "idle", id="nobody used it"),
    pytest.param(reading(), GETS, {}, "well", id="well"),
    pytest.param(reading(64, held=64), GETS, {}, "full", id="full, and nothing goes"),
    pytest.param(
        reading(), {**GETS, "touch_misses": 70, "cmd_touch": 70}, {}, "touched_late", id="the seed's sign alone"
    ),
    pytest.param(
        reading(),
        {**EVICTS, "touch_misses": 70, "evicted_time": 5},
        {},
        "evicts_live",
        id="the seed's sign and evictions",
    ),
    pytest.param(reading(), {**GETS, "seconds": 0}, {}, "too_soon", id="two looks at once"),
]


def judged(before, grown, use=CACHE, memory=MACHINE, after=None, **limits):
    found = verdict.judge(before, later(before, **grown) if after is None else after, use, memory, Limits(**limits))
    assert found.verdict == remedies.VERDICT_OF[found.code]
    assert "{" not in found.sentence + found.remedy
    return found


@pytest.mark.parametrize(("before", "grown", "named", "code"), TABLE)
def test_what_brings_each_code(before, grown, named, code):
    assert judged(before, grown, **named).code == code


def test_no_code_is_without_its_case():
    shown = {case.values[3] for case in TABLE}
    assert (
        shown | {"restarted", "reset", "no_counters", "no_answer"} == set(remedies.REMEDIES) == set(remedies.VERDICT_OF)
    )


def test_a_memcached_that_was_restarted_is_still_filling():
    after = replace(later(reading(), **GETS), pid=7, uptime=40, started=1)
    assert judged(reading(), {}, after=after).code == "restarted"
    assert not judged(reading(), {}, after=after).opinion


def test_one_that_evicts_since_its_restart_is_too_small_all_the_same():
    after = replace(later(reading(), **{**EVICTS, "evictions": 500, "evicted_time": 5}), pid=7, uptime=40, started=1)
    assert judged(reading(), {}, after=after).code == "evicts_live"


def test_counters_set_back_or_not_there_are_unknown():
    zero = replace(later(reading()), counters=dict.fromkeys(reading().counters, 0))
    assert judged(reading(), {}, after=zero).code == "reset"
    bare = replace(reading(), counters={"cmd_get": 1})
    assert judged(bare, {}).code == "no_counters"


def test_one_that_does_not_answer_is_an_opinion():
    found = verdict.no_answer("Connection refused")
    assert (found.verdict, found.opinion) == ("unknown", True)
    assert found.sentence == "memcached does not answer (Connection refused)"


def test_an_old_release_is_judged_by_what_it_has():
    """1.4 on RHEL 7 has no get_expired, and no limit of connections among its figures."""
    old = reading()
    old = replace(
        old,
        counters={name: value for name, value in old.counters.items() if name not in ("get_expired", "touch_misses")},
        levels={name: value for name, value in old.levels.items() if name != "max_connections"},
    )
    found = judged(old, {**EVICTS, "evicted_time": 5})
    assert found.code == "evicts_live"
    assert "touch_misses" not in found.figures["per_second"]
    refused = judged(old, {**GETS, "listen_disabled_num": 2})
    assert refused.sentence.endswith("12 are open")


def test_the_size_is_one_in_which_what_went_would_have_stayed():
    # 50 items of 2320 bytes in 100 s, for 600 s: less than a megabyte; so it doubles, which is the least.
    assert judged(reading(), {**EVICTS, "evicted_time": 5}).proposed == 128
    # 50,000 of them: 664 MB, and the 32 MB that it has; but no more than eight times at once.
    many = {**GETS, "evictions": 50_000, "get_misses": 50_000, "evicted_time": 1}
    assert judged(reading(), many).proposed == 512
    assert (
        judged(reading(128, held=128), many).proposed == math.ceil((128 + 5e4 * 2320 / 100 * 599 / MEGABYTE) / 64) * 64
    )
    assert judged(reading(1, held=1), {**EVICTS, "evicted_time": 1}).proposed == 64


def test_a_machine_that_can_give_nothing_is_what_is_told():
    found = judged(reading(held=64), {**EVICTS, "evicted_time": 5}, memory=POOR)
    assert (found.verdict, found.proposed) == ("too small", None)
    assert found.remedy.startswith("this machine has 64 MB that memcached may take in all: give it memory")


def test_the_proposed_command_says_the_size():
    assert "salt-call memcached_pressure.resize 64 " in judged(LARGE, GETS).remedy
    assert judged(reading(), GETS).remedy == ""


counts = st.fixed_dictionaries({name: st.integers(0, 10**9) for name in COUNTERS})
slabs = st.dictionaries(
    st.sampled_from(["1", "15", "40"]),
    st.builds(Slab, *(st.integers(0, 10**6) for _ in range(5))),
)
readings = st.builds(
    lambda size, held, counters, slabs, uptime: replace(
        reading(size, held=held), counters=counters, slabs=slabs, uptime=uptime
    ),
    st.integers(1, 1 << 20),
    st.floats(0, 1 << 20),
    counts,
    slabs,
    st.integers(0, 10**7),
)


@given(
    readings,
    readings,
    st.sampled_from([CACHE, TOKENS, Use(False, 600, known=False)]),
    st.builds(Memory, st.integers(0, 1 << 45), st.integers(0, 1 << 45)),
    st.sampled_from([Limits(), Limits(settled=0, live=1, missed=1)]),
)
def test_whatever_is_read_is_judged_and_no_size_is_beyond_the_machine(before, after, use, memory, limits):
    found = verdict.judge(before, after, use, memory, limits)
    assert found.verdict == remedies.VERDICT_OF[found.code]
    assert "{" not in found.sentence + found.remedy
    if found.proposed is not None:
        assert found.proposed >= 1
        if found.verdict == remedies.TOO_SMALL:
            assert after.megabytes < found.proposed <= propose.room(after, memory)
            assert found.proposed <= max(8 * after.megabytes, 64) + 64
        else:
            assert found.proposed < after.megabytes
