"""The measurement: ours beside theirs in one home of 200 regions, then ours by the size of catalog and import."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench import clouds, ours, theirs
from bench.servers import Servers, running
from osregions.catalog import view
from osregions.catalog.cache import catalog_keys
from osregions.conf.options import Options
from osregions.database import session
from osregions.model import Endpoint, Export, Service
from osregions.releases import parse
from tests.support.mariadb import Database

REGIONS, SERVICES = 200, 20
JOINING = "RegionTwo"
CATALOGS = (0, 2_000, 12_000)
IMPORTS = (15, 60, 240)
Served = Counter[tuple[str, str, str]]


def main() -> None:
    """Measure, and print as it goes."""
    parser = argparse.ArgumentParser(prog="bench/catalog")
    parser.add_argument(
        "--runs",
        type=int,
        default=5,
        help="imports of ours beside theirs, three times as many by size (default %(default)s)",
    )
    parser.add_argument("--sample", type=int, default=8, help="calls of openstack that are timed (default %(default)s)")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end with us
    # Not /tmp, which may lie in memory: a commit waits for a disk.
    with tempfile.TemporaryDirectory(prefix="bench-catalog-", dir="/var/tmp") as name, running(Path(name)) as servers:
        version = servers.mariadb.execute("SELECT VERSION()")[0][0]
        print(
            f"keystone {servers.keystone.release} (uwsgi), MariaDB {version}, memcached, on this machine's"
            f" {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} before the start\n",
            flush=True,
        )
        compare(servers, Path(name), chosen.runs, chosen.sample)
        scale(servers, Path(name), 3 * chosen.runs)  # these are short, and are compared with each other


def compare(servers: Servers, folder: Path, runs: int, sample: int) -> None:
    """The same region by three ways into the same home; what keystone then serves must be the same."""
    keystone = servers.keystone
    export = fill_home(servers)
    types = {row.id: row.type or "" for row in export.services}
    rows = [(types[row.service_id], at_home(keystone.url, types, row)) for row in export.endpoints]
    wanted: Served = Counter((kind, row.interface, row.url) for kind, row in rows)
    print(
        f"A region of {len(export.services)} services and {len(rows)} endpoints into a catalog of {REGIONS} regions"
        f" ({count(servers)} endpoints):",
        flush=True,
    )

    def without() -> None:
        clouds.take_out(keystone.database, JOINING)
        servers.memcached.client().flush_all()  # the measurement's own memcached: nobody else is on it
        keystone.token()  # has the whole catalog in it, and puts that into the cache

    home = ours.catalog(servers.options, folder / "compare")
    found = []
    for _ in range(runs + 1):
        without()
        found.append(ours.bring_in(home, export, len(rows) + 1))
    took = ours.middle(found[1:])  # the first one warms up
    check(servers, wanted)
    print(
        f"  ours    {seconds(took.whole)}  import {seconds(took.rows).strip()}, backup {seconds(took.backup).strip()};"
        f" median of {runs}; keystone serves all {len(rows)}",
        flush=True,
    )

    without()
    calls = theirs.loop(keystone, JOINING, spread(rows, sample))
    check(servers, Counter((kind, row.interface, row.url) for kind, row in spread(rows, sample)))
    loop = median(calls) * len(rows)
    print(
        f"  theirs  {seconds(loop)}  EXTRAPOLATED: {len(rows)} x {median(calls):.2f} s, the median of"
        f" {len(calls)} calls of `openstack endpoint create` ({min(calls):.2f} to {max(calls):.2f} s)",
    )
    print(f"  ratio   {loop / took.whole:7.0f}\n", flush=True)

    without()
    posted = theirs.script(keystone, JOINING, rows)
    check(servers, wanted)
    print(
        f"  Beside them, measured whole: a script of {len(rows)} API requests with one token {seconds(posted).strip()},"
        f" {posted / took.whole:.0f} times ours.",
        flush=True,
    )

    keystone.database.query("DELETE FROM endpoint WHERE region_id != 'RegionOne'")
    keystone.database.query("DELETE FROM region WHERE id != 'RegionOne'")
    servers.memcached.client().flush_all()
    calls = theirs.loop(keystone, JOINING, spread(rows, 3))
    print(
        f"  In a home of one region ({SERVICES * 3} endpoints) `openstack endpoint create` takes {median(calls):.2f} s"
        f" (median of {len(calls)}).\n",
        flush=True,
    )


def scale(servers: Servers, folder: Path, runs: int) -> None:
    """Ours alone. Home has all the services already, so that the rows that come in are the endpoints and a region."""
    most = max(IMPORTS) // len(clouds.INTERFACES)
    offered = clouds.services("joining", clouds.service_types(most))
    homes: dict[int, tuple[Database, ours.Watched]] = {}
    for size in CATALOGS:
        database = servers.mariadb.create(f"home{size}", servers.template.schema)
        fill_plain(database, size, most)
        homes[size] = database, ours.catalog(options_of(servers, database), folder / f"home{size}")
    exports = {number: clouds.export(JOINING, offered, number, schema(homes[0][1]), 22) for number in IMPORTS}
    # In turns, so that what else this machine does for a while falls on all of them; the first turn warms up.
    took: dict[tuple[int, int], list[ours.Took]] = {(size, number): [] for size in CATALOGS for number in IMPORTS}
    for turn in range(runs + 1):
        for (size, number), found in took.items():
            database, home = homes[size]
            without_it(servers, database)
            one = ours.bring_in(home, exports[number], number + 1)
            if turn:
                found.append(one)
    show({cell: ours.middle(found) for cell, found in took.items()}, runs)


def show(took: dict[tuple[int, int], ours.Took], runs: int) -> None:
    """The table, and what one more endpoint costs."""
    print(f"Ours by endpoints in home's catalog and endpoints imported; medians of {runs}, in milliseconds:")
    print(f"  {'in the catalog':>14}  {'imported':>8}  {'import':>8}  {'backup':>8}  {'whole':>8}")
    for (size, number), one in took.items():
        shown = "  ".join(f"{part * 1000:8.1f}" for part in (one.rows, one.backup, one.whole))
        print(f"  {size:>14,}  {number:>8}  {shown}")
    few, many = min(IMPORTS), max(IMPORTS)
    each = [
        f"{(took[size, many].rows - took[size, few].rows) * 1e3 / (many - few):.2f} ms at {size:,}" for size in CATALOGS
    ]
    print(f"  Import, for each further endpoint imported: {', '.join(each)} in the catalog.")
    print("  The backup holds the whole catalog, and so grows with it.", flush=True)


def without_it(servers: Servers, database: Database) -> None:
    """A catalog before the import, and in memcached what a keystone that had served it would have put there."""
    clouds.take_out(database, JOINING)
    client = servers.memcached.client()
    for key in catalog_keys(parse("22"), ()):
        client.set(key, "in use")


def fill_home(servers: Servers) -> Export:
    """Give keystone's own database 200 regions of 20 services; return the region that is to join."""
    database = servers.keystone.database
    types = clouds.service_types(SERVICES - 1)
    extra = clouds.services("home", types)
    clouds.fill(database, extra)
    (identity,) = database.query("SELECT id FROM service WHERE type = 'identity'")[0]
    offered = [Service(identity, "identity", 1, "{}"), *extra]
    others = clouds.regions(REGIONS - 1)
    clouds.fill(database, others)
    clouds.fill(database, list(clouds.endpoints("home", "RegionOne", extra)))
    clouds.fill(database, [row for region in others for row in clouds.endpoints("home", region.id, offered)])
    clouds.settled(database)
    joining = [Service("1" * 32, "identity", 1, '{"name": "keystone"}'), *clouds.services("joining", types)]
    home = ours.catalog(servers.options, Path("/nonexistent"))
    return clouds.export(JOINING, joining, SERVICES * len(clouds.INTERFACES), schema(home), 22)


def fill_plain(database: Database, size: int, types: int) -> None:
    """Give a database a catalog of just that many endpoints, in regions of 60, among enough services."""
    offered = clouds.services("home", clouds.service_types(types))
    clouds.fill(database, offered)
    regions = clouds.regions(-(-size // 60))
    clouds.fill(database, regions)
    rows = [row for region in regions for row in clouds.endpoints("home", region.id, offered[:SERVICES])]
    clouds.fill(database, rows[:size])
    clouds.settled(database)


def options_of(servers: Servers, database: Database) -> Options:
    """Keystone's options, but for another database."""
    conf = servers.keystone.conf.with_name(f"{database.name}.conf")
    conf.write_text(servers.keystone.conf.read_text().replace(servers.keystone.database.url, database.url))
    return Options.read([conf])


def schema(home: ours.Watched) -> str:
    """The version of home's schema."""
    with session(home.account) as db:
        return view.schema_version(db)


def at_home(url: str, types: dict[str, str], row: Endpoint) -> Endpoint:
    """What is to be served at home: identity is home's own keystone, all others are the region's."""
    return replace(row, url=f"{url}/v3") if types[row.service_id] == "identity" else row


def check(servers: Servers, wanted: Served) -> None:
    """Stop unless keystone itself serves just these endpoints of the region, under one entry for each type."""
    entries = servers.keystone.api("GET", "/auth/catalog")["catalog"]
    doubled = [kind for kind, number in Counter(entry["type"] for entry in entries).items() if number != 1]
    if doubled:
        raise RuntimeError(f"the catalog has several entries of {', '.join(doubled)}")
    found: Served = Counter(
        (entry["type"], row["interface"], row["url"])
        for entry in entries
        for row in entry["endpoints"]
        if row["region_id"] == JOINING
    )
    if found != wanted:
        raise RuntimeError(f"keystone serves {found.total()} endpoints of {JOINING}, {wanted.total()} are wanted")


def count(servers: Servers) -> str:
    """How many endpoints home has now."""
    return f"{servers.keystone.database.query('SELECT COUNT(*) FROM endpoint')[0][0]:,}"


def spread(rows: list[tuple[str, Endpoint]], number: int) -> list[tuple[str, Endpoint]]:
    """That many of the rows, evenly from first to last."""
    return [rows[index * len(rows) // number] for index in range(number)]


def seconds(value: float) -> str:
    """A duration as a person reads it."""
    return f"{value:7.1f} s" if value >= 10 else f"{value * 1000:6.0f} ms"


if __name__ == "__main__":
    main()
