"""Units that are restarted come back, or their journal tells why not; systemd is played, the ports are real."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from osregions.conf.known import Known
from osregions.errors import RegionsError
from osregions.services import act, plan, view


@contextmanager
def server(status=401, port=0):
    """An HTTP server on a port of this machine that always answers so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    found = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    try:
        yield found.server_address[1]
    finally:
        found.shutdown()
        found.server_close()


class Systemd:
    """What systemctl would say; every call is kept."""

    def __init__(self, active="active", sub="running"):
        self.calls, self.active, self.sub = [], active, sub

    def __call__(self, words):
        self.calls.append(tuple(words))
        if words[0] != "show":
            return ""
        return "\n".join(
            f"Id={name}\nLoadState=loaded\nActiveState={self.active}\nSubState={self.sub}\nUnitFileState=enabled\n"
            "MainPID=7\nNRestarts=0\n"
            for name in words[3:]
        )


def due(*names):
    services = {service.name: (project.name, service) for project in Known().projects for service in project.services}
    found = []
    for name in names:
        project, service = services[name]
        state = view.State("active", "running", True, 1, 0)
        unit = view.Unit(name, (view.Program(project, service),), state, 1.0)
        found.append(plan.Restart(unit, f"/etc/{project}/x.conf", "restarted"))
    return found


def test_each_rank_at_once_and_in_order():
    systemd = Systemd()
    with server() as port:
        ports = lambda name: {("127.0.0.1", port): 1}  # noqa: E731
        back = act.restart(due("placement-api", "nova-conductor", "nova-scheduler"), 5, systemd, ports)
    assert [one.unit for one in back] == ["placement-api", "nova-conductor", "nova-scheduler"]
    restarts = [call for call in systemd.calls if call[0] == "restart"]
    assert restarts == [
        ("restart", "--no-block", "placement-api.service"),
        ("restart", "--no-block", "nova-conductor.service", "nova-scheduler.service"),
    ]


def test_a_unit_without_a_port_must_run_on_for_a_while():
    (back,) = act.restart(due("nova-compute"), 10, Systemd(), lambda name: {})
    assert 2.0 <= back.seconds < 4


@pytest.mark.parametrize(
    ("active", "sub", "ports", "said"),
    [
        ("failed", "failed", {}, "it is failed"),
        ("activating", "auto-restart", {}, "it is activating"),
        ("active", "running", {("127.0.0.1", 1): 1}, "nothing of it listens on port 1"),
    ],
)
def test_one_that_does_not_come_back_fails_with_its_journal(monkeypatch, active, sub, ports, said):
    monkeypatch.setattr(act, "_journal", lambda unit: f"--- {unit}: its last words")
    heard = [ports, {}]
    with pytest.raises(RegionsError) as error:
        act.restart(due("nova-compute"), 0.5, Systemd(active, sub), lambda name: heard.pop(0) if len(heard) > 1 else {})
    assert said in str(error.value) and "nova-compute: its last words" in str(error.value)


def test_one_that_answers_worse_than_before_is_not_back(monkeypatch):
    monkeypatch.setattr(act, "_journal", lambda unit: "")
    with server(200) as good, server(503) as bad:
        before = [{("127.0.0.1", good): 200}]
        monkeypatch.setattr(act, "_spoken", lambda ports: {("127.0.0.1", bad): before and 200})
        with pytest.raises(RegionsError, match=f"port {bad} answers 503"):
            act.restart(due("glance-api"), 0.5, Systemd(), lambda name: {("127.0.0.1", bad): 1})


@pytest.mark.parametrize(
    "text",
    [
        "password = pa55word",
        'ERROR {"password": "pa55word"}',
        "amqp://nova:pa55word@host:5672",
        "X-Auth-Token: pa55word",
        "secret=pa55word,next",
        "token gAAAAABpa55word-x_y",
    ],
)
def test_no_secret_comes_out_of_a_journal(text):
    assert "pa55word" not in act.masked(text)


def test_plain_words_of_a_journal_stay():
    assert act.masked("Could not bind to 0.0.0.0:9292") == "Could not bind to 0.0.0.0:9292"


class Slow(Systemd):
    """Units that will not stop until they are killed."""

    def __call__(self, words):
        if words[0] == "restart":
            self.active = "deactivating"
        if words[0] == "kill":
            self.active = "active"
        return super().__call__(words)


def test_in_haste_all_restart_at_once_and_nobody_is_asked_first(monkeypatch):
    monkeypatch.setattr(act, "_spoken", lambda ports: pytest.fail("a service that hangs was asked"))
    systemd = Systemd()
    with server() as port:
        act.restart(due("placement-api", "nova-conductor"), 5, systemd, lambda name: {("127.0.0.1", port): 1}, haste=1)
    assert [call for call in systemd.calls if call[0] in ("restart", "kill")] == [
        ("restart", "--no-block", "placement-api.service", "nova-conductor.service")
    ]


def test_in_haste_one_that_will_not_stop_is_killed_and_no_other():
    systemd = Slow()
    with server() as port:
        (back,) = act.restart(due("nova-conductor"), 5, systemd, lambda name: {("127.0.0.1", port): 1}, haste=0.3)
    assert back.seconds >= 0.3
    assert [call for call in systemd.calls if call[0] == "kill"] == [
        ("kill", "--signal=KILL", "nova-conductor.service")
    ]


def test_in_haste_an_api_must_speak_at_its_own_port(monkeypatch):
    monkeypatch.setattr(act, "_journal", lambda unit: "")
    with server(503) as port:
        (one,) = due("placement-api")
        (program,) = one.unit.programs
        here = replace(program, service=replace(program.service, port=port))
        one = replace(one, unit=replace(one.unit, programs=(here,)))
        with pytest.raises(RegionsError, match=f"port {port} answers 503"):
            act.restart([one], 0.5, Systemd(), lambda name: {("127.0.0.1", port): 1}, haste=0.1)
