"""M1 on real memcacheds, started from their system's own file: too small, resized and better; spare; well."""

from __future__ import annotations

import os
import re
import threading
import time

import pytest
from salt.exceptions import CommandExecutionError

from osregions import files
from osregions.pressure import note, watch
from tests.support.memcached import Configured

# A megabyte is less than memcached takes with items of the usual size.
DEBIAN = (
    "-d\nlogfile /var/log/memcached.log\n# the cap\n-m {size} # for now\n-p {port}\n-u root\n-l 127.0.0.1\n-U 0\n{more}"
)
RDO = 'PORT="{port}"\nUSER="root"\nMAXCONN="1024"\nCACHESIZE="{size}"\nOPTIONS="-l 127.0.0.1 -U 0 {more}"\n'
SMALL = {"debian": "-I 512k\n", "sysconfig": "-I 512k"}
KEYS = 1500  # of 2 kB: three megabytes


@pytest.fixture
def place(loaders, tmp_path, monkeypatch):
    """`place(size, style)`: a memcached of so many megabytes that runs, and the minion that looks after it."""
    started = []
    monkeypatch.setattr(watch, "PLACE", str(tmp_path / "run" / "pressure.json"))

    class Place:
        def __init__(self, size, style="debian", **pressure):
            text = (DEBIAN if style == "debian" else RDO).replace("{size}", str(size))
            text = text.replace("{more}", SMALL[style] if size < 2 else "")
            self.memcached = Configured(tmp_path, style, text)
            started.append(self.memcached)
            self.memcached.start()
            self.backups = tmp_path / "backups"
            self.restarts = 0
            self.pillar = {
                "home": "RegionOne",
                "regions": {"RegionOne": {"public_endpoint": "http://127.0.0.1:5000"}},
                "keystone": {"config": str(tmp_path / "keystone.conf"), "release": 22},
                "memcached": {"config": str(self.memcached.conf), "style": style, "service": "a-test-of-ours"},
                "pressure": pressure,
                "backup": {"directory": str(self.backups)},
            }
            self.stores_tokens(False)

        def stores_tokens(self, so):
            text = "[token]\ndriver = memcache\nprovider = uuid\n[memcache]\nservers = {}\n" if so else "[token]\n"
            (tmp_path / "keystone.conf").write_text(text.format(self.memcached.address))
            self.pillar["keystone"]["release"] = 8 if so else 22

        @property
        def minion(self):
            minion = loaders.but(pillar={"openstack_regions": self.pillar})
            for one in (minion, minion.dry):
                # No systemd here: what it would do is done. Asked for first, so that it is not loaded over ours.
                within = one.modules.pack["__salt__"]
                assert within["service.restart"]
                within._dict["service.restart"] = self.restart
            return minion

        def restart(self, unit):
            assert unit == "a-test-of-ours"
            self.restarts += 1
            self.memcached.restart()
            return True

        def call(self, function, *args, **kwargs):
            return self.minion.modules[f"memcached_pressure.{function}"](*args, **kwargs)

        @property
        def running(self):
            return int(self.memcached.stats()["limit_maxbytes"]) >> 20

    yield Place
    for server in started:
        server.stop()


def _come(ask, holds, tries=20):
    """What is answered once it holds; the last answer when it never does."""
    for _ in range(tries):
        if holds(found := ask()):
            break
    return found


@pytest.mark.parametrize("style", ["debian", "sysconfig"])
def test_too_small_is_told_resized_as_it_runs_and_helped(place, style):
    here = place(1, style)
    before = here.memcached.conf.read_text()
    with here.memcached.used(KEYS):
        found = _come(lambda: here.call("verdict", interval=3), lambda one: one["code"] == "evicts_live")
        assert (found["verdict"], found["code"], found["size"]) == ("too small", "evicts_live", 1), found
        assert found["proposed"] == 64
        assert found["remedy"] == "give it 64 MB: salt-call memcached_pressure.resize 64 test=True"
        assert found["figures"]["per_second"]["evictions"] > 5
        assert found["figures"]["hit_rate"] < 0.6

        state = "memcached_pressure.sized"
        shown = here.minion.dry.states[state]("cache", size=64)
        assert shown["result"] is None
        assert (here.memcached.conf.read_text(), here.running) == (before, 1)
        done = here.minion.states[state]("cache", size=64)
        assert done["result"] is True, done
        assert done["changes"] == shown["changes"] == {name: {"old": 1, "new": 64} for name in ("size", "running")}
        assert "took it as it runs" in done["comment"]
        assert here.running == 64 and here.restarts == 0
        assert here.minion.states[state]("cache", size=64)["changes"] == {}

        # It fills; on a busy machine slowly.
        helped = _come(lambda: here.call("verify", interval=3), lambda one: (one["hit_rate"]["new"] or 0) > 0.9)
        assert helped["helped"] is True, helped
        assert helped["hit_rate"]["new"] > 0.9 > 0.6 > helped["hit_rate"]["old"]
        assert helped["evictions"]["new"] == 0 < helped["evictions"]["old"]
        again = here.call("verdict", interval=2)
        assert again["verdict"] == "fine", again

    (kept,) = files.backups(here.memcached.conf, here.backups)
    assert here.minion.modules["regions.restore_file"](kept["backup"])["path"] == str(here.memcached.conf)
    assert here.memcached.conf.read_text() == before


def test_only_the_digits_change_and_the_way_back_is_to_the_byte(place):
    here = place(32)
    before = here.memcached.conf.read_bytes()
    here.minion.states["memcached_pressure.sized"]("cache", size=256)
    assert here.memcached.conf.read_bytes() == before.replace(b"-m 32 # for now", b"-m 256 # for now")
    assert here.running == 256
    here.minion.states["memcached_pressure.sized"]("cache", size=512)
    shown = here.minion.dry.states["memcached_pressure.restored"]("cache")
    done = here.minion.states["memcached_pressure.restored"]("cache")
    assert shown["changes"] == done["changes"] == {name: {"old": 512, "new": 32} for name in ("size", "running")}
    assert here.memcached.conf.read_bytes() == before
    assert here.minion.states["memcached_pressure.restored"]("cache")["changes"] == {}


def test_a_size_that_was_not_set_is_not_set_again(place):
    here = place(64)
    plain = here.memcached.conf.read_text().replace("-m 64 # for now\n", "")
    here.memcached.conf.write_text(plain)
    here.call("resize", 128)
    assert "-m 128\n" in here.memcached.conf.read_text()
    here.call("undo")
    assert (here.memcached.conf.read_text(), here.running) == (plain, 64)


def test_a_size_that_somebody_set_since_stays(place):
    here = place(32)
    here.call("resize", 64)
    here.memcached.conf.write_text(here.memcached.conf.read_text().replace("-m 64", "-m 96"))
    assert here.call("undo")["changes"] == {}
    assert here.call("size")["configured"] == 96


def test_one_that_can_not_take_it_as_it_runs_waits_for_a_restart(place):
    """A memcached before 1.4.27, by being told nothing; with a Liberty that keeps its tokens there."""
    here = place(16)
    here.stores_tokens(True)
    here.memcached.client().set("a-token", "somebody", time=3600)
    state = "memcached_pressure.sized"
    done = here.minion.states[state]("cache", size=64, live=False)
    assert (done["result"], done["changes"]) == (True, {"size": {"old": 16, "new": 64}})
    assert "A restart is due: memcached has 16 MB until then" in done["comment"]
    assert "everybody is signed out" in done["comment"]
    again = here.minion.states[state]("cache", size=64, live=False)
    assert (again["changes"], here.restarts, here.running) == ({}, 0, 16)
    assert "A restart is due" in again["comment"]
    assert here.memcached.client().get("a-token") == "somebody"

    shown = here.minion.dry.states[state]("cache", size=64, live=False, restart=True)
    assert (shown["result"], shown["changes"]) == (None, {"running": {"old": 16, "new": 64}})
    assert here.restarts == 0
    done = here.minion.states[state]("cache", size=64, live=False, restart=True)
    assert (done["changes"], here.restarts, here.running) == (shown["changes"], 1, 64)
    assert "was restarted for it" in done["comment"] and "everybody is signed out" in done["comment"]
    assert here.memcached.client().get("a-token") is None
    assert here.minion.states[state]("cache", size=64, live=False, restart=True)["changes"] == {}
    assert here.restarts == 1


def test_after_its_restart_it_is_said_whether_that_helped(place):
    """Then nothing is due any more, and nothing is waited for."""
    here = place(1)
    state, words = "memcached_pressure.sized", {"size": 64, "live": False, "restart": True}
    with here.memcached.used(KEYS):
        _come(lambda: here.call("verdict", interval=1), lambda one: one["code"] == "evicts_live")
        done = here.minion.states[state]("cache", **words, verify=3)
    assert (done["result"], here.restarts, here.running) == (True, 1, 64), done
    assert done["changes"] == {name: {"old": 1, "new": 64} for name in ("size", "running")}
    # Emptied, it fills: whether it has caught up after three seconds is the machine's to say.
    said = re.search(
        r"was restarted for it\. .* Looked at for 3 s: (?:it helped|it fills since its restart, look again later):"
        r" hit rate [\d.]+ % before, [\d.]+ % now; [\d.]+ evictions a second before, 0\.0 now;"
        r" total_items rose by (\d+), total_connections by \d+\.$",
        done["comment"],
    )
    assert said and int(said[1]) > 10, done["comment"]

    began = time.monotonic()
    again = here.minion.states[state]("cache", **words, verify=90)
    assert (again["result"], again["changes"], here.restarts) == (True, {}, 1)
    assert "Looked at" not in again["comment"]
    assert time.monotonic() - began < 60


def test_nothing_is_waited_for_where_nothing_was_restarted(place):
    here = place(16)
    state, began = "memcached_pressure.sized", time.monotonic()
    shown = here.minion.dry.states[state]("cache", size=64, live=False, restart=True, verify=90)
    later = here.minion.states[state]("cache", size=64, live=False, verify=90)
    taken = here.minion.states[state]("cache", size=96, verify=90)
    assert all(one["changes"] and "Looked at" not in one["comment"] for one in (shown, later, taken))
    assert here.restarts == 0
    for size, none in ((112, 0), (128, None)):
        done = here.minion.states[state]("cache", size=size, live=False, restart=True, verify=none)
        assert "was restarted for it" in done["comment"] and "Looked at" not in done["comment"]
    assert here.restarts == 2
    assert time.monotonic() - began < 60


def test_one_that_goes_away_while_it_is_watched_fails_and_what_changed_is_told(place):
    here = place(16)

    def restart(unit):
        here.memcached.restart()
        threading.Timer(1.5, here.memcached.stop).start()
        return True

    here.restart = restart
    done = here.minion.states["memcached_pressure.sized"]("cache", size=64, live=False, restart=True, verify=4)
    assert done["result"] is False and done["changes"] == {name: {"old": 16, "new": 64} for name in ("size", "running")}
    assert "Whether that helped can't be seen: memcached does not answer" in done["comment"]


def test_what_sets_up_memcached_does_not_restart_it_for_its_size(place):
    """regions.tokens after regions.cachesize: the file is newer than the process, and only the size is to come."""
    here = place(16)
    now = time.time()
    os.utime(here.memcached.conf, (now - 60, now - 60))  # before it was started
    here.pillar["memcached"]["size"] = 64
    listens = here.minion.states["keystone_tokens.memcached_listens"]("memcached")
    assert (listens["result"], listens["changes"]) == (True, {})
    here.minion.states["memcached_pressure.sized"]("cache", size=64, live=False)
    assert note.only_the_size(str(here.memcached.conf), here.backups)
    here.memcached.conf.write_text(here.memcached.conf.read_text() + "-c 2048\n")
    assert not note.only_the_size(str(here.memcached.conf), here.backups)
    here.minion.states["memcached_pressure.sized"]("cache", size=96, live=False)
    assert not note.only_the_size(str(here.memcached.conf), here.backups)  # that it lacks more is not forgotten


def test_a_size_comes_along_with_what_else_is_set_up(place):
    here = place(16)
    here.pillar["memcached"].update(size=64, listen=["127.0.0.1", "127.0.0.2"])
    done = here.minion.states["keystone_tokens.memcached_listens"]("memcached")
    assert set(done["changes"]) == {"listen", "size"}


def test_idle_and_large_is_wasteful_once_it_has_run_a_while(place):
    here = place(1024)
    assert here.call("verdict", interval=1.2)["code"] == "idle"
    here.pillar["pressure"]["settled"] = 0
    found = here.call("verdict", interval=1.2)
    assert (found["verdict"], found["code"], found["size"], found["proposed"]) == ("wasteful", "spare", 1024, 64)
    here.call("resize", found["proposed"])
    assert here.running == 64


def test_well_is_fine(place):
    here = place(64, settled=0)
    with here.memcached.used(KEYS):
        time.sleep(1)
        found = here.call("verdict", interval=2)
    assert (found["verdict"], found["code"], found["proposed"]) == ("fine", "well", None), found


def test_touches_that_miss_say_nothing_of_room(place):
    """The seed's sign alone: items that nobody ever set are touched."""
    here = place(64)
    client = here.memcached.client()

    def touch():
        for number in range(200):
            client.touch(f"nowhere-{number}", 60)

    with here.memcached.used(50):
        meanwhile = threading.Timer(0.5, touch)
        meanwhile.start()
        found = here.call("verdict", interval=2)
        meanwhile.join()
    assert (found["verdict"], found["code"]) == ("fine", "touched_late"), found
    assert found["sentence"].startswith("touch_misses rose by 200 in 2 s, and nothing had to go")


def test_where_tokens_live_one_that_must_go_is_one_too_many(place):
    here = place(1)
    here.stores_tokens(True)
    client = here.memcached.client()
    first = here.call("reading")
    for number in range(900):  # nobody ever asks for one
        client.set(f"token-{number}", "x" * 2000, time=3600)
    assert first["counters"]["evictions"] == 0
    with here.memcached.used(900):
        found = here.call("verdict", interval=2)
    assert (found["verdict"], found["code"]) == ("too small", "evicts_tokens"), found
    assert "signed out" in found["sentence"]


def test_more_than_the_machine_has_is_refused(place):
    here = place(16)
    before = here.memcached.conf.read_bytes()
    with pytest.raises(CommandExecutionError, match=r"can't give memcached 1000000 MB.*choose a size below that"):
        here.call("resize", 1000000)
    with pytest.raises(CommandExecutionError, match=r"7 is no number of megabytes from 8"):
        here.call("resize", 7)
    assert (here.memcached.conf.read_bytes(), here.running) == (before, 16)


@pytest.mark.parametrize("interval", [-1, "soon", None, True, 3601])
def test_an_interval_that_can_not_be_is_refused(place, interval):
    here = place(16)
    for function in ("verdict", "verify"):
        with pytest.raises(CommandExecutionError, match=r"is no number from 0 to 3600.*between two looks"):
            here.call(function, interval=interval)


def test_the_way_back_to_less_than_it_takes_as_it_runs(place):
    here = place(1)
    here.call("resize", 64)
    shown = here.call("undo", test=True)
    done = here.call("undo")
    assert shown["changes"] == done["changes"] == {"size": {"old": 64, "new": 1}}
    assert done["restart_due"] and here.running == 64
    assert here.call("resize", restart=True)["changes"] == {"running": {"old": 64, "new": 1}}
    assert (here.running, here.restarts) == (1, 1)


def test_one_that_does_not_answer(place):
    here = place(16)
    here.memcached.stop()
    assert here.call("verdict", interval=0)["code"] == "no_answer"
    done = here.minion.states["memcached_pressure.sized"]("cache", size=64)
    assert (done["result"], done["changes"]) == (True, {"size": {"old": 16, "new": 64}})
    assert "it has this size once it starts" in done["comment"]
    with pytest.raises(CommandExecutionError, match="memcached does not answer"):
        here.call("verify", interval=0)
    here.memcached.start()
    assert here.running == 64


def test_one_that_is_not_installed(place, tmp_path):
    here = place(16)
    here.pillar["memcached"]["config"] = str(tmp_path / "nowhere.conf")
    assert here.minion.dry.states["memcached_pressure.sized"]("cache", size=64)["result"] is None
    done = here.minion.states["memcached_pressure.sized"]("cache", size=64)
    assert done["result"] is False and "is memcached installed?" in done["comment"]
    assert here.minion.states["memcached_pressure.restored"]("cache")["result"] is True


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ([{"interval": 0}], ["an interval of 0 can't be", "beacons:memcached_pressure:interval", "window: 300"]),
        ([{"interval": "often"}], ["an interval of 'often' can't be"]),
        ([{"interval": 60}, {"window": 30}], ["an interval of 60 can't be", "window: 30"]),
        ([{"windw": 60}], ["'windw' is not known", "did you mean window?"]),
        ([{"quux": 1}], ["'quux' is not known", "the keys there are interval, window"]),
        ([{"times": 0}], ["0 is no whole number from 1 to 100", "beacons:memcached_pressure:times"]),
        ({"interval": 60}, ["no list of keys", "put a dash"]),
        (["interval"], ["no list of keys"]),
    ],
)
def test_beacon_names_the_wrong_key(loaders, config, words):
    right, said = loaders.beacons["memcached_pressure.validate"](config)
    assert not right
    assert all(word in said for word in words), said


@pytest.mark.parametrize("config", [[], [{"interval": 60}], [{"interval": 5, "enabled": True}, {"remind": 60}]])
def test_beacon_takes_what_is_right(loaders, config):
    assert loaders.beacons["memcached_pressure.validate"](config) == (True, "Valid beacon configuration")


def test_beacon_says_what_changed_and_then_is_still(place):
    here = place(1)
    config = [{"interval": 0.5}, {"window": 1}, {"times": 2}]

    def looks(minion, count):
        said = []
        for _ in range(count):
            said += minion.beacons["memcached_pressure.beacon"](config)
            time.sleep(0.6)
        return said

    minion = here.minion
    assert here.call("seen") is None
    with here.memcached.used(KEYS):
        time.sleep(2)
        (event,) = looks(minion, 8)
        assert set(event) == {
            *("verdict", "code", "sentence", "remedy", "figures", "size", "proposed", "since", "at"),
        }
        assert (event["verdict"], event["code"], event["size"], event["proposed"]) == (
            "too small",
            "evicts_live",
            1,
            64,
        )
        assert here.call("seen")["held"]["verdict"] == "too small"
        # A minion that starts anew holds what the one before held.
        again = here.minion
        assert looks(again, 4) == []
        here.call("resize", 64)
        time.sleep(3)  # it fills
        (event,) = looks(again, 8)
        assert (event["verdict"], event["size"]) == ("fine", 64)
    here.memcached.stop()
    (event,) = looks(again, 3)
    assert (event["verdict"], event["code"]) == ("unknown", "no_answer")
    assert "key-" not in repr(event)


def test_beacon_on_a_node_without_memcached_watches_nothing(place, tmp_path):
    here = place(16)
    here.pillar["memcached"]["config"] = str(tmp_path / "nowhere.conf")
    assert here.minion.beacons["memcached_pressure.beacon"]([{"interval": 60}]) == []


def test_without_a_size_nothing_changes(place):
    here = place(1)
    done = here.minion.states["memcached_pressure.sized"]("cache")
    assert (done["result"], done["changes"], done["comment"]) == (True, {}, "memcached has 1 MB.")


def test_without_a_size_it_is_brought_to_what_its_file_says(place):
    here = place(16)
    here.memcached.conf.write_text(here.memcached.conf.read_text().replace("-m 16", "-m 48"))
    done = here.minion.states["memcached_pressure.sized"]("cache")
    assert (done["changes"], here.running) == ({"running": {"old": 16, "new": 48}}, 48)
    assert here.minion.states["memcached_pressure.sized"]("cache")["changes"] == {}
