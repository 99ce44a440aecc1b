"""Looking at the catalog: keystone's rows become immutable pictures, and nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions.database import Session, quoted
from osregions.errors import DatabaseError, Refused
from osregions.model import TABLES, Endpoint, Export, Region, Row, Service, columns

# Columns that hold a region's name, by keystone's source, Liberty to 2026.2; a database has those its history gave it.
KNOWN_REFERENCES = (
    ("region", "parent_region_id"),
    ("endpoint", "region_id"),
    ("policy_association", "region_id"),
    ("registered_limit", "region_id"),
    ("limit", "region_id"),
)


@dataclass(frozen=True)
class Reference:
    """A column that holds region names, and in how many rows it holds the two in question."""

    table: str
    column: str
    length: int
    known: bool
    old_rows: int
    new_rows: int

    @property
    def name(self) -> str:
        """The column as a person writes it."""
        return f"{self.table}.{self.column}"


@dataclass(frozen=True)
class Filter:
    """The JSON in `endpoint_group.filters`, which can name a region too."""

    id: str
    text: str


@dataclass(frozen=True)
class RenamePicture:
    """All of one database that matters when a region gets another name (P4)."""

    place: str
    regions: tuple[Region, ...]
    region_ids: tuple[str, ...]
    references: tuple[Reference, ...]
    filters: tuple[Filter, ...]


@dataclass(frozen=True)
class ImportPicture:
    """All of home's catalog that matters when a region's rows come in (P6); no larger than what comes in."""

    place: str
    schema: str
    regions: tuple[Region, ...]
    services: tuple[Service, ...]
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True)
class RegionPicture:
    """One region's own rows, and what else refers to it."""

    place: str
    region: Region | None
    region_ids: tuple[str, ...]
    services: tuple[Service, ...]
    endpoints: tuple[Endpoint, ...]
    references: tuple[Reference, ...]
    filters: tuple[Filter, ...]


def schema_version(session: Session) -> str:
    """The version of keystone's schema: alembic's heads, or sqlalchemy-migrate's numbers (Liberty to Xena)."""
    tables = _tables(session)
    if "alembic_version" in tables:
        heads = sorted(row["version_num"] for row in session.rows("SELECT version_num FROM alembic_version"))
        if heads:
            return "alembic:" + "+".join(heads)
    if "migrate_version" in tables:
        rows = session.rows("SELECT repository_id, version FROM migrate_version")
        if rows:
            return "migrate:" + "+".join(sorted(f"{row['repository_id']}={row['version']}" for row in rows))
    raise DatabaseError(
        f"{session.account.database} holds no version of a keystone schema",
        session.account.place,
        "is it keystone's database? Then run `keystone-manage db_sync`",
    )


def check_catalog_tables(session: Session) -> None:
    """Refuse a database whose region, service and endpoint tables are not those of keystone 8 to 30."""
    found = _columns(session)
    for kind, table in TABLES.items():
        if table not in found:
            raise DatabaseError(
                f"{session.account.database} has no table {table}",
                session.account.place,
                "name keystone's own database, or run `keystone-manage db_sync`",
            )
        expected, present = set(columns(kind)), set(found[table])
        if expected != present:
            differing = ", ".join(sorted(expected ^ present))
            raise Refused(
                f"the table {table} differs from keystone's in: {differing}",
                f"{session.account.database} at {session.account.place}",
                "this schema is not one of keystone 8 to 30; nothing is guessed about it",
            )


def rename_picture(session: Session, old: str, new: str, lock: bool = False) -> RenamePicture:
    """Look at all that names either region; `lock` keeps the regions' rows as they are until the transaction ends."""
    check_catalog_tables(session)
    return RenamePicture(
        place=_place(session),
        regions=_select(session, Region, "id IN (%s, %s)", (old, new), lock),
        region_ids=region_names(session),
        references=_references(session, old, new),
        filters=_filters(session),
    )


def import_picture(session: Session, export: Export, lock: bool = False) -> ImportPicture:
    """Look at what may meet the rows that come in: by their ids, their types and their region, and no further."""
    check_catalog_tables(session)
    region = export.region.id
    ids = [name for name in (region, export.region.parent_region_id) if name]
    types = sorted({row.type for row in export.services if row.type})
    services = [row.id for row in export.services]
    endpoints = [row.id for row in export.endpoints]
    return ImportPicture(
        place=_place(session),
        schema=schema_version(session),
        regions=_select(session, Region, f"id IN ({_marks(ids)})", ids, lock),
        services=_select(
            session, Service, f"type IN ({_marks(types)}) OR id IN ({_marks(services)})", [*types, *services]
        ),
        endpoints=_select(session, Endpoint, f"id IN ({_marks(endpoints)}) OR region_id = %s", [*endpoints, region]),
    )


def region_picture(session: Session, region: str) -> RegionPicture:
    """Look at one region: its row, its endpoints, every service, and what else refers to it."""
    check_catalog_tables(session)
    found = _select(session, Region, "id = %s", (region,))
    return RegionPicture(
        place=_place(session),
        region=found[0] if found else None,
        region_ids=region_names(session),
        services=_select(session, Service, "1 = 1", ()),
        endpoints=_select(session, Endpoint, "region_id = %s", (region,)),
        references=_references(session, region, region),
        filters=_filters(session),
    )


def whole_catalog(session: Session) -> tuple[tuple[Service, ...], tuple[Endpoint, ...]]:
    """Every service and every endpoint of all regions."""
    return _select(session, Service, "1 = 1", ()), _select(session, Endpoint, "1 = 1", ())


def service_endpoints(session: Session) -> Mapping[str, int]:
    """How many endpoints each service has, over all regions."""
    rows = session.rows("SELECT service_id, COUNT(*) AS n FROM endpoint GROUP BY service_id")
    return {row["service_id"]: int(row["n"]) for row in rows}


def _place(session: Session) -> str:
    return f"{session.account.database} at {session.account.place}"


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values)) or "NULL"


def _select(
    session: Session, kind: type[Row], where: str, values: Sequence[Any], lock: bool = False
) -> tuple[Row, ...]:
    names = ", ".join(quoted(name) for name in columns(kind))
    sql = f"SELECT {names} FROM {quoted(TABLES[kind])} WHERE {where} ORDER BY id{' FOR UPDATE' if lock else ''}"
    return tuple(kind(**row) for row in session.rows(sql, values))


def region_names(session: Session) -> tuple[str, ...]:
    """The names of all the regions there are."""
    return tuple(row["id"] for row in session.rows("SELECT id FROM region ORDER BY id"))


def _tables(session: Session) -> set[str]:
    rows = session.rows("SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
    return {row["name"] for row in rows}


def _columns(session: Session) -> dict[str, dict[str, int]]:
    """Every table's columns, with the length of those that hold text and 0 for the others."""
    found: dict[str, dict[str, int]] = {}
    for row in session.rows(
        "SELECT TABLE_NAME AS t, COLUMN_NAME AS c, CHARACTER_MAXIMUM_LENGTH AS n"
        " FROM information_schema.COLUMNS JOIN information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME)"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'"
    ):
        found.setdefault(row["t"], {})[row["c"]] = int(row["n"] or 0)
    return found


def _references(session: Session, old: str, new: str) -> tuple[Reference, ...]:
    """Every column that names a region: those of keystone's source, those with a foreign key, and those called so."""
    found = _columns(session)
    foreign = {
        (row["t"], row["c"])
        for row in session.rows(
            "SELECT TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.KEY_COLUMN_USAGE"
            " WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()"
            " AND REFERENCED_TABLE_NAME = 'region' AND REFERENCED_COLUMN_NAME = 'id'"
        )
    }
    sure = foreign | {(table, column) for table, column in KNOWN_REFERENCES if column in found.get(table, ())}
    called_so = {
        (table, column)
        for table, present in found.items()
        for column, length in present.items()
        if "region" in column.lower() and length
    }
    references = []
    for table, column in sorted(sure | called_so):
        counts = session.rows(
            f"SELECT COALESCE(SUM({quoted(column)} = %s), 0) AS old_rows, COALESCE(SUM({quoted(column)} = %s), 0)"
            f" AS new_rows FROM {quoted(table)} WHERE {quoted(column)} IN (%s, %s)",
            (old, new, old, new),
        )[0]
        references.append(
            Reference(
                table=table,
                column=column,
                length=found[table][column],
                known=(table, column) in sure,
                old_rows=int(counts["old_rows"]),
                new_rows=int(counts["new_rows"]),
            )
        )
    return tuple(references)


def _filters(session: Session) -> tuple[Filter, ...]:
    if "filters" not in _columns(session).get("endpoint_group", ()):
        return ()
    rows = session.rows("SELECT id, filters FROM endpoint_group ORDER BY id")
    return tuple(Filter(id=row["id"], text=row["filters"] or "") for row in rows)
