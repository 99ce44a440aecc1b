"""Catalogs and regions of any size, as rows: plain, without chance, and alike but for their size."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing

from osregions.model import TABLES, Endpoint, Export, Region, Row, Service, columns
from tests.support.mariadb import Database

INTERFACES = ("public", "internal", "admin")
TYPES = (
    *("compute", "image", "network", "volumev3", "placement", "object-store", "orchestration", "cloudformation"),
    *("metric", "alarming", "event", "key-manager", "dns", "load-balancer", "share", "shared-file-system"),
    *("container-infra", "baremetal", "workflow"),
)


def service_types(count: int) -> tuple[str, ...]:
    """Names of service types other than identity: those that people know first, then made up ones."""
    return (*TYPES, *(f"extra-{number}" for number in range(count - len(TYPES))))[:count]


def services(cloud: str, types: Sequence[str]) -> list[Service]:
    """The services of one cloud; another cloud has the same types and names under other ids."""
    return [Service(_id(cloud, "service", kind), kind, 1, f'{{"name": "{kind}", "description": ""}}') for kind in types]


def endpoints(cloud: str, region: str, offered: Sequence[Service]) -> Iterator[Endpoint]:
    """A region's endpoints, one per service and interface."""
    for service in offered:
        for interface in INTERFACES:
            yield Endpoint(
                id=_id(cloud, region, str(service.type), interface),
                legacy_endpoint_id=None,
                interface=interface,
                region_id=region,
                service_id=service.id,
                url=f"http://{interface}.{region.lower()}.example.org/{service.type}/v1",
                enabled=1,
                extra="{}",
            )


def regions(count: int) -> list[Region]:
    """Home's other regions."""
    return [Region(f"Region{number:03}", "", None, "{}") for number in range(1, count + 1)]


def export(name: str, offered: Sequence[Service], count: int, schema: str, release: int) -> Export:
    """What a region of another cloud brings with it: its services, and the first `count` of its endpoints."""
    rows = tuple(endpoints("joining", name, offered))[:count]
    return Export(Region(name, "", None, "{}"), tuple(offered), rows, schema, release)


def fill(database: Database, rows: Sequence[Row]) -> None:
    """Put rows of one kind into a keystone's database, many at once."""
    if not rows:
        return
    names = columns(type(rows[0]))
    marks = ", ".join(["%s"] * len(names))
    listed = ", ".join(f"`{name}`" for name in names)
    sql = f"INSERT INTO `{TABLES[type(rows[0])]}` ({listed}) VALUES ({marks})"
    with closing(database.connect(autocommit=False)) as connection, connection.cursor() as cursor:
        cursor.executemany(sql, [tuple(getattr(row, name) for name in names) for row in rows])
        connection.commit()


def take_out(database: Database, region: str, own_services: Sequence[str] = ()) -> None:
    """Delete a region, behind keystone's back."""
    database.query("DELETE FROM endpoint WHERE region_id = %s", region)
    for ident in own_services:
        database.query("DELETE FROM service WHERE id = %s", ident)
    database.query("DELETE FROM region WHERE id = %s", region)


def settled(database: Database) -> Database:
    """Have the server count its rows now, not while something is measured."""
    for table in TABLES.values():
        database.query(f"ANALYZE TABLE `{table}`")
    return database


def _id(*words: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(words)).hex
