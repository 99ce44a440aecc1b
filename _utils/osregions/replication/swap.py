"""Puts a whole copy into the place of a region's keystone database, keeps the old one, and takes it all back.

A swap is one RENAME TABLE: the present tables go out and the others come in, and nobody sees a moment without either.
Foreign keys follow on both sides (seen on MariaDB 10.11 and on MySQL 5.6). MariaDB since 10.6 and MySQL since 8.0 do it
wholly or not at all even when they are killed in it; older ones may be left halfway. So it is written down first, and
where a table is tells how far it came: `recover` puts back what was not finished.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from osregions.database import Session, checked, is_lost, quoted
from osregions.errors import DatabaseError, Refused
from osregions.replication import torn
from osregions.replication.snapshot import checked_tables

RECORD = "openstack_regions_seeding"  # the table in which it is written down, in the database that is being made
_LOCK_WAIT = 10  # seconds that keystone's requests may queue behind the swap, when somebody holds a table
_STAMP = "%Y%m%d_%H%M%S"
_LONGEST = 64 - len("_seeded_20260101_000000")

Rename = tuple[str, str, str]  # the table, from which database, to which


@dataclass(frozen=True)
class Swap:
    """A swap as it is written down: which tables go out where to, and which come in where from."""

    database: str
    out: str
    source: str
    leaving: tuple[str, ...]
    coming: tuple[str, ...]
    begun: bool = False
    paused: tuple[str, ...] = ()  # connections that stand still for us

    def renames(self) -> tuple[Rename, ...]:
        """All that is to be renamed; what goes out first, so that no two meet."""
        out = [(table, self.database, self.out) for table in self.leaving]
        return (*out, *((table, self.source, self.database) for table in self.coming))


@dataclass(frozen=True)
class Kept:
    """A database that was kept: `kind` is before or seeded, `made` when it left its place (UTC)."""

    name: str
    kind: str
    made: str
    tables: int
    bytes: int


def seeding_name(database: str) -> str:
    """The database in which a copy is made."""
    if len(database) > _LONGEST:
        raise Refused(
            f"the name {database!r} is too long",
            remedy=f"rename it to at most {_LONGEST} characters: copies that are kept get its name and a date",
        )
    return checked(f"{database}_seeding")


def kept_name(database: str, kind: str, now: datetime, taken: Collection[str] = ()) -> str:
    """The name of a database that goes out now, in UTC."""
    while (name := f"{database}_{kind}_{now.strftime(_STAMP)}") in taken:
        now += timedelta(seconds=1)
    return checked(name)


def undone(swap: Swap, out: Collection[str], source: Collection[str]) -> tuple[Rename, ...] | None:
    """What has to be renamed to take back a swap that stopped; None when it had come to its end.

    `out` and `source` are the tables that are there now: those of `leaving` in `out` went already, and those of
    `coming` that are not in `source` any more stand in the database.
    """
    gone = [table for table in swap.leaving if table in out]
    come = [table for table in swap.coming if table not in source]
    if swap.begun and len(gone) == len(swap.leaving) and len(come) == len(swap.coming):
        return None
    back = [(table, swap.database, swap.source) for table in come]
    return (*back, *((table, swap.out, swap.database) for table in gone))


def statement(renames: Iterable[Rename]) -> str:
    """The one statement that does it."""
    parts = [f"{quoted(a)}.{quoted(table)} TO {quoted(b)}.{quoted(table)}" for table, a, b in renames]
    return "RENAME TABLE " + ", ".join(parts)


# ---- what is there ----


def databases(session: Session) -> tuple[str, ...]:
    """The names of all databases."""
    rows = session.rows("SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME")
    return tuple(row["name"] for row in rows)


def kept(session: Session, database: str) -> tuple[Kept, ...]:
    """The databases that were kept, the oldest first."""
    found = []
    for name in databases(session):
        match = _kept_pattern(database).fullmatch(name)
        if match:
            row = session.rows(
                "SELECT COUNT(*) AS n, SUM(DATA_LENGTH + INDEX_LENGTH) AS b FROM information_schema.TABLES"
                " WHERE TABLE_SCHEMA = %s AND TABLE_NAME <> %s",
                (name, RECORD),
            )[0]
            made = datetime.strptime(match[2], _STAMP).strftime("%Y-%m-%dT%H:%M:%SZ")
            found.append(Kept(name, match[1], made, int(row["n"]), int(row["b"] or 0)))
    return tuple(sorted(found, key=lambda one: (one.made, one.name)))


def tables_of(session: Session, database: str) -> tuple[str, ...]:
    """The tables of a database, our record left out; none where there is no such database."""
    rows = session.rows(
        "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME",
        (database,),
    )
    return tuple(row["name"] for row in rows if row["name"] != RECORD)


def stray_keys(session: Session, database: str) -> tuple[str, ...]:
    """Foreign keys that lead out of a database or into it from another."""
    rows = session.rows(
        "SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, CONSTRAINT_NAME AS c FROM information_schema.KEY_COLUMN_USAGE"
        " WHERE REFERENCED_TABLE_SCHEMA IS NOT NULL AND REFERENCED_TABLE_SCHEMA <> TABLE_SCHEMA"
        " AND %s IN (TABLE_SCHEMA, REFERENCED_TABLE_SCHEMA)",
        (database,),
    )
    return tuple(sorted(f"{row['d']}.{row['t']}.{row['c']}" for row in rows))


# ---- what is done ----


def planned(session: Session, database: str, source: str, kind: str, now: datetime) -> Swap:
    """Look at both sides of a swap. Refuses what can't be moved."""
    leaving, coming = checked_tables(session, database), tables_of(session, source)
    for name in (database, source):
        if stray := stray_keys(session, name):
            raise Refused(
                f"foreign keys join {name} with another database: {', '.join(stray)}",
                session.account.place,
                "ALTER TABLE ... DROP FOREIGN KEY takes them away: keystone makes none such",
            )
    return Swap(database, kept_name(database, kind, now, databases(session)), source, leaving, coming)


def write_down(session: Session, swap: Swap) -> None:
    """Note what is being done, where the next run looks for it."""
    place = f"{quoted(seeding_name(swap.database))}.{quoted(RECORD)}"
    session.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(seeding_name(swap.database))}")
    session.execute(
        f"CREATE TABLE IF NOT EXISTS {place} (id INT NOT NULL PRIMARY KEY, doing LONGTEXT NOT NULL)"
        " ENGINE=InnoDB DEFAULT CHARSET=utf8"
    )
    session.execute(f"REPLACE INTO {place} VALUES (1, %s)", (json.dumps(asdict(swap)),))


def written_down(session: Session, database: str) -> Swap | None:
    """What an earlier run was doing, if it did not come to its end."""
    name = seeding_name(database)
    if not session.rows(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s", (name, RECORD)
    ):
        return None
    text = session.value(f"SELECT doing FROM {quoted(name)}.{quoted(RECORD)} WHERE id = 1")
    if not text:
        return None
    found = json.loads(text)
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    return Swap(**fields)


def carry_out(session: Session, swap: Swap) -> None:
    """Swap. Whatever goes wrong on the way is taken back, now or by the next run's `recover`."""
    if not swap.coming:
        raise Refused(f"{swap.source} holds no tables", session.account.place, "nothing was swapped")
    _make_room(session, swap)
    begun = replace(swap, begun=True)
    write_down(session, begun)
    try:
        _rename(session, begun.renames())
        if stray := stray_keys(session, swap.database):
            raise DatabaseError(
                f"foreign keys did not follow: {', '.join(stray)}",
                swap.database,
                "the tables are put back; look at these keys, and report this with the server's version",
            )
    except Exception:
        _take_back(session, begun)
        raise


def recover(session: Session, database: str) -> Swap | None:
    """Clear up behind a run that was interrupted. Returns its swap if that had come to its end after all."""
    swap = written_down(session, database)
    name = seeding_name(database)
    done = None
    if swap and swap.begun:
        torn.mend(session, (swap.database, swap.out, swap.source))
        if undone(swap, tables_of(session, swap.out), tables_of(session, swap.source)) is None:
            done = swap
        else:
            _take_back(session, swap)
        _check_readable(session, swap)
    # What came in from a kept database has left it empty.
    emptied = {done.source} if done and not tables_of(session, done.source) else set()
    for left in sorted({name, *emptied} & set(databases(session))):
        session.execute(f"DROP DATABASE {quoted(left)}")
    return done


def _check_readable(session: Session, swap: Swap) -> None:
    """Refuse to go on over a table that an old server lost sight of when it was killed in the middle of renaming it."""
    for table in tables_of(session, swap.database):
        try:
            session.rows(f"SELECT 1 FROM {quoted(swap.database)}.{quoted(table)} LIMIT 1")
        except Exception as err:
            if is_lost(err):
                raise
            raise DatabaseError(
                f"the server was killed while it renamed {table}, and does not find its rows now",
                f"{swap.database} at {session.account.place}",
                f"look for {table}.ibd in the folders {swap.out} and {swap.source} of its datadir, stop it, move"
                f" that file into {swap.database}, start it, and run this again",
            ) from None


def drop_kept(session: Session, database: str, name: str) -> None:
    """Drop a database that was kept, and no other."""
    checked_kept(session, database, name)
    session.execute(f"DROP DATABASE {quoted(name)}")


def checked_kept(session: Session, database: str, name: str) -> None:
    """Refuse a name that is not of a database that was kept for this one."""
    names = [one.name for one in kept(session, database)]
    if name not in names:
        raise Refused(
            f"{name!r} is no database that was kept for {database}",
            session.account.place,
            f"there {'are ' + ', '.join(names) if names else 'is none'}",
        )


def _take_back(session: Session, swap: Swap) -> None:
    back = undone(replace(swap, begun=False), tables_of(session, swap.out), tables_of(session, swap.source))
    if back:
        _rename(session, back)
    found = _charsets(session, swap.out)
    if found and not tables_of(session, swap.out):
        session.execute(f"ALTER DATABASE {quoted(swap.database)} {found[swap.out]}")
        session.execute(f"DROP DATABASE {quoted(swap.out)}")


def _rename(session: Session, renames: Sequence[Rename]) -> None:
    session.execute("SET SESSION foreign_key_checks = 0")
    session.execute("SET SESSION lock_wait_timeout = %s", (_LOCK_WAIT,))
    session.execute(statement(renames))


def _make_room(session: Session, swap: Swap) -> None:
    """What goes out keeps its charset, and the database takes that of what comes in: db_sync builds on it."""
    found = _charsets(session, swap.database, swap.source)
    present = found.get(swap.database, found[swap.source])
    if swap.database not in found:
        session.execute(f"CREATE DATABASE {quoted(swap.database)} {present}")
    if swap.leaving:
        session.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(swap.out)} {present}")
    if present != found[swap.source]:
        session.execute(f"ALTER DATABASE {quoted(swap.database)} {found[swap.source]}")


def _charsets(session: Session, *names: str) -> dict[str, str]:
    """The databases that there are, with their charset as CREATE DATABASE has it."""
    rows = session.rows(
        "SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation"
        f" FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ({', '.join(['%s'] * len(names))})",
        names,
    )
    return {row["name"]: f"CHARACTER SET {checked(row['charset'])} COLLATE {checked(row['collation'])}" for row in rows}


def _kept_pattern(database: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(database)}_(before|seeded)_(\d{{8}}_\d{{6}})")
