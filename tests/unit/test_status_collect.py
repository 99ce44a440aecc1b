"""Several things asked at once: each in its time, none holding up the others, and what goes wrong is told."""

from __future__ import annotations

import contextvars
import http.server
import socket
import threading
import time

import pytest

from osregions.errors import RegionsError
from osregions.status import node
from osregions.status.collect import together

WHO = contextvars.ContextVar("WHO", default="nobody")


def test_what_each_returns_or_met():
    def refused():
        raise RegionsError("there is no keystone", "/etc/keystone", "name it")

    def broken():
        raise ValueError("a secret")

    found = together({"good": lambda: 5, "none": lambda: None, "refused": refused, "broken": broken}, 5)
    assert found["good"]["value"] == 5 and found["none"]["value"] is None
    assert found["refused"]["problem"] == "there is no keystone (/etc/keystone). name it."
    assert found["broken"]["problem"] == "looking failed: ValueError", "its own words may hold anything"
    assert all(one["seconds"] < 5 for one in found.values())


def test_who_hangs_holds_nobody_up():
    never = threading.Event()
    began = time.monotonic()
    found = together({"hangs": never.wait, "slow": lambda: time.sleep(0.2) or "late", "good": lambda: 1}, 0.6)
    took = time.monotonic() - began
    never.set()
    assert 0.5 < took < 2
    assert found["hangs"]["problem"] == "no answer within 0.6 s"
    assert (found["slow"]["value"], found["good"]["value"]) == ("late", 1)


def test_they_run_at_once():
    began = time.monotonic()
    found = together({str(one): lambda: time.sleep(0.3) for one in range(10)}, 5)
    assert time.monotonic() - began < 2 and len(found) == 10


def test_each_sees_what_its_caller_does():
    """Salt's loader keeps pillar and grains of a module in the caller's context."""
    WHO.set("a minion")
    assert together({"one": WHO.get, "two": WHO.get}, 5)["two"]["value"] == "a minion"


@pytest.fixture
def server():
    """Answers with the status that its path names."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(int(self.path.strip("/")))
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()

        def log_message(self, *_args):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, None),
        (300, None),
        (302, None),
        (401, None),
        (404, None),
        (501, None),
        (500, "it answers 500"),
        (503, "it answers 503"),
    ],
)
def test_an_endpoint_that_does_its_work_though_it_lets_nobody_in(server, status, said):
    assert node.answers(f"{server}/{status}", 5) == said


def test_an_endpoint_where_nobody_is():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert node.answers(f"http://127.0.0.1:{held.getsockname()[1]}", 5) == "Connection refused"
        held.listen(0)
        assert "timed out" in node.answers(f"http://127.0.0.1:{held.getsockname()[1]}", 0.3)
