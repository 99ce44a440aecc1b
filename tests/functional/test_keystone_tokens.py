"""keystone_tokens on a real keystone, memcached and MariaDB: what is set, and what is proved of it."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path

import pytest
from salt.exceptions import CommandExecutionError

from osregions import files, openrc
from osregions.conf.options import Options
from osregions.identity import Identity, IdentityError
from osregions.tokens import proofs
from tests.support.memcached import Memcached

pytestmark = pytest.mark.timeout(240)
NAMES = ["token_issued", "memcached_answers", "counters_move", "keystone_connected", "token_table_still"]


@pytest.fixture(scope="module")
def server(keystone_server):
    """A keystone of this file's own: its options are changed and it is restarted."""
    return keystone_server("tokens")


@pytest.fixture
def place(server, memcached, loaders, tmp_path):
    """A minion for that keystone, a memcached for it, and keystone.conf as it was afterwards."""
    before = server.conf.read_bytes()
    cache = memcached()

    class Place:
        keystone, memcached, backups = server, cache, tmp_path / "backups"
        pillar = {
            "openstack_regions": {
                "home": "RegionOne",
                "regions": {"RegionOne": {"public_endpoint": server.url}},
                "keystone": {"config": str(server.conf), "release": 22, "url": server.url, "wait": 30},
                "tokens": {"servers": [cache.address]},
                "openrc": {"admin": str(server.openrc)},
                "backup": {"directory": str(tmp_path / "backups")},
            }
        }

        def minion(self, **changes):
            data = json.loads(json.dumps(self.pillar))
            for section, values in changes.items():
                data["openstack_regions"].setdefault(section, {}).update(values)
            return loaders.but(pillar=data)

        def verify(self, **arguments):
            found = self.minion().modules["keystone_tokens.verify"](process=str(server.folder), **arguments)
            assert [check["name"] for check in found["checks"]] == NAMES
            return found["ok"], {check["name"]: check for check in found["checks"]}

    yield Place()
    server.conf.write_bytes(before)


CHANGES = {
    "[token] provider": {"old": None, "new": "fernet"},
    "[cache] enabled": {"old": None, "new": "true"},
    "[cache] backend": {"old": None, "new": "dogpile.cache.memcached"},
}


def test_the_options_are_set_once_shown_beforehand_and_taken_back_to_the_byte(place):
    minion, conf = place.minion(), place.keystone.conf
    before = conf.read_bytes()
    expected = {**CHANGES, "[cache] memcache_servers": {"old": None, "new": place.memcached.address}}

    shown = minion.dry.states["keystone_tokens.configured"]("tokens")
    assert (shown["result"], shown["changes"]) == (None, expected)
    assert conf.read_bytes() == before

    done = minion.states["keystone_tokens.configured"]("tokens")
    assert (done["result"], done["changes"]) == (True, expected), done["comment"]
    assert conf.stat().st_mode & 0o777 == 0o640
    kept = files.backups(conf, place.backups)
    assert [Path(entry["backup"]).read_bytes() for entry in kept] == [before]
    assert Path(kept[0]["backup"]).stat().st_mode & 0o777 == 0o600

    again = minion.states["keystone_tokens.configured"]("tokens")
    assert (again["result"], again["changes"]) == (True, {})

    shown = minion.dry.states["keystone_tokens.restored"]("undo")
    undone = minion.states["keystone_tokens.restored"]("undo")
    assert (
        shown["changes"]
        == undone["changes"]
        == {name: {"old": change["new"], "new": change["old"]} for name, change in expected.items()}
    )
    assert conf.read_bytes() == before
    assert minion.states["keystone_tokens.restored"]("undo")["changes"] == {}


def test_undoing_leaves_alone_what_somebody_else_set_since(place):
    minion, conf = place.minion(), place.keystone.conf
    minion.modules["keystone_tokens.configure"]()
    conf.write_text(
        conf.read_text().replace("\nbackend = dogpile.cache.memcached\n", "\nbackend = oslo_cache.memcache_pool\n")
    )
    minion.modules["keystone_tokens.undo"]()
    options = Options.read([conf])
    assert options.get("cache", "backend") == "oslo_cache.memcache_pool"
    assert options.get("cache", "memcache_servers") is None
    assert options.get("token", "provider") is None


def test_asking_for_the_memcache_driver_is_refused_with_why_and_what_instead(place):
    before = place.keystone.conf.read_bytes()
    done = place.minion().states["keystone_tokens.configured"]("tokens", store="memcache")
    assert done["result"] is False
    assert "Ocata (11) removed the memcache token driver" in done["comment"]
    assert "choose `fernet`" in done["comment"]
    assert place.keystone.conf.read_bytes() == before


def test_without_fernet_keys_nothing_is_touched(place, tmp_path):
    keys = place.keystone.folder / "fernet-keys"
    shutil.move(keys, tmp_path / "away")
    before = place.keystone.conf.read_bytes()
    try:
        done = place.minion().states["keystone_tokens.configured"]("tokens")
    finally:
        shutil.move(tmp_path / "away", keys)
    assert done["result"] is False
    assert "keystone-manage fernet_setup" in done["comment"]
    assert place.keystone.conf.read_bytes() == before


def test_keystone_knows_its_own_address(place):
    minion = place.minion()
    shown = minion.dry.states["keystone_tokens.public_endpoint"]("http://10.0.0.11:5000/")
    done = minion.states["keystone_tokens.public_endpoint"]("http://10.0.0.11:5000/")
    assert (
        shown["changes"]
        == done["changes"]
        == {"[DEFAULT] public_endpoint": {"old": None, "new": "http://10.0.0.11:5000"}}
    )
    assert minion.states["keystone_tokens.public_endpoint"]("http://10.0.0.11:5000")["changes"] == {}
    place.keystone.restart()
    with urllib.request.urlopen(f"{place.keystone.url}/v3", timeout=10) as answer:
        assert json.load(answer)["version"]["links"][0]["href"] == "http://10.0.0.11:5000/v3/"


@pytest.mark.parametrize(
    ("url", "admin", "words"),
    [
        ("http://10.0.0.11:5000/v3", None, "ends in a version"),
        ("10.0.0.11:5000", None, "is no keystone's URL"),
        ("http://admin:pa55@10.0.0.11:5000", None, "holds a password"),
        ("http://10.0.0.11:5000", "http://10.0.0.11:35357", "Train (16) removed it"),
    ],
)
def test_an_address_that_can_not_be_is_refused(place, url, admin, words):
    with pytest.raises(CommandExecutionError) as refused:
        place.minion().modules["keystone_tokens.public_endpoint"](url, admin=admin)
    assert words in str(refused.value)
    assert "pa55" not in str(refused.value)


def test_the_proofs_tell_each_stage_from_the_next(place):
    """Not set; set and not restarted; restarted; memcached gone; the password wrong; the keys gone."""
    keystone, cache = place.keystone, place.memcached
    ok, checks = place.verify()
    assert not ok
    assert checks["token_issued"]["ok"]  # it works, and nothing is cached where it should be
    assert "names no memcached" in checks["memcached_answers"]["evidence"]
    assert not checks["counters_move"]["ok"]

    place.minion().modules["keystone_tokens.configure"]()
    ok, checks = place.verify()
    assert not ok
    assert checks["memcached_answers"]["ok"]
    assert "restarted since" in checks["counters_move"]["remedy"]
    assert f"({keystone.pid})" in checks["keystone_connected"]["evidence"]

    keystone.restart()
    ok, checks = place.verify(tokens=4)
    assert ok, checks
    assert f"4 tokens issued and validated at {keystone.url}" in checks["token_issued"]["evidence"]
    assert f"to {cache.address}" in checks["keystone_connected"]["evidence"]
    assert "uwsgi" in checks["keystone_connected"]["evidence"]
    assert checks["token_table_still"]["evidence"] == "0 rows before, 0 after 4 tokens"
    state = place.minion().states["keystone_tokens.verified"]("tokens", process=str(keystone.folder))
    assert (state["result"], state["changes"]) == (True, {})

    cache.stop()
    ok, checks = place.verify()
    cache.start()
    assert not ok
    assert checks["token_issued"]["ok"]  # keystone does without its cache
    assert f"{cache.address}: memcached does not answer" in checks["memcached_answers"]["evidence"]

    wrong = keystone.folder / "wrong-openrc"
    wrong.write_text(keystone.openrc.read_text().replace(keystone.password, "not-the-pa55word"))
    ok, checks = place.verify(openrc=str(wrong))
    assert not ok
    assert "401" in checks["token_issued"]["evidence"]
    assert "not-the-pa55word" not in json.dumps(checks)

    keys = keystone.folder / "fernet-keys"
    keys.rename(keystone.folder / "away")
    try:
        ok, checks = place.verify()  # it answers as if nothing were wrong, until it is asked for a token
    finally:
        (keystone.folder / "away").rename(keys)
    assert not ok
    assert "keystone answered 500" in checks["token_issued"]["evidence"]
    assert "missing keys" in checks["token_issued"]["remedy"]


def test_rows_that_come_while_tokens_are_issued_are_told(place):
    counts = iter((7, 10))
    found = proofs.prove(
        lambda: Identity(openrc.read(place.keystone.openrc)), [place.memcached.address], tuple, lambda: next(counts), 3
    )
    check = found.checks[-1]
    assert not check.ok
    assert check.evidence == "7 rows, then 10 after 3 tokens: they are stored in the database"


def test_under_test_the_proof_waits_for_what_is_still_to_be_set(place):
    shown = place.minion().dry.states["keystone_tokens.verified"]("tokens", process=str(place.keystone.folder))
    assert (shown["result"], shown["changes"]) == (None, {})
    assert "once the token store is set up" in shown["comment"]


def test_a_token_is_issued_validated_and_revoked(place):
    client = Identity(openrc.read(place.keystone.openrc))
    token = client.issue()
    assert (token.user, token.project) == ("admin", "admin")
    assert [entry["type"] for entry in token.catalog] == ["identity"]
    assert token.id not in repr(token)
    assert client.validate(token)["user"]["name"] == "admin"
    client.revoke(token)
    with pytest.raises(IdentityError) as gone:
        client.validate(token)
    assert token.id not in str(gone.value)


def test_an_openrc_file_of_v2_signs_in_at_v3(place):
    old = {
        "OS_USERNAME": "admin",
        "OS_PASSWORD": place.keystone.password,
        "OS_TENANT_NAME": "admin",
        "OS_AUTH_URL": f"{place.keystone.url}/v2.0/",
        "OS_REGION_NAME": "RegionOne",
    }
    assert Identity(old).issue().user == "admin"


def test_where_the_tokens_are_is_said(place):
    assert place.minion().modules["keystone_tokens.store"]() == {
        "release": "keystone 22 (Zed)",
        "provider": "fernet",
        "driver": None,
        "stored_in": "nowhere: fernet tokens carry all they need",
        "survives_a_replica": True,
        "cache": {"backend": None, "servers": []},
    }


def test_memcached_is_told_where_to_listen_and_believes_it(place, tmp_path):
    """The file that is written is the one that Debian's own wrapper would hand to memcached."""
    conf = tmp_path / "memcached.conf"
    conf.write_text("-d\nlogfile /var/log/memcached.log\n# -v\n-m 32\n-p 11211\n-u memcache\n")
    minion = place.minion(memcached={"config": str(conf), "style": "debian"})
    shown = minion.dry.states["keystone_tokens.memcached_listens"]("memcached", port=1)
    done = minion.states["keystone_tokens.memcached_listens"]("memcached", port=1)
    assert (
        shown["changes"]
        == done["changes"]
        == {
            "listen": {"old": "every address", "new": "127.0.0.1"},
            "port": {"old": 11211, "new": 1},
            "udp": {"old": "not set", "new": "off"},
        }
    )
    assert minion.states["keystone_tokens.memcached_listens"]("memcached", port=1)["changes"] == {}
    facts = minion.modules["keystone_tokens.memcached"]()
    assert (facts["answers"], facts["server"], facts["size"]) == (False, "127.0.0.1:1", 32)
    conf.write_text(conf.read_text().replace("-p 1\n", f"-p {place.memcached.port}\n"))
    facts = minion.modules["keystone_tokens.memcached"]()
    assert facts["answers"], facts
    assert facts["version"] == place.memcached.stats()["version"]


def test_a_memcached_that_is_not_installed_is_said(place, tmp_path):
    minion = place.minion(memcached={"config": str(tmp_path / "memcached.conf")})
    assert minion.modules["keystone_tokens.memcached_installed"]() is False
    assert minion.dry.states["keystone_tokens.memcached_listens"]("memcached")["result"] is None
    done = minion.states["keystone_tokens.memcached_listens"]("memcached")
    assert done["result"] is False
    assert "is memcached installed?" in done["comment"]


def test_a_keystone_that_does_not_answer_is_waited_for_and_named(place):
    minion = place.minion(keystone={"url": "http://127.0.0.1:9"})
    with pytest.raises(CommandExecutionError, match="does not answer within 1 s") as late:
        minion.modules["keystone_tokens.wait"](timeout=1)
    assert "http://127.0.0.1:9" in str(late.value)
    assert place.minion().modules["keystone_tokens.wait"]()["url"] == place.keystone.url


def test_the_library_that_a_backend_needs_is_missed_before_anything_is_written(place, tmp_path):
    """keystone-manage's first line names its Python; this one has no memcached client."""
    (tmp_path / "bin").mkdir()
    bare = shutil.which("python3")
    manage = tmp_path / "keystone-manage"
    manage.write_text(f"#!{tmp_path}/bin/python3\n")
    (tmp_path / "bin" / "python3").write_text(f'#!/bin/sh\nexec {bare} -I -S "$@"\n')
    (tmp_path / "bin" / "python3").chmod(0o755)
    minion = place.minion(keystone={"manage": str(manage)})
    before = place.keystone.conf.read_bytes()
    done = minion.states["keystone_tokens.configured"]("tokens")
    assert done["result"] is False
    assert "has no module memcache" in done["comment"]
    assert place.keystone.conf.read_bytes() == before


def test_a_running_memcached_gives_its_figures(tmp_path):
    own = Memcached(tmp_path)
    own.start()
    try:
        from osregions.tokens import memcached as client

        assert client.counters(own.address)["pid"] == own.pid
    finally:
        own.stop()


LIBERTY = """\
[DEFAULT]
log_dir = /var/log/keystone

[memcache]

# Memcache servers in the format of "host:port". (list value)
#servers = localhost:11211

[token]

# Token persistence backend driver. (string value)
driver = keystone.token.persistence.backends.sql.Token

# Toggle for token system caching. (boolean value)
#caching = true
provider = keystone.token.providers.uuid.Provider
"""


def test_a_liberty_as_the_seed_found_it_is_set_as_the_seed_set_it(place, tmp_path):
    conf = tmp_path / "keystone.conf"
    conf.write_text(LIBERTY)
    minion = place.minion()
    shown = minion.dry.states["keystone_tokens.configured"]("tokens", config=str(conf), release=8)
    done = minion.states["keystone_tokens.configured"]("tokens", config=str(conf), release=8)
    assert done["result"] is True, done["comment"]
    assert shown["changes"] == done["changes"]
    server = place.memcached.address
    assert (
        conf.read_text()
        == LIBERTY.replace("driver = keystone.token.persistence.backends.sql.Token", "driver = memcache")
        .replace("#servers = localhost:11211\n", f"#servers = localhost:11211\nservers = {server}\n")
        .replace("#caching = true\n", "#caching = true\ncaching = true\n")
        + f"\n[cache]\nenabled = true\nbackend = dogpile.cache.memcached\nmemcache_servers = {server}\n"
    )
    assert minion.modules["keystone_tokens.store"](config=str(conf), release=8)["stored_in"] == f"memcached at {server}"
    assert minion.states["keystone_tokens.configured"]("tokens", config=str(conf), release=8)["changes"] == {}
    minion.states["keystone_tokens.restored"]("tokens", config=str(conf))
    assert conf.read_text() == LIBERTY
