"""One node goes over and back: its files are real, and so are the keystones, as far as a token; systemd has no part."""

from __future__ import annotations

import http.server
import json
import threading
from contextlib import contextmanager

import pytest

from osregions import settings
from osregions.conf.operations import Machine, undo
from osregions.errors import RegionsError
from osregions.reach import guards, node, outcomes, switch
from osregions.reach.node import Cause, Node
from osregions.services import operations as serving

GLANCE = """[DEFAULT]
debug = false

# Who signs in.
[keystone_authtoken]
www_authenticate_uri = {home}
auth_url  =  {home}
auth_type = password
username = glance
password = a-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = RegionTwo
"""


class Keystone:
    """A keystone that issues tokens to those it knows, or says no."""

    def __init__(self, region):
        self.region, self.status, self.asked = region, 201, []
        keystone = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self._answer(300 if self.path == "/" else 200, {"token": {"project": {"id": "p"}, "user": {"id": "u"}}})

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                keystone.asked.append(self.path)
                endpoint = {"interface": "internal", "region": "RegionTwo", "region_id": "RegionTwo", "id": "e"}
                entry = {"type": "identity", "endpoints": [{**endpoint, "url": keystone.url + "/v3"}]}
                token = {
                    "expires_at": "2099-01-01T00:00:00Z",
                    "user": {"id": "u", "name": "glance"},
                    "catalog": [entry],
                }
                self._answer(keystone.status, {"token": token})

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("X-Subject-Token", f"token-of-{keystone.region}")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """Be gone: connections are refused."""
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def keystones():
    """Home's, and RegionTwo's own."""
    both = Keystone("RegionOne"), Keystone("RegionTwo")
    try:
        yield both
    finally:
        for one in both:
            one.stop()  # a thread that serves a socket that is closed does nothing else, and that all the time


@pytest.fixture
def cloud(tmp_path, monkeypatch):
    """A node of RegionTwo with glance, at home; no unit runs here."""
    monkeypatch.setattr(serving.view, "view", lambda projects: ())
    monkeypatch.setattr(guards, "_PATIENCE", 0.3)
    with keystones() as (home, own):
        conf = tmp_path / "etc/glance/glance-api.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text(GLANCE.format(home=home.url))
        declared = settings.read(
            {
                "home": "RegionOne",
                "regions": {"RegionOne": {"public_endpoint": home.url}, "RegionTwo": {"public_endpoint": own.url}},
            }
        )

        class Cloud:
            """What the tests look at."""

            def node(self, region="RegionTwo", **named):
                machine = Machine(declared, region, (str(tmp_path / "etc"),), tmp_path / "backups")
                return Node(machine, state=tmp_path / "state", **named)

        found = Cloud()
        found.home, found.own, found.conf, found.state = home, own, conf, tmp_path / "state"
        found.backups, found.before = tmp_path / "backups", conf.read_bytes()
        yield found


WHY = Cause("home is silent", "a test")
SEEN = "the beacon saw it"


def test_over_and_back_and_undone_to_the_very_bytes(cloud):
    over = cloud.node().fail_over(WHY)
    assert (over.ok, over.moved, over.switch.epoch, over.switch.local) == (True, True, 1, True)
    assert f"auth_url  =  {cloud.own.url}" in cloud.conf.read_text()
    assert {check["name"]: check["ok"] for check in over.checks} == {"signs in": True, "validates at": True}
    assert set(over.changes) == {"switch", "options"}
    back = cloud.node().fail_back(WHY)
    assert (back.ok, back.moved, back.switch.epoch, back.switch.local) == (True, True, 2, False)
    assert cloud.conf.read_bytes() == cloud.before
    cloud.node().fail_over(WHY)
    assert cloud.conf.read_bytes() != cloud.before
    undo(cloud.backups)
    assert cloud.conf.read_bytes() == cloud.before


def test_a_second_run_does_nothing_and_asks_nobody(cloud):
    cloud.node().fail_over(WHY)
    cloud.own.asked.clear()
    again = cloud.node().fail_over(Cause("later", "somebody else"))
    assert (again.ok, again.moved, dict(again.changes), again.switch.reason) == (True, False, {}, "home is silent")
    assert cloud.own.asked == []


def test_under_test_nothing_moves_and_the_changes_are_those_of_the_run(cloud):
    dry = cloud.node().fail_over(WHY, dry=True)
    assert switch.read("RegionTwo", cloud.state).switch.epoch == 0
    assert cloud.conf.read_bytes() == cloud.before
    assert not switch.unfinished(cloud.state)
    assert dict(dry.changes) == dict(cloud.node().fail_over(WHY).changes)


def test_a_kill_between_the_switch_and_the_files_is_made_good_by_the_next_run(cloud, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Machine, "repoint", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cloud.node().fail_over(WHY)
    assert switch.read("RegionTwo", cloud.state).switch.local
    assert switch.unfinished(cloud.state)
    assert cloud.conf.read_bytes() == cloud.before
    done = cloud.node().fail_over(WHY)
    assert (done.ok, done.moved, set(done.changes)) == (True, False, {"options"})
    assert not switch.unfinished(cloud.state)
    assert f"auth_url  =  {cloud.own.url}" in cloud.conf.read_text()


def test_a_local_keystone_that_does_not_answer_is_not_failed_over_to(cloud):
    cloud.own.stop()
    with pytest.raises(RegionsError, match=r"keystone of RegionTwo does not answer: .* helps nobody"):
        cloud.node().fail_over(WHY)
    _at_home(cloud)


def test_a_local_keystone_that_does_not_know_the_services_is_not_failed_over_to(cloud):
    cloud.own.status = 401
    with pytest.raises(RegionsError, match=r"RegionTwo does not let glance in: keystone answered 401") as error:
        cloud.node().fail_over(WHY)
    assert "a-secret" not in str(error.value)
    _at_home(cloud)


def test_what_the_beacon_has_just_seen_is_not_tried_again(cloud):
    cloud.node(vouched=lambda: SEEN).fail_over(WHY, dry=True)
    assert cloud.own.asked == []


def test_what_the_beacon_saw_of_an_old_token_is_part_of_the_proof(cloud):
    over = cloud.node(vouched=lambda: SEEN).fail_over(WHY)
    assert ("keystone", "takes a token that home issued", SEEN) in [
        (check["service"], check["name"], check["evidence"]) for check in over.checks
    ]
    back = cloud.node(vouched=lambda: SEEN).fail_back(WHY)
    assert "keystone" not in {check["service"] for check in back.checks}


def test_what_came_of_a_move_is_kept_until_the_next(cloud):
    assert outcomes.last(cloud.state) is None
    moments = {"fault": 1.0, "seen": 2.0}
    over = cloud.node().fail_over(Cause("home is silent", "a test", moments=moments))
    kept = outcomes.last(cloud.state)
    assert (kept["what"], kept["epoch"], kept["ok"], kept["comment"]) == ("failover", 1, True, over.comment)
    assert kept["timeline"] == dict(over.timeline) and kept["timeline"]["fault"] == 1.0
    cloud.node().fail_over(WHY)
    assert outcomes.last(cloud.state) == kept, "a run with nothing to do told something"
    cloud.node().fail_back(WHY)
    assert (outcomes.last(cloud.state)["what"], outcomes.last(cloud.state)["epoch"]) == ("failback", 2)
    (cloud.state / "switch" / "outcome.json").write_text("{")
    assert outcomes.last(cloud.state) is None


def test_an_outcome_that_can_not_be_kept_is_told_and_undoes_nothing(cloud, monkeypatch):
    monkeypatch.setattr(outcomes, "_path", lambda state: cloud.state / "nowhere" / "outcome.json")
    over = cloud.node().fail_over(WHY)
    assert over.ok and over.switch.local
    assert "the outcome was not kept" in over.problems[-1]


def test_caches_forget_on_either_way_and_only_then(cloud):
    told = []
    for way in ("fail_over", "fail_over", "fail_back", "fail_back"):
        getattr(cloud.node(forget=lambda way=way: told.append(way)), way)(WHY)
    assert told == ["fail_over", "fail_back"]


def test_home_that_does_not_answer_is_not_gone_back_to(cloud):
    cloud.node().fail_over(WHY)
    cloud.home.stop()
    with pytest.raises(RegionsError, match=r"keystone of RegionOne does not answer.*RegionTwo goes on by itself"):
        cloud.node().fail_back(WHY)
    assert switch.read("RegionTwo", cloud.state).switch.local


def test_home_itself_does_not_move(cloud):
    for act in (cloud.node("RegionOne").fail_over, cloud.node("RegionOne").fail_back):
        with pytest.raises(RegionsError, match="RegionOne is home"):
            act(WHY)


def test_a_region_that_nobody_declared_does_not_move(cloud):
    with pytest.raises(RegionsError, match="no region RegionNine"):
        cloud.node("RegionNine")


def test_who_has_seen_an_older_epoch_comes_too_late(cloud):
    cloud.node().fail_over(WHY)
    cloud.node().fail_back(WHY)
    late = cloud.node().fail_over(Cause("an old fault", "late", epoch=0))
    assert (late.moved, dict(late.changes), late.switch.identity) == (False, {}, "home")
    assert cloud.conf.read_bytes() == cloud.before


def test_a_node_that_lags_is_brought_to_the_epoch_of_the_others(cloud):
    assert cloud.node().fail_over(Cause("all go", "a", epoch=6)).switch.epoch == 7
    assert cloud.node().fail_over(Cause("again", "b", epoch=8)).switch.epoch == 9
    assert cloud.node().fail_over(Cause("again", "b", epoch=9)).switch.epoch == 9


def test_a_cache_that_is_gone_does_not_keep_anybody_and_is_told(cloud):
    def forget():
        raise RegionsError("memcached does not answer")

    over = cloud.node(forget=forget).fail_over(WHY)
    assert over.ok
    assert over.problems == ("memcached does not answer.",)


def test_a_damaged_switch_is_taken_as_its_copy_and_that_is_told(cloud):
    cloud.node().fail_over(WHY)
    damaged = cloud.state / "switch/now.json"
    damaged.write_text("{")
    dry = cloud.node().fail_over(WHY, dry=True)
    assert damaged.read_text() == "{" and dry.problems
    found = cloud.node().fail_over(WHY)
    assert found.switch.local and found.changes == {}
    assert any("now.json is damaged" in one and one.endswith("written anew") for one in found.problems)
    assert cloud.node().reading() == switch.Reading(found.switch), "the same in the same place, and whole"


def test_a_hundred_at_once_move_it_once(cloud):
    outcomes, start = [], threading.Barrier(100)

    def go():
        start.wait()
        outcomes.append(cloud.node(vouched=lambda: SEEN).fail_over(WHY))

    threads = [threading.Thread(target=go) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 100
    assert sum(outcome.moved for outcome in outcomes) == 1
    assert sum("options" in outcome.changes for outcome in outcomes) == 1
    assert switch.read("RegionTwo", cloud.state).switch.epoch == 1
    assert len(switch.history("RegionTwo", cloud.state)) == 1


def test_what_a_failover_finds_written_by_a_failback_meanwhile_is_what_the_switch_says(cloud, monkeypatch):
    """The switch moves while a run waits for its turn: the files follow the switch, not the run's own wish."""
    real = node.files.locked

    def locked(where):
        switch.move("RegionTwo", "home", 99, "somebody was faster", "b", cloud.state)
        return real(where)

    monkeypatch.setattr(node.files, "locked", locked)
    found = cloud.node().fail_over(WHY)
    assert found.switch.epoch == 99
    assert cloud.conf.read_bytes() == cloud.before


def _at_home(cloud):
    assert switch.read("RegionTwo", cloud.state).switch.epoch == 0
    assert cloud.conf.read_bytes() == cloud.before
