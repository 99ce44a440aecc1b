"""A keystone's node without its process: its tables, its keystone.conf, its memcacheds, and a minion that serves it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from osregions.files import STATE
from tests.support import liberty_catalog
from tests.support.loaders import Loaders
from tests.support.mariadb import Database

DUMPS = Path(__file__).resolve().parents[3] / "shared" / "data"  # two real Liberty databases, where they are at hand
SCHEMAS = ["22", "liberty", *(["liberty-dump"] if DUMPS.is_dir() else [])]
ODD = (
    "qu'o\"te \\ back \\\\n %(tenant_id)s $(project_id)s 100% \n new\r\tline ; -- /* ` \u017c\u00f3\u0142w \u2028 \x1a"
)
_NUMBERS = itertools.count(1)
_MINIONS: dict[Path, Loaders] = {}


class Cloud:
    """One keystone's node; `modules` and `states` are those of its minion, `dry` the states under test=True."""

    def __init__(self, loaders: Loaders, database: Database, name: str, release: int, caches=(), fresh: bool = True):
        self.database = database
        self.release = release
        folder = Path(loaders.opts["root_dir"]) / "nodes" / f"{name}-{release}"
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.conf = folder / "keystone.conf"
        self.backups = folder / "backups"
        self.caches = list(caches)
        self.write()
        if folder not in _MINIONS:  # a loader takes its time, and what it loads is the same for every test
            keystone = {"config": str(self.conf), "release": release}
            backup = {"directory": str(self.backups), "scope": "catalog", "keep": 5}
            _MINIONS[folder] = loaders.but(pillar={"openstack_regions": {"keystone": keystone, "backup": backup}})
        minion = _MINIONS[folder]
        self.modules = minion.modules
        self.states = minion.states
        self.dry = minion.dry.states

    @property
    def pending(self) -> Path:
        """The note that caches are still to be told."""
        return Path(STATE) / f"pending-invalidation-{self.database.name}.json"

    def write(
        self, url: str | None = None, public: str | None = "http://home:5000", backend: str | None = None
    ) -> None:
        """Write keystone.conf."""
        lines = ["[DEFAULT]", f"admin_endpoint = {public.replace('5000', '35357')}" if public else ""]
        lines += [f"public_endpoint = {public}" if public else "", "[database]"]
        lines += [f"connection = {url or self.database.url}"]
        if self.caches or backend:
            lines += ["[cache]", "enabled = true", f"backend = {backend or 'dogpile.cache.memcached'}"]
            lines += [f"memcache_servers = {','.join(cache.address for cache in self.caches)}"]
        self.conf.write_text("\n".join(lines) + "\n")

    def tables(self) -> dict[str, list[tuple]]:
        """Every row of every table."""
        names = [row[0] for row in self.database.query("SHOW TABLES")]
        with contextlib.closing(self.database.connect()) as connection, connection.cursor() as cursor:
            found = {}
            for name in names:
                cursor.execute(f"SELECT * FROM `{name}`")
                found[name] = sorted(cursor.fetchall(), key=repr)
            return found

    def put(self, tables: dict[str, list[tuple]]) -> None:
        """Make every row of every table what `tables()` said."""
        with contextlib.closing(self.database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0")
            connection.begin()
            for name, rows in tables.items():
                cursor.execute(f"DELETE FROM `{name}`")
                if rows:
                    cursor.executemany(f"INSERT INTO `{name}` VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)
            connection.commit()

    def fill(self, region: str = "RegionOne", mark: str = "a") -> None:
        """Rows that name a region in every way there is, with values that are hard to carry."""
        with contextlib.closing(self.database.connect()) as connection, connection.cursor() as cursor:
            self._fill(lambda sql, *values: cursor.execute(sql, values or None) and cursor.fetchall(), region, mark)

    def _fill(self, query: Callable, region: str, mark: str) -> None:
        query("INSERT INTO region VALUES (%s, %s, NULL, %s)", region, "the first", json.dumps({"note": "x"}))
        query("INSERT INTO region VALUES (%s, %s, %s, NULL)", f"Child-{mark}", "", region)
        for kind, enabled in (("identity", 1), ("image", 1), ("dns", 0)):
            extra = json.dumps({"name": f"{kind}-name", "description": ODD})
            query(
                "INSERT INTO service (id, type, enabled, extra) VALUES (%s, %s, %s, %s)",
                kind + mark,
                kind,
                enabled,
                extra,
            )
        urls = {"identity": "http://there:5000/v3", "image": f"http://there:9292/{mark}/{ODD}", "dns": "http://there"}
        for kind, interface in itertools.product(urls, ("public", "internal", "admin")):
            query(
                "INSERT INTO endpoint (id, legacy_endpoint_id, interface, service_id, url, extra, enabled, region_id)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                f"{kind}-{interface}-{mark}", None if kind == "dns" else "old", interface, kind + mark,
                urls[kind], None if kind == "dns" else "{}", int(interface != "admin"), region,
            )  # fmt: skip
        query(
            "INSERT INTO endpoint (id, interface, service_id, url, enabled, region_id)"
            " VALUES (%s, 'public', %s, 'x', 1, NULL)",
            f"nowhere-{mark}", f"image{mark}",
        )  # fmt: skip
        tables = {row[0] for row in self.database.query("SHOW TABLES")}
        for number, filters in enumerate([{"region_id": region, "interface": "admin"}, {"service_id": region}]):
            query(
                "INSERT INTO endpoint_group (id, name, filters) VALUES (%s, %s, %s)",
                f"g{number}{mark}", ODD, json.dumps(filters),
            )  # fmt: skip
        query("INSERT INTO project_endpoint VALUES (%s, %s)", f"image-public-{mark}", "p")
        query("INSERT INTO policy_association VALUES (%s, 'p', NULL, %s, %s)", f"pa{mark}", f"image{mark}", region)
        if "registered_limit" in tables:
            query(
                "INSERT INTO registered_limit (id, service_id, resource_name, default_limit, region_id)"
                " VALUES (%s, %s, 'x', 1, %s)", f"rl{mark}", f"image{mark}", region,
            )  # fmt: skip

    def strip(self) -> None:
        """Take away all that stands in the way of removing a region: what only refers to it."""
        for table in ("policy_association", "endpoint_group"):
            self.database.query(f"DELETE FROM `{table}`")
        self.database.query("DELETE FROM endpoint WHERE region_id IS NULL")
        self.database.query("DELETE FROM region WHERE parent_region_id IS NOT NULL")
        if ("registered_limit",) in self.database.query("SHOW TABLES"):
            self.database.query("DELETE FROM registered_limit")


def schema(kind: str, mariadb, keystone_schema) -> tuple[Database, int]:
    """A database of that kind, with the catalog's tables and no rows in them, and its keystone's release."""
    name = f"catalog{next(_NUMBERS)}"
    if kind == "22":
        return keystone_schema(name), 22
    if kind == "liberty":
        return mariadb.create(name, liberty_catalog.SQL), 8
    made = mariadb.create(name, (DUMPS / "keystone-liberty-RegionOne.sql").read_text())
    for table in ("endpoint", "service", "region"):
        made.query(f"DELETE FROM {table}")
    return made, 8


def dying(act: Callable[[], object], places: list[tuple[object, str]], number: int) -> int:
    """Run `act` in a process that kills itself at the n-th entry into one of these functions; return how it ended.

    0: it came to its end. -9: it was killed.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        calls = itertools.count(1)

        def deadly(real):
            def call(*args, **kwargs):
                if next(calls) == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return call

        for owner, name in places:
            setattr(owner, name, deadly(getattr(owner, name)))
        act()
        code = 0
    finally:
        os._exit(code)
