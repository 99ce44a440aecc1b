"""Keystone's caches are told by key, on every server, and nothing else is taken from them."""

import time

import pytest
from salt.exceptions import CommandExecutionError

from osregions.releases import cache_region_key, liberty_cache_key
from tests.support import clouds


@pytest.fixture(params=["22", "liberty"])
def cloud(request, loaders, mariadb, keystone_schema, memcached):
    database, release = clouds.schema(request.param, mariadb, keystone_schema)
    cloud = clouds.Cloud(loaders, database, "node", release, [memcached(), memcached()])
    cloud.fill()
    yield cloud
    cloud.pending.unlink(missing_ok=True)
    cloud.pending.with_name(f"cached-{database.name}").unlink(missing_ok=True)
    mariadb.drop(database.name)


def stale_keys(cloud):
    """What would keep the old catalog alive."""
    if cloud.release == 8:
        rows = cloud.database.query("SELECT id FROM endpoint WHERE region_id = 'RegionOne'")
        objects = [("region", "RegionOne"), ("region", "Child-a"), *(("endpoint", row[0]) for row in rows)]
        return {liberty_cache_key(*item) for item in objects}
    return {cache_region_key("computed catalog region"), cache_region_key("shared default")}


def neighbours(cloud):
    """What must stay: others' keys, tokens (Liberty keeps them in the same memcached), other regions of the cache."""
    keys = {"neighbour", cache_region_key("revoke"), cache_region_key("tokens"), liberty_cache_key("service", "imagea")}
    return {*keys, "0" * 40}


def put(cloud, keys):
    for cache in cloud.caches:
        for key in keys:
            assert cache.client().set(key, "value")


def there(cache, keys):
    return {key for key in keys if cache.client().get(key) is not None}


def rename(cloud, old="RegionOne", new="RegionTwo"):
    return cloud.states["keystone_catalog.region_renamed"](new, old=old)


def test_the_old_catalogs_keys_go_from_every_server_and_no_other(cloud):
    stale, others = stale_keys(cloud), neighbours(cloud)
    put(cloud, stale | others)
    shown = cloud.dry["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert shown["result"] is None and all(there(cache, stale) == stale for cache in cloud.caches)
    done = rename(cloud)
    assert done["result"] is True, done
    for cache in cloud.caches:
        assert there(cache, stale) == set()
        assert there(cache, others) == others
        assert cache.address in done["comment"]
        assert int(cache.stats()["cmd_flush"]) == 0
    assert not cloud.pending.exists()


def test_a_second_run_tells_nobody_anything(cloud):
    assert rename(cloud)["result"] is True
    stale = stale_keys(cloud)
    put(cloud, stale)
    assert rename(cloud)["changes"] == {}
    assert all(there(cache, stale) == stale for cache in cloud.caches)


@pytest.mark.parametrize("which", [0, 1])
def test_a_memcached_that_is_down_stops_the_change_before_it(cloud, which):
    before = cloud.tables()
    cloud.caches[which].stop()
    done = rename(cloud)
    assert done["result"] is False and done["changes"] == {}
    assert f"memcached at {cloud.caches[which].address} does not answer" in done["comment"]
    assert "nothing was changed" in done["comment"]
    assert cloud.tables() == before and not cloud.pending.exists()
    cloud.caches[which].start()
    assert rename(cloud)["result"] is True


def test_a_memcached_that_dies_after_the_commit_is_told_by_the_next_run(cloud, monkeypatch):
    from osregions.catalog import act

    stale = stale_keys(cloud)
    real = act.apply

    def apply(*args):
        changes = real(*args)
        cloud.caches[0].stop()
        return changes

    with monkeypatch.context() as patch:
        patch.setattr(act, "apply", apply)
        done = rename(cloud)
    assert done["result"] is False and "does not answer" in done["comment"]
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}, (
        "the tables are changed, which can't be undone"
    )
    assert cloud.pending.exists() and cloud.pending.stat().st_mode & 0o777 == 0o600
    assert rename(cloud)["result"] is False, "it is not forgotten"
    cloud.caches[0].start()
    put(cloud, stale)
    shown = cloud.dry["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    again = rename(cloud)
    assert again["result"] is True and again["changes"] == shown["changes"]
    assert list(again["changes"]) == ["keystone's cache"]
    assert all(there(cache, stale) == set() for cache in cloud.caches)
    assert rename(cloud)["changes"] == {}


def test_a_run_tells_its_own_keys_though_another_took_its_note_away(cloud):
    """Two runs on one node: the first settles while the second has noted its keys, and not committed yet."""
    from osregions.catalog.cache import Pending, cache_from
    from osregions.keystone_node import options
    from osregions.releases import Release

    told, keys = cache_from(options(str(cloud.conf))), sorted(stale_keys(cloud))
    first, second = Pending(cloud.database.name), Pending(cloud.database.name)
    first.note(keys)
    second.note(keys)
    assert first.settle(told, Release(cloud.release), keys)
    put(cloud, keys)  # keystone cached the old catalog again before the second one's commit
    assert second.settle(told, Release(cloud.release), keys)
    assert all(there(cache, keys) == set() for cache in cloud.caches)


def test_invalidate_by_hand(cloud):
    stale, others = stale_keys(cloud), {"neighbour", cache_region_key("revoke")}
    put(cloud, stale | others)
    said = cloud.modules["keystone_catalog.invalidate"]()
    assert "keys deleted" in said
    for cache in cloud.caches:
        assert there(cache, stale) == set() and there(cache, others) == others
    cloud.caches[1].stop()
    with pytest.raises(CommandExecutionError, match="does not answer"):
        cloud.modules["keystone_catalog.invalidate"]()


def test_a_restore_tells_every_cache(cloud):
    made = cloud.modules["keystone_catalog.backup"](scope="catalog")
    assert rename(cloud)["result"] is True
    if cloud.release == 8:
        stale = {liberty_cache_key("region", "RegionTwo"), liberty_cache_key("endpoint", "image-public-a")}
    else:
        stale = stale_keys(cloud) | {cache_region_key("revoke"), cache_region_key("computed assignments")}
    put(cloud, stale | {"neighbour"})
    cloud.modules["keystone_catalog.restore"](made["backup"])
    for cache in cloud.caches:
        assert there(cache, stale | {"neighbour"}) == {"neighbour"}
    cloud.caches[0].stop()
    before = cloud.tables()
    with pytest.raises(CommandExecutionError, match="nothing was changed"):
        cloud.modules["keystone_catalog.restore"](made["backup"])
    assert cloud.tables() == before


@pytest.mark.parametrize("backend", ["dogpile.cache.redis", "dogpile.cache.memory"])
def test_a_cache_that_can_not_be_told_stops_the_change_before_it(cloud, backend):
    before = cloud.tables()
    cloud.write(backend=backend)
    done = rename(cloud)
    assert done["result"] is False and backend in done["comment"] and "nothing was changed" in done["comment"]
    assert cloud.tables() == before and not cloud.pending.exists()


def test_where_nothing_is_shared_nobody_is_told(cloud):
    cloud.write(backend="dogpile.cache.null")
    for cache in cloud.caches:
        cache.stop()
    done = rename(cloud)
    assert done["result"] is True and not cloud.pending.exists()


def test_another_database_in_the_place_of_the_first_is_noticed_once(cloud, mariadb):
    """As a seed does it: the same tables, made anew, under the same name."""
    state, name = cloud.states["keystone_catalog.database_known"], cloud.database.name
    assert state("caches")["changes"], "nothing is known of what was there before"
    assert state("caches")["changes"] == {}
    cloud.database.query("INSERT INTO region (id, description, extra) VALUES ('RegionNine', '', '{}')")
    assert state("caches")["changes"] == {}, "writing makes no other database of it"
    time.sleep(1.1)  # tables are dated to the second
    mariadb.execute(f"CREATE TABLE `{name}`.another LIKE `{name}`.service")
    mariadb.execute(f"RENAME TABLE `{name}`.service TO `{name}`.before, `{name}`.another TO `{name}`.service")
    keys = {cache_region_key("computed catalog region"), cache_region_key("revoke")} if cloud.release != 8 else set()
    put(cloud, keys)
    planned, done = cloud.dry["keystone_catalog.database_known"]("caches"), state("caches")
    assert planned["changes"] == done["changes"] != {} and planned["result"] is None
    assert all(there(cache, keys) == set() for cache in cloud.caches)
    assert state("caches")["changes"] == {}


def test_what_is_invalidated_is_named(cloud):
    revoked = {cache_region_key("revoke")} if cloud.release != 8 else set()
    stale = stale_keys(cloud)
    put(cloud, stale | revoked)
    cloud.modules["keystone_catalog.invalidate"](what="revocations")
    assert all(there(cache, stale | revoked) == stale for cache in cloud.caches)
    with pytest.raises(CommandExecutionError, match=r"'tokens' is nothing that keystone caches.*one of catalog"):
        cloud.modules["keystone_catalog.invalidate"](what="tokens")
