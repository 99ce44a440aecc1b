"""The queries by which two databases are compared: what tables hold, in sums and digests that mean the same anywhere.

A row's digest is of its values as UTF-8 text with their lengths: neither a column's charset nor its collation is in it,
and NULL is told from the empty text. Nothing is locked: these are ordinary consistent reads of a few thousand rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions.database import Session, quoted

BUCKETS = 64
DIGEST = "(digest)"
_BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit")
_TOGETHER = 25  # rows asked for by their keys in one query

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """A table as it can be compared: the columns of both sides, and the key by which rows are told apart."""

    name: str
    columns: tuple[tuple[str, str], ...]  # name and type
    key: tuple[str, ...]  # empty where there is none

    def kind(self, column: str) -> str:
        """The type of a column."""
        return dict(self.columns)[column]

    @property
    def prefix(self) -> tuple[str, ...]:
        """The columns at the key's head that have few values, and an order which comparisons don't go by."""
        names = []
        for name in self.key[:-1]:
            if self.kind(name) != "enum":
                break
            names.append(name)
        return tuple(names)

    @property
    def ranged(self) -> str | None:
        """The column whose ranges make the chunks."""
        return self.key[len(self.prefix)] if self.key else None


@dataclass(frozen=True)
class Chunk:
    """A part of a table: a prefix of the key, and a range of the column behind it; no end is everything after."""

    prefix: Key = ()
    above: Any = None
    end: Any = None


@dataclass(frozen=True)
class Side:
    """One end: a session and the name of keystone's database there. It needs the right to SELECT, and no other."""

    session: Session
    database: str

    def prepare(self) -> None:
        """Have moments told alike by both ends."""
        self.session.execute("SET SESSION time_zone = '+00:00'")

    def tables(self) -> dict[str, Table]:
        """The tables that are there."""
        rows = self.session.rows(
            "SELECT c.TABLE_NAME AS name, c.COLUMN_NAME AS part, c.DATA_TYPE AS kind FROM information_schema.COLUMNS c"
            " JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)"
            " WHERE c.TABLE_SCHEMA = %s AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION",
            (self.database,),
        )
        columns: dict[str, list[tuple[str, str]]] = {}
        for row in rows:
            columns.setdefault(str(row["name"]), []).append((str(row["part"]), str(row["kind"]).lower()))
        keys: dict[str, dict[str, list[tuple[str, bool]]]] = {}
        for row in self.session.rows(
            "SELECT TABLE_NAME AS name, INDEX_NAME AS label, COLUMN_NAME AS part, NULLABLE AS empty, SUB_PART AS cut"
            " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s AND NON_UNIQUE = 0 ORDER BY SEQ_IN_INDEX",
            (self.database,),
        ):
            whole = row["empty"] != "YES" and row["cut"] is None
            keys.setdefault(str(row["name"]), {}).setdefault(str(row["label"]), []).append((str(row["part"]), whole))
        return {name: Table(name, tuple(parts), _key(keys.get(name, {}))) for name, parts in columns.items()}

    def prefixes(self, table: Table) -> set[Key]:
        """The values at the head of the key; one empty one where it has no such head."""
        if not table.prefix:
            return {()}
        names = ", ".join(map(quoted, table.prefix))
        return {tuple(row.values()) for row in self.session.rows(f"SELECT DISTINCT {names} FROM {self._name(table)}")}

    def end(self, table: Table, chunk: Chunk, rows: int) -> Any:
        """Where a chunk of so many rows ends that begins where this one does; None at the table's end."""
        if table.ranged is None:
            return None
        where, values = _where(table, chunk)
        column = quoted(table.ranged)
        return self.session.value(
            f"SELECT {column} FROM {self._name(table)}{where} ORDER BY {column} LIMIT 1 OFFSET {int(rows) - 1}", values
        )

    def total(self, table: Table, chunk: Chunk) -> tuple[int, int]:
        """The rows of a chunk: their number, and the sum of their digests."""
        where, values = _where(table, chunk)
        row = self.session.rows(f"SELECT COUNT(*) AS n, {_sum(table)} AS s FROM {self._name(table)}{where}", values)[0]
        return int(row["n"]), int(row["s"])

    def buckets(self, table: Table, chunk: Chunk) -> dict[int, tuple[int, int]]:
        """The same by the buckets into which the rows' keys fall."""
        where, values = _where(table, chunk)
        rows = self.session.rows(
            f"SELECT {_bucket(table)} AS b, COUNT(*) AS n, {_sum(table)} AS s"
            f" FROM {self._name(table)}{where} GROUP BY b",
            values,
        )
        return {int(row["b"]): (int(row["n"]), int(row["s"])) for row in rows}

    def digests(self, table: Table, chunk: Chunk, buckets: Iterable[int]) -> dict[Key, str]:
        """The digest of each row in those buckets of a chunk, by its key; without a key: how many there are of it."""
        where, values = _where(table, chunk)
        chosen = ", ".join(str(int(one)) for one in sorted(buckets))
        where = f"{where} {'AND' if where else 'WHERE'} {_bucket(table)} IN ({chosen})"
        if not table.key:
            rows = self.session.rows(
                f"SELECT {_digest(table)} AS d, COUNT(*) AS n FROM {self._name(table)}{where} GROUP BY d", values
            )
            return {(str(row["d"]),): str(row["n"]) for row in rows}
        names = ", ".join(map(quoted, table.key))
        rows = self.session.rows(f"SELECT {names}, {_digest(table)} AS `(d)` FROM {self._name(table)}{where}", values)
        return {tuple(row[name] for name in table.key): str(row["(d)"]) for row in rows}

    def again(self, table: Table, keys: Sequence[Key]) -> dict[Key, str]:
        """The digests of certain rows; those that are not there are left out."""
        if not table.key:
            found = self.digests(table, Chunk(), range(BUCKETS))
            return {key: found[key] for key in keys if key in found}
        return {key: str(row["(d)"]) for key, row in self._by_key(table, keys, f"{_digest(table)} AS `(d)`").items()}

    def parts(self, table: Table, keys: Sequence[Key]) -> dict[Key, dict[str, str]]:
        """The digest of each column of certain rows: which differ can be told without a value being seen."""
        names = [name for name, _ in table.columns]
        what = ", ".join(f"MD5({_part(table, name)}) AS {quoted('p_' + str(at))}" for at, name in enumerate(names))
        return {
            key: {name: str(row[f"p_{at}"]) for at, name in enumerate(names)}
            for key, row in self._by_key(table, keys, what).items()
        }

    def moments(self, table: Table, keys: Sequence[Key], column: str) -> dict[Key, datetime.datetime]:
        """A column of moments of certain rows."""
        found = self._by_key(table, keys, f"{quoted(column)} AS `(m)`")
        return {key: row["(m)"] for key, row in found.items() if isinstance(row["(m)"], datetime.datetime)}

    def _by_key(self, table: Table, keys: Sequence[Key], what: str) -> dict[Key, Mapping[str, Any]]:
        found: dict[Key, Mapping[str, Any]] = {}
        names = ", ".join(f"{quoted(name)} AS {quoted('k_' + str(at))}" for at, name in enumerate(table.key))
        same = " AND ".join(f"{quoted(name)} = %s" for name in table.key)
        one = f"SELECT {names}, {what} FROM {self._name(table)} WHERE {same}"
        for at in range(0, len(keys), _TOGETHER):
            part = keys[at : at + _TOGETHER]
            # Neither OR nor IN: MariaDB reads the whole table when the alternatives have a column alike, MySQL 5.6 does
            # so for IN over rows.
            rows = self.session.rows(" UNION ALL ".join([one] * len(part)), [value for key in part for value in key])
            asked = set(part)
            for row in rows:
                key = tuple(row[f"k_{at}"] for at in range(len(table.key)))
                # A collation may find others: what differs in case is another row where it is compared.
                if key in asked:
                    found[key] = row
        return found

    def _name(self, table: Table) -> str:
        return f"{quoted(self.database)}.{quoted(table.name)}"


def _key(indexes: Mapping[str, Sequence[tuple[str, bool]]]) -> tuple[str, ...]:
    """The primary key, else a unique one without NULL."""
    for label in sorted(indexes, key=lambda label: (label != "PRIMARY", label)):
        parts = indexes[label]
        if all(whole for _, whole in parts):
            return tuple(name for name, _ in parts)
    return ()


def _where(table: Table, chunk: Chunk) -> tuple[str, list[Any]]:
    parts = [f"{quoted(name)} = %s" for name in table.prefix[: len(chunk.prefix)]]
    values: list[Any] = list(chunk.prefix)
    if table.ranged is not None:
        for sign, value in ((">", chunk.above), ("<=", chunk.end)):
            if value is not None:
                parts.append(f"{quoted(table.ranged)} {sign} %s")
                values.append(value)
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


def _part(table: Table, name: str) -> str:
    """A column as text that tells its end, the empty text and NULL."""
    text = f"HEX({quoted(name)})" if table.kind(name) in _BINARY else f"CONVERT({quoted(name)} USING utf8mb4)"
    return f"COALESCE(CONCAT(LENGTH({text}), ':', {text}), 'N')"


def _digest(table: Table) -> str:
    return f"MD5(CONCAT({', '.join(_part(table, name) for name, _ in table.columns)}))"


def _sum(table: Table) -> str:
    # Half a digest fits into the server's numbers. Rows alike to the letter would cancel each other out in BIT_XOR:
    # where no key forbids them, their digests are added up.
    number = f"CAST(CONV(LEFT({_digest(table)}, 16), 16, 10) AS UNSIGNED)"
    return f"COALESCE(BIT_XOR({number}), 0)" if table.key else f"COALESCE(SUM(CAST({number} AS DECIMAL(30))), 0)"


def _bucket(table: Table) -> str:
    if not table.key:
        return f"CRC32({_digest(table)}) %% {BUCKETS}"
    return f"CRC32(CONCAT({', '.join(_part(table, name) for name in table.key)})) %% {BUCKETS}"
