"""Global transaction ids are read and reckoned with as the servers do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import RegionsError
from osregions.replication.gtids import gtids_from, position_text, positions

A, B = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4e11fa47-71ca-11e1-9e33-c80aa9429562"

sets = st.dictionaries(st.sampled_from([A, B, f"{A}:tag"]), st.sets(st.integers(1, 60), min_size=1))


def text(members: dict) -> str:
    return ",".join(f"{source}:{number}" for source, numbers in members.items() for number in numbers)


def members(found) -> set:
    return set(found.each())


def wanted(of: dict) -> set:
    return {f"{source}:{number}" for source, numbers in of.items() for number in numbers}


@given(sets, sets)
def test_a_set_is_its_members(one, other):
    first, second = gtids_from(text(one)), gtids_from(text(other))
    assert members(first) == wanted(one) and first.count == len(wanted(one))
    assert members(first.minus(second)) == wanted(one) - wanted(other)
    assert gtids_from(str(first)) == first
    assert bool(first) is bool(one)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ""),
        (f"{A}:1-5", f"{A}:1-5"),
        (f"{A.upper()}:1-5:7,\n{B}:3", f"{A}:1-5:7,{B}:3"),
        (f"{A}:4-6:1-3", f"{A}:1-6"),
        (f"{A}:1-3:tag:1:9", f"{A}:1-3,{A}:tag:1:9"),
    ],
)
def test_what_a_server_writes(written, read):
    assert str(gtids_from(written)) == read


@pytest.mark.parametrize("wrong", ["1-1-5", A, f"{A}:0", f"{A}:5-3", f"{A}:x-y", "nothing:1"])
def test_what_is_no_set(wrong):
    with pytest.raises(RegionsError, match="no position"):
        gtids_from(wrong)


def test_positions():
    assert positions("") == {}
    assert positions("0-1-5, 2-7-9") == {0: (1, 5), 2: (7, 9)}
    assert positions("0-1-5,0-2-9,0-3-7") == {0: (2, 9)}
    assert position_text({2: (7, 9), 0: (1, 5)}) == "0-1-5,2-7-9"
    with pytest.raises(RegionsError):
        positions(f"{A}:1")
