"""Watching two keystones in real time, and holding the token to ask about: from stand-ins, which misbehave as told."""

import os
import threading
import time

import pytest

from osregions.reach import probe, sight
from osregions.reach.holder import Holder
from osregions.reach.limits import Limits
from osregions.reach.watch import Watch, Wish
from tests.support import impostor

# Quick, and yet with room for a busy machine: a look that is late there would else pass for a fault.
QUICK = Limits(interval=0.5, timeout=0.5, down_after=1.5, restart_after=2, up_after=1.5, slow=0.4)
ACCOUNT = {"OS_USERNAME": "admin", "OS_PASSWORD": impostor.PASSWORD, "OS_PROJECT_NAME": "admin"}
WRONG = {**ACCOUNT, "OS_PASSWORD": "forgotten"}


class Keystones:
    """Two stand-ins, `home` and `local`."""

    def __init__(self, folder):
        self.servers = {}
        for name in ("home", "local"):
            mood = folder / name
            mood.write_text("")
            server = impostor.Impostor("127.0.0.1", 0, mood)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self.servers[name] = server

    def url(self, name):
        return f"http://127.0.0.1:{self.servers[name].server_address[1]}"

    def mood(self, name, text):
        self.servers[name].mood.write_text(text)

    def asked(self, name, what):
        return sum(line.startswith(what) for line in self.servers[name].asked)

    def stop(self, name):
        """Nobody listens there any more."""
        self.servers[name].shutdown()
        self.servers[name].server_close()


@pytest.fixture
def keystones(tmp_path):
    made = Keystones(tmp_path)
    yield made
    for name in made.servers:
        made.stop(name)


class Told(list):
    """What a watch tells."""

    def __call__(self, seen, changed):
        self.append((seen, changed))

    @property
    def states(self):
        return [(seen.home.state, seen.local.state) for seen, changed in self if changed]


@pytest.fixture
def watch(keystones):
    """`watch(accounts=..., limits=QUICK, lease=90) -> (watch, what it tells)`."""
    running = []

    def start(accounts=(ACCOUNT,), limits=QUICK, lease=90.0):
        told = Told()
        wish = Wish("two-1", "RegionTwo", "RegionOne", keystones.url("home"), keystones.url("local"), limits)
        one = Watch(wish, Holder(lambda: accounts), told, lease)
        one.start()
        running.append(one)
        return one, told

    yield start
    for one in running:
        one.stop()


def until(ready, seconds=40.0):
    limit = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < limit, "not in time"
        time.sleep(0.02)


def both_up(one):
    seen = one.sight()
    return seen.home.state == seen.local.state == "up"


def test_two_that_are_well(keystones, watch):
    one, told = watch()
    until(lambda: both_up(one) and one.sight().keys)
    until(lambda: told.states and told.states[-1] == ("up", "up"))
    found = one.sight()
    assert (found.problem, found.home.kind) == ("", "ok")
    assert sight.from_data(sight.to_data(found), "x") == found
    assert impostor.TOKEN not in repr(one.__dict__) + repr(told)
    assert keystones.asked("home", "POST") == 1
    assert keystones.asked("local", "POST") == 0
    # One look in five asks what keystone must read from its database.
    until(lambda: keystones.asked("home", "GET /v3/auth/domains") > 0)


def test_home_that_goes_is_told_at_once_and_on_and_on(keystones, watch):
    one, told = watch()
    until(lambda: both_up(one))
    keystones.mood("home", "503")
    began = time.monotonic()
    until(lambda: one.sight().home.state == "down")
    assert time.monotonic() - began > 1.8
    until(lambda: told.states[-1] == ("down", "up"))
    assert told[-1][0].home.kind == probe.SERVER_ERROR
    count = len(told)
    until(lambda: len(told) >= count + 2)  # it goes on
    assert not told[-1][1]
    keystones.mood("home", "")
    until(lambda: told.states[-1] == ("up", "up"))  # it is told a moment after it is seen


def test_home_that_accepts_and_is_silent_holds_nobody_up(keystones, watch):
    one, _ = watch()
    until(lambda: both_up(one))
    keystones.mood("home", "sleep 5")
    until(lambda: one.sight().home.state == "down")
    assert one.sight().home.kind == probe.SILENT
    # The other is looked at all the while.
    before = one.sight().local.count
    until(lambda: one.sight().local.count >= before + 3)
    assert one.sight().home.state == "down"


def test_cached_token_does_not_hide_a_dead_database(keystones, watch, monkeypatch):
    """Keystone validates what it has cached, and answers 500 to what it must read: then that alone is asked."""
    one, _ = watch()
    until(lambda: both_up(one))
    real = impostor.Keystone.do_GET

    def without_database(self):
        if "domains" in self.path and self.server is keystones.servers["home"]:
            self._say(500, {"error": {"code": 500}})
        else:
            real(self)

    monkeypatch.setattr(impostor.Keystone, "do_GET", without_database)
    until(lambda: one.sight().home.state == "down")
    assert one.sight().local.state == "up"
    monkeypatch.undo()
    until(lambda: one.sight().home.state == "up")


def test_started_while_home_is_dead_it_has_the_token_from_its_own(keystones, watch):
    keystones.stop("home")
    one, _ = watch()
    until(lambda: one.sight().home.state == "down" and one.sight().local.state == "up")
    assert one.sight().home.kind == probe.REFUSED
    assert keystones.asked("local", "POST") == 1
    assert one.sight().keys is False  # nobody has seen it take a token of home's


def test_account_that_is_refused_is_not_tried_over_and_over(keystones, watch):
    one, _ = watch(accounts=(WRONG,))
    until(lambda: "401" in one.sight().problem and keystones.asked("local", "POST"))
    time.sleep(1)
    assert keystones.asked("home", "POST") == keystones.asked("local", "POST") == 1
    found = one.sight()
    assert (found.home.state, found.home.kind) == ("unsure", probe.UNAUTHORIZED)
    assert "forgotten" not in repr(found)


def test_no_account_is_said(watch):
    one, _ = watch(accounts=())
    until(lambda: one.sight().problem == "no account was found on this node to sign in with")
    assert one.sight().home.state == "unsure"


def test_token_that_is_not_taken_is_renewed_once(keystones, watch):
    one, _ = watch()
    until(lambda: both_up(one))
    keystones.mood("home", "401")
    until(lambda: one.sight().home.state == "unsure")
    keystones.mood("home", "")
    until(lambda: both_up(one))
    assert keystones.asked("home", "POST") <= 3


def test_nobody_calls_any_more(watch):
    one, _ = watch(lease=2)
    assert one.running
    for _ in range(12):
        time.sleep(0.2)
        one.renew()
    assert one.running
    until(lambda: not one.running)


def test_what_it_tells_may_fail(keystones, watch, monkeypatch):
    one, told = watch()
    monkeypatch.setattr(Told, "__call__", lambda *_: 1 / 0)
    until(lambda: both_up(one))
    monkeypatch.undo()
    keystones.mood("home", "503")
    until(lambda: told.states and told.states[-1] == ("down", "up"))


def test_it_is_not_there_in_a_fork(watch):
    one, _ = watch()
    until(lambda: both_up(one))
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, b"1" if one.running else b"0")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 1) == b"0"
    assert one.running
    os.close(reader)
    os.close(writer)


def test_change_of_numbers_loses_nothing_that_was_seen(keystones, watch):
    one, _ = watch()
    until(lambda: both_up(one))
    other = Watch(one.wish, Holder(lambda: ()), Told())
    assert other.same_keystones(one.wish)
    other.inherit(one)
    assert both_up(other)
    assert other.sight().problem == ""


def test_holder_goes_on_with_a_token_that_it_can_not_renew(keystones):
    now = [0.0]
    holder = Holder(lambda: [ACCOUNT], clock=lambda: now[0])
    holder.care([keystones.url("home")])
    holder.wait(10)
    held = holder.held
    assert held.until == pytest.approx(2400, abs=5)  # two thirds of its hour
    keystones.mood("home", "503")
    now[0] = 2500.0
    for _ in range(3):
        holder.care([keystones.url("home")])
        holder.wait(10)
    assert holder.held is held
    assert "503" in holder.problem
    keystones.mood("home", "")
    now[0] += 6
    holder.care([keystones.url("home")])
    holder.wait(10)
    assert holder.held is not held


def test_holder_reads_the_accounts_anew(keystones):
    now, accounts = [0.0], [WRONG]
    holder = Holder(lambda: accounts, clock=lambda: now[0])
    holder.care([keystones.url("home")])
    holder.wait(10)
    assert holder.held is None
    accounts[:] = [ACCOUNT]
    now[0] = 299.0
    holder.care([keystones.url("home")])
    holder.wait(10)
    assert holder.held is None  # it was told no
    now[0] = 301.0
    holder.care([keystones.url("home")])
    holder.wait(10)
    assert holder.held.place == keystones.url("home")


def test_holder_that_can_not_read_accounts_says_so(keystones):
    def broken():
        raise RuntimeError(impostor.PASSWORD)

    holder = Holder(broken)
    holder.care([keystones.url("home")])
    holder.wait(10)
    assert holder.problem == "signing in failed: RuntimeError"
