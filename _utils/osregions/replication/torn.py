"""Mends a table that an old server was killed in the middle of renaming: its definition is here, its rows are there.

MySQL until 5.7 and MariaDB until 10.5 rename within InnoDB first and the file of the definition (.frm) second. Killed
between the two, InnoDB has the table under the new name, and nothing that SQL can say finds it. Moving that file after
it makes it whole: seen on MySQL 5.6. Killed while InnoDB itself was at it, the file of the rows may be in the other
folder too; that is not mended here, but told by `swap.recover`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from osregions.database import Session, checked, quoted
from osregions.errors import Refused


@dataclass(frozen=True)
class Torn:
    """A table whose definition is in one database and whose rows are in another."""

    table: str
    definition: str
    rows: str


def found(defined: Mapping[str, Collection[str]], stored: Mapping[str, Collection[str]]) -> tuple[Torn, ...]:
    """Tell from what the server has of definitions and InnoDB of tables, database by database, what is torn."""
    torn = []
    for here, tables in defined.items():
        for table in sorted(set(tables) - set(stored.get(here, ()))):
            there = [name for name in stored if table in stored[name] and table not in defined.get(name, ())]
            if len(there) == 1:
                torn.append(Torn(table, here, there[0]))
    return tuple(torn)


def mend(session: Session, databases: Collection[str]) -> tuple[Torn, ...]:
    """Mend what is torn among some databases; returns what was. Raises Refused where the files are not here."""
    old = session.rows(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema'"
        " AND TABLE_NAME = 'INNODB_SYS_TABLES'"
    )
    if not old:
        return ()  # MySQL 8.0 on keeps no such files
    torn = found(_defined(session, databases), _stored(session, databases))
    folder = Path(str(session.value("SELECT @@GLOBAL.datadir")))
    for one in torn:
        source = folder / checked(one.definition) / f"{checked(one.table)}.frm"
        target = folder / checked(one.rows) / source.name
        if not source.is_file() or target.exists() or not target.parent.is_dir():
            raise Refused(
                f"the server was killed while it renamed {one.table}: its definition is in {one.definition} still, and"
                f" its rows are in {one.rows}",
                session.account.place,
                f"move {source} to {target} on that server's machine, and run this again",
            )
        os.rename(source, target)
        session.execute(f"FLUSH TABLES {quoted(one.definition)}.{quoted(one.table)}")
        session.execute(f"FLUSH TABLES {quoted(one.rows)}.{quoted(one.table)}")
    return torn


def _defined(session: Session, databases: Collection[str]) -> dict[str, set[str]]:
    defined: dict[str, set[str]] = {name: set() for name in databases}
    # Their names alone: a look at anything else would open them.
    for name in databases:
        for row in session.rows(
            "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (name,)
        ):
            defined[name].add(row["name"])
    return defined


def _stored(session: Session, databases: Collection[str]) -> dict[str, set[str]]:
    stored: dict[str, set[str]] = {name: set() for name in databases}
    for row in session.rows("SELECT NAME AS name FROM information_schema.INNODB_SYS_TABLES"):
        database, _, table = str(row["name"]).partition("/")
        if database in stored:
            stored[database].add(table)
    return stored
