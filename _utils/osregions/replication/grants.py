"""What the accounts of a database server may do, read out of SHOW GRANTS into plain data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pymysql

from osregions.database import Session
from osregions.replication.dialect import dialect_from

_NO_SUCH_GRANT = 1141
_NAME = r"`(?:[^`]|``)*`|\*"
_GRANT = re.compile(
    rf"GRANT (?P<what>.+?) ON (?:TABLE )?(?P<database>{_NAME})\.(?P<table>{_NAME}) TO (?P<tail>.*)", re.DOTALL
)
_PRIVILEGE = re.compile(r"\s*(?P<name>[A-Za-z_ ]+?)\s*(?:\((?P<columns>[^)]*)\))?\s*(?:,|$)")
_QUOTED = re.compile(r"`(?:[^`]|``)*`|'(?:[^'\\]|''|\\.)*'")
ALL = "ALL PRIVILEGES"
GRANT_OPTION = "GRANT OPTION"
# What the columns and sets of the system tables are called in a GRANT.
_SPOKEN = {
    "CREATE TMP TABLE": "CREATE TEMPORARY TABLES",
    "DELETE VERSIONING ROWS": "DELETE HISTORY",
    "GRANT": GRANT_OPTION,
}


@dataclass(frozen=True, order=True)
class Right:
    """One thing that may be done: everywhere, in a database, to a table, or to one column of it.

    `database` is as it stands in the grant: at its own level a pattern, where `_` and `%` are any and `\\_` is itself.
    """

    privilege: str
    database: str = ""  # empty: everywhere
    table: str = ""
    column: str = ""


@dataclass(frozen=True)
class Holder:
    """An account, a role, or MariaDB's PUBLIC, with its rights; `unknown` are the grants that are not understood."""

    user: str
    host: str
    rights: frozenset[Right]
    unknown: tuple[str, ...] = ()
    role: bool = False

    @property
    def name(self) -> str:
        """The account as a person would write it."""
        return self.user if self.role else f"{self.user}@{self.host}"

    def on(self, database: str) -> frozenset[Right]:
        """The rights given on one database by its name, or on its tables and columns."""
        return frozenset(right for right in self.rights if names(right, database))


@dataclass(frozen=True)
class Privileges:
    """What ALL stands for on a server, in a database and on a table."""

    database: frozenset[str]
    table: frozenset[str]


def names(right: Right, database: str) -> bool:
    """Whether a right was given on this database by its name, with its underscores escaped or not."""
    if not right.database:
        return False
    written = (database,) if right.table else (database, database.replace("_", "\\_"))
    return right.database in written


def covers(right: Right, database: str) -> bool:
    """Whether a right reaches this database, by its name, by a pattern, or being global."""
    if not right.database or names(right, database):
        return True
    if right.table:
        return False
    wild = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", right.database, re.DOTALL)
    pattern = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(pattern, database, re.DOTALL | re.IGNORECASE) is not None


def parse(lines: Iterable[str]) -> tuple[frozenset[Right], tuple[str, ...]]:
    """Read the lines of SHOW GRANTS: the rights, and the lines that are something else (roles, routines, proxies)."""
    rights: set[Right] = set()
    unknown = []
    for line in lines:
        match = _GRANT.fullmatch(line)
        found = _privileges(match["what"]) if match else None
        if match is None or found is None:
            # The hash of a password may stand behind; nobody needs to see it.
            unknown.append(re.split(r"\s(?:IDENTIFIED|USING|VIA)\s", line)[0])
            continue
        database, table = ("" if name == "*" else _bare(name) for name in (match["database"], match["table"]))
        rights.update(Right(privilege, database, table, column) for privilege, column in found if privilege != "USAGE")
        tail = _QUOTED.sub("''", match["tail"])
        if re.search(r"\bWITH\b.*\bGRANT OPTION\b", tail):
            rights.add(Right(GRANT_OPTION, database, table))
    return frozenset(rights), tuple(unknown)


def spelled_out(rights: Iterable[Right], privileges: Privileges) -> frozenset[Right]:
    """The rights with ALL PRIVILEGES of a database or a table as its parts; a global one stays."""
    found: set[Right] = set()
    for right in rights:
        if right.privilege == ALL and right.database:
            every = privileges.table if right.table else privileges.database
            found.update(Right(one, right.database, right.table) for one in every)
        else:
            found.add(right)
    return frozenset(found)


def privileges(session: Session) -> Privileges:
    """Ask the server's own system tables what there is to grant: newer ones have more."""
    columns = session.rows(
        "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'mysql'"
        " AND TABLE_NAME = 'db' AND COLUMN_NAME LIKE '%%\\_priv'"
    )
    kinds = session.value(
        "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'mysql'"
        " AND TABLE_NAME = 'tables_priv' AND COLUMN_NAME = 'Table_priv'"
    )
    database = {_spoken(row["name"][: -len("_priv")].replace("_", " ")) for row in columns}
    table = {_spoken(name) for name in re.findall(r"'([^']*)'", str(kinds))}
    return Privileges(frozenset(database - {GRANT_OPTION}), frozenset(table - {GRANT_OPTION}))


def holders(session: Session, user: str | None = None) -> tuple[Holder, ...]:
    """Every account (of one user's name, under each of its hosts), each role, with all that they were given."""
    first = session.rows("SELECT @@version AS version, @@version_comment AS comment")[0]
    mariadb = dialect_from(first["version"], first["comment"]).mariadb
    known = privileges(session)
    sql = "SELECT User AS user, Host AS host FROM mysql.user"
    rows = session.rows(f"{sql} WHERE User = %s", (user,)) if user is not None else session.rows(sql)
    found = []
    for row in sorted(rows, key=lambda row: (str(row["user"]), str(row["host"]))):
        name, host = str(row["user"]), str(row["host"])
        # MariaDB alone keeps its roles there as accounts of no host.
        role = mariadb and not host
        try:
            lines = _shown(session, name, host, role)
        except pymysql.MySQLError as err:
            # An account by a host's name, on a server that looks no names up: nobody can enter by it.
            if err.args[:1] != (_NO_SUCH_GRANT,):
                raise
            continue
        rights, unknown = parse(lines)
        found.append(Holder(name, host, spelled_out(rights, known), unknown, role))
    return tuple(found)


def _shown(session: Session, user: str, host: str, role: bool) -> list[str]:
    if role and user == "PUBLIC":
        rows = session.rows("SHOW GRANTS FOR PUBLIC")
    elif role:
        escaped = user.replace("`", "``").replace("%", "%%")
        rows = session.rows(f"SHOW GRANTS FOR `{escaped}`")
    else:
        rows = session.rows("SHOW GRANTS FOR %s@%s", (user, host))
    return [str(next(iter(row.values()))) for row in rows]


def _privileges(text: str) -> list[tuple[str, str]] | None:
    """Privileges and their columns, out of what stands between GRANT and ON; None when it is no list of privileges."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _PRIVILEGE.match(text, at)
        if not match or match.end() == at:
            return None
        name = _spoken(match["name"])
        if name == "PROXY":
            return None
        if match["columns"] is None:
            found.append((name, ""))
        else:
            found += [(name, _bare(column.strip())) for column in match["columns"].split(",")]
        at = match.end()
    return found


def _spoken(name: str) -> str:
    upper = name.strip().upper()
    if upper == "ALL":
        return ALL
    return _SPOKEN.get(upper, upper)


def _bare(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
