"""Looking at one keystone node before a join: nothing is changed, and what can't be read is said, not raised."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from osregions.catalog import view as catalog_view
from osregions.catalog.cache import cache_from
from osregions.database import Options, account_from, session
from osregions.errors import RegionsError
from osregions.keystone_node import answer
from osregions.releases import Release
from osregions.tokens import sockets


def view(
    options: Callable[[], Options], release: Callable[[], Release], urls: Iterable[str], addresses: Iterable[str]
) -> dict[str, Any]:
    """Say what this node is, as plain data; `addresses` are its own, so that a loopback is told from another node's."""
    found: dict[str, Any] = {"problems": [], "reach": {url: answer(url) or "ok" for url in urls}}
    own = sorted(set(addresses) - {"127.0.0.1", "::1"})
    try:
        found["release"] = release().major
    except RegionsError as err:
        found["problems"].append(str(err))
    try:
        read = options()
        found |= memcached_servers(read, own)
        found |= _tables(read)
    except RegionsError as err:
        found["problems"].append(str(err))
    return found


def _tables(options: Options) -> dict[str, Any]:
    account = account_from(options)
    with session(account) as db:
        catalog_view.check_catalog_tables(db)
        # By what the server says of itself, for it can be reached under many addresses, and by what it holds: clusters
        # that were built alike have servers that say the same.
        server = db.value("SELECT CONCAT(@@hostname, ':', @@port, ':', @@server_id)")
        projects = "\n".join(row["id"] for row in db.rows("SELECT id FROM project ORDER BY id"))
        content = hashlib.sha256(projects.encode()).hexdigest()[:12]
        return {
            "schema": catalog_view.schema_version(db),
            "regions": list(catalog_view.region_names(db)),
            "database": f"{account.database} on {server} (projects {content})",
        }


def memcached_servers(options: Options, own: Sequence[str]) -> dict[str, list[str]]:
    """The memcached servers that are named, by address; and `local`, what a loopback name means to the other nodes."""
    store = [name.strip() for name in (options.get("memcache", "servers") or "").split(",") if name.strip()]
    named: set[str] = set()
    local: set[str] = set()
    for server in (*cache_from(options).servers, *store):
        found = sockets.resolved(server)
        if any(address.startswith("127.") or address == "::1" for address, _ in found):
            local |= {f"{address}:{port}" for address in own for _, port in found}
        else:
            named |= {f"{address}:{port}" for address, port in found} or {server}
    return {"memcached": sorted(named), "local_memcached": sorted(local)}
