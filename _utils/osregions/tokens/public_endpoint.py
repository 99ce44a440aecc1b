"""`[DEFAULT] public_endpoint`: what a keystone puts where an endpoint's URL says `$(public_endpoint)s`.

With it the same row of the catalog is right wherever it is served: each keystone fills in its own address. Unset, it
would say "None/v3". What was read: keystone/catalog/core.py of 8.1.2, keystone/common/utils.py of 29.0.2.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from osregions.conf.options import OptionChange, Options
from osregions.errors import SettingsError
from osregions.releases import Release


def plan(
    release: Release, options: Options, config: str, public: str, admin: str | None = None
) -> tuple[OptionChange, ...]:
    """The options that must change so that keystone knows its own address; none when it does.

    `admin` is the address of the admin port, which only releases until Stein have. Raises SettingsError.
    """
    changes = options.change(config, "DEFAULT", "public_endpoint", checked(public))
    if admin is not None:
        if not release.has_admin_endpoint:
            raise SettingsError(
                f"{release} has no admin_endpoint: Train (16) removed it", "admin_endpoint", "leave it out"
            )
        changes += options.change(config, "DEFAULT", "admin_endpoint", checked(admin))
    return changes


def checked(url: str) -> str:
    """A keystone's address as it must stand there: without a version and without a slash at its end."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(
            f"{url!r} is no keystone's URL", "public_endpoint", "write one such as http://10.0.0.11:5000"
        )
    if parts.password is not None:
        raise SettingsError("the URL holds a password", "public_endpoint", "the whole cloud can read it: leave it out")
    if parts.path.rstrip("/").endswith(("/v3", "/v2.0")):
        raise SettingsError(f"{url!r} ends in a version", "public_endpoint", "the catalog's rows add it: leave it off")
    return url.rstrip("/")
