"""memcached is closed to others, but never to the keystone that uses it."""

import pytest

from osregions.errors import Refused
from osregions.tokens import memcached_conf, operations

_WISH = memcached_conf.Wish(listen=None, port=None, megabytes=None)


@pytest.fixture
def sysconfig(tmp_path):
    """RHEL's file as it comes: every address."""
    path = tmp_path / "memcached"
    path.write_text('PORT="11211"\nUSER="memcached"\nMAXCONN="1024"\nCACHESIZE="64"\nOPTIONS=""\n')
    return path


def listen(path, wish=_WISH, reached_at=(), dry=False):
    return operations.memcached_listen(str(path), memcached_conf.SYSCONFIG, wish, dry, path.parent / "b", reached_at)


@pytest.mark.parametrize("dry", [True, False])
def test_what_would_cut_keystone_off_is_refused(sysconfig, dry):
    before = sysconfig.read_text()
    with pytest.raises(Refused, match=r"keystone reaches it at 10\.0\.0\.1:11211.*memcached:listen"):
        listen(sysconfig, reached_at=["10.0.0.1:11211"], dry=dry)
    assert sysconfig.read_text() == before


def test_where_keystone_uses_the_loopback_it_is_closed(sysconfig):
    assert listen(sysconfig).changes
    assert "127.0.0.1" in sysconfig.read_text()


def test_addresses_that_are_named_are_taken(sysconfig):
    named = memcached_conf.Wish(listen=("127.0.0.1", "10.0.0.1"), port=None, megabytes=None)
    listen(sysconfig, named, reached_at=["10.0.0.1:11211"])
    assert "127.0.0.1,10.0.0.1" in sysconfig.read_text()
    assert listen(sysconfig, reached_at=["10.0.0.1:11211"]).changes == {}
