"""The servers to measure against: real ones, on loopback, with the durability that they have by default."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql

from osregions.conf.options import Options
from tests.support import ports
from tests.support.keystone import Image, Keystone, Template
from tests.support.mariadb import MariaDB
from tests.support.memcached import Memcached


class DurableMariaDB(MariaDB):
    """A MariaDB that waits for the disk at each commit, as an operator's does; the tests' own does not."""

    def start(self, password: str | None = None) -> None:
        """Start the server on its data, and wait until it answers."""
        options = {"user": "root", "datadir": self.data, "socket": self.socket, "port": self.port}
        options |= {"pid-file": self.folder / "mariadb.pid", "bind-address": self.host, "skip-name-resolve": "on"}
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                ["mariadbd", "--no-defaults", *(f"--{name}={value}" for name, value in options.items())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        given = {} if password is None else {"password": password}

        def ready() -> bool:
            try:
                self.connect(**given).close()
            except pymysql.err.OperationalError:
                return False
            return True

        ports.wait(ready, self._process, str(self.log))


@dataclass(frozen=True)
class Servers:
    """A database server, a memcached, and a keystone that uses both."""

    mariadb: MariaDB
    memcached: Memcached
    keystone: Keystone
    template: Template

    @property
    def options(self) -> Options:
        """The keystone's options, as the product reads them."""
        return Options.read([self.keystone.conf])


@contextmanager
def running(folder: Path) -> Iterator[Servers]:
    """Start them all; whatever happens, none is left."""
    with ExitStack() as stack:
        mariadb = DurableMariaDB(folder / "mariadb")
        mariadb.folder.mkdir()
        stack.callback(mariadb.stop)
        mariadb.install()
        memcached = Memcached(folder, megabytes=64)
        stack.callback(memcached.stop)
        memcached.start()
        image = Image.find("22")
        template = Template.make(image, mariadb)
        place = folder / "keystone"
        place.mkdir()
        keystone = Keystone(image, template, mariadb, place)
        _configure(keystone, memcached)
        stack.callback(keystone.stop)
        keystone.start()
        yield Servers(mariadb, memcached, keystone, template)


def _configure(keystone: Keystone, memcached: Memcached) -> None:
    """Caching in memcached and the address to be served, as the product itself sets them."""
    conf = keystone.conf.read_text().replace("[DEFAULT]\n", f"[DEFAULT]\npublic_endpoint = {keystone.url}\n", 1)
    cache = f"enabled = true\nbackend = dogpile.cache.memcached\nmemcache_servers = {memcached.address}\n"
    if "\n[cache]\n" not in conf:
        conf += "\n[cache]\n"
    keystone.conf.write_text(conf.replace("\n[cache]\n", f"\n[cache]\n{cache}", 1))
