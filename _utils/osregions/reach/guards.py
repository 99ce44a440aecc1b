"""What must hold before a node's services are sent to another keystone; each is looked at before anything moves."""

from __future__ import annotations

import time
from collections.abc import Iterable

from osregions import keystone_node
from osregions.conf import keystones as ks
from osregions.errors import Refused, RegionsError
from osregions.identity import Identity
from osregions.services.sign_ins import SignIn
from osregions.settings import Settings, undeclared

_TIMEOUT = 8  # seconds: a whole region signs in there at this moment
_PATIENCE = 3.0  # seconds in which a keystone node of the region may yet have its caches forget


def member(settings: Settings, region: str) -> None:
    """Raise Refused unless this is a region that has another's keystone to leave and to come back to."""
    if region not in settings.regions:
        raise Refused(*undeclared(region, settings.regions))
    if region == settings.home:
        raise Refused(
            f"{region} is home: it always uses its own keystone", "", "name the region that home serves, or can't"
        )


def answers(keystone: ks.Keystone, remedy: str) -> None:
    """Raise Refused when a keystone does not answer where services ask it."""
    wrong = keystone_node.answer(keystone.internal, timeout=_TIMEOUT)
    if wrong is not None:
        raise Refused(f"the keystone of {keystone.region} does not answer: {wrong}", keystone.internal, remedy)


def lets_in(keystone: ks.Keystone, sign_ins: Iterable[SignIn], remedy: str) -> str:
    """Sign in at a keystone as each service of this node does; return whom it let in. Raises Refused.

    What signs in by an account of its own elsewhere is none of this.
    """
    seen: dict[str, SignIn] = {}
    for one in sign_ins:
        if one.validates:
            seen.setdefault(one.user, one)
    until = time.monotonic() + _PATIENCE
    for user, one in seen.items():
        while True:
            try:
                Identity(one.credentials, url=keystone.internal, timeout=_TIMEOUT, where=one.place).issue()
                break
            except RegionsError as err:
                if time.monotonic() < until and getattr(err, "status", None) in (401, 404):
                    time.sleep(0.25)  # entries of another time may still be in its cache
                    continue
                raise Refused(
                    f"the keystone of {keystone.region} does not let {user} in: {err.problem}", one.place, remedy
                ) from err
    return ", ".join(seen)
