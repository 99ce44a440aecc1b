"""Which memcached servers a keystone names, as the other nodes would see them."""

from osregions import node_view


class _Options(dict):
    def get(self, section, option, default=None):
        return super().get((section, option), default)


def _seen(servers, store=None):
    options = _Options({("cache", "backend"): "dogpile.cache.memcached", ("cache", "memcache_servers"): servers})
    if store:
        options["memcache", "servers"] = store
    return node_view.memcached_servers(options, ["10.0.1.1", "192.168.122.1"])


def test_a_loopback_is_this_nodes_own():
    assert _seen("127.0.0.1:11211") == {
        "memcached": [],
        "local_memcached": ["10.0.1.1:11211", "192.168.122.1:11211"],
    }


def test_addresses_are_named_and_so_is_what_can_not_be_resolved():
    found = _seen("10.0.9.9:11211, no-such-host.invalid:11211", store="10.0.9.8:11212")
    assert found == {
        "memcached": ["10.0.9.8:11212", "10.0.9.9:11211", "no-such-host.invalid:11211"],
        "local_memcached": [],
    }


def test_without_a_shared_cache_there_is_none():
    assert node_view.memcached_servers(_Options(), ["10.0.1.1"]) == {"memcached": [], "local_memcached": []}
