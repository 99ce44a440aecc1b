"""Copies a table from one server to another row by row, and proves that both hold the same.

The server at home writes every row down as SQL literals itself: what travels is what goes into the INSERT, bytes that
are not looked into, and the checksum of the same expression on both sides tells whether they arrived. NULL is the word
NULL there, a text stands between quotes, and what is binary is hexadecimal.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from osregions.database import Session, checked, quoted
from osregions.errors import DatabaseError, Refused

_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json")
_BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_PLAIN = (
    *("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"),
    *("date", "datetime", "timestamp", "time", "uuid", "inet6", "inet4"),
)
_BATCH = 1 << 20  # bytes in one INSERT; less where the server takes less
_COMMIT = 16  # INSERTs in one transaction


@dataclass(frozen=True)
class Table:
    """A table: how it is made, and its rows as an expression that yields the literals of one."""

    name: str
    definition: str
    columns: tuple[str, ...]
    literals: str

    @property
    def columns_text(self) -> str:
        """Its columns, as an INSERT names them."""
        return ", ".join(quoted(name) for name in self.columns)


@dataclass(frozen=True)
class Sum:
    """What is in a table: how many rows, and a number that does not depend on their order.

    A row's number is half its MD5, and they are XORed: equal rows would cancel, but primary keys see to it that there
    are none.
    """

    rows: int
    xor: int


def table(session: Session, database: str, name: str) -> Table:
    """Look at a table. Raises Refused for a column of a type whose literals are not known to be exact."""
    created = session.rows(f"SHOW CREATE TABLE {quoted(database)}.{quoted(name)}")[0]
    columns, parts = [], []
    for row in session.rows(
        "SELECT COLUMN_NAME AS name, LOWER(DATA_TYPE) AS type, EXTRA AS extra FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
        (database, name),
    ):
        if "GENERATED" in str(row["extra"]).upper().replace("DEFAULT_GENERATED", ""):
            continue  # computed on both sides
        columns.append(checked(row["name"]))
        parts.append(_literal(f"{name}.{row['name']}", quoted(row["name"]), row["type"]))
    return Table(name, str(created["Create Table"]), tuple(columns), f"CONCAT_WS(',', {', '.join(parts)})")


def create(session: Session, database: str, what: Table) -> None:
    """Make a table as it is at home, its AUTO_INCREMENT included."""
    session.execute(f"USE {quoted(database)}")
    session.send(what.definition.encode())


def copy(home: Session, region: Session, source: str, target: str, what: Table) -> int:
    """Carry all the rows of a table over; returns how many there were. No more than two batches of them are in memory.

    While one is written, the next is read.
    """
    most = int(region.value("SELECT @@SESSION.max_allowed_packet"))
    head = f"INSERT INTO {quoted(target)}.{quoted(what.name)} ({what.columns_text}) VALUES\n".encode()
    count = written = 0
    region.execute("BEGIN")
    with ThreadPoolExecutor(1) as writer:
        pending: Future[int] | None = None
        for batches, (number, body) in enumerate(_batches(_rows(home, source, what), min(_BATCH, most // 2)), 1):
            written += pending.result() if pending else 0
            if batches % _COMMIT == 0:
                region.execute("COMMIT")
                region.execute("BEGIN")
            pending = writer.submit(region.send, head + body)
            count += number
        written += pending.result() if pending else 0
    region.execute("COMMIT")
    if written != count:
        raise DatabaseError(f"of {count} rows {written} were written", f"{target}.{what.name}", "run this again")
    return count


def checksums(one: tuple[Session, str], other: tuple[Session, str], what: Table) -> tuple[Sum, Sum]:
    """The sums of a table in two databases, reckoned at the same time."""
    with ThreadPoolExecutor(1) as beside:
        second = beside.submit(checksum, *other, what)
        return checksum(*one, what), second.result()


def checksum(session: Session, database: str, what: Table) -> Sum:
    """Count a table's rows, and add them up."""
    number = f"CAST(CONV(LEFT(MD5({what.literals}), 16), 16, 10) AS UNSIGNED)"
    row = session.rows(
        f"SELECT COUNT(*) AS n, COUNT({what.literals}) AS m, BIT_XOR({number}) AS x"
        f" FROM {quoted(database)}.{quoted(what.name)}"
    )[0]
    if row["n"] != row["m"]:
        raise _too_long(what)
    return Sum(int(row["n"]), int(row["x"]))


def _literal(where: str, column: str, kind: str) -> str:
    if kind in _TEXTS:
        return f"QUOTE(CONVERT({column} USING utf8mb4))"
    if kind in _BYTES:
        return f"IFNULL(CONCAT('x''', HEX({column}), ''''), 'NULL')"
    if kind in _PLAIN:
        return f"QUOTE({column})"
    raise Refused(
        f"{where} is of the type {kind}", remedy="keystone has none of that type; nothing is guessed about it"
    )


def _rows(home: Session, database: str, what: Table) -> Iterator[bytes]:
    # As binary: then nobody, neither server nor client, converts it on its way.
    for (row,) in home.stream(f"SELECT CAST({what.literals} AS BINARY) FROM {quoted(database)}.{quoted(what.name)}"):
        if row is None:
            raise _too_long(what)
        yield row


def _batches(rows: Iterator[bytes], most: int) -> Iterator[tuple[int, bytes]]:
    batch: list[bytes] = []
    size = 0
    for row in rows:
        if batch and size + len(row) > most:
            yield len(batch), b"(" + b"),\n(".join(batch) + b")"
            batch, size = [], 0
        batch.append(row)
        size += len(row) + 4
    if batch:
        yield len(batch), b"(" + b"),\n(".join(batch) + b")"


def _too_long(what: Table) -> DatabaseError:
    return DatabaseError(
        "a row is longer than the server can put into one text", what.name, "raise max_allowed_packet on both servers"
    )
