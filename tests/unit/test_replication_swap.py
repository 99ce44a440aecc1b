"""A swap of databases can be taken back from wherever it stopped; a snapshot's moment is told from the log."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import Refused
from osregions.replication.gtids import gtids_from
from osregions.replication.seed import check_room
from osregions.replication.snapshot import Logged, LogStatus, settled, transactions
from osregions.replication.swap import Swap, kept_name, seeding_name, statement, undone
from osregions.replication.torn import Torn
from osregions.replication.torn import found as torn_found

NOW = datetime(2026, 11, 25, 10, 7, 9, tzinfo=timezone.utc)
UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
tables = st.lists(st.sampled_from("abcdefg"), unique=True).map(tuple)


def moved(places: dict, renames) -> dict:
    """Where every table is after renaming: the places are sets of (table, generation)."""
    places = {name: dict(found) for name, found in places.items()}
    for table, origin, target in renames:
        assert table not in places[target], "two tables met"
        places[target][table] = places[origin].pop(table)
    return places


@given(tables, tables.filter(bool), st.data())
def test_taken_back_from_anywhere(leaving, coming, data):
    swap = Swap("k", "k_before", "k_seeding", leaving, coming, begun=True)
    start = {"k": dict.fromkeys(leaving, "old"), "k_before": {}, "k_seeding": dict.fromkeys(coming, "new")}
    steps = swap.renames()
    stop = data.draw(st.integers(0, len(steps)))
    there = moved(start, steps[:stop])
    back = undone(swap, there["k_before"], there["k_seeding"])
    if stop == len(steps):
        assert back is None
        assert there == {"k": dict.fromkeys(coming, "new"), "k_before": start["k"], "k_seeding": {}}
        return
    assert back is not None
    # Killed in that too, and taken back again.
    again = data.draw(st.integers(0, len(back)))
    halfway = moved(there, back[:again])
    assert moved(halfway, undone(swap, halfway["k_before"], halfway["k_seeding"]) or ()) == start


def test_one_statement():
    swap = Swap("k", "k_before", "k_seeding", ("user",), ("user",))
    assert statement(swap.renames()) == (
        "RENAME TABLE `k`.`user` TO `k_before`.`user`, `k_seeding`.`user` TO `k`.`user`"
    )
    with pytest.raises(Refused):
        statement([("a`b", "k", "l")])


def test_names():
    assert kept_name("keystone", "before", NOW) == "keystone_before_20261125_100709"
    assert kept_name("keystone", "before", NOW, ["keystone_before_20261125_100709"]).endswith("100710")
    assert seeding_name("keystone") == "keystone_seeding"
    with pytest.raises(Refused, match="too long"):
        seeding_name("k" * 50)


def test_room():
    check_room(10**12, None, 1.5, "elsewhere")
    check_room(10**9, 2 * 10**9, 1.5, "here")
    with pytest.raises(Refused, match="MB free"):
        check_room(10**9, 10**9, 1.5, "here")


def status(at: int, last: int, file: str = "log.000001") -> LogStatus:
    return LogStatus(file, at, gtids_from(f"{UUID}:1-{last}"))


def logged(number: int, end: int, ours: bool = True, file: str = "log.000001") -> Logged:
    return Logged(f"{UUID}:{number}", file, end, ours)


@pytest.mark.parametrize(
    ("found", "after", "sure"),
    [
        ([], status(100, 9), True),
        ([logged(10, 300)], status(300, 10), True),  # came after the snapshot was open
        ([logged(9, 90)], status(100, 9), False),  # just before it: in gtid_executed, perhaps not in the tables
        ([logged(9, 90, False)], status(100, 9), True),  # nova's
        ([logged(10, 100, False), logged(11, 300)], status(300, 11), True),
        ([logged(10, 300)], status(300, 11), False),  # 11 was on its way all the time
        ([logged(9, 90, file="log.000000"), logged(10, 300)], status(300, 10), False),
        ([logged(10, 20, file="log.000002")], status(20, 10, "log.000002"), True),
    ],
)
def test_the_moment_of_a_snapshot(found, after, sure):
    assert settled(status(100, 9), status(100, 9), after, found) is sure


def test_transactions_in_the_log():
    def event(kind: str, info: str, end: int) -> tuple[str, dict]:
        return "log.1", {"Event_type": kind, "Info": info, "End_log_pos": end}

    def gtid(number: int, end: int) -> tuple[str, dict]:
        return event("Gtid", f"SET @@SESSION.GTID_NEXT= '{UUID}:{number}'", end)

    listed = [
        event("Xid", "COMMIT /* xid=1 */", 5),  # the rest of one that began before
        gtid(1, 10),
        event("Query", "BEGIN", 20),
        event("Table_map", "table_id: 71 (keystone.user)", 30),
        event("Xid", "COMMIT /* xid=2 */", 40),
        gtid(2, 50),
        event("Table_map", "table_id: 72 (nova.instances)", 60),
        gtid(3, 70),
        event("Query", "use `keystone`; ALTER TABLE user ADD x INT", 80),
        gtid(4, 90),
        event("Table_map", "table_id: 73 (keystone.token)", 95),
        gtid(5, 100),
        event("Transaction_payload", "compression='ZSTD'", 110),
    ]
    found = transactions(listed, "keystone", ["token"])
    assert [(one.gtid[-1], one.end, one.ours) for one in found] == [
        ("1", 40, True),
        ("2", 60, False),
        ("3", 80, True),
        ("4", 95, False),
        ("5", 110, True),
    ]


@pytest.mark.parametrize(
    ("defined", "stored", "torn"),
    [
        ({"k": "ab", "o": "c"}, {"k": "ab", "o": "c"}, ()),
        ({"k": "ab", "o": ""}, {"k": "b", "o": "a"}, (Torn("a", "k", "o"),)),
        # The old one went out already; the new one was coming in.
        ({"k": "b", "o": "a", "s": "a"}, {"k": "ba", "o": "a", "s": ""}, (Torn("a", "s", "k"),)),
        ({"k": "a", "o": ""}, {"k": "", "o": ""}, ()),  # lost altogether: nothing is guessed
    ],
)
def test_torn_tables(defined, stored, torn):
    assert torn_found(defined, stored) == torn
