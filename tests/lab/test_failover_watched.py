"""RegionTwo watches home by itself, and both masters react: what moves it, and what does not, in the lab."""

from __future__ import annotations

import concurrent.futures
import json
import time

import pytest

from tests.lab import cloud, failing
from tests.lab.failing import HOME, IMAGES, MEMBER, NODE, PLACES, SELF

pytestmark = pytest.mark.timeout(900)  # the first test of each fixture waits for a lab that is made anew

_SOON = {"minimum_stay": 5, "cap_per_hour": 1000, "up_after": 10}
BLIPS, LOSSY = failing.count(4, 50), failing.count(10, 60)  # blips, and seconds of lost packets
_PYTHON = "/opt/salt/bin/python3"
# Ready before it is told to: a burst of events, as a beacon would send them, on a master's bus.
_BURST = """
import json, os, sys, time
import salt.config, salt.utils.event
opts = salt.config.master_config("/etc/salt/master")
data, tag, count = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with salt.utils.event.get_event("master", opts=opts, listen=False) as bus:
    bus.connect_pull(timeout=5)
    open("/run/ready", "w").close()
    while not os.path.exists("/run/go"):
        time.sleep(0.01)
    for _ in range(count):
        bus.fire_event(data, tag)
"""


@pytest.fixture(scope="module")
def watching(lab):
    """RegionTwo, joined, with home's identity; it watches, and both masters react; it may move again soon."""
    failing.ready(lab)
    failing.numbers(lab, **_SOON)
    failing.watched(lab)
    yield lab
    lab.command("heal")


def _by_itself(lab, fault, seconds):
    """Let the line fail; how long it took until glance and placement answered tokens that they never saw."""
    those = failing.tokens(lab, int(seconds) + 2)
    assert {one[2] for one in failing.ask(lab, IMAGES, those[-2:]) + failing.ask(lab, PLACES, those[-2:])} == {200}
    began = time.time()
    lab.command(fault)
    answered = {}
    for url in (IMAGES, PLACES):
        for token in those[:-2]:
            # Each second at most, so that there are tokens for all of that time.
            ((_, at, status),) = failing.ask(lab, url, [token], 1.0, patience=2.0)
            if status == 200 and at > began + 1:
                answered[url] = at - began
                break
            assert time.time() - began < seconds, f"no answer of {url} within {seconds} s"
    return answered


def _moves(lab):
    """The epoch, and how often each node has moved so far."""
    return failing.switch(lab, MEMBER)["epoch"], [failing.moves(lab, one) for one in (MEMBER, NODE)]


@pytest.mark.parametrize(("fault", "own"), [pytest.param("hole", True, marks=pytest.mark.long), ("cut", False)])
def test_by_itself_with_homes_master_gone_and_with_none_at_all(watching, fault, own):
    epoch, before = _moves(watching)
    watching.exec(HOME, "systemctl", "stop", "--no-block", "salt-master")
    if not own:
        watching.exec(MEMBER, "systemctl", "stop", "salt-master")
    took = _by_itself(watching, fault, 60)
    print(fault, "own master" if own else "no master", took)
    failing.until(lambda: failing.places(watching) == SELF, "all nodes", 30)
    time.sleep(15)  # for the slower of the two ways, and the events that still come
    assert {failing.switch(watching, one)["epoch"] for one in (MEMBER, NODE)} == {epoch + 1}
    assert [failing.moves(watching, one) for one in (MEMBER, NODE)] == [one + 1 for one in before]
    watching.exec(MEMBER, "systemctl", "start", "salt-master")
    failing.home_again(watching)
    failing.seen(watching, "up")


@pytest.mark.long
def test_a_hundred_events_on_two_masters_and_the_engines_move_it_once(watching):
    """Home's keystone is dead and the line whole, so that everybody may act: both masters, and both nodes alone."""
    failing.seen(watching, "up")
    epoch, before = _moves(watching)
    data = json.dumps({"id": MEMBER, "state": "down", "switch": {"identity": "home", "epoch": epoch}})
    words = (_PYTHON, "-c", _BURST, data, f"salt/beacon/{MEMBER}/keystone_reach/", "50")
    for host in cloud.CONTROLLERS:
        watching.exec(host, "rm", "-f", "/run/go", "/run/ready")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        bursts = [pool.submit(watching.exec, host, *words) for host in cloud.CONTROLLERS]
        for host in cloud.CONTROLLERS:
            failing.until(
                lambda host=host: watching.exec(host, "test", "-e", "/run/ready", check=False).returncode == 0,
                "the burst is ready",
                30,
            )
        watching.exec(HOME, "systemctl", "stop", "keystone")
        look = ("grep", "-q", '"home": {"state": "down"', "/run/openstack-regions/reach.json")
        failing.until(lambda: watching.exec(MEMBER, *look, check=False).returncode == 0, "home is seen down", 30, 0.05)
        for host in cloud.CONTROLLERS:
            watching.exec(host, "touch", "/run/go")
        for burst in bursts:
            burst.result(timeout=60)
    failing.until(lambda: failing.places(watching) == SELF, "all nodes", 90)
    time.sleep(failing.count(12, 30))  # for each of the hundred
    assert {failing.switch(watching, one)["epoch"] for one in (MEMBER, NODE)} == {epoch + 1}
    assert [failing.moves(watching, one) for one in (MEMBER, NODE)] == [one + 1 for one in before]
    watching.exec(HOME, "systemctl", "start", "keystone")
    failing.home_again(watching)
    failing.seen(watching, "up")


@pytest.mark.long
def test_blips_move_nothing(watching):
    before = failing.switch(watching, MEMBER)["epoch"]
    for number in range(BLIPS):
        watching.command("hole", "--seconds", str(1 + number % 2))
        time.sleep(2)
    assert {failing.switch(watching, one)["epoch"] for one in (MEMBER, NODE)} == {before}


@pytest.mark.long
def test_lost_packets_move_nothing(watching):
    before = failing.switch(watching, MEMBER)["epoch"]
    failing.seen(watching, "up")
    watching.command("lose", "30")
    time.sleep(LOSSY)
    watching.command("heal")
    assert {failing.switch(watching, one)["epoch"] for one in (MEMBER, NODE)} == {before}


@pytest.mark.long
def test_a_node_that_was_dead_meanwhile_follows_when_it_is_back(watching):
    failing.power(NODE, on=False)
    watching.command("cut")
    failing.until(lambda: failing.switch(watching, MEMBER)["identity"] == "local", "fail-over", 60)
    failing.power(NODE, on=True)
    failing.until(lambda: failing.switch(watching, NODE)["identity"] == "local", "the node that was off", 120)
    failing.until(lambda: failing.places(watching) == SELF, "its services", 60)
    failing.home_again(watching)


@pytest.mark.long
def test_a_minion_can_not_move_another_region_by_its_event(watching):
    """A minion of home's claims to be RegionTwo's, where nothing is wrong."""
    before = failing.switch(watching, MEMBER)["epoch"]
    failing.seen(watching, "up")
    data = json.dumps({"id": MEMBER, "state": "down", "switch": {"identity": "home", "epoch": before}})
    for who in (MEMBER, MEMBER, "nobody"):
        watching.exec(HOME, "salt-call", "event.fire_master", data, f"salt/beacon/{who}/keystone_reach/")
    time.sleep(10)
    assert failing.switch(watching, MEMBER)["epoch"] == before
    locks = watching.shell(HOME, "ls /var/cache/salt/master/openstack-regions-*")
    assert MEMBER in locks and "nobody" not in locks, "whoever is named in an event leaves something here"


def test_it_returns_by_itself_where_pillar_says_so(watching):
    """`failback: auto`: once home has been well for its while, home's master takes RegionTwo back, and nobody asked."""
    failing.numbers(watching, region={"failback": "auto"}, **_SOON)
    epoch = failing.switch(watching, MEMBER)["epoch"]
    watching.command("cut")
    failing.until(lambda: failing.places(watching) == SELF, "fail-over", 60)
    watching.command("heal")
    failing.reconnected(watching)
    failing.until(lambda: failing.places(watching) == failing.TO_HOME, "it returns", 180)
    failing.until(lambda: not any(failing.unfinished(watching)), "all of it is done", 60)
    assert {failing.switch(watching, one)["epoch"] for one in (MEMBER, NODE)} == {epoch + 2}
    failing.numbers(watching, **_SOON)
