"""Work that gets stuck holds nobody up, and a new process does what this one can't."""

import contextvars
import os
import sys
import threading
import time

import pytest

from osregions import apart
from osregions.errors import RegionsError

_WHO = contextvars.ContextVar("who")


def test_it_is_done_in_the_context_of_who_asked_and_its_error_is_raised_there():
    _WHO.set("the caller")
    assert apart.within(_WHO.get, 5) == "the caller"
    with pytest.raises(KeyError, match=r"compound_match\.match"):
        apart.within(lambda: {}["compound_match.match"], 5)


def test_one_at_a_time():
    at, most = [], []

    def act():
        at.append(1)
        most.append(len(at))
        time.sleep(0.02)
        at.pop()

    threads = [threading.Thread(target=apart.within, args=(act, 10)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 10


def test_who_is_stuck_is_left_and_so_are_those_behind_it():
    go = threading.Event()
    began = time.monotonic()
    for act in (go.wait, lambda: "never"):
        with pytest.raises(TimeoutError, match=r"0\.2 s"):
            apart.within(act, 0.2)
    assert time.monotonic() - began < 5
    go.set()
    assert apart.within(lambda: "on we go", 5) == "on we go"


def test_a_program_of_its_own_says_what_it_has_to():
    code = "import os; print(os.environ['WHO'])"
    assert apart.anew([sys.executable, "-c", code], {**os.environ, "WHO": "somebody"}, 30) == "somebody\n"
    with pytest.raises(RegionsError, match=r"without a word: .*no such thing"):
        apart.anew([sys.executable, "-c", "raise SystemExit('no such thing')"], os.environ, 30)
    with pytest.raises(RegionsError, match=r"not done within 0\.5 s"):
        apart.anew([sys.executable, "-c", "import time; time.sleep(60)"], os.environ, 0.5)
