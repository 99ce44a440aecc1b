"""Any one process is killed at any moment of a fail-over, and of the way back: RegionTwo ends in one of two states.

Each case kills twice, once on either way: 50 times in all.
"""

from __future__ import annotations

import random
import time

import pytest

from tests.lab import cloud, failing
from tests.lab.failing import HOME, IMAGES, MEMBER, NODE, OWN, PLACES, SELF, TO_HOME

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
]  # the first test of each fixture waits for a lab that is made anew

_WHERE = {"local": SELF, "home": TO_HOME}
_LONG = 14.0  # seconds that either way takes, about: the kill falls somewhere in them
# The beacon speaks each 5 s while a keystone is gone, and once a minute when both are well; then somebody acts.
_HALF_OVER, _HALF_BACK = 45, 90
_KILLED = (
    (MEMBER, "salt-master"),
    (MEMBER, "salt-minion"),
    (NODE, "salt-minion"),
    (MEMBER, "ProcessManager Engine"),
    (NODE, "ProcessManager Engine"),
    (MEMBER, "/usr/sbin/mariadbd"),
    (MEMBER, "keystone-uwsgi"),
)
_ON_THE_WAY_BACK = (*_KILLED, (HOME, "salt-master"), (HOME, "regions.failback"))


@pytest.fixture(scope="module")
def watching(lab):
    """RegionTwo watches home; it may move as often as it likes, and trusts home soon again."""
    failing.ready(lab)
    failing.numbers(lab, minimum_stay=0, cap_per_hour=1000, up_after=5)
    failing.watched(lab)
    yield lab
    lab.command("heal")


def _kill(lab, dice, processes):
    """Kill one process of those, any; what it was."""
    host, pattern = dice.choice(processes)
    # The brackets keep this very shell out of what is found.
    one = f"pgrep -f '[{pattern[0]}]{pattern[1:]}' | shuf -n 1"
    said = lab.shell(host, f"one=$({one}); tr '\\0' ' ' <\"/proc/$one/cmdline\"; kill -KILL $one", check=False)
    return f"{host}: {said or f'no {pattern}'}"


def _settled(lab, identities, half, seconds=180):
    """Wait until both nodes are at one of these places, and all is done; how long the region was half repointed."""
    began, since, worst = time.monotonic(), None, 0.0
    while True:
        places = failing.places(lab)
        switches = [failing.switch(lab, one)["identity"] for one in (MEMBER, NODE)]
        whole = places == _WHERE[switches[0]] and switches[0] == switches[1] and not any(failing.unfinished(lab))
        now = time.monotonic()
        if whole:
            worst, since = max(worst, 0.0 if since is None else now - since), None
            if switches[0] in identities:
                break
        elif since is None:
            since = now
        assert since is None or now - since < half, f"half repointed for {now - since:.0f} s: {places}, {switches}"
        assert now - began < seconds, f"nothing came of it within {seconds} s: {places}, {switches}"
        time.sleep(0.3)
    return switches[0], worst


def _serves(lab, url, host):
    """Glance and placement take a token that this keystone has just issued."""
    token = failing.tokens(lab, 1, url, host)
    for place in (IMAGES, PLACES):
        failing.until(lambda place=place: failing.ask(lab, place, token)[0][2] == 200, f"{place} answers", 30)


@pytest.mark.parametrize("seed", range(25))
def test_killed_anywhere_it_ends_in_one_of_two_states(watching, seed):
    dice = random.Random(seed)
    failing.seen(watching, "up")
    fault = dice.choice(("cut", "hole"))
    watching.command(fault)
    moment = dice.uniform(0, _LONG)
    time.sleep(moment)
    killed = _kill(watching, dice, _KILLED)
    _, half = _settled(watching, ("local",), _HALF_OVER)
    print(f"{seed}: {fault}, {moment:.1f} s later killed {killed}; half repointed for {half:.1f} s")
    failing.until(lambda: watching.exec(MEMBER, "curl", "-sf", OWN, check=False).returncode == 0, "keystone", 60)
    _serves(watching, OWN, MEMBER)
    assert len({failing.switch(watching, one)["epoch"] for one in (MEMBER, NODE)}) == 1

    watching.command("heal")
    failing.reconnected(watching)
    failing.seen(watching, "up")
    watching.shell(HOME, "nohup salt-run regions.failback RegionTwo >/root/failback.log 2>&1 &")
    moment = dice.uniform(0, _LONG)
    time.sleep(moment)
    killed = _kill(watching, dice, _ON_THE_WAY_BACK)
    where, half = _settled(watching, ("local", "home"), _HALF_BACK)
    print(f"{seed}: on the way back, {moment:.1f} s after its start killed {killed}; {where}, half for {half:.1f} s")
    failing.until(lambda: watching.exec(HOME, "pgrep", "-f", "[r]egions.failback", check=False).returncode, "end", 120)
    cloud.minions_answer(watching)
    failing.returned(watching)
    assert _settled(watching, ("home",), _HALF_BACK)[0] == "home"
    _serves(watching, failing.AT_HOME, HOME)
