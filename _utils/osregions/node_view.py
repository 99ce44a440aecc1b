"""Looking at one keystone node before a join: nothing is changed, and what can't be read is said, not raised."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any

from osregions.catalog import view as catalog_view
from osregions.catalog.cache import cache_from
from osregions.database import Options, account_from, session
from osregions.errors import RegionsError
from osregions.keystone_node import answer
from osregions.releases import Release


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
        found["memcached"] = _memcached(read, own)
        found |= _tables(read)
    except RegionsError as err:
        found["problems"].append(str(err))
    return found


def _tables(options: Options) -> dict[str, Any]:
    account = account_from(options)
    with session(account) as db:
        catalog_view.check_catalog_tables(db)
        # By what the server says of itself: one database can be reached under many addresses.
        server = db.value("SELECT CONCAT(@@hostname, ':', @@port, ':', @@server_id)")
        return {
            "schema": catalog_view.schema_version(db),
            "regions": list(catalog_view.region_names(db)),
            "database": f"{account.database} on {server}",
        }


def _memcached(options: Options, own: Iterable[str]) -> list[str]:
    store = [name.strip() for name in (options.get("memcache", "servers") or "").split(",") if name.strip()]
    return sorted({name for server in (*cache_from(options).servers, *store) for name in resolved(server, own)})


def resolved(server: str, own: Iterable[str]) -> list[str]:
    """A memcached's addresses with its port; a loopback becomes this node's own, so that two nodes' are told apart."""
    host, _, port = server.rpartition(":")
    if not host or host.startswith("unix"):
        return [f"{server} here, {', '.join(own)}"]
    try:
        found = {str(item[4][0]) for item in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)}
    except OSError:
        return [server]
    local = any(address.startswith("127.") or address == "::1" for address in found)
    return [f"{address}:{port}" for address in (own if local else found)]
