"""A minion that sees home go and acts alone: the real daemon, its beacon and engine; no master, or one that sleeps."""

import contextlib
import json
import sys
import time

import psutil
import pytest

from tests.support import impostor
from tests.support.node import HOME, MINION

pytestmark = pytest.mark.one_salt

QUICK = {"up_after": 3}


def moved(node):
    return node.switch is not None and node.switch["identity"] == "local"


def alone(node, limits=None, beacon=None, **region):
    """A node that never had a master, with what was kept of pillar."""
    node.keep(node.pillar({**QUICK, **(limits or {})}, **region))
    node.minion(beacon)
    node.ready()


def fire(node, data, tag="__beacons_return"):
    """Put something on the minion's own bus."""
    code = (
        "import json, sys, salt.config, salt.utils.event as e\n"
        "opts = salt.config.minion_config(sys.argv[1])\n"
        "with e.get_event('minion', opts=opts, listen=False) as bus:\n"
        "    bus.fire_event(json.loads(sys.argv[2]), sys.argv[3])\n"
    )
    node.run(sys.executable, "-c", code, str(node.folder / "minion" / "minion"), json.dumps(data), tag)


def no_secret(node):
    """Neither the token nor the password is in a log, a file that is kept, or the process list."""
    texts = [node.log, (node.folder / "processes.log").read_text(), json.dumps([node.sight, node.switch])]
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            texts.append(" ".join(process.cmdline()))
    for text in texts:
        assert impostor.TOKEN not in text
        assert impostor.PASSWORD not in text


def test_without_any_master_a_cut_line_moves_the_node_once(node):
    alone(node)
    assert node.switch is None
    began = time.time()
    node.cut()
    node.wait(lambda: moved(node), "the switch", 20)
    first = node.switch
    assert first["since"] - began < 8  # 3.7 s on an idle machine
    assert (first["epoch"], first["by"]) == (1, f"engine of {MINION}")
    assert "RegionOne's keystone is down for RegionTwo (silent: no connection in 1 s)" in first["reason"]
    time.sleep(6)  # the beacon goes on saying so, and a report comes each second
    assert node.switch == first
    assert node.sight["home"]["state"] == "down"
    assert node.log.count("regions_failover: regions.failover") == 1
    # Home is back: nobody goes there without being asked.
    node.heal()
    node.wait(lambda: node.sight["home"]["state"] == "up", "home seen up", 20)
    time.sleep(2)
    assert node.switch == first
    no_secret(node)


def test_blips_and_nonsense_on_the_bus_move_nothing(node):
    alone(node)
    for data in (
        {},
        {"beacons": None},
        {"beacons": [1, None, {"beacon_name": []}]},
        {"beacons": [{"beacon_name": "keystone_reach", "tag": 5, "data": "\x00"}]},
        {
            "beacons": [
                {
                    "beacon_name": "keystone_reach",
                    "tag": f"salt/beacon/{MINION}/keystone_reach/",
                    "data": {"state": "down", "region": "RegionTwo", "home": {"state": "down", "kind": "silent"}},
                }
            ]
        },
    ):
        fire(node, data)
    for length in (1, 2, 2):
        node.cut()
        time.sleep(length)
        node.heal()
        time.sleep(3)
    assert node.sight["home"]["state"] == "up"
    assert node.switch is None
    assert "listening failed" not in node.log
    # And it is still there.
    node.cut()
    node.wait(lambda: moved(node), "the switch", 20)


@pytest.mark.parametrize(("mode", "said"), [("off", "none"), ("ask", "ask")])
def test_mode_is_kept(node, mode, said):
    alone(node, failover=mode)
    node.cut()
    node.wait(lambda: f"regions_failover: {said} RegionOne's keystone is down" in node.log, "a verdict", 20)
    time.sleep(2)
    assert node.switch is None
    assert node.call("keystone_reach.verdict")["action"] == said


def test_nobody_moves_to_a_keystone_that_is_dead_itself(node):
    alone(node, {"restart_after": 3})
    node.moods["local"].write_text("500")
    node.wait(lambda: node.sight["local"]["state"] == "down", "the region's own seen down", 20)
    node.cut()
    node.wait(lambda: "regions_failover: wait" in node.log and "does not serve either" in node.log, "a verdict", 20)
    time.sleep(2)
    assert node.switch is None
    node.moods["local"].write_text("")
    node.wait(lambda: moved(node), "the switch, once its own is well", 20)


def test_engine_that_is_killed_comes_back_and_acts(node):
    alone(node)
    engine = engine_of(node)
    node.cut()
    engine.kill()
    node.wait(lambda: moved(node), "the switch", 20)
    assert engine_of(node).pid != engine.pid


def engine_of(node):
    running = [one for one in psutil.process_iter() if str(node.folder) in title(one)]
    (found,) = [one for one in running if "ProcessManager Engine" in title(one)]
    return found


def title(process):
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline()) if process.status() != psutil.STATUS_ZOMBIE else ""
    return ""


def test_master_has_its_time_and_hears_of_it(node):
    """Connected with a master that does nothing, the engine waits; what the beacon says reaches the master at once."""
    node.master(node.pillar({**QUICK, "grace": 5}))
    node.minion(master="127.0.0.1")
    node.ready()
    listener = node.listener("salt/beacon/*", 2)
    time.sleep(3)
    node.cut()
    heard, _ = listener.communicate(timeout=40)
    node.wait(lambda: moved(node), "the switch", 20)
    seen = node.sight["home"]["since"]
    assert 5 <= node.switch["since"] - seen < 9
    events = [line.partition("\t") for line in heard.splitlines() if line.startswith("salt/beacon/")]
    assert {tag for tag, _, _ in events} == {f"salt/beacon/{MINION}/keystone_reach/"}
    said = [json.loads(data) for _, _, data in events]
    down = next(one for one in said if one["data" if "data" in one else "state"])
    down = down.get("data", down)
    assert (down["region"], down["home_region"], down["minion"]) == ("RegionTwo", "RegionOne", MINION)
    assert down["switch"] == {"identity": "home", "epoch": 0, "unfinished": False}
    assert impostor.TOKEN not in heard
    # What was kept for the day without a master is what the master gave.
    assert node.read("/var/lib/openstack-regions/settings.json")["openstack_regions"]["failover"]["grace"] == 5


def test_what_a_person_can_ask(node):
    alone(node)
    found = node.call("keystone_reach.probe")
    assert (found["home"]["kind"], found["local"]["kind"], found["problem"]) == ("ok", "ok", "")
    assert found["home"]["url"] == f"http://{HOME}:5000"
    assert node.call("keystone_reach.seen")["home"]["state"] == "up"
    assert node.call("keystone_reach.verdict")["code"] == "home_well"
    assert node.call("keystone_reach.verdict", "asked=fail_over")["action"] == "fail_over"
    no_secret(node)
