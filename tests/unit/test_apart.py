"""A process of its own: its answer, its errors and its death, for many at once."""

import os
import signal
import threading
import time

import pytest

from osregions import apart
from osregions.errors import RegionsError


def test_the_answer_comes_back_and_nothing_else():
    here = []

    def act():
        here.append("there")
        return {"pid": os.getpid(), "long": "x" * 300_000}

    found = apart.run(act, 10)
    assert found["pid"] != os.getpid() and len(found["long"]) == 300_000
    assert here == []


def test_an_error_is_told():
    def ours():
        raise RegionsError("no such region", "`region`", "name another")

    def theirs():
        raise KeyError("compound_match.match")

    with pytest.raises(RegionsError, match=r"no such region \(`region`\).*name another"):
        apart.run(ours, 10)
    with pytest.raises(RegionsError, match=r"KeyError: 'compound_match.match'"):
        apart.run(theirs, 10)


def test_one_that_is_killed_or_late_is_told_and_gone():
    began = time.monotonic()
    with pytest.raises(RegionsError, match="was killed"):
        apart.run(lambda: os.kill(os.getpid(), signal.SIGKILL), 10)
    with pytest.raises(RegionsError, match=r"not done within its time.*0\.5 s"):
        apart.run(lambda: time.sleep(60), 0.5)
    assert time.monotonic() - began < 10
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_many_at_once_from_threads():
    found = []

    def one(number):
        found.append(apart.run(lambda: number * 2, 30))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [number * 2 for number in range(20)]
