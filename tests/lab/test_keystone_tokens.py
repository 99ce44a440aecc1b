"""regions.tokens on whole machines: set up through Salt, repeated, killed half-way, taken back."""

from __future__ import annotations

import json

import pytest

from tests.lab import cloud

pytestmark = pytest.mark.long
HOST = "one-controller"
OURS = ("[cache] enabled", "[cache] backend", "[cache] memcache_servers", "[DEFAULT] public_endpoint")


@pytest.fixture(scope="module", autouse=True)
def fresh(lab):
    lab.reset("standalone")
    cloud.sync(lab)


def apply(lab, *words):
    """Apply states on the controller; return {id: result}."""
    done = lab.exec(HOST, "salt-call", "--out=json", *words, check=False)
    found = json.loads(done.stdout[done.stdout.index("{") :])["local"]
    assert isinstance(found, dict), found
    return {result["__id__"]: result for result in found.values()}


def changes(results):
    return {key: result["changes"] for key, result in results.items() if result["changes"]}


def pids(lab):
    """The main processes of keystone and memcached."""
    return lab.exec(HOST, "systemctl", "show", "--property=MainPID", "--value", "keystone", "memcached").stdout.split()


def conf(lab):
    return lab.exec(HOST, "cat", "/etc/keystone/keystone.conf").stdout


def test_the_whole_of_it_shown_done_repeated_and_taken_back(lab):
    before, running = conf(lab), pids(lab)
    shown = apply(lab, "state.apply", "regions.tokens", "test=True")
    assert all(result["result"] is not False for result in shown.values()), shown
    assert (conf(lab), pids(lab)) == (before, running)

    done = apply(lab, "state.apply", "regions.tokens")
    assert all(result["result"] is True for result in done.values()), done
    assert changes(done) == changes(shown)
    assert set(changes(done)["keystone keeps its tokens out of its database"]) == set(OURS[:3])
    assert pids(lab) != running

    running = pids(lab)
    again = apply(lab, "state.apply", "regions.tokens")
    assert all(result["result"] is True for result in again.values()), again
    assert changes(again) == {}
    assert pids(lab) == running  # nothing was restarted

    listening = lab.shell(HOST, "cat /proc/net/udp /proc/net/udp6 | grep -c ':2BCB ' || true")
    assert listening == "0"
    assert lab.shell(HOST, "ss -Hltn 'sport = :11211' | awk '{print $4}'") == "127.0.0.1:11211"

    apply(lab, "state.apply", "regions.tokens.clean")
    assert conf(lab) == before
    assert changes(apply(lab, "state.apply", "regions.tokens.clean")) == {}


def test_killed_between_writing_and_restarting_the_next_run_restarts(lab):
    """The run is killed the moment the file is written: keystone still runs with what it read before."""
    running = pids(lab)[0]
    lab.shell(
        HOST,
        """
        salt-call state.apply regions.tokens >/root/killed.log 2>&1 &
        run=$!
        for _ in $(seq 4000); do
            grep -q '^public_endpoint' /etc/keystone/keystone.conf && break
            sleep 0.005
        done
        kill -9 "$run"
        wait "$run" || true
        """,
    )
    assert "public_endpoint" in conf(lab)
    assert pids(lab)[0] == running, "it was restarted before the run could be killed: nothing was tried"
    done = apply(lab, "state.apply", "regions.tokens")
    assert all(result["result"] is True for result in done.values()), done
    assert changes(done) == {"keystone serves": {"keystone": "restarted"}}
    assert pids(lab)[0] != running


def test_what_keystone_is_here_is_told(lab):
    found = lab.salt("one-controller", HOST, "keystone_tokens.release")[HOST]
    version = lab.exec(HOST, "keystone-manage", "--version").stdout.split(".")[0]
    assert found["major"] == int(version)
    fresh = lab.salt("one-controller", HOST, "keystone_tokens.needs_restart")[HOST]
    assert (fresh["unit"], fresh["needed"]) == ("keystone", False)


def test_a_keystone_that_was_stopped_is_started(lab):
    lab.exec(HOST, "systemctl", "stop", "keystone", "memcached")
    done = apply(lab, "state.apply", "regions.tokens")
    assert changes(done) == {"memcached runs": {"memcached": "started"}, "keystone serves": {"keystone": "started"}}
    assert done["tokens live where they should"]["result"] is True


def test_a_misspelt_pillar_key_touches_nothing(lab):
    before = conf(lab)
    pillar = json.dumps({"openstack_regions": {"tokens": {"stroe": "auto"}}})
    done = lab.exec(HOST, "salt-call", "--out=json", "state.apply", "regions.tokens", f"pillar={pillar}", check=False)
    assert "did you mean store" in done.stdout
    assert conf(lab) == before
