"""Looking at one keystone node before a join: nothing is changed, and what can't be read is said, not raised."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

from osregions.catalog import view as catalog_view
from osregions.catalog.cache import cache_from
from osregions.database import Options, account_from, session
from osregions.errors import RegionsError
from osregions.releases import Release

_TIMEOUT_SECONDS = 5


def view(
    options: Callable[[], Options], release: Callable[[], Release], urls: Iterable[str], addresses: Iterable[str]
) -> dict[str, Any]:
    """Say what this node is, as plain data; `addresses` are its own, so that a loopback is told from another node's."""
    found: dict[str, Any] = {"problems": [], "reach": {url: reach(url) for url in urls}}
    own = sorted(set(addresses) - {"127.0.0.1", "::1"})

    def note(name: str, read: Callable[[], Any]) -> None:
        try:
            found[name] = read()
        except RegionsError as err:
            found["problems"].append(str(err))

    note("release", lambda: release().major)
    conf: list[Options] = []
    note("configured", lambda: conf.append(options()) or True)
    if not conf:
        return found

    def tables() -> bool:
        account = account_from(conf[0])
        with session(account) as db:
            catalog_view.check_catalog_tables(db)
            found["schema"] = catalog_view.schema_version(db)
            found["regions"] = list(catalog_view.region_names(db))
            server = db.value("SELECT CONCAT(@@hostname, ':', @@port, ':', @@server_id)")
        # By what the server says of itself: one database can be reached under many addresses.
        found["database"] = f"{account.database} on {server}"
        return True

    note("readable", tables)
    store = [name.strip() for name in (conf[0].get("memcache", "servers") or "").split(",") if name.strip()]
    servers = [*cache_from(conf[0]).servers, *store]
    found["memcached"] = sorted({name for server in servers for name in resolved(server, own)})
    return found


def reach(url: str) -> str:
    """Ask a keystone for its versions: `ok`, or what went wrong."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:
            return "ok" if answer.status < 400 else f"it answered {answer.status}"
    except urllib.error.HTTPError as err:
        # Keystone lists its versions with 300 Multiple Choices.
        return "ok" if err.code == 300 else f"it answered {err.code}"
    except (urllib.error.URLError, OSError, ValueError) as err:
        return str(getattr(err, "reason", err))


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
