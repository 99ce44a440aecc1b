"""Fixtures over real servers, for every test that asks for them by name. See the docstring of each."""

from __future__ import annotations

import itertools

import pytest


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    """A running MariaDB: `.host`, `.port`, `.user`, `.password`, `.create(name[, sql]) -> Database`, `.execute(sql)`."""
    from tests.support.mariadb import MariaDB

    server = MariaDB(tmp_path_factory.mktemp("mariadb"))
    try:
        server.install()
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(mariadb):
    """An empty database of the test's own, gone afterwards."""
    name = f"test{next(_NUMBERS)}"
    yield mariadb.create(name)
    mariadb.drop(name)


@pytest.fixture
def memcached(tmp_path):
    """Start memcached servers: `memcached()` returns one that runs, with `.address`, `.port`, `.pid`, `.stats()`."""
    from tests.support.memcached import Memcached

    started = []

    def start(megabytes: int = 16) -> Memcached:
        server = Memcached(tmp_path, megabytes)
        started.append(server)
        server.start()
        return server

    try:
        yield start
    finally:
        for server in started:
            server.stop()


@pytest.fixture(scope="session")
def loaders(tmp_path_factory):
    """Salt's loader over the checkout: `loaders.modules["x.f"]()`, `loaders.states["x.f"]()`.

    `loaders.dry` is the same under `test=True`; `loaders.but(pillar={...}, grains={...})` is another minion.
    """
    from tests.support.loaders import Loaders

    return Loaders.start(tmp_path_factory.mktemp("minion"))


_NUMBERS = itertools.count(1)
