"""Which stops of a replication may be passed, what errors mean, and whose revocation a row is. No server is asked."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.replication import numbers, resume
from osregions.replication.errors_said import _MEANINGS, meaning
from osregions.replication.revocations import Event, sort_out

EVENT = "keystone.revocation_event"


def error(number, kind="Delete_rows_v1", table=EVENT, end=2538, said="Can't find record in 'revocation_event'"):
    return (
        f"Could not execute {kind} event on table {table}; {said}, Error_code: {number}; handler error X;"
        f" the event's master log bin.000001, end_log_pos {end}"
    )


def relay(*events):
    return [{"Event_type": kind, "End_log_pos": end, "Info": info} for kind, end, info in events]


# As MariaDB 10.11 and MySQL 5.6.24 showed them
MARIADB = relay(
    ("Gtid", 2109, "BEGIN GTID 1-1-9"),
    ("Table_map", 2270, "table_id: 18 (keystone.revocation_event)"),
    ("Write_rows_v1", 2317, "table_id: 18 flags: STMT_END_F"),
    ("Table_map", 2466, "table_id: 18 (keystone.revocation_event)"),
    ("Delete_rows_v1", 2538, "table_id: 18 flags: STMT_END_F"),
    ("Xid", 2569, "COMMIT /* xid=49 */"),
    ("Gtid", 2611, "BEGIN GTID 1-1-10"),
    ("Table_map", 2721, "table_id: 22 (keystone.user)"),
)
MYSQL = relay(
    ("Gtid", 1949, "SET @@SESSION.GTID_NEXT= '0eaae6b3-e8bc-11f1-bb24-02fc00000001:9'"),
    ("Query", 2033, "BEGIN"),
    ("Table_map", 2218, "table_id: 70 (keystone.revocation_event)"),
    ("Delete_rows", 2538, "table_id: 70 flags: STMT_END_F"),
    ("Xid", 2569, "COMMIT /* xid=50 */"),
    ("Gtid", 2371, "SET @@SESSION.GTID_NEXT= '0eaae6b3-e8bc-11f1-bb24-02fc00000001:10'"),
    ("Table_map", 2490, "table_id: 71 (keystone.user)"),
)


def test_a_transaction_is_read_out_of_the_relay_log():
    found = resume.transaction(MARIADB)
    assert (found.gtid, found.tables, found.whole) == ("1-1-9", {EVENT}, True)
    found = resume.transaction(MYSQL)
    assert (found.gtid, found.tables, found.whole) == ("0eaae6b3-e8bc-11f1-bb24-02fc00000001:9", {EVENT}, True)
    assert not resume.transaction(MARIADB[:5]).whole  # its end lies in another file
    assert resume.transaction(MARIADB[1:]) is None
    assert resume.transaction([]) is None
    assert not resume.transaction([*MARIADB[:5], *relay(("Query", 1, "DROP TABLE x")), *MARIADB[5:]]).whole
    assert not resume.transaction([*MARIADB[:5], *relay(("Load", 1, "")), *MARIADB[5:]]).whole
    assert resume.transaction([MARIADB[0], *relay(("Annotate_rows", 1, "DELETE ...")), *MARIADB[1:]]).whole


def test_each_transaction_is_read_where_several_are_applied_at_once():
    assert [one.gtid for one in resume.transactions(MARIADB)] == ["1-1-9", "1-1-10"]
    assert [one.whole for one in resume.transactions(MYSQL[1:] + MYSQL)] == [False, True, False]
    assert list(resume.transactions([])) == []
    text = "Worker 1 failed executing transaction 'x:8' at master log bin.1, end_log_pos 2538; " + error(1032)
    assert resume.failed_at(text) == 2538
    assert resume.decide(1032, text, next(resume.transactions(MYSQL)), "keystone").act == resume.PASS


@pytest.mark.parametrize("events", [MARIADB, MYSQL])
def test_a_deletion_of_pruned_revocations_is_passed(events):
    found = resume.decide(1032, error(1032), resume.transaction(events), "keystone")
    assert (found.act, found.gtid) == (resume.PASS, resume.transaction(events).gtid)


def test_a_row_of_this_regions_own_gives_way():
    said = error(1062, "Write_rows_v1", said="Duplicate entry '5' for key 'PRIMARY'")
    assert resume.decide(1062, said, resume.transaction(MARIADB), "keystone").act == resume.RENUMBER
    assert resume.decide(1062, said, resume.transaction(MARIADB), "keystone").key == 5
    newer = said.replace("'PRIMARY'", "'revocation_event.PRIMARY'")
    assert resume.decide(1062, newer, resume.transaction(MARIADB), "keystone").key == 5


WIDER = [*MARIADB[:3], *relay(("Table_map", 5, "table_id: 9 (keystone.project)")), *MARIADB[3:]]


@pytest.mark.parametrize(
    ("number", "text", "events", "words"),
    [
        (1032, error(1032, table="keystone.user"), MARIADB, "keystone.user"),
        (1032, error(1032, table="nova.revocation_event"), MARIADB, "nova.revocation_event"),
        (1032, error(1032), WIDER, "also changes keystone.project"),
        (1032, error(1032), MARIADB[:5], "can't be read whole"),
        (1032, error(1032), [], "can't be read whole"),
        (1032, error(1032, end=9999), MARIADB, "failed is another one"),
        (1032, error(1032, kind="Update_rows_v1"), MARIADB, "a change, not a deletion"),
        (
            1062,
            error(1062, "Write_rows", "keystone.user", said="Duplicate entry 'abc' for key 'PRIMARY'"),
            MARIADB,
            "keystone.user, key abc",
        ),
        (1062, error(1062, "Write_rows", said="Duplicate entry 'a' for key 'other'"), MARIADB, "key a"),
        (1146, "Error executing row event: 'Table 'keystone.x' doesn't exist'", MARIADB, "a table of home's is not"),
        (4711, "Something", MARIADB, "error 4711"),
    ],
)
def test_anything_else_is_refused_and_explained(number, text, events, words):
    found = resume.decide(number, text, resume.transaction(events), "keystone")
    assert found.act == resume.REFUSE
    assert words in found.sentence
    assert found.remedy


@pytest.mark.parametrize(
    ("number", "text", "words", "remedy"),
    [
        (
            1236,
            "Got fatal error 1236 from master when reading data from binary log: 'Could not find GTID state requested"
            " by slave in any binlog files. Probably the slave state is too old and required binlog files have been"
            " purged.'",
            "no longer has the binary logs",
            "anew",
        ),
        (
            1236,
            "'The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has purged binary"
            " logs containing GTIDs that the slave requires.'",
            "no longer has the binary logs",
            "anew",
        ),
        (1236, "'Slave has more GTIDs than the master has, using the master's SERVER_UUID.'", "gone back", "anew"),
        (
            1236,
            "'Error: connecting slave requested to start from GTID 1-1-9, which is not in the master's binlog'",
            "gone back",
            "anew",
        ),
        (1236, "something new", "can't send", "read"),
        (1045, "Access denied for user 'repl'", "password", "orch.identity"),
        (1114, "The table is full", "is the disk?", "`START SLAVE 'openstack_regions'`"),
        (4242, "what nobody knows", "stopped with error 4242", "START REPLICA FOR CHANNEL 'openstack_regions'"),
        (2003, "", "can't be reached", "line"),
    ],
)
def test_an_error_has_a_meaning_and_a_remedy(number, text, words, remedy):
    found = meaning(number, text)
    assert words in found[0]
    assert remedy in found[1]


def test_every_meaning_can_be_had():
    for number, part, sentence, remedy in _MEANINGS:
        assert meaning(number, part) == (sentence, remedy)


def test_positions_of_mariadb():
    assert resume.until("1-1-8,2-2-1", "1-1-9") == "1-1-9,2-2-1"
    assert resume.until("", "1-1-9") == "1-1-9"
    assert resume.until("2-2-1", "1-3-9") == "2-2-1,1-3-9"
    assert resume.reached("1-1-8,2-2-1", "1-1-8")
    assert not resume.reached("1-1-8,2-2-1", "1-1-9")
    assert not resume.reached("2-2-1", "1-1-1")
    assert resume.reached("", "")
    assert resume.gone_back("1-1-3", "1-1-9,2-2-1")
    assert not resume.gone_back("1-1-9", "1-1-9,2-2-1")
    assert not resume.gone_back("", "1-1-9")


# ---- whose revocation a row is ----

BASE = numbers.base(1)
NOW = datetime.datetime(2026, 11, 25, 12, 0)


def event(ident, audit, revoked_at=NOW, domain=None):
    return Event(ident, (("audit_id", audit), ("domain_id", domain), ("revoked_at", revoked_at)))


@pytest.mark.parametrize(
    ("region", "home", "base", "expected"),
    [
        ([], [], BASE, ([], [], [])),
        ([event(5, "a")], [event(5, "a")], BASE, ([], [], [])),
        ([event(BASE, "b")], [event(5, "a")], BASE, ([BASE], [], [])),
        # said twice here, given once; the other goes when home's has come back
        ([event(BASE, "b"), event(BASE + 1, "b")], [], BASE, ([BASE], [], [])),
        ([event(BASE, "b")], [event(6, "b")], BASE, ([], [], [BASE])),
        ([event(BASE, "b"), event(6, "b")], [event(6, "b")], BASE, ([], [BASE], [])),
        ([event(BASE, "b", NOW - datetime.timedelta(hours=9))], [], BASE, ([], [BASE], [])),
        ([event(BASE, None, domain=numbers.ANCHOR)], [], BASE, ([], [], [])),
        # numbers of nobody's: home's, not pruned here yet
        ([event(7, "c")], [], BASE, ([], [], [])),
        # random ids
        ([event("x", "a")], [event("x", "a")], None, ([], [], [])),
        ([event("y", "b")], [event("x", "a")], None, (["y"], [], [])),
        ([event("y", "b")], [event("z", "b")], None, ([], [], ["y"])),
        ([event("y", "b"), event("z", "b")], [event("z", "b")], None, ([], ["y"], [])),
        ([event("y", "b", NOW - datetime.timedelta(hours=9))], [], None, ([], [], [])),
    ],
)
def test_what_is_to_be_done_about_a_regions_own_revocations(region, home, base, expected):
    found = sort_out(region, home, base, NOW - datetime.timedelta(hours=2))
    assert tuple([one.id for one in part] for part in (found.give, found.forget, found.on_their_way)) == expected


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=4))
def test_after_giving_replicating_and_forgetting_both_have_all_and_nothing_is_left_to_do(own, theirs):
    home = [event(at + 1, audit) for at, audit in enumerate(theirs)]
    region = [*home, *(event(BASE + at, audit) for at, audit in enumerate(own))]
    for _ in range(2):
        found = sort_out(region, home, BASE)
        new = [Event(len(home) + 1 + at, one.content) for at, one in enumerate(found.give)]
        home, region = home + new, region + new
        gone = {one.id for one in found.forget}
        region = [one for one in region if one.id not in gone]
    assert [one.id for one in region] == [one.id for one in home]
    assert {one.row["audit_id"] for one in home} == {*own, *theirs}
    assert sort_out(region, home, BASE).give == ()
