"""What the rooms pass to each other: frozen, plain, and with no way back into a database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from osregions.errors import Refused

Value = str | int | None
Row = TypeVar("Row", "Region", "Service", "Endpoint")
_EXPORTED = "give what keystone_catalog.export_region returned, without Salt's `local` around it"


@dataclass(frozen=True)
class Region:
    """A row of keystone's `region`."""

    id: str
    description: str
    parent_region_id: str | None
    extra: str | None


@dataclass(frozen=True)
class Service:
    """A row of keystone's `service`; its name and description live in `extra`, which is JSON."""

    id: str
    type: str | None
    enabled: int
    extra: str | None

    @property
    def name(self) -> str:
        """The service's name, empty when it has none."""
        try:
            return str(json.loads(self.extra or "{}").get("name") or "")
        except (ValueError, AttributeError):
            return ""

    def __str__(self) -> str:
        return f"{self.type} ({self.name or 'no name'}, {self.id})"


@dataclass(frozen=True)
class Endpoint:
    """A row of keystone's `endpoint`."""

    id: str
    legacy_endpoint_id: str | None
    interface: str
    region_id: str | None
    service_id: str
    url: str
    enabled: int
    extra: str | None


TABLES: Mapping[type, str] = {Region: "region", Service: "service", Endpoint: "endpoint"}


def columns(kind: type) -> tuple[str, ...]:
    """The columns that a row of this kind has, in order."""
    return tuple(item.name for item in fields(kind))


def row_from(kind: type[Row], data: object, where: str) -> Row:
    """Make a row out of what came from elsewhere, trusting none of it."""
    expected = columns(kind)
    if not isinstance(data, Mapping) or set(data) != set(expected):
        raise Refused(f"{data!r} is no row of {TABLES[kind]}", where, f"a row has just {', '.join(expected)}")
    for name, value in data.items():
        right = isinstance(value, int) if name == "enabled" else value is None or isinstance(value, str)
        if not right or (name in ("id", "interface", "service_id", "url") and not value):
            raise Refused(f"{name} can't be {value!r} in a row of {TABLES[kind]}", where, "export the region again")
    return kind(**data)


@dataclass(frozen=True)
class Export:
    """All that one region brings into home's catalog (P5)."""

    region: Region
    services: tuple[Service, ...]
    endpoints: tuple[Endpoint, ...]
    schema: str
    release: int

    def as_dict(self) -> dict[str, Any]:
        """The form in which Salt carries it from one minion to another."""
        return {
            "region": asdict(self.region),
            "services": [asdict(row) for row in self.services],
            "endpoints": [asdict(row) for row in self.endpoints],
            "schema": self.schema,
            "release": self.release,
        }

    def identity_endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints at which people sign in."""
        identity = {row.id for row in self.services if row.type == "identity"}
        return tuple(row for row in self.endpoints if row.service_id in identity)

    @classmethod
    def from_dict(cls, data: object) -> Export:
        """Take an export out of the form in which Salt carried it; raises Refused for anything that is not one."""
        where = "the exported region"
        if not isinstance(data, Mapping) or set(data) != {item.name for item in fields(cls)}:
            raise Refused(f"{str(data)[:80]!r} is no exported region", where, _EXPORTED)
        if not isinstance(data["services"], list) or not isinstance(data["endpoints"], list):
            raise Refused("services and endpoints must be lists", where, "use keystone_catalog.export_region")
        release = data["release"]
        if isinstance(release, bool) or not isinstance(release, int) or not isinstance(data["schema"], str):
            raise Refused("release must be a number, schema a text", where, "use keystone_catalog.export_region")
        export = cls(
            region=row_from(Region, data["region"], where),
            services=tuple(row_from(Service, row, where) for row in data["services"]),
            endpoints=tuple(row_from(Endpoint, row, where) for row in data["endpoints"]),
            schema=data["schema"],
            release=release,
        )
        for kind, rows in ((Service, export.services), (Endpoint, export.endpoints)):
            doubled = sorted(ident for ident, count in Counter(row.id for row in rows).items() if count > 1)
            if doubled:
                raise Refused(f"{TABLES[kind]} {', '.join(doubled)} stands there twice", where, "export it again")
        strangers = [row.id for row in export.endpoints if row.region_id != export.region.id]
        if strangers:
            raise Refused(f"endpoints {', '.join(strangers)} are not {export.region.id}'s", where, "export it again")
        known = {row.id for row in export.services}
        orphans = [row.id for row in export.endpoints if row.service_id not in known]
        if orphans:
            raise Refused(f"endpoints {', '.join(orphans)} have no service", where, "export it again")
        return export


@dataclass(frozen=True)
class InsertRow:
    """A row that comes into a table."""

    table: str
    row: Mapping[str, Value]


@dataclass(frozen=True)
class DeleteRow:
    """A row that leaves a table; `row` is what it held."""

    table: str
    row: Mapping[str, Value]


@dataclass(frozen=True)
class UpdateColumn:
    """One value that gives way to another wherever a column holds it, which is in `rows` rows."""

    table: str
    column: str
    old: str
    new: str
    rows: int


@dataclass(frozen=True)
class UpdateRow:
    """One column of the one row whose `id` is `key`."""

    table: str
    key: str
    column: str
    old: Value
    new: Value


Change = InsertRow | DeleteRow | UpdateColumn | UpdateRow


@dataclass(frozen=True)
class Finding:
    """Something that a person should know: a code, a sentence, and what to do about it."""

    code: str
    severity: str  # "error" stops a join, "warning" is only said
    where: str
    sentence: str
    remedy: str = field(default="")

    def __str__(self) -> str:
        remedy = f" {self.remedy.rstrip('.')}." if self.remedy else ""
        return f"[{self.code}] {self.where}: {self.sentence.rstrip('.')}.{remedy}"
