"""Looking at real keystones: well, gone, without their database, and as Salt's loader has it."""

import os
import signal
import time

import pytest
from salt.exceptions import CommandExecutionError

from osregions import openrc
from osregions.reach import probe
from osregions.reach.holder import Holder
from osregions.reach.limits import Limits
from osregions.reach.watch import Watch, Wish

# The machine of a test is busy: a look has longer here than in a cloud.
QUICK = Limits(interval=2, timeout=2, down_after=4, restart_after=5, up_after=3, slow=1.9)


@pytest.fixture(scope="module")
def home(keystone_server):
    return keystone_server("reach_home")


@pytest.fixture(scope="module")
def local(keystone_server):
    """Made from the same template: the same rows, the same keys, as a region's own keystone has home's."""
    return keystone_server("reach_local")


@pytest.fixture
def watch(home, local):
    told = []
    wish = Wish("two-1", "RegionTwo", "RegionOne", home.url, local.url, QUICK)
    one = Watch(wish, Holder(lambda: [openrc.read(home.openrc)]), lambda seen, changed: told.append(seen))
    one.start()
    until(lambda: one.sight().home.state == one.sight().local.state == "up")
    yield one
    one.stop()
    assert home.password not in repr(told)


def until(ready, seconds=60.0):
    limit = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < limit, "not in time"
        time.sleep(0.05)


@pytest.mark.one_salt
def test_token_of_home_is_taken_by_both(watch):
    until(lambda: watch.sight().keys)
    assert watch.sight().problem == ""


@pytest.mark.one_salt
def test_home_that_is_stopped_and_started(watch, home):
    home.stop()
    until(lambda: watch.sight().home.state == "down")
    seen = watch.sight()
    assert (seen.home.kind, seen.home.detail, seen.local.state) == (probe.REFUSED, "Connection refused", "up")
    home.start()
    until(lambda: watch.sight().home.state == "up")


@pytest.mark.one_salt
def test_home_that_hangs(watch, home):
    """All its processes are stopped: the kernel goes on accepting connections."""
    os.killpg(home.pid, signal.SIGSTOP)
    try:
        until(lambda: watch.sight().home.state == "down")
        seen = watch.sight()
        assert (seen.home.kind, seen.home.detail) == (probe.SILENT, "connected, and no answer in 2 s")
    finally:
        os.killpg(home.pid, signal.SIGCONT)
    until(lambda: watch.sight().home.state == "up")


@pytest.mark.one_salt
def test_home_without_its_database_though_tokens_are_cached(watch, home, mariadb, memcached):
    """With all its caching on, a keystone that can't read a row any more does not pass for healthy."""
    before = home.conf.read_text()
    cache = f"enabled = true\nbackend = dogpile.cache.memcached\nmemcache_servers = {memcached().address}\n"
    home.conf.write_text(f"{before}\n[cache]\n{cache}\n[token]\ncaching = true\n[revoke]\ncaching = true\n")
    home.restart()
    until(lambda: watch.sight().home.state == "up" and watch.sight().home.kind == probe.OK)
    time.sleep(5)  # the token is in the cache now
    tables = ("user", "assignment", "project", "revocation_event")
    name = home.database.name
    mariadb.execute("RENAME TABLE " + ", ".join(f"{name}.{table} TO {name}.gone_{table}" for table in tables))
    try:
        until(lambda: watch.sight().home.state == "down")
        assert watch.sight().home.kind == probe.SERVER_ERROR
    finally:
        mariadb.execute("RENAME TABLE " + ", ".join(f"{name}.gone_{table} TO {name}.{table}" for table in tables))
        home.conf.write_text(before)
        home.restart()
    until(lambda: watch.sight().home.state == "up")


@pytest.fixture
def minion(loaders, home, local):
    regions = {"RegionOne": {"public_endpoint": home.url}, "RegionTwo": {"public_endpoint": local.url}}
    pillar = {"home": "RegionOne", "regions": regions, "openrc": {"admin": str(home.openrc)}}
    return loaders.but(pillar={"openstack_regions": pillar}, grains={"region": "RegionTwo"})


def test_a_person_looks_once(minion, home, local):
    found = minion.modules["keystone_reach.probe"](timeout=5)
    assert found["problem"] == ""
    assert {name: found[name]["url"] for name in ("home", "local")} == {"home": home.url, "local": local.url}
    assert {found[name]["kind"] for name in ("home", "local")} <= {probe.OK, probe.SLOW}


def test_a_person_looks_on_a_node_of_home(minion):
    with pytest.raises(CommandExecutionError, match=r"RegionOne is home: it has nobody to reach"):
        minion.but(grains={"region": "RegionOne"}).modules["keystone_reach.probe"]()


def test_a_person_asks_for_what_can_not_be(minion):
    with pytest.raises(CommandExecutionError, match=r"'sideways' can't be asked for.*write fail_over or fail_back"):
        minion.modules["keystone_reach.verdict"](asked="sideways")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ([{"interval": 0}], ["an interval of 0 can't be", "beacons:keystone_reach:interval", "timeout: 1"]),
        ([{"interval": -1}], ["an interval of -1 can't be"]),
        ([{"interval": 0.5}], ["an interval of 0.5 can't be"]),
        ([{"interval": "often"}], ["an interval of 'often' can't be"]),
        ([{"interval": 2}, {"timeout": 3}], ["an interval of 2 can't be", "timeout: 3"]),
        ([{"intervall": 1}], ["'intervall' is not known", "did you mean interval?"]),
        ([{"timeuot": 1}], ["'timeuot' is not known", "did you mean timeout?"]),
        ([{"quux": 1}], ["'quux' is not known", "the keys there are interval, timeout"]),
        ([{"down_after": "soon"}], ["'soon' is no number", "beacons:keystone_reach:down_after"]),
        ([{"down_after": 1}], ["down_after 1 is below 1.5"]),
        ({"interval": 1}, ["no list of keys", "put a dash"]),
        (["interval"], ["no list of keys"]),
    ],
)
def test_beacon_names_the_wrong_key(loaders, config, words):
    right, said = loaders.beacons["keystone_reach.validate"](config)
    assert not right
    assert all(word in said for word in words), said


@pytest.mark.parametrize("config", [[], [{"interval": 1}], [{"interval": 5, "enabled": True}, {"up_after": 60}]])
def test_beacon_takes_what_is_right(loaders, config):
    assert loaders.beacons["keystone_reach.validate"](config) == (True, "Valid beacon configuration")
