"""From what is seen to one verdict: a table of situations, and what holds in all of them."""

import re
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions import settings
from osregions.reach import sight as sight_of
from osregions.reach import verdict, view
from osregions.reach.hysteresis import DOWN, STATES, UNSURE, UP
from osregions.reach.limits import ASK, AUTO, MODES, OFF
from osregions.reach.probe import KINDS, OK, REFUSED, SILENT, SLOW, UNAUTHORIZED
from osregions.reach.remedies import REMEDIES, VERDICTS
from osregions.reach.sight import Glance, Sight
from osregions.reach.switch import HOME, IDENTITIES, LOCAL
from osregions.reach.verdict import ASKS, FAIL_BACK, FAIL_OVER, NONE, REFUSE, WAIT

NOW = 1_000_000.0
GOOD = view.Replica(advances=True, caught_up=True, diverged=False)
KIND = {UP: OK, DOWN: SILENT, UNSURE: SILENT}


def sight(home=UP, local=UP, minion="two-1", kind=None, local_kind=None):
    return Sight(
        minion,
        "RegionTwo",
        "RegionOne",
        NOW,
        Glance(home, kind or KIND[home]),
        Glance(local, local_kind or KIND[local]),
    )


def situation(*sights, **named):
    data = {
        "region": "RegionTwo",
        "home": "RegionOne",
        "regions": ("RegionOne", "RegionTwo"),
        "controllers": len(sights),
        "sights": sights,
        "identity": HOME,
        "epoch": 4,
        "moved": 0.0,
        "moves": (),
        "now": NOW,
    }
    return view.View(**{**data, **named})


D, U, Q = sight(DOWN), sight(UP), sight(UNSURE)

TABLE = [
    # Home serves, or it is not known.
    ("home is well", situation(U), NONE, "home_well"),
    ("home is slow", situation(sight(UP, kind=SLOW)), NONE, "home_well"),
    ("not decided yet", situation(Q), WAIT, "unsure"),
    ("nobody looks", situation(controllers=1), WAIT, "blind"),
    ("the token is not taken", situation(sight(UNSURE, kind=UNAUTHORIZED)), WAIT, "token"),
    # Home is down.
    ("home is down", situation(D), FAIL_OVER, "home_down"),
    ("home refuses", situation(sight(DOWN, kind=REFUSED)), FAIL_OVER, "home_down"),
    ("it answers again", situation(sight(DOWN, kind=OK)), WAIT, "home_answers"),
    ("it answers one of two again", situation(D, sight(DOWN, kind=OK)), WAIT, "no_majority"),
    ("it answers one of three again", situation(D, D, sight(DOWN, kind=SLOW)), FAIL_OVER, "home_down"),
    ("asked first", situation(D, fail_over=ASK), ASKS, "ask_over"),
    ("told to stay", situation(D, fail_over=OFF), NONE, "mode_off"),
    ("its own is down too", situation(sight(DOWN, DOWN)), WAIT, "local_dead"),
    ("its own does not know home's token", situation(sight(DOWN, UNSURE, local_kind=UNAUTHORIZED)), WAIT, "local_dead"),
    ("its own is up and has just gone silent", situation(sight(DOWN, UP, local_kind=SILENT)), WAIT, "local_dead"),
    ("it has just come back", situation(D, moved=NOW - 59, moves=(NOW - 59,)), WAIT, "stay"),
    ("it came back a while ago", situation(D, moved=NOW - 61, moves=(NOW - 61,)), FAIL_OVER, "home_down"),
    (
        "it moves too often",
        situation(D, moved=NOW - 100, moves=(NOW - 900, NOW - 700, NOW - 300, NOW - 100)),
        ASKS,
        "cap",
    ),
    (
        "that was long ago",
        situation(D, moved=NOW - 100, moves=(NOW - 9e3, NOW - 8e3, NOW - 7e3, NOW - 100)),
        FAIL_OVER,
        "home_down",
    ),
    # Several controllers.
    ("two agree", situation(D, sight(DOWN, minion="two-2")), FAIL_OVER, "home_down"),
    ("two do not", situation(D, U), WAIT, "no_majority"),
    ("one of two does not answer", situation(D, controllers=2), WAIT, "no_majority"),
    ("one of two, and nobody to ask", situation(D, controllers=2, alone=True), FAIL_OVER, "home_down"),
    ("two of three", situation(D, D, U), FAIL_OVER, "home_down"),
    ("one of three", situation(D, U, U), WAIT, "no_majority"),
    ("two of three, one is gone", situation(D, D, controllers=3), FAIL_OVER, "home_down"),
    ("one of three, two are gone", situation(D, controllers=3), WAIT, "no_majority"),
    ("two of four", situation(D, D, U, U), WAIT, "no_majority"),
    ("three of five, one has no keystone", situation(D, D, sight(DOWN, DOWN), U, U), FAIL_OVER, "home_down"),
    # It signs people in by itself.
    ("home is still down", situation(D, identity=LOCAL), NONE, "stays_local"),
    ("both are down", situation(sight(DOWN, DOWN), identity=LOCAL), ASKS, "nobody"),
    ("home comes", situation(Q, identity=LOCAL), WAIT, "home_coming"),
    ("home is back for one of two", situation(U, D, identity=LOCAL), WAIT, "home_coming"),
    ("back, asked first", situation(U, identity=LOCAL, replica=GOOD), ASKS, "ask_back"),
    ("back, by itself", situation(U, identity=LOCAL, fail_back=AUTO, replica=GOOD), FAIL_BACK, "home_back"),
    ("back, told to stay", situation(U, identity=LOCAL, fail_back=OFF, replica=GOOD), NONE, "back_off"),
    ("nobody looked at the replica", situation(U, identity=LOCAL, fail_back=AUTO), WAIT, "replica_unknown"),
    (
        "the replica stands",
        situation(U, identity=LOCAL, fail_back=AUTO, replica=view.Replica(False, True, False)),
        WAIT,
        "replica_stands",
    ),
    (
        "the replica is behind",
        situation(U, identity=LOCAL, fail_back=AUTO, replica=view.Replica(True, False, False)),
        WAIT,
        "replica_behind",
    ),
    (
        "rows past the fence",
        situation(U, identity=LOCAL, fail_back=AUTO, replica=view.Replica(True, True, True)),
        ASKS,
        "diverged",
    ),
    (
        "back at once",
        situation(U, identity=LOCAL, fail_back=AUTO, replica=GOOD, moved=NOW - 5, moves=(NOW - 5,)),
        WAIT,
        "stay",
    ),
    # What can't be.
    ("no such region", situation(D, region="RegionNine"), REFUSE, "unknown_region"),
    ("home itself", situation(D, region="RegionOne"), REFUSE, "home_itself"),
]


@pytest.mark.parametrize(("given_", "action", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_situation(given_, action, code):
    found = verdict.decide(given_)
    assert (found.action, found.code) == (action, code), found.text


ASKED = [
    ("over, home is well", situation(U), FAIL_OVER, FAIL_OVER, "by_hand"),
    (
        "over, against mode, stay and cap",
        situation(D, fail_over=OFF, moved=NOW - 1, moves=(NOW - 1,) * 9),
        FAIL_OVER,
        FAIL_OVER,
        "by_hand",
    ),
    ("over to a dead one", situation(sight(DOWN, DOWN)), FAIL_OVER, REFUSE, "local_dead"),
    ("over, nobody looks", situation(), FAIL_OVER, REFUSE, "blind"),
    ("over, it is over", situation(D, identity=LOCAL), FAIL_OVER, NONE, "already_local"),
    ("over, home itself", situation(D, region="RegionOne"), FAIL_OVER, REFUSE, "home_itself"),
    ("over, no such region", situation(D, region="Nine"), FAIL_OVER, REFUSE, "unknown_region"),
    (
        "back",
        situation(U, identity=LOCAL, replica=GOOD, moved=NOW - 1, moves=(NOW - 1,)),
        FAIL_BACK,
        FAIL_BACK,
        "by_hand",
    ),
    ("back, home is down", situation(D, identity=LOCAL, replica=GOOD), FAIL_BACK, REFUSE, "home_coming"),
    ("back, down for one", situation(U, U, D, identity=LOCAL, replica=GOOD), FAIL_BACK, REFUSE, "home_coming"),
    (
        "back, replica stands",
        situation(U, identity=LOCAL, replica=view.Replica(False, True, False)),
        FAIL_BACK,
        REFUSE,
        "replica_stands",
    ),
    (
        "back, diverged",
        situation(U, identity=LOCAL, replica=view.Replica(True, True, True)),
        FAIL_BACK,
        REFUSE,
        "diverged",
    ),
    ("back, not looked at", situation(U, identity=LOCAL), FAIL_BACK, REFUSE, "replica_unknown"),
    ("back, it is back", situation(U), FAIL_BACK, NONE, "already_home"),
]


@pytest.mark.parametrize(
    ("given_", "wish", "action", "code"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED]
)
def test_person_asks(given_, wish, action, code):
    found = verdict.asked_for(given_, wish)
    assert (found.action, found.code) == (action, code), found.text


GLANCES = st.builds(Glance, st.sampled_from(STATES), st.sampled_from(KINDS))
SIGHTS = st.builds(Sight, st.just("m"), st.just("RegionTwo"), st.just("RegionOne"), st.just(NOW), GLANCES, GLANCES)
THREE = st.sampled_from([None, True, False])


@st.composite
def views(draw):
    sights = tuple(draw(st.lists(SIGHTS, max_size=5)))
    moves = tuple(sorted(NOW - ago for ago in draw(st.lists(st.floats(0, 8000), max_size=6))))
    return view.View(
        region=draw(st.sampled_from(["RegionTwo", "RegionTwo", "RegionTwo", "RegionOne", "RegionNine"])),
        home="RegionOne",
        regions=("RegionOne", "RegionTwo"),
        controllers=len(sights) + draw(st.integers(0, 2)),
        sights=sights,
        identity=draw(st.sampled_from(IDENTITIES)),
        epoch=len(moves),
        moved=moves[-1] if moves else 0.0,
        moves=moves,
        now=NOW,
        fail_over=draw(st.sampled_from(MODES)),
        fail_back=draw(st.sampled_from(MODES)),
        replica=view.Replica(draw(THREE), draw(THREE), draw(THREE)),
        alone=draw(st.booleans()),
    )


@given(views())
def test_what_holds_in_every_situation(seen):
    found = verdict.decide(seen)
    assert found.action in verdict.ACTIONS
    assert found.code in REMEDIES
    assert not re.search(r"\{\w", found.text)
    if not found.moves:
        return
    assert seen.region == "RegionTwo"
    assert not seen.moved or seen.now - seen.moved >= seen.limits.minimum_stay
    assert sum(seen.now - at < 3600 for at in seen.moves) < seen.limits.cap_per_hour
    mode = seen.fail_over if found.action == FAIL_OVER else seen.fail_back
    assert mode == AUTO
    if found.action == FAIL_OVER:
        assert seen.identity == HOME
        assert any(one.local.state == UP for one in seen.sights)
        assert any(one.home.state == DOWN for one in seen.sights)
        if seen.controllers >= 3 and not seen.alone:
            assert sum(one.home.state == DOWN for one in seen.sights) > seen.controllers / 2
    else:
        assert seen.identity == LOCAL
        assert not any(one.home.state == DOWN for one in seen.sights)
        assert seen.replica == GOOD


@given(views())
def test_done_once_it_is_done(seen):
    """Once the switch has moved the same picture moves nothing any more."""
    found = verdict.decide(seen)
    if found.moves:
        other = LOCAL if found.action == FAIL_OVER else HOME
        moved = replace(seen, identity=other, epoch=seen.epoch + 1, moved=NOW, moves=(*seen.moves, NOW))
        assert not verdict.decide(moved).moves


@given(views(), st.sampled_from([FAIL_OVER, FAIL_BACK]))
def test_a_person_can_do_no_harm(seen, wish):
    found = verdict.asked_for(seen, wish)
    assert found.action in (wish, NONE, REFUSE)
    assert not re.search(r"\{\w", found.text)
    if found.action == FAIL_OVER:
        assert any(one.local.state == UP for one in seen.sights)
    if found.action == FAIL_BACK:
        assert seen.replica == GOOD
        assert not any(one.home.state == DOWN for one in seen.sights)


def test_every_code_says_what_it_is_and_every_alarm_what_to_do():
    used = {row[3] for row in TABLE} | {row[4] for row in ASKED}
    assert used == set(VERDICTS)
    loud = {row[3] for row in TABLE if row[2] in (ASKS, REFUSE)}
    assert all(REMEDIES[code].remedy for code in loud)
    for remedy in VERDICTS.values():
        fields = {name for _, name, _, _ in string.Formatter().parse(remedy.says + remedy.remedy) if name}
        assert fields <= {"region", "home", "regions", "why", "local", "down", "controllers", "moves", "ago", "limit"}


PILLAR = {
    "home": "RegionOne",
    "regions": {
        "RegionOne": {"public_endpoint": "http://10.213.1.11:5000"},
        "RegionTwo": {"public_endpoint": "http://10.213.2.11:5000", "failover": "ask"},
    },
    "failover": {"minimum_stay": 7},
}


def picture(seen, **named):
    return view.of("RegionTwo", seen, settings.read(PILLAR), HOME, 0, (), NOW, **named)


def test_picture_takes_modes_and_limits_from_pillar():
    found = picture({"two-1": sight_of.to_data(D)})
    assert (found.fail_over, found.fail_back, found.limits.minimum_stay) == (ASK, ASK, 7)
    assert (found.sights, found.controllers, found.problems) == ((D,), 1, ())


SECOND = sight_of.to_data(replace(D, minion="two-2"))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (None, "nothing that a controller sees"),
        ("down", "nothing that a controller sees"),
        ({}, "minion is no short text"),
        (sight_of.to_data(D), "two-2 speaks for two-1"),
        ({**SECOND, "region": "RegionThree"}, "watches RegionOne for RegionThree"),
        ({**SECOND, "home_region": "RegionThree"}, "watches RegionThree for RegionTwo"),
        ({**SECOND, "at": NOW - 31}, "saw this 31 s ago"),
        ({**SECOND, "at": NOW + 31}, "is its clock right"),
        ({**SECOND, "at": True}, "at is no number"),
        ({**SECOND, "at": float("nan")}, "at is no number"),
        ({**SECOND, "home": {"state": "dead", "kind": "ok"}}, "are no state and kind"),
        ({**SECOND, "home": [1]}, "there is nothing seen"),
        ({**SECOND, "home": {"state": [], "kind": {}}}, "are no state and kind"),
    ],
)
def test_what_is_not_believed_does_not_count(data, word):
    third = sight_of.to_data(replace(D, minion="two-3"))
    found = picture({"two-1": sight_of.to_data(D), "two-2": data, "two-3": third})
    assert len(found.sights) == 2
    assert found.controllers == 3
    assert word in found.problems[0]
