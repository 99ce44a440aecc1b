"""What a master makes of a region's answers: whom it believes, what it has done, in which order, and what it tells."""

from __future__ import annotations

import time

import pytest

from osregions import settings
from osregions.errors import RegionsError
from osregions.reach import fleet, timeline
from osregions.reach.fleet import Fleet

DECLARED = {
    "home": "RegionOne",
    "regions": {
        name: {"public_endpoint": f"http://{name.lower()}:5000"} for name in ("RegionOne", "RegionTwo", "RegionThree")
    },
}
NODES = {
    "RegionOne": (("one-controller",), ()),
    "RegionTwo": (("two-controller",), ("two-node",)),
    "RegionThree": (("three-a", "three-b", "three-c"), ("three-node",)),
}


def glance(state, kind="ok"):
    """What is held of one keystone."""
    now = time.time()
    return {
        "state": state,
        "kind": kind,
        "detail": "",
        "seconds": 0.1,
        "since": now - 60,
        "count": 5,
        "failing": now - 62 if state == "down" else None,
        "good": now,
    }


class Cloud:
    """Minions that answer as real ones do, each with a switch of its own."""

    def __init__(self, **pillar):
        self.settings = settings.read({**DECLARED, **pillar})
        self.jobs, self.silent, self.failing = [], set(), {}
        self.replica = {"lag": 0.1, "findings": []}
        self.compared = {"clean": True, "rows": 67, "bookkeeping": [], "divergence": [], "schema": [], "beyond": []}
        self.switches, self.sees = {}, {}
        for region, (controllers, others) in NODES.items():
            for minion in (*controllers, *others):
                self.switches[minion] = {"identity": "home", "epoch": 0, "since": 0.0, "moves": [], "unfinished": False}
                self.sees[minion] = {
                    "minion": minion,
                    "region": region,
                    "home_region": "RegionOne",
                    "home": glance("up"),
                    "local": glance("up"),
                }

    def down(self, *minions):
        """Have these see home's keystone down."""
        for minion in minions:
            self.sees[minion]["home"] = glance("down", "silent")

    def known(self, target):
        """The minions of a target."""
        if target.startswith("L@"):
            return [target[2:]]
        region = target.split("region:")[1].split(" ")[0]
        controllers, others = NODES[region]
        return list(controllers if "and" in target else (*controllers, *others))

    def ask(self, target, fun, **words):
        """Run a job."""
        self.jobs.append((target, fun, words))
        answers = {}
        for minion in self.known(target):
            if minion in self.silent:
                continue
            if minion in self.failing and fun in ("regions.failover", "regions.failback"):
                answers[minion] = {"ret": self.failing[minion], "retcode": 1}
                continue
            answers[minion] = {"ret": getattr(self, fun.replace(".", "_"))(minion, **words), "retcode": 0}
        return answers

    def regions_standing(self, minion, controllers):
        assert controllers == next(len(one) for one, others in NODES.values() if minion in (*one, *others))
        seen = self.sees[minion]
        return {"switch": dict(self.switches[minion]), "seen": {**seen, "at": time.time()} if seen else None}

    def regions_failover(self, minion, **words):
        return self._moved(minion, "local", **words)

    def regions_failback(self, minion, **words):
        return self._moved(minion, "home", **words)

    def _moved(self, minion, identity, reason, by, epoch, test, moments=None):
        mine = self.switches[minion]
        due = not mine["epoch"] > epoch and (mine["identity"] != identity or mine["epoch"] < epoch)
        changes = {"switch": {"new": identity}} if due and mine["identity"] != identity else {}
        if due and not test:
            mine.update(identity=identity, epoch=max(epoch, mine["epoch"]) + 1, since=time.time(), reason=reason)
        mine["unfinished"] = False
        return {
            "ok": True,
            "moved": due,
            "comment": f"is at {identity}",
            "changes": changes,
            "timeline": {**(moments or {}), "switched": 100.0 + len(minion)},
            "switch": dict(mine),
            "problems": [],
        }

    def mysql_replication_replicates(self, minion):
        return minion.endswith(("controller", "-a"))

    def mysql_replication_resume(self, minion, test):
        return {"changes": {}}

    def mysql_replication_status(self, minion):
        return self.replica

    def mysql_replication_compare(self, minion):
        return self.compared

    def of(self, region, test=False):
        """The fleet of a region."""
        return Fleet(self.settings, region, self.ask, self.known, "a test", test)

    def moves(self):
        """Which jobs moved something, at whom."""
        return [(target, fun) for target, fun, _ in self.jobs if fun in ("regions.failover", "regions.failback")]


@pytest.fixture
def cloud():
    """Three regions, all at home."""
    return Cloud()


def test_all_nodes_move_at_once_and_the_outcome_is_told(cloud):
    found = cloud.of("RegionTwo").over("a person said so")
    assert cloud.moves() == [("G@region:RegionTwo", "regions.failover")]
    assert {one: cloud.switches[one]["epoch"] for one in ("two-controller", "two-node")} == {
        "two-controller": 1,
        "two-node": 1,
    }
    assert found.ok
    assert found.event["tag"] == "openstack_regions/failover/RegionTwo"
    assert found.event["data"]["switch"]["identity"] == "local"
    assert cloud.switches["three-a"]["epoch"] == 0


def test_twice_on_two_masters_moves_it_once(cloud):
    first = cloud.of("RegionTwo").over("a")
    second = cloud.of("RegionTwo").over("b")
    assert first.changes and not second.changes
    assert second.event == {}
    assert cloud.switches["two-controller"]["epoch"] == 1


def test_home_and_unknown_regions_do_not_move(cloud):
    for region, said in (("RegionOne", "RegionOne is home"), ("RegionNine", "no region RegionNine")):
        with pytest.raises(RegionsError, match=said):
            cloud.of(region)


def test_a_master_that_no_node_answers_says_where_to_go(cloud):
    cloud.silent = {"two-controller", "two-node"}
    with pytest.raises(RegionsError, match=r"RegionTwo's own master.*salt-call --local regions.failover"):
        cloud.of("RegionTwo").over("x")


def test_a_node_that_is_off_is_named_and_follows_later(cloud):
    cloud.silent = {"two-node"}
    found = cloud.of("RegionTwo").over("x")
    assert found.ok
    assert "two-node did not answer, and follows when it is back" in found.comment
    cloud.silent = set()
    back = cloud.of("RegionTwo").react()
    assert cloud.switches["two-node"]["identity"] == "local"
    assert cloud.switches["two-node"]["epoch"] == cloud.switches["two-controller"]["epoch"] == 1
    assert back.changes == {"two-node": {"switch": {"new": "local"}}}
    assert cloud.switches["two-node"]["reason"] == "x", "for the reason for which the others moved"


def test_a_node_that_was_off_while_its_region_returned_is_taken_home(cloud):
    cloud.of("RegionTwo").over("x")
    cloud.silent = {"two-node"}
    cloud.of("RegionTwo").back("x")
    cloud.silent = set()
    cloud.of("RegionTwo").react()
    assert cloud.switches["two-node"]["identity"] == "home"


def test_an_event_is_believed_by_nobody(cloud):
    """RegionTwo's minion may say what it likes of RegionThree: RegionThree's controllers are asked."""
    found = cloud.of("RegionThree").react()
    assert (found.ok, cloud.moves(), dict(found.event)) == (True, [], {})


@pytest.mark.parametrize(("down", "moves"), [((), 0), (("three-a",), 0), (("three-a", "three-c"), 1)])
def test_the_majority_of_the_controllers_decides(cloud, down, moves):
    cloud.down(*down)
    cloud.of("RegionThree").react()
    assert len(cloud.moves()) == moves


def test_a_node_without_keystone_has_no_vote(cloud):
    cloud.down("three-a", "three-node")
    cloud.of("RegionThree").react()
    assert cloud.moves() == []


def test_what_a_kill_left_half_done_is_ended(cloud):
    cloud.of("RegionTwo").over("x")
    cloud.jobs.clear()
    cloud.switches["two-node"]["unfinished"] = True
    cloud.of("RegionTwo").react()
    assert cloud.moves() == [("G@region:RegionTwo", "regions.failover")]
    assert not cloud.switches["two-node"]["unfinished"]


def test_the_region_of_a_minion_is_what_the_master_knows(cloud):
    assert fleet.region_of("three-node", cloud.settings, cloud.known) == "RegionThree"
    assert fleet.region_of("one-controller", cloud.settings, cloud.known) is None
    assert fleet.region_of("nobody", cloud.settings, cloud.known) is None
    with pytest.raises(RegionsError, match="RegionTwo and of RegionThree"):
        fleet.region_of("liar", cloud.settings, lambda target: ["liar"])


def test_back_one_after_another_and_stopped_by_the_first_that_can_not(cloud):
    cloud.of("RegionThree").over("x")
    cloud.failing = {"three-b": "home does not answer"}
    cloud.jobs.clear()
    found = cloud.of("RegionThree").back("x")
    assert cloud.moves() == [("L@three-a", "regions.failback"), ("L@three-b", "regions.failback")]
    assert not found.ok
    assert "three-b: home does not answer" in found.comment
    assert cloud.switches["three-c"]["identity"] == "local"


def test_rows_that_home_has_not_keep_the_region_where_it_is_with_the_choices(cloud):
    cloud.of("RegionTwo").over("x")
    cloud.compared = {
        **cloud.compared,
        "clean": False,
        "divergence": ["user id=u1: is here and not at home"],
        "remedy": "make at home what is to stay",
    }
    with pytest.raises(RegionsError, match=r"user id=u1: is here and not at home\n.*make at home.*Or stay"):
        cloud.of("RegionTwo").fit_to_return(by_itself=False)


def test_a_replica_that_stands_still_keeps_the_region_where_it_is(cloud, monkeypatch):
    monkeypatch.setattr(fleet, "_PAUSE", 0.01)
    cloud.of("RegionTwo").over("x")
    cloud.replica = {"lag": None, "findings": ["1032: stands still"]}
    with pytest.raises(RegionsError, match="stands still, or lags: 1032: stands still"):
        cloud.of("RegionTwo").fit_to_return(by_itself=False, patience=0.05)


def test_what_is_wrong_beside_replication_is_told_and_keeps_nobody_away(cloud):
    cloud.of("RegionTwo").over("x")
    cloud.replica = {"lag": 0.1, "findings": ["the keys are older than home's"]}
    assert "to be looked at: the keys are older than home's" in cloud.of("RegionTwo").fit_to_return(by_itself=False)


def test_home_that_is_not_yet_held_to_be_back_keeps_the_region_where_it_is(cloud):
    cloud.of("RegionTwo").over("x")
    cloud.down("two-controller")
    with pytest.raises(RegionsError, match="not yet held to be back"):
        cloud.of("RegionTwo").fit_to_return(by_itself=False)


def test_by_itself_it_returns_only_where_pillar_says_so(cloud):
    for mode, returns in (("ask", False), ("auto", True), ("off", False)):
        regions = {**DECLARED["regions"], "RegionTwo": {**DECLARED["regions"]["RegionTwo"], "failback": mode}}
        one = Cloud(regions=regions)
        one.of("RegionTwo").over("x")
        assert not one.of("RegionTwo").react().returns, "it has just moved"
        for minion in ("two-controller", "two-node"):
            one.switches[minion]["since"] -= 3600
        found = one.of("RegionTwo").react()
        assert found.returns is returns, mode
        if mode == "ask":
            assert found.event["data"]["code"] == "ask_back"
            assert "salt-run regions.failback RegionTwo" in found.event["data"]["remedy"]


def test_a_timeline_tells_when_it_began_and_when_the_last_was_done():
    merged = timeline.merged([{"fault": 10.0, "seen": 12.5, "restarted": 15.0}, {"fault": 10.2, "restarted": 16.0}])
    assert merged == {"fault": 10.0, "seen": 12.5, "restarted": 16.0}
    assert timeline.told(merged) == "fault, seen +2.5 s, restarted +6.0 s"
    assert timeline.told({}) == ""
