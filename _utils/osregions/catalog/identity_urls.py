"""Which URLs the identity endpoints of a joining region get: those of the keystone that people are to use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from osregions.errors import SettingsError
from osregions.model import Endpoint
from osregions.releases import Release

INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True)
class IdentityUrls:
    """`follow`: the same row is right wherever it is served. Otherwise one explicit URL for each interface."""

    follow: bool = True
    urls: Mapping[str, str] = field(default_factory=dict)


def wish_from(data: object, where: str = "identity") -> IdentityUrls:
    """Read the wish out of pillar: `follow`, or a mapping from interface to URL."""
    if data in (None, "follow"):
        return IdentityUrls()
    if not isinstance(data, Mapping):
        raise SettingsError(f"{data!r} says nothing of identity URLs", where, "write `follow`, or a URL per interface")
    for interface, url in data.items():
        if interface not in INTERFACES:
            raise SettingsError(f"{interface!r} is no interface", where, f"the interfaces are {', '.join(INTERFACES)}")
        parts = urlsplit(str(url))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"{url!r} is no URL", f"{where}.{interface}", "such as http://10.213.1.11:5000/v3")
    return IdentityUrls(follow=False, urls=dict(data))


def identity_endpoint(endpoint: Endpoint, wish: IdentityUrls, release: Release) -> Endpoint:
    """Give an identity endpoint of the joining region its URL at home.

    `$(public_endpoint)s` is filled in by the keystone that serves the row, from its own [DEFAULT] public_endpoint
    (catalog/core.py, Liberty to 2026.2). Where a release still has v2.0 and a port for admins, so has the URL.
    """
    if not wish.follow:
        if endpoint.interface not in wish.urls:
            raise SettingsError(
                f"no URL is given for the interface {endpoint.interface}",
                f"identity endpoint {endpoint.id}",
                "name one for each interface, or write `follow`",
            )
        return replace(endpoint, url=wish.urls[endpoint.interface])
    version = "v3"
    if release.serves_v2 and re.search(r"/v2\.0/?$", endpoint.url):
        version = "v2.0"
    admin = endpoint.interface == "admin" and release.serves_v2
    return replace(endpoint, url=f"$({'admin' if admin else 'public'}_endpoint)s/{version}")
