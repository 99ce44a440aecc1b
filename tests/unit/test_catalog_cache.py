"""Where keystone caches, which keys stand before an edited catalog, and what can't be told to a cache from here."""

import pytest

from osregions.catalog import cache
from osregions.errors import CacheError
from osregions.model import DeleteRow, InsertRow, UpdateColumn, UpdateRow
from osregions.releases import Release, liberty_cache_key


class Options(dict):
    def get(self, section, option, default=None):
        return super().get(f"{section}.{option}", default)


def options(**values):
    return Options({f"cache.{name}": value for name, value in values.items()})


@pytest.mark.parametrize(
    ("found", "backend", "servers"),
    [
        (options(), "", ()),
        (options(enabled="true"), "", ()),
        (options(backend="dogpile.cache.null"), "", ()),
        (options(backend="keystone.common.cache.noop"), "", ()),
        (options(enabled="False", backend="dogpile.cache.memcached"), "", ()),
        (options(backend="dogpile.cache.memcached"), "dogpile.cache.memcached", ("localhost:11211",)),
        (
            options(enabled="true", backend="oslo_cache.memcache_pool", memcache_servers="a:11211, b:11212 ,"),
            "oslo_cache.memcache_pool",
            ("a:11211", "b:11212"),
        ),
        (options(backend="dogpile.cache.memcached", backend_argument="url:c:1"), "dogpile.cache.memcached", ("c:1",)),
        (options(backend="dogpile.cache.redis", memcache_servers="a:1"), "dogpile.cache.redis", ("a:1",)),
    ],
)  # fmt: skip
def test_where_a_keystone_caches(found, backend, servers):
    got = cache.cache_from(found)
    assert (got.backend, got.servers, got.shared) == (backend, servers, bool(backend))


CHANGES = (
    InsertRow("region", {"id": "RegionTwo"}),
    UpdateColumn("endpoint", "region_id", "RegionOne", "RegionTwo", 2),
    UpdateRow("endpoint_group", "g", "filters", "", ""),
    InsertRow("endpoint", {"id": "e"}),
    DeleteRow("service", {"id": "s"}),
    DeleteRow("region", {"id": "RegionOne"}),
)
COMPUTED, SHARED, TOKENS = (
    "36a0dc4b31dc35fca53a8c0ef0a5776215c8d145",
    "2a4b007dd5619393e567dc0c8bc36c2996d52dd7",
    "2d6cad476fdd468cd5142307ac89a6534277951e",
)


@pytest.mark.parametrize("major", range(9, 31))
def test_from_mitaka_on_a_region_of_the_cache_has_one_key(major):
    expected = {COMPUTED, SHARED, TOKENS} if 10 <= major <= 13 else {COMPUTED, SHARED}
    assert set(cache.catalog_keys(Release(major), CHANGES)) == expected
    assert set(cache.catalog_keys(Release(major), ())) == expected
    assert set(cache.all_keys(Release(major))) > expected


def test_on_liberty_each_object_has_its_own():
    expected = {("region", "RegionOne"), ("region", "RegionTwo"), ("endpoint", "e"), ("service", "s")}
    keys = cache.catalog_keys(Release(8), CHANGES)
    assert set(keys) == {liberty_cache_key(*item) for item in expected} and len(keys) == len(expected)
    assert cache.catalog_keys(Release(8), ()) == cache.all_keys(Release(8)) == ()


def test_without_a_shared_cache_there_is_nothing_to_tell():
    assert "nothing to invalidate" in cache.invalidate(cache.Cache("", ()), ["k"])
    cache.check_reachable(cache.Cache("", ()))


@pytest.mark.parametrize("backend", ["dogpile.cache.memory", "dogpile.cache.redis", "oslo_cache.mongo"])
def test_a_cache_that_can_not_be_told_is_refused_before_anything_is_changed(backend):
    with pytest.raises(CacheError) as caught:
        cache.check_reachable(cache.Cache(backend, ("a:1",)))
    assert backend in str(caught.value) and "nothing was changed" in str(caught.value) and caught.value.remedy


def test_the_note_of_what_is_to_be_told_is_private_and_adds_up(tmp_path):
    pending = cache.Pending("keystone", tmp_path / "lib" / "state")
    assert pending.keys() == ()
    pending.note(["b", "a"])
    pending.note(["c", "a"])
    assert pending.keys() == ("a", "b", "c")
    (note,) = (tmp_path / "lib" / "state").iterdir()
    assert note.stat().st_mode & 0o777 == 0o600
    assert cache.Pending("other", tmp_path / "lib" / "state").keys() == ()
    assert pending.settle(cache.Cache("", ()), Release(22))
    assert pending.keys() == () and pending.settle(cache.Cache("", ()), Release(22)) == ""
