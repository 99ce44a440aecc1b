"""Makes a region's keystone database a copy of home's, out of which replication can go on; and takes that back.

The copy is made beside the present database, which is served until the copy is whole, compared with home row by row,
and the position for replication is set: then they change places in one statement. Whatever stops a run on its way, the
next one clears up behind it and starts again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from osregions.database import Account, Session, quoted, session
from osregions.errors import DatabaseError, Refused
from osregions.replication import copying, people, people_view, swap
from osregions.replication import server as servers
from osregions.replication import snapshot as snapshots
from osregions.replication import start as starts
from osregions.replication.dialect import NAME
from osregions.replication.server import Server
from osregions.replication.swap import Swap

# Tokens of the SQL driver: short-lived, many, and of no worth to a region whose keystone reads another store.
WITHOUT_ROWS = ("token",)
POSITIONED = "positioned"  # the last that a run tells before the two databases change places
_LOCK_SECONDS = 20  # as long as a server may need to notice that an earlier run was killed
_SETTINGS = (
    "SET SESSION foreign_key_checks = 0",
    "SET SESSION unique_checks = 0",
    "SET SESSION time_zone = '+00:00'",
    # What does not fit is an error; zero dates and zero ids are home's own business.
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
)


@dataclass(frozen=True)
class Seeded:
    """What was done: the rows of each table, where replication starts, and where the old database is."""

    database: str
    kept: str | None
    position: str
    rows: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)  # rows that home has in tables that came without them
    start: str = "nothing"  # how the position was set
    people: people.Comparison = field(default_factory=people.Comparison)


def nothing_told(what: str) -> None:
    """Take no notice of how far a run has come."""


def needed(size: int, factor: float) -> int:
    """How much room a copy wants: home's estimate, times a factor for what it does not count."""
    return int(size * factor) + (64 << 20)


def check_room(size: int, free: int | None, factor: float, where: str) -> None:
    """Refuse to fill a disk up; `free` is None where it can't be seen from here."""
    if free is not None and free < needed(size, factor):
        raise Refused(
            f"the copy wants {needed(size, factor) >> 20} MB, and there are {free >> 20} MB free",
            where,
            "make room: mysql_replication.kept lists the databases that were kept; DROP DATABASE those that nobody"
            " needs",
        )


def compared(home: Account, region: Account, database: str = "keystone") -> people.Comparison:
    """What the region's database holds that home lacks; nothing is changed. Raises DatabaseError."""
    with session(region) as here, session(_entered(home, database), snapshots.SILENCE) as there:
        return _people(there, here, database)


def seed(
    home: Account,
    region: Account,
    database: str = "keystone",
    *,
    discard: bool = False,
    name: str = NAME,
    limit: int = starts.LIMIT,
    factor: float = 1.5,
    without_rows: Collection[str] = WITHOUT_ROWS,
    now: datetime | None = None,
    told: Callable[[str], None] = nothing_told,
) -> Seeded:
    """Seed the region's database from home's; `home` is the replication account, `region` an administrator's.

    The connection `name` must not run. Raises Refused when tenants would be lost, unless `discard`; then, and whenever
    else it raises, the region's database is what it was.
    """
    now = now or datetime.now(timezone.utc)
    with _alone(region, database) as (here, server):
        recovered(here, database, server)
        with session(_entered(home, database), snapshots.SILENCE, several=True) as there:
            found = _people(there, here, database)
            people.refuse(found, f"{database} at {here.account.place}", discard)
            check_room(snapshots.size(there, database), _free(here, server), factor, server.variables["datadir"])
            try:
                return replace(
                    _seeded(there, here, database, server, name, limit, without_rows, now, told), people=found
                )
            except Exception:
                # A connection that is gone can't: then the next run does.
                with contextlib.suppress(Exception):
                    recovered(here, database, server)
                raise


def restore_seeded(
    region: Account, kept: str, database: str = "keystone", *, name: str = NAME, now: datetime | None = None
) -> str:
    """Put a kept database back into its place; returns the name under which the present one is kept from now on."""
    now = now or datetime.now(timezone.utc)
    with _alone(region, database) as (here, server):
        recovered(here, database, server)
        channel = server.channel(name if server.dialect.named else "")
        if channel and (channel.sql == "Yes" or channel.io != "No"):
            raise Refused(
                f"the region replicates from {channel.host}: what comes from there would go into the restored database",
                f"connection {name!r}",
                "run mysql_replication.absent first",
            )
        swap.checked_kept(here, database, kept)
        planned = swap.planned(here, database, kept, "seeded", now)
        swap.carry_out(here, planned)
        swap.recover(here, database)
        return planned.out


def kept(region: Account, database: str = "keystone") -> tuple[swap.Kept, ...]:
    """The databases that were kept on the region's server, the oldest first."""
    with session(region) as here:
        return swap.kept(here, database)


def drop_kept(region: Account, name: str, database: str = "keystone") -> None:
    """Drop one of the databases that were kept. Raises Refused for any other."""
    with _alone(region, database) as (here, _):
        swap.drop_kept(here, database, name)


def recovered(here: Session, database: str, server: Server) -> Swap | None:
    """Clear up behind an interrupted run; returns its swap if that had come to its end."""
    left = swap.written_down(here, database)
    if left and left.paused:
        starts.resume(here, left.paused, server)
    return swap.recover(here, database)


def _seeded(
    there: Session,
    here: Session,
    database: str,
    server: Server,
    name: str,
    limit: int,
    without_rows: Collection[str],
    now: datetime,
    told: Callable[[str], None],
) -> Seeded:
    seeding = swap.seeding_name(database)
    unfinished = Swap(database, "", seeding, (), ())
    rows, left_out = {}, {}
    with snapshots.snapshot(there, database, without_rows) as home:
        _alike(home, server)
        # Decided before the work, and again after it: what is refused should be so at once.
        starts.start_position(home.position, home.domain, starts.present(here, server), name, limit)
        here.execute(f"CREATE DATABASE {quoted(seeding)} CHARACTER SET {home.charset} COLLATE {home.collation}")
        swap.write_down(here, unfinished)
        for table in home.tables:
            told(f"copying {table}")
            count, passed_over = _carried(there, here, database, seeding, table, table in without_rows)
            rows[table] = count
            if passed_over:
                left_out[table] = passed_over
    told("compared")
    planned = swap.planned(here, database, seeding, "before", now)
    server = servers.view(here)
    start = starts.start_position(home.position, home.domain, starts.present(here, server), name, limit)
    starts.act(here, start, server, lambda names: swap.write_down(here, replace(unfinished, paused=names)))
    told(POSITIONED)
    swap.carry_out(here, planned)
    told("swapped")
    swap.recover(here, database)
    return Seeded(database, planned.out if planned.leaving else None, home.position, rows, left_out, start.way)


def _carried(there: Session, here: Session, database: str, seeding: str, name: str, without: bool) -> tuple[int, int]:
    """Copy one table and compare it; returns how many rows came, and how many were left at home on purpose."""
    # Behind a savepoint: home's ALTER TABLE need not wait for the rest of the copy, once this table is through.
    there.execute("SAVEPOINT osregions")
    table = copying.table(there, database, name)
    copying.create(here, seeding, table)
    if without:
        passed_over = int(there.value(f"SELECT COUNT(*) FROM {quoted(database)}.{quoted(name)}"))
        there.execute("ROLLBACK TO SAVEPOINT osregions")
        return 0, passed_over
    count = copying.copy(there, here, database, seeding, table)
    at_home, copied = copying.checksums((there, database), (here, seeding), table)
    there.execute("ROLLBACK TO SAVEPOINT osregions")
    if at_home != copied or at_home.rows != count:
        raise DatabaseError(
            f"the copy of {name} is not what home has: {at_home.rows} rows there, {copied.rows} here"
            f"{', of other content' if at_home.rows == copied.rows else ''}",
            f"{seeding} at {here.account.place}",
            "nothing was replaced; run this again, and look at both servers' versions if it comes again",
        )
    return count, 0


def _people(there: Session, here: Session, database: str) -> people.Comparison:
    of_region = people_view.view(here, database)
    return people.compare(of_region, people.Held() if of_region.empty else people_view.view(there, database, of_region))


def _alike(home: snapshots.Snapshot, server: Server) -> None:
    if home.dialect.mariadb != server.dialect.mariadb:
        raise Refused(
            f"home is {home.dialect.product} and the region is {server.dialect.product}",
            remedy="the two have different global transaction ids: replicate between servers of one kind",
        )


@contextlib.contextmanager
def _alone(region: Account, database: str) -> Iterator[tuple[Session, Server]]:
    """An administrator's session in which to make copies, while no other run does."""
    with session(region) as here, here.alone(f"seeding {database}", _LOCK_SECONDS):
        server = servers.view(here)
        # A region's copy is no news to its log, unless others live by that log.
        if not server.clustered and not server.dumps:
            here.execute("SET SESSION sql_log_bin = 0")
        for setting in _SETTINGS:
            here.execute(setting)
        yield here, server


def _free(here: Session, server: Server) -> int | None:
    """How much room there is where the region's server has its data; None when that is another machine's."""
    folder = server.variables.get("datadir", "")
    local = here.account.socket or here.account.host in ("localhost", "127.0.0.1", "::1")
    if not local or not os.path.isdir(folder):
        return None
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


def _entered(home: Account, database: str) -> Account:
    return replace(home, database=database)
