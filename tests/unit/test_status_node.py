"""What a node tells of a keystone that takes its time: one that is stood in for, for a real one is not slow at will."""

import threading
import time
from types import SimpleNamespace

import pytest

from osregions.own_node import Configured, OwnNode
from osregions.pressure import verdict, watch
from osregions.status.node import Place
from tests.support import impostor, pressure

SILENT = "http://127.0.0.1:9"


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Ask for the part `catalog`, within two seconds, of a keystone that takes so many to sign in."""
    mood, openrc = tmp_path / "mood", tmp_path / "openrc"
    mood.write_text("")
    server = impostor.Impostor("127.0.0.1", 0, mood)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    openrc.write_text(
        f"export OS_USERNAME=admin OS_PROJECT_NAME=admin OS_AUTH_URL={url}\nexport OS_PASSWORD='{impostor.PASSWORD}'\n"
    )
    real = impostor.Keystone._token
    endpoint = {"region_id": "RegionTwo", "interface": "public", "url": SILENT}

    def with_catalog(self):
        said = real(self)
        said["token"]["catalog"] = [{"type": "image", "endpoints": [endpoint]}]
        return said

    monkeypatch.setattr(impostor.Keystone, "_token", with_catalog)
    pillar = {
        "home": "RegionOne",
        "regions": {"RegionOne": {"public_endpoint": SILENT}, "RegionTwo": {"public_endpoint": url}},
        "keystone": {"url": url, "config": str(tmp_path / "keystone.conf")},
        "openrc": {"admin": str(openrc)},
    }

    def ask(seconds):
        mood.write_text(f"sleep {seconds}" if seconds else "")
        return Place(OwnNode("two", "RegionTwo", pillar), dict)._catalog(2.0)

    yield ask
    server.shutdown()
    server.server_close()


def test_who_does_not_answer_is_silent(asked):
    found = asked(0)
    assert [(one["url"], bool(one["problem"])) for one in found["answers"]] == [(SILENT, True)]


def test_with_no_time_left_nobody_is_asked_and_nobody_is_silent(asked):
    found = asked(1.5)
    assert found["answers"] == [] and found["sign_in"] > 1.4
    assert [one["url"] for one in found["endpoints"]] == [SILENT]


def test_a_long_list_is_cut_after_what_is_a_finding_and_counted():
    """Sixty references that nobody has to mind, and behind them the one that names another keystone."""
    mine = {"path": "/etc/a", "line": 1, "value": "http://x:5000", "region": None}
    found = Configured([], [f"option {one}" for one in range(120)], [mine] * 60 + [{**mine, "region": "RegionTwo"}], [])
    switch = {"damaged": "", "at": "RegionOne"}
    said = Place(SimpleNamespace(configured=lambda at: found), lambda: switch)._conf()
    assert said["counts"] == {"drift": 120, "unmanaged": 61}
    assert len(said["drift"]) == len(said["unmanaged"]) == 50
    assert [one["region"] for one in said["unmanaged"]][:2] == ["RegionTwo", None]


def test_what_the_beacon_holds_of_memcached_is_told_unless_it_is_old(tmp_path):
    place = tmp_path / "pressure.json"
    look = Place(SimpleNamespace(section=lambda name: {}), dict, pressure=str(place))._pressure
    assert look() is None
    small = verdict.Verdict("too small", "evicts_live", "9 were evicted", "give it 64 MB", {}, 1, 64)
    for age, said in (
        (5, {"verdict": "too small", "sentence": "9 were evicted", "remedy": "give it 64 MB"}),
        (7200, None),
    ):
        seen = pressure.reading(at=time.time() - age)
        watch.write(watch.Watched(readings=(seen,), held=small), place)
        assert look() == said
