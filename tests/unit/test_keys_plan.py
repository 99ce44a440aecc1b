"""The order in which keys are written: at each step, each token in use is valid at each node; killed runs converge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import Refused
from osregions.keys import plan, view

KEYS = [f"key{number}".encode() for number in range(12)]


def steps_of(now, wanted):
    return [(step.kind, int(step.name)) for step in plan.replacing(now, wanted)]


@pytest.mark.parametrize(
    ("now", "wanted", "steps"),
    [
        pytest.param({0: b"s", 1: b"p"}, {0: b"s", 1: b"p"}, [], id="equal"),
        pytest.param({}, {0: b"s", 1: b"p"}, [("add", 1), ("add", 0)], id="none yet: the primary first"),
        pytest.param(
            {0: b"s", 1: b"o", 2: b"p"},
            {0: b"t", 2: b"p", 3: b"s"},
            [("add", 3), ("replace", 0), ("remove", 1)],
            id="home rotated once",
        ),
        pytest.param(
            {0: b"a", 1: b"b", 5: b"c"},
            {0: b"s", 1: b"o", 2: b"p"},
            [("add", 2), ("replace", 1), ("replace", 0), ("remove", 5)],
            id="a region of higher numbers",
        ),
        pytest.param(
            {0: b"a", 1: b"b"},
            {0: b"s", 4: b"o", 5: b"p"},
            [("add", 5), ("add", 4), ("replace", 0), ("remove", 1)],
            id="a region of lower numbers",
        ),
        pytest.param(
            {0: b"s", 1: b"x", 2: b"y"},
            {0: b"s", 1: b"y", 2: b"x"},
            [("add", 3), ("replace", 2), ("replace", 1), ("remove", 3)],
            id="exchanged numbers",
        ),
    ],
)
def test_what_is_done_in_which_order(now, wanted, steps):
    assert steps_of(now, wanted) == steps


def test_no_key_is_in_a_repr():
    (step,) = plan.replacing({}, {1: b"secret"})
    key = view.Key("1", b"secret")
    assert "secret" not in f"{step!r} {step} {key!r} {key}"


# Few keys, so that the same one often stands in both sets, under other numbers.
sets = st.dictionaries(st.integers(0, 5), st.sampled_from(KEYS[:5]), min_size=1, max_size=5)


@given(now=st.one_of(st.just({}), sets), wanted=sets)
def test_what_holds_at_each_step(now, wanted):
    steps = plan.replacing(now, wanted)
    seen = [plan.after(now, steps[:done]) for done in range(len(steps) + 1)]
    assert seen[-1] == wanted
    held = set()
    for at in seen:
        # A key that both have is always there; one of the new set that is there stays; and the primary is known to all.
        held |= set(at.values()) & set(wanted.values())
        assert held <= set(at.values())
        if at:
            assert at[max(at)] in {now[max(now)] if now else None, *wanted.values()}
        else:
            assert not now
        # Killed here, and run again.
        assert plan.after(at, plan.replacing(at, wanted)) == wanted


@given(now=sets, wanted=sets)
def test_what_keystone_takes_for_a_number_goes(now, wanted):
    steps = plan.replacing(now, wanted, ["01", "+2"])
    assert [step.name for step in steps if step.name in ("01", "+2")] == ["01", "+2"]
    assert plan.after(now, steps) == wanted


@pytest.mark.parametrize(
    ("now", "most", "wanted"),
    [
        ({0: b"s"}, 3, {0: b"f", 1: b"s"}),
        ({0: b"s", 1: b"p"}, 3, {0: b"f", 1: b"p", 2: b"s"}),
        ({0: b"s", 1: b"o", 2: b"p"}, 3, {0: b"f", 2: b"p", 3: b"s"}),
        ({0: b"s", 1: b"n", 2: b"o", 3: b"p"}, 3, {0: b"f", 3: b"p", 4: b"s"}),
        ({0: b"s", 1: b"o", 2: b"p"}, 2, {0: b"f", 3: b"s"}),
        ({0: b"s", 1: b"o", 2: b"p"}, 1, {0: b"f", 3: b"s"}),
        pytest.param({1: b"o", 2: b"p", 3: b"s"}, 3, {0: b"f", 2: b"p", 3: b"s"}, id="fernet_rotate killed midway"),
        pytest.param({0: b"s", 2: b"p", 3: b"s"}, 3, {0: b"f", 2: b"p", 3: b"s"}, id="ours killed before its end"),
    ],
)
def test_a_rotation_is_keystones(now, most, wanted):
    assert plan.after(now, plan.rotating(now, b"f", most)) == wanted


@given(keys=st.lists(st.sampled_from(KEYS), min_size=2, max_size=6, unique=True), most=st.integers(1, 6))
def test_a_rotation_killed_at_any_step_is_gone_on_with(keys, most):
    now = dict(enumerate(keys))
    steps = plan.rotating(now, b"fresh", most)
    whole = plan.after(now, steps)
    for done in range(len(steps)):
        at = plan.after(now, steps[:done])
        again = plan.after(at, plan.rotating(at, b"other", most))
        assert again == {**whole, 0: b"other"}
        assert at[max(at)] in (now[max(now)], now[0])


def test_nothing_to_rotate():
    with pytest.raises(Refused, match="keystone-manage fernet_setup"):
        plan.rotating({}, b"f", 3)


class Cloud:
    """Nodes that write step by step, in any order, and are killed; the first is home's. Time passes when told."""

    def __init__(self, nodes, most, lifetime):
        self.most, self.lifetime, self.now, self.made = most, lifetime, 0, 0
        self.wait = -(-lifetime // (most - 2))
        first = {0: self.fresh(), 1: self.fresh()}
        self.sets = [dict(first) for _ in range(nodes)]
        self.todo = [[] for _ in range(nodes)]
        self.since = [0] * nodes  # when each got its present keys
        self.tokens = []
        self.rotations = 0

    def fresh(self):
        self.made += 1
        return f"fresh{self.made}".encode()

    def step(self, node):
        """One step of what this node has to do; planned anew when nothing was planned, or it was killed."""
        if not self.todo[node]:
            if node == 0 and view.unfinished(self.sets[0]):
                self.todo[0] = list(plan.rotating(self.sets[0], self.fresh(), self.most))
            elif node:
                self.todo[node] = list(plan.replacing(self.sets[node], self.sets[0]))
        if self.todo[node]:
            self.sets[node] = plan.after(self.sets[node], [self.todo[node].pop(0)])
            self.since[node] = self.now

    def rotate(self):
        """What regions_identity.keys_rotated sees to: all have home's set, and had it long enough."""
        equal = all(found == self.sets[0] for found in self.sets)
        if equal and not any(self.todo) and self.now - max(self.since) >= self.wait:
            self.todo[0] = list(plan.rotating(self.sets[0], self.fresh(), self.most))
            self.rotations += 1

    def issue(self, node):
        held = self.sets[node]
        self.tokens.append((held[max(held)], self.now + self.lifetime))

    def check(self):
        for key, until in self.tokens:
            if until > self.now:
                for held in self.sets:
                    assert key in held.values()


_do = st.one_of(
    st.tuples(st.just("pass"), st.integers(1, 6)),
    st.tuples(st.sampled_from(["step", "issue", "kill"]), st.integers(0, 3)),
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("rotate"), st.just(0)),
)


@given(
    nodes=st.integers(2, 4),
    most=st.integers(3, 5),
    lifetime=st.integers(1, 8),
    doings=st.lists(_do, min_size=20, max_size=120),
)
def test_each_token_is_valid_everywhere_for_all_its_life(nodes, most, lifetime, doings):
    cloud = Cloud(nodes, most, lifetime)
    for what, value in doings:
        node = value % nodes
        if what == "pass":
            cloud.now += value
        elif what == "step":
            cloud.step(node)
        elif what == "kill":
            cloud.todo[node] = []
        elif what == "rotate":
            cloud.rotate()
        else:
            cloud.issue(node)
        cloud.check()
    for _ in range(40):
        for node in range(nodes):
            cloud.step(node)
            cloud.issue(node)
            cloud.check()
    assert all(found == cloud.sets[0] for found in cloud.sets)
    assert not view.unfinished(cloud.sets[0])


@pytest.mark.parametrize("late", [1, 3, 7])
def test_a_node_that_is_late_each_time(late):
    """It goes on with the key before, whose life counts from when the last node is done with it."""
    cloud = Cloud(3, 3, 4)
    for _ in range(600):
        cloud.now += 1
        cloud.rotate()
        for node in (0, 2, 1):
            cloud.issue(node)
            for _ in range(4 if node != 1 or cloud.now % late == 0 else 0):
                cloud.step(node)
            cloud.check()
    assert cloud.rotations > 20
