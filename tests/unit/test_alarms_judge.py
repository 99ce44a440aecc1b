"""What follows from what a node shows, what a master takes of a minion's answer, and looks that take their time."""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.alarms import background, held, judge, operations, telling
from osregions.alarms.background import Background, Stuck
from osregions.alarms.held import Found, Held
from osregions.alarms.judge import Where
from osregions.alarms.limits import Limits
from osregions.alarms.operations import Beacon
from osregions.errors import RegionsError
from osregions.reach.remedies import FINDINGS
from osregions.reach.sight import Glance, Sight
from osregions.replication import observe

WHERE = Where("RegionTwo", "RegionOne")
NOW = 1_700_000_000.0


def codes(found):
    return [one.code for one in found.findings]


def status(io="Yes", sql="Yes", **told):
    threads = {"io": io, "sql": sql}
    more = {"source": "10.0.0.1:3306", "received": "1-1-9", "position": "1-1-9", "lag": 0.01}
    return {"replicates": True, "threads": threads, "told": told, **more}


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (status(), []),
        (status(io="Connecting"), ["replica_stopped"]),
        (status(sql="No", link=["replication stops"]), ["replica_stopped"]),
        (status(stands=["home has less than was applied here"]), ["replica_stopped"]),
        (status(link=["another heartbeat"]), ["replica_link"]),
        (status(link=["another heartbeat"], stands=["x"]), ["replica_stopped"]),
        (status(passes=["differences are passed over"]), ["replica_passes"]),
        (status(behind=["what home had 30 s ago is not here yet"]), ["replica_lags"]),
        (status(fence=["a", "b"]), ["fence_broken"]),
        (status(numbers=["a"]), ["numbers_shared"]),
        (status(schema=["a"], clock=["b"]), ["schema_unequal", "clock_apart"]),
        (status(keys=["another beacon's"]), []),
        (status(sql="No", fence=["a"], numbers=["b"]), ["replica_stopped", "fence_broken", "numbers_shared"]),
        ({"replicates": False, "told": {"link": ["none"]}}, ["replica_none"]),
    ],
)
def test_replica(seen, expected):
    assert codes(judge.replica(WHERE, seen)) == expected


def test_every_kind_that_is_told_of_a_replica_is_an_alarm_or_another_beacon_s():
    for kind in observe.KINDS:
        found = codes(judge.replica(WHERE, status(**{kind: ["x"]})))
        assert len(found) == (kind != observe.KEYS), kind


def test_without_home_its_part_is_not_judged():
    found = judge.replica(WHERE, status(fence=["x"]), home_said="it is silent")
    assert codes(found) == ["fence_broken", "unread"]
    assert {code for code in FINDINGS if not found.sees(code)} == {"replica_lags", "schema_unequal", "clock_apart"}


def sight(home="up", kind="ok", keys=True, at=NOW):
    return Sight("two-1", "RegionTwo", "RegionOne", at, Glance(home, "ok"), Glance("up", kind), keys)


@pytest.mark.parametrize(
    ("faults", "told", "seen", "expected"),
    [
        ([], [], None, []),
        ([], [], sight(), []),
        ([], [], sight(kind="unauthorized", keys=False), ["keys_behind"]),
        ([], [], sight(kind="unauthorized", keys=True), []),
        ([], [], sight(kind="unauthorized", keys=False, at=NOW - 61), []),
        ([], [], sight(kind="unauthorized", keys=False, at=NOW + 61), []),
        ([], [], sight(kind="unauthorized", keys=False, home="down"), []),
        ([], [], sight(kind="refused", keys=False), []),
        ([], ["by the note"], None, ["keys_behind"]),
        (["mode 0644"], ["by the note"], None, ["keys_behind", "keys_fault"]),
    ],
)
def test_keys(faults, told, seen, expected):
    found = judge.keys(WHERE, {"fernet_tokens": "ab" * 32}, faults, told, seen, NOW)
    assert codes(found) == expected
    assert found.figures == {"fernet_tokens": "ab" * 8}


@pytest.mark.parametrize(
    ("at", "sign_ins", "options", "unmanaged", "problems", "expected"),
    [
        ("RegionOne", [("glance", "RegionOne")], [], [("x:1", "RegionOne"), ("y:2", None)], [], []),
        ("RegionTwo", [("glance", "RegionOne")], [], [], [], ["service_elsewhere"]),
        ("RegionOne", [("glance", None)], [], [], [], ["service_elsewhere"]),
        ("RegionOne", [("glance", "RegionTwo")], ["a b"], [("x:1", "RegionTwo")], ["bad"], None),
    ],
)
def test_drift(at, sign_ins, options, unmanaged, problems, expected):
    found = judge.drift(WHERE, at, sign_ins, options, unmanaged, problems)
    every = ["service_elsewhere", "reference_elsewhere", "drift", "unread"]
    assert codes(found) == (every if expected is None else expected)
    assert found.sees("backup_old") and found.figures == {"at": at, "options": len(options)}


def test_of_files_that_can_not_be_read_nothing_is_said_to_be_right():
    assert not judge.drift(WHERE, "RegionOne", [], [], [], ["a file is damaged"]).sees("drift")


@pytest.mark.parametrize(
    ("taken", "days", "expected"),
    [
        ([], 7, ["backup_none"]),
        (["20231114T221320.5Z"], 7, []),
        (["20231107T221321.5Z", "20200101T000000.0Z"], 7, []),
        (["20231107T221319.5Z"], 7, ["backup_old"]),
        (["20231107T221319.5Z"], 8, []),
        (["20331107T221319.5Z"], 7, []),  # from a clock that was wrong
    ],
)
def test_backups(taken, days, expected):
    assert codes(judge.backups(WHERE, taken, NOW, days)) == expected


def test_long_lists_are_cut():
    assert judge._listed("abcdef") == "a, b, c, d and 2 more"


# ---- what a master takes of an answer ----


def answer(*found, name="replication_health", **more):
    kept = held.looked(Held(), Found(tuple(found), {"lag": 1.5}), NOW, Limits(times=1))[0]
    return {"ret": {name: {**held.event_data(kept), **more}}, "retcode": 0}


STOPPED = WHERE.of("replica_stopped", what="x")
FENCE = WHERE.of("fence_broken", what="x")


def test_an_answer_is_told():
    said = telling.said("two-1", "replication_health", answer(STOPPED, FENCE))
    assert said.data["codes"] == ["fence_broken", "replica_stopped"]
    assert [one.function for one in said.mendings()] == ["mysql_replication.fence", "mysql_replication.resume"]
    first, second = said.lines("two-1")
    assert first.startswith("two-1, replication_health: [fence_broken] RegionTwo: keystone's account may write")
    assert """ orch.identity pillar='{"openstack_regions": {"join": "RegionTwo"}}'""" in second


def test_that_all_is_well_is_told():
    said = telling.said("two-1", "replication_health", answer())
    assert said.lines("two-1") == ["two-1, replication_health: all is well"]
    assert (said.data["well"], said.mendings()) == (True, ())


LIES = [
    None,
    "Minion did not return",
    {},
    {"ret": None},
    {"ret": "an error"},
    {"ret": {"replication_health": None}},
    {"ret": {"replication_health": {}}},
    {"ret": {"replication_health": [1]}},
    answer(STOPPED, findings="many"),
    answer(STOPPED, findings=[{}]),
    answer(STOPPED, findings=[{**vars(STOPPED), "code": "rm"}]),
    answer(STOPPED, findings=[{**vars(STOPPED), "severity": "end of the world"}]),
    answer(STOPPED, findings=[{**vars(STOPPED), "sentence": "two\nlines"}]),
    answer(STOPPED, findings=[{**vars(STOPPED), "sentence": "x" * 3000}]),
    answer(STOPPED, findings=[vars(STOPPED)] * 30),
    answer(STOPPED, figures={"lag": {"deep": 1}}),
    answer(STOPPED, figures=3),
    answer(STOPPED, since="now"),
    answer(STOPPED, name="regions_drift"),
]


@pytest.mark.parametrize("said", LIES)
def test_an_answer_that_is_none_is_refused(said):
    with pytest.raises(RegionsError, match=r"two-1\).* salt-call regions_alarms.seen there"):
        telling.said("two-1", "replication_health", said)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9),
        lambda some: (
            st.lists(some)
            | st.dictionaries(
                st.sampled_from(["ret", "replication_health", "findings", "figures", "since", "at", "code"]), some
            )
        ),
    )
)
def test_whatever_is_answered(said):
    for one in (said, {"ret": {"replication_health": said}}):
        with contextlib.suppress(RegionsError):
            assert telling.said("two-1", "replication_health", one).data["codes"] == []


def test_another_beacon_is_refused():
    with pytest.raises(RegionsError, match=r"'load' is none of our beacons \(`beacon`\)\. one of replication_health"):
        telling.beacon("load")


def test_every_beacon_has_its_mending_of_known_codes():
    assert set(telling.MENDINGS) == set(telling.BEACONS)
    for ways in telling.MENDINGS.values():
        for way in ways:
            assert set(way.codes) <= set(FINDINGS) and bool(way.function) != bool(way.orchestration)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, (False, "it did not answer")),
        ({"ret": "ERROR: no", "retcode": 1}, (False, "ERROR: no")),
        ({"ret": {"changes": {}, "comment": "replication runs"}, "retcode": 0}, (True, "replication runs")),
        ({"ret": {"backup": "/b", "rows": {}}, "retcode": 0}, (True, "backup: /b")),
        (
            {"ret": {"a": {"result": True, "changes": {}, "comment": "x"}}, "retcode": 0},
            (True, "nothing was to be done"),
        ),
        ({"ret": {"a": {"result": True, "changes": {"b": 1}, "comment": "x"}}, "retcode": 0}, (True, "x")),
        ({"ret": {"a": {"result": False, "changes": {}, "comment": "no\nway"}}, "retcode": 2}, (False, "no way")),
        ({"ret": ["it is running"], "retcode": 1}, (False, "it failed: ['it is running']")),
    ],
)
def test_what_came_of_mending(said, expected):
    assert telling.done(said) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"outputter": "highstate", "data": {"m": {"a": {"result": true, "comment": "", "changes": {}}}}}', True),
        ('{"data": {"m": {"a": {"result": false, "comment": "no minion", "changes": {}}}}}', False),
        ('{"data": {"m": ["Rendering failed"]}}', False),
        ("[ERROR] no", False),
        ("", False),
    ],
)
def test_what_came_of_an_orchestration(text, expected):
    done, words = telling.orchestrated(text)
    assert done is expected and words


# ---- looks that take their time ----


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    monkeypatch.setattr(background, "PATIENCE", 0.05)
    monkeypatch.setattr(held, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(operations, "KEPT", {})


class Gate:
    """A look that ends when it may."""

    def __init__(self, *found):
        self.begun, self.free, self.found = 0, threading.Event(), found

    def __call__(self):
        self.begun += 1
        self.free.wait(30)
        return Found(self.found)


def ended(looks, act):
    limit = time.monotonic() + 20
    while (done := looks.look(act)) is None:
        assert time.monotonic() < limit
    return done[0]


def test_a_call_does_not_wait_for_a_look_nor_begins_a_second():
    looks, gate = Background(), Gate()
    assert [looks.look(gate) for _ in range(4)] == [None] * 4
    assert gate.begun == 1
    gate.free.set()
    assert ended(looks, gate) == Found()


def test_what_a_look_raises_comes_out_and_the_next_begins_anew():
    looks = Background()

    def wrong():
        raise RegionsError("it is silent")

    with pytest.raises(RegionsError, match="it is silent"):
        ended(looks, wrong)
    assert ended(looks, Found) == Found()


def test_a_look_that_does_not_end_is_told_of(monkeypatch):
    looks, gate = Background(), Gate()
    assert looks.look(gate) is None
    monkeypatch.setattr(background, "STUCK", 0.0)
    with pytest.raises(Stuck, match="no answer came"):
        looks.look(gate)
    gate.free.set()


def test_a_look_runs_in_the_context_of_who_calls():
    """Salt's loader keeps there what it gives to a module."""
    known = contextvars.ContextVar("known")
    known.set("here")
    assert ended(Background(), known.get) == "here"


BEACON = Beacon("replication_health", "how the replica is", ("times", "remind"))


def call(look):
    return operations.call(BEACON, WHERE, look, Limits(times=1), lambda: NOW)


def spoken(look):
    limit = time.monotonic() + 20
    while (told := call(look)) is None:
        assert time.monotonic() < limit
    return told


def test_what_is_held_outlives_the_process(monkeypatch):
    assert spoken(lambda: Found((STOPPED,)))["codes"] == ["replica_stopped"]
    monkeypatch.setattr(operations, "KEPT", {})
    for _ in range(3):
        assert call(lambda: Found((STOPPED,))) is None  # it was told already
    assert held.read(held.place("replication_health")).findings == (STOPPED,)


def test_what_is_damaged_is_begun_anew(caplog):
    place = held.place("replication_health")
    place.parent.mkdir(parents=True)
    place.write_text("{")
    assert spoken(lambda: Found((STOPPED,)))["codes"] == ["replica_stopped"]
    assert "begins anew" in caplog.text


def test_an_error_that_nobody_thought_of_shows_none_of_its_words(caplog):
    def wrong():
        raise KeyError("password=hush")

    told = spoken(wrong)
    assert told["findings"][0]["sentence"] == "how the replica is can't be told: an error of the kind KeyError"
    assert "hush" not in caplog.text + str(told)


def test_where_nothing_can_be_kept_it_is_told_all_the_same(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(held, "FOLDER", str(tmp_path / "file" / "run"))
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(operations, "KEPT", {"replication_health": operations.Kept(Held())})
    assert spoken(lambda: Found((STOPPED,)))["codes"] == ["replica_stopped"]
    assert "can't be kept" in caplog.text
