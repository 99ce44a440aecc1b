"""Fixtures over real servers, for every test that asks for them by name. See the docstring of each."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    """A running MariaDB: `.host`, `.port`, `.user`, `.password`, `.create(name[, sql])`, `.execute(sql)`."""
    from tests.support.mariadb import MariaDB

    # In memory where there is room: a schema is made four times as fast as on disk.
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 2**30
    folder = Path(tempfile.mkdtemp(prefix="mariadb-", dir=_MEMORY)) if roomy else tmp_path_factory.mktemp("mariadb")
    server = MariaDB(folder)
    try:
        server.install()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


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
def keystone_templates(mariadb):
    """`keystone_templates(release)`: the image and the kept database of a keystone release, made when first asked."""
    from tests.support.keystone import Image, Template

    made = {}

    def template(release: str = "22"):
        if release not in made:
            image = Image.find(release)
            made[release] = (image, Template.make(image, mariadb))
        return made[release]

    return template


@pytest.fixture(scope="session")
def keystone_schema(mariadb, keystone_templates):
    """`keystone_schema(name, release="22") -> Database`: a database as that keystone's `db_sync` makes it.

    With `bootstrapped=True` it also holds what `keystone-manage bootstrap` adds: admin, RegionOne, identity.
    """

    def make(name: str, release: str = "22", bootstrapped: bool = False):
        _, template = keystone_templates(release)
        return mariadb.create(name, template.bootstrapped if bootstrapped else template.schema)

    return make


@pytest.fixture(scope="session")
def keystone_server(mariadb, keystone_templates, tmp_path_factory):
    """`keystone_server(name, release="22") -> Keystone`: another running keystone, bootstrapped, for this session."""
    from tests.support.keystone import Keystone

    started = []

    def start(name: str, release: str = "22"):
        image, template = keystone_templates(release)
        server = Keystone(image, template, mariadb, tmp_path_factory.mktemp(name), name)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def keystone(keystone_server):
    """The session's running keystone 22: `.url .conf .openrc .password .database .pid .token() .api() .restart()`."""
    return keystone_server("keystone")


@pytest.fixture(scope="session")
def loaders(tmp_path_factory):
    """Salt's loader over the checkout: `loaders.modules["x.f"]()`, `loaders.states["x.f"]()`.

    `loaders.dry` is the same under `test=True`; `loaders.but(pillar={...}, grains={...})` is another minion.
    """
    from tests.support.loaders import Loaders

    return Loaders.start(tmp_path_factory.mktemp("minion"))


_NUMBERS = itertools.count(1)
