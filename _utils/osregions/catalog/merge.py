"""Deciding how a region's rows come into home's catalog (P6), and how they leave it: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from osregions.catalog.identity_urls import IdentityUrls, identity_endpoint
from osregions.catalog.names import check_region_name, same_name
from osregions.catalog.rename import names_region
from osregions.catalog.view import ImportPicture, RegionPicture
from osregions.errors import Refused
from osregions.model import TABLES, Change, DeleteRow, Endpoint, Export, InsertRow, Row, Service
from osregions.releases import parse


@dataclass(frozen=True)
class Merge:
    """What an import would change, and the rows of that region that home has on its own."""

    changes: tuple[Change, ...]
    kept: tuple[Endpoint, ...]


def plan_import(picture: ImportPicture, export: Export, identity: IdentityUrls, verbatim: bool = False) -> Merge:
    """List the rows that home lacks of an exported region; empty when it has them all.

    Endpoints keep their ids: `[oslo_limit] endpoint_id` and others refer to them. Services become home's of the same
    type and name, so that the catalog has one entry for each type; `verbatim` brings them in as they are instead.
    Raises Refused, naming the rows, for whatever meets other content at home.
    """
    check_region_name(export.region.id)
    _refuse_other_schema(picture, export)
    release = parse(export.release)
    changes = _region(picture, export)
    used = {row.service_id for row in export.endpoints}
    brought = [row for row in export.services if verbatim or row.id in used]
    home_services = {row.id: row for row in (brought if verbatim else _mapped(picture, brought))}
    mapping = {row.id: (row.id if verbatim else _at_home(picture, row).id) for row in brought}
    _refuse_other_content(picture.services, home_services.values(), picture.place)
    present = {row.id for row in picture.services}
    changes += [InsertRow("service", asdict(row)) for row in home_services.values() if row.id not in present]
    types = {row.id: row.type for row in export.services}
    endpoints = [
        replace(
            identity_endpoint(row, identity, release) if types[row.service_id] == "identity" else row,
            service_id=mapping[row.service_id],
        )
        for row in export.endpoints
    ]
    _refuse_other_content(picture.endpoints, endpoints, picture.place)
    _refuse_collapsed(export, endpoints, picture.place)
    _refuse_doubles(picture, endpoints)
    present = {row.id for row in picture.endpoints}
    changes += [InsertRow("endpoint", asdict(row)) for row in endpoints if row.id not in present]
    ours = {row.id for row in endpoints}
    kept = tuple(row for row in picture.endpoints if row.id not in ours)
    return Merge(tuple(changes), kept)


def plan_removal(picture: RegionPicture, orphans: Iterable[str], service_use: Mapping[str, int]) -> tuple[Change, ...]:
    """List what takes a region out of the catalog again: its endpoints, the services in `orphans`, and its row.

    Raises Refused when anything but endpoints still refers to the region, or to a service that is to go.
    """
    if picture.region is None:
        return ()
    region = picture.region.id
    used = [
        f"{item.name} ({item.old_rows} rows)"
        for item in picture.references
        if item.old_rows and item.name != "endpoint.region_id"
    ]
    used += [f"endpoint_group {row.id}" for row in picture.filters if names_region(row.text, region)]
    if used:
        raise Refused(
            f"{region} is still in use: {', '.join(used)}",
            picture.place,
            "take those away first, through keystone's API",
        )
    changes: list[Change] = [DeleteRow("endpoint", asdict(row)) for row in picture.endpoints]
    leaving: dict[str, int] = {}
    for row in picture.endpoints:
        leaving[row.service_id] = leaving.get(row.service_id, 0) + 1
    services = {row.id: row for row in picture.services}
    for ident in orphans:
        if ident not in services:
            continue
        if service_use.get(ident, 0) > leaving.get(ident, 0):
            raise Refused(
                f"the service {services[ident]} has endpoints in other regions", picture.place, "leave it where it is"
            )
        changes.append(DeleteRow("service", asdict(services[ident])))
    changes.append(DeleteRow("region", asdict(picture.region)))
    return tuple(changes)


def _region(picture: ImportPicture, export: Export) -> list[Change]:
    for row in picture.regions:
        if same_name(row.id, export.region.id):
            # A description is home's to word; where the region stands among the others is not.
            if (row.id, row.parent_region_id) != (export.region.id, export.region.parent_region_id):
                raise Refused(
                    f"home's region ({_shown(row)}) is not the one that comes in ({_shown(export.region)})",
                    picture.place,
                    "rename one of them, or delete home's if it is a leftover without endpoints",
                )
            return []
    parent = export.region.parent_region_id
    if parent and not any(same_name(row.id, parent) for row in picture.regions):
        raise Refused(
            f"{export.region.id} lies in a region {parent} that home does not have",
            picture.place,
            f"create it at home first (`openstack region create {parent}`), or unset the parent where it comes from",
        )
    return [InsertRow("region", asdict(export.region))]


def _mapped(picture: ImportPicture, brought: Iterable[Service]) -> list[Service]:
    return list({row.id: row for row in (_at_home(picture, service) for service in brought)}.values())


def _at_home(picture: ImportPicture, service: Service) -> Service:
    """Home's service of the same type and name, or the only one of that type; the region's own when home has none."""
    alike = [row for row in picture.services if row.type == service.type]
    if service in alike:
        return service
    named = [row for row in alike if row.name == service.name]
    if len(named) == 1:
        return named[0]
    if len(alike) == 1:
        return alike[0]
    if not alike:
        return service
    raise Refused(
        f"home has several services that {service} could be: {', '.join(str(row) for row in alike)}",
        picture.place,
        "give one of them the same name, delete the ones that are not used, or import `verbatim`",
    )


def _refuse_other_schema(picture: ImportPicture, export: Export) -> None:
    if picture.schema != export.schema:
        raise Refused(
            f"{export.region.id}'s keystone has the schema {export.schema}, home's {picture.schema}",
            picture.place,
            "bring both to the same keystone release first",
        )


def _refuse_other_content(present: Iterable[Row], coming: Iterable[Row], place: str) -> None:
    there = {row.id: row for row in present}
    clashes = [
        f"{TABLES[type(row)]} {row.id} ({_difference(there[row.id], row)})"
        for row in coming
        if row.id in there and there[row.id] != row
    ]
    if clashes:
        raise Refused(
            f"home has rows with the same ids and other content: {'; '.join(clashes)}",
            place,
            "set home's right through keystone's API, or take the region out with keystone_catalog.remove_region",
        )


def _refuse_collapsed(export: Export, endpoints: Iterable[Endpoint], place: str) -> None:
    """Two services of the region that become one of home's would give it two endpoints for one interface."""
    seen: dict[tuple[str, str], Endpoint] = {}
    clashes = []
    for original, row in zip(export.endpoints, endpoints, strict=True):
        first = seen.setdefault((row.service_id, row.interface), original)
        if first.service_id != original.service_id:
            clashes.append(f"{first.id} of {first.service_id} and {original.id} of {original.service_id}")
    if clashes:
        raise Refused(
            f"endpoints of different services would become one service's: {'; '.join(clashes)}",
            place,
            "delete the service that is not used where it comes from, or import `verbatim`",
        )


def _refuse_doubles(picture: ImportPicture, endpoints: Iterable[Endpoint]) -> None:
    """An attempt by `openstack endpoint create` leaves the same endpoints under other ids: they would stand twice."""
    coming = list(endpoints)
    ours = {row.id for row in coming}
    there = {(row.service_id, row.interface): row for row in picture.endpoints if row.id not in ours}
    doubles = [
        f"{there[key].id} ({row.interface} {there[key].url})"
        for row in coming
        if (key := (row.service_id, row.interface)) in there
    ]
    if doubles:
        raise Refused(
            f"home has endpoints of that region for the same services under other ids: {', '.join(doubles)}",
            picture.place,
            "an earlier attempt by hand? Delete those rows (`openstack endpoint delete`) and run this again",
        )


def _difference(there: Row, coming: Row) -> str:
    before, after = asdict(there), asdict(coming)
    return ", ".join(
        f"{name}: {before[name]!r} there, {after[name]!r} coming" for name in before if before[name] != after[name]
    )


def _shown(row: Row) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in asdict(row).items())
