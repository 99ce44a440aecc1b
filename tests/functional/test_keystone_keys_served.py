"""Keys rotated and replaced under a keystone that serves: not one request fails, and the outcome is keystone's own."""

from __future__ import annotations

import http.client
import os
import shutil
import threading
import time
import urllib.error

import pytest

from tests.support import keys

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def server(keystone_server):
    """A keystone of this file's own: its keys are changed."""
    return keystone_server("keys")


@pytest.fixture
def minion(loaders, server, tmp_path):
    pem, _ = keys.salt_key(tmp_path / "pki")
    pillar = {
        "home": "RegionOne",
        "regions": {"RegionOne": {"public_endpoint": server.url}},
        "keystone": {"config": str(server.conf), "release": 22},
        "backup": {"directory": str(tmp_path / "backups")},
        "keys": {"user": str(os.getuid()), "group": str(os.getgid())},
    }
    return loaders.but(
        id="served",
        pillar={"openstack_regions": pillar},
        grains={"region": "RegionOne"},
        pki_dir=str(pem.parent),
        openstack_regions_records=str(tmp_path / "records"),
        openstack_regions_requests=str(tmp_path / "requests"),
    )


def test_no_request_fails_while_keys_are_rotated(server, minion):
    """With three keys a token outlives one rotation: each here is used across one, and not across two."""
    wrong, series, over = [], [0, 0], threading.Event()

    def work(number):
        while not over.is_set():
            try:
                token = server.token()
                for _ in range(3):
                    server.api("GET", "/regions", token=token)
            except (urllib.error.URLError, OSError) as err:
                wrong.append(repr(err))
            series[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        first = server.token()
        for round_ in range(5):
            done = minion.modules["keystone_keys.rotate"](force=True)
            assert done["changes"]["fernet_tokens"]["0"]["new"] == "a new key"
            if round_ == 0:
                server.api("GET", "/regions", token=first)
            begun = list(series)
            while any(now < then + 2 for now, then in zip(series, begun, strict=True)):
                time.sleep(0.01)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    with pytest.raises(urllib.error.HTTPError, match="401"):
        server.api("GET", "/regions", token=first)


def test_a_rotation_is_keystones_own(server, minion, tmp_path):
    """By keystone-manage and by this: the same numbers, with the same keys under them, but for the new one."""
    folder = server.folder / "fernet-keys"
    before = keys.content(folder)
    minion.modules["keystone_keys.rotate"](force=True)
    ours = keys.content(folder)
    keys.fill(folder, before)
    server.manage("fernet_rotate", "--keystone-user", "root", "--keystone-group", "root")
    theirs = keys.content(folder)
    assert {**ours, 0: b""} == {**theirs, 0: b""}
    assert ours[0] not in before.values() and theirs[0] not in before.values()


def test_keystones_rotation_killed_midway_is_gone_on_with(server, minion):
    """What `keystone-manage fernet_rotate` leaves when it is killed between its renamings, it can't mend itself."""
    folder = server.folder / "fernet-keys"
    before = keys.content(folder)
    number = max(before) + 1
    shutil.move(folder / "0", folder / str(number))
    with pytest.raises(RuntimeError):
        server.manage("fernet_rotate", "--keystone-user", "root", "--keystone-group", "root")
    held = server.token()
    assert "a rotation broke off" in str(minion.states["keystone_keys.whole"](name="x", kind="fernet_tokens"))
    minion.modules["keystone_keys.rotate"]()
    after = keys.content(folder)
    assert after[number] == before[0] and after[0] not in before.values() and len(after) == 3
    server.api("GET", "/regions", token=held)
    assert minion.states["keystone_keys.whole"](name="x")["result"] is True


def test_tokens_and_credentials_of_home_after_an_install(server, minion, tmp_path):
    """Another set comes in, then home's again: what home's keys made is readable, no restart."""
    held = server.token()
    blob = {"user_id": server.api("GET", "/users", token=held)["users"][0]["id"], "type": "x", "blob": "secret"}
    made = server.api("POST", "/credentials", {"credential": blob}, token=held)["credential"]
    sealing = keys.node(tmp_path / "home", "home", "RegionOne")
    for kind in ("fernet-keys", "credential-keys"):
        keys.fill(tmp_path / "home" / kind, keys.content(server.folder / kind))
        keys.fill(server.folder / kind, {0: keys.key(), 1: keys.key()})
    with pytest.raises(urllib.error.HTTPError, match="401"):
        server.api("GET", "/regions", token=held)
    with pytest.raises((urllib.error.HTTPError, http.client.RemoteDisconnected)):  # uwsgi may hang up on a 500
        server.api("GET", f"/credentials/{made['id']}")
    asked = minion.modules["keystone_keys.request"]()
    done = minion.modules["keystone_keys.install"](sealing.sealed_for({"served": asked}))
    assert set(done["changes"]) == {"fernet_tokens", "credential"}
    server.api("GET", "/regions", token=held)
    assert server.api("GET", f"/credentials/{made['id']}", token=held)["credential"]["blob"] == "secret"
