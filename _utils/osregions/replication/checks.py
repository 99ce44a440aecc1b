"""What must hold before a region can replicate home's keystone: a pure function of both servers and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from osregions.database import Session, quoted
from osregions.errors import Refused
from osregions.replication.server import Server

# Where keystone's tables say at which version they are: alembic's from Xena on (both branches), migrate's before.
_VERSIONS = (("alembic_version", "version_num"), ("migrate_version", "version"))


@dataclass(frozen=True)
class Schema:
    """Keystone's database as far as both ends have to agree on it."""

    database: str
    versions: tuple[str, ...]  # table:version, sorted
    charset: str
    collation: str
    bytes: int

    @property
    def facts(self) -> dict[str, str]:
        """What both ends must have alike, by what it is called."""
        # utf8 is called utf8mb3 by newer servers.
        charset = "utf8" if self.charset == "utf8mb3" else self.charset
        return {"schema": ", ".join(self.versions), "charset": charset}


@dataclass(frozen=True)
class End:
    """One end of the line: its region, its server, its keystone database (None: there is none), keystone's release."""

    region: str
    server: Server
    schema: Schema | None
    release: int | None = None


@dataclass(frozen=True)
class Problem:
    """What stands in the way, and what to do about it."""

    problem: str
    remedy: str


def schema_of(session: Session, database: str) -> Schema | None:
    """Read what is to be compared of a keystone database; None when there is no such database."""
    rows = session.rows(
        "SELECT DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation_name"
        " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
        (database,),
    )
    if not rows:
        return None
    tables = {
        row["name"]: row["size"]
        for row in session.rows(
            "SELECT TABLE_NAME AS name, COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) AS size"
            " FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s",
            (database,),
        )
    }
    versions = [
        f"{table}:{row['version']}"
        for table, column in _VERSIONS
        if table in tables
        for row in session.rows(f"SELECT {quoted(column)} AS version FROM {quoted(database)}.{quoted(table)}")
    ]
    return Schema(
        database, tuple(sorted(versions)), rows[0]["charset"], rows[0]["collation_name"], int(sum(tables.values()))
    )


def differing(home: Schema, region: Schema) -> dict[str, tuple[str, str]]:
    """In what two databases differ that must be alike: by what it is called, home's and the region's."""
    one, other = home.facts, region.facts
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def check(home: End, region: End, free: int | None = None) -> tuple[Problem, ...]:
    """Everything that stands in the way; empty when the region can replicate home. `free`: bytes on its disk."""
    return tuple(_problems(home, region, free))


def log(home: End) -> tuple[Problem, ...]:
    """What keeps a server from being read by others."""
    return tuple(_log(home))


def logged(databases: str, wanted: str) -> tuple[Problem, ...]:
    """What home's log holds beside keystone, where it is to hold keystone alone; `databases` is its Binlog_Do_DB."""
    if databases.split(",") == [wanted]:
        return ()
    return (
        Problem(
            f"home's binary log holds {databases or 'all databases'}, and pillar wants {wanted} alone",
            f"put `binlog_do_db = {wanted}` into the server's option file and restart it, where the other databases can"
            " do without point-in-time recovery; or choose `filter: replica`",
        ),
    )


def refuse(problems: tuple[Problem, ...], where: str) -> None:
    """Raise Refused with all problems, each with its remedy."""
    if problems:
        listed = "".join(f"\n- {one.problem}: {one.remedy}" for one in problems)
        raise Refused(f"this region can't replicate home's keystone yet:{listed}", where)


def _problems(home: End, region: End, free: int | None) -> Iterator[Problem]:
    mine, theirs = region.server, home.server
    yield from _log(home)
    if mine.dialect.mariadb != theirs.dialect.mariadb:
        yield Problem(
            f"{home.region} runs {theirs.dialect.product}, {region.region} {mine.dialect.product}",
            "their global transaction ids differ in kind: let both be MariaDB, or both MySQL",
        )
        return
    if mine.dialect.version[:2] < theirs.dialect.version[:2]:
        yield Problem(
            f"{region.region}'s {mine.dialect.product} is older than {home.region}'s {theirs.dialect.product}",
            "upgrade the region first: a replica reads the log of an equal or older server",
        )
    if mine.id == theirs.id or not mine.id or not theirs.id:
        yield Problem(
            f"server_id is {theirs.id} at {home.region} and {mine.id} at {region.region}",
            "give each server a number of its own in its option file, and restart it",
        )
    if mine.dialect.mariadb and mine.domain == theirs.domain:
        yield Problem(
            f"gtid_domain_id is {mine.domain} at both {home.region} and {region.region}",
            f"SET GLOBAL gtid_domain_id to another number at {region.region}, and in its option file",
        )
    if not mine.dialect.mariadb:
        yield from _gtids(region)
    yield from _schemas(home, region)
    if free is not None and home.schema and free < 3 * home.schema.bytes:
        yield Problem(
            f"{free >> 20} MB are free at {region.region}, and home's keystone has {home.schema.bytes >> 20} MB",
            "make room for three times as much: the new copy, the old one that is kept, and the log",
        )


def _log(home: End) -> Iterator[Problem]:
    if not home.server.logs:
        yield Problem(f"{home.region}'s server writes no binary log", "set log_bin in its option file, and restart it")
    form = home.server.variables.get("binlog_format", "")
    if form != "ROW":
        yield Problem(
            f"binlog_format is {form or 'unknown'} at {home.region}", "set it to ROW: SET GLOBAL, and in the file"
        )
    if not home.server.dialect.mariadb:
        yield from _gtids(home)


def _gtids(end: End) -> Iterator[Problem]:
    for name in ("gtid_mode", "enforce_gtid_consistency"):
        if not end.server.on(name):
            remedy = f"set {name} = ON in its option file, and restart it (from 5.7 on it goes step by step, online)"
            yield Problem(f"{name} is {end.server.variables.get(name, 'unknown')} at {end.region}", remedy)
    if end.server.dialect.version < (5, 7) and not end.server.logs_what_it_applies:
        yield Problem(f"log_slave_updates is off at {end.region}", "MySQL 5.6 wants it for GTIDs: set it, and restart")


def _schemas(home: End, region: End) -> Iterator[Problem]:
    if home.schema is None:
        yield Problem(f"{home.region} has no keystone database of that name", "name it in keystone.conf, or `database`")
        return
    if not home.schema.versions:
        yield Problem(f"{home.region}'s keystone database tells no schema version", "run keystone-manage db_sync there")
    if home.release is not None and region.release is not None and home.release != region.release:
        yield Problem(
            f"keystone is {home.release} at {home.region} and {region.release} at {region.region}",
            "upgrade the older one first: a keystone can't serve another release's tables",
        )
    if region.schema is not None:
        for name, (one, other) in differing(home.schema, region.schema).items():
            remedy = (
                "bring both keystones to one release, and run db_sync"
                if name == "schema"
                else "let both databases have the same"
            )
            yield Problem(f"{name} is {one} at {home.region} and {other} at {region.region}", remedy)
