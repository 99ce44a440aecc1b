"""Whether keystone serves what its tables say: a token's catalog laid beside the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from osregions import openrc
from osregions.catalog import view
from osregions.catalog.operations import Catalog
from osregions.database import session
from osregions.identity import Identity
from osregions.model import Endpoint, Service


def differences(catalog: Catalog, openrc_path: str, url: str) -> list[str]:
    """Sign in at a keystone, and list where the catalog it hands out differs from the tables; empty when nowhere."""
    served = Identity(openrc.read(openrc_path), url=url, where=openrc_path).issue().catalog
    with session(catalog.account) as db:
        services, endpoints = view.whole_catalog(db)
    return compare(served, services, endpoints)


def compare(
    served: Sequence[Mapping[str, Any]], services: Iterable[Service], endpoints: Iterable[Endpoint]
) -> list[str]:
    """List where a served catalog (v3) differs from the rows, by id, region, interface and, where it is plain, URL."""
    types = {row.id: row.type for row in services if row.enabled}
    rows = {row.id: row for row in endpoints if row.enabled and row.service_id in types}
    found: dict[str, tuple[str, Mapping[str, Any]]] = {
        str(item.get("id")): (str(entry.get("type")), item) for entry in served for item in entry.get("endpoints", ())
    }
    lines = [
        f"{kind} endpoint {ident} ({item.get('region_id') or item.get('region')}) is served, and in no table"
        for ident, (kind, item) in found.items()
        if ident not in rows
    ]
    for ident, row in rows.items():
        kind = types[row.service_id]
        if ident not in found:
            # A URL with a project's id in it is left out of a catalog for a token without one; an admin's has one.
            lines.append(f"{kind} endpoint {ident} ({row.region_id}) is in the tables, and not served")
            continue
        served_kind, item = found[ident]
        plain = "$(" not in row.url and "%(" not in row.url
        pairs = [("type", kind, served_kind), ("region", row.region_id, item.get("region_id") or item.get("region"))]
        pairs += [("interface", row.interface, item.get("interface"))]
        pairs += [("URL", row.url, item.get("url"))] if plain else []
        lines += [
            f"endpoint {ident} has the {name} {value} in the tables, {other} is served"
            for name, value, other in pairs
            if value != other
        ]
        if not plain and str(item.get("url")).startswith("None"):
            lines.append(f"endpoint {ident} is served as {item.get('url')}: set [DEFAULT] public_endpoint there")
    return sorted(lines)
