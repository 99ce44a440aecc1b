"""The token that looks at keystones ask about: got by the node's own accounts, kept in memory alone, renewed in time.

It is got at home while home is well. The region's keystone has home's keys, and takes the same token; when home is gone
a new one can be got at either. An account whose password is wrong is not tried over and over: keystone may lock it.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from osregions.errors import RegionsError
from osregions.identity import Identity, IdentityError

Accounts = Callable[[], Iterable[Mapping[str, str]]]

_TIMEOUT = 10  # seconds of one sign-in: a keystone checks a password slowly on purpose
_USUAL_LIFE = 3600.0  # where keystone does not say how long a token lives
_SOON, _LATER = 5.0, 300.0  # seconds until the next try, after a fault of the network and after a refusal
_ONCE = 60.0  # seconds within which only one token is got in the place of one that was not taken
_FEW = 3  # accounts tried at once


@dataclass(frozen=True)
class Held:
    """A token in hand; its id is a secret."""

    id: str = field(repr=False)
    place: str  # the URL of the keystone that issued it
    until: float  # when another is to be got, by the holder's clock
    tls: ssl.SSLContext | None = field(repr=False, default=None)


class Holder:
    """Holds one token for all looks of this process; its methods return at once, the signing in goes on beside them."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        """Take where the accounts are read: each time anew, for an operator may mend them."""
        self._accounts, self._clock = accounts, clock
        self._held: Held | None = None
        self._next = 0.0
        self._dropped: float | None = None
        self._thread: threading.Thread | None = None
        self.problem = "no token was got yet"

    @property
    def held(self) -> Held | None:
        """The token, if there is one."""
        return self._held

    def refused(self, token: Held | None) -> None:
        """It was not taken, by one who should have: get another, once; if that is not taken either, after a while."""
        if token is None or token is not self._held:
            return
        now = self._clock()
        self._held, self.problem = None, "the token was not taken"
        if self._dropped is not None and now - self._dropped < _ONCE:
            self._next = max(self._next, self._dropped + _ONCE)
        else:
            self._dropped, self._next = now, now

    def care(self, places: Sequence[str]) -> None:
        """Have a token, got at the first of these keystones that gives one; called often, does something seldom."""
        now = self._clock()
        held = self._held
        if (held is not None and now < held.until) or now < self._next:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        self._next = now + _SOON
        self._thread = threading.Thread(target=self._get, args=(tuple(places),), name="a token", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until the signing in that goes on has ended, for so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _get(self, places: Sequence[str]) -> None:
        refused = ""
        try:
            accounts = list(self._accounts())[:_FEW]
            self.problem = "" if accounts else "no account was found on this node to sign in with"
            for place in places:
                for account in accounts:
                    try:
                        self._held = self._issued(account, place)
                    except IdentityError as err:
                        self.problem = f"{err.problem} ({err.where})"
                        if err.status is not None and err.status < 500:
                            refused = self.problem
                    else:
                        self.problem = ""
                        return
        except RegionsError as err:
            self.problem = str(err)
        except Exception as err:  # a thread of its own: nobody else would hear of it, and nothing of it may be shown
            self.problem = f"signing in failed: {type(err).__name__}"
        self.problem = refused or self.problem
        self._next = self._clock() + (_LATER if refused else _SOON)

    def _issued(self, account: Mapping[str, str], place: str) -> Held:
        identity = Identity(account, url=place, timeout=_TIMEOUT)
        token = identity.issue()
        life = _USUAL_LIFE
        with contextlib.suppress(ValueError):
            expires = datetime.fromisoformat(token.expires.replace("Z", "+00:00"))
            # By that keystone's clock against ours: a clock that is wrong by hours is found before a region joins.
            life = (expires - datetime.now(timezone.utc)).total_seconds()
        tls = identity.tls if place.startswith("https") else None
        # Before it ends by a third, and not so often that a clock that is off would keep two keystones busy.
        return Held(token.id, place, self._clock() + max(life * 2 / 3, 60.0), tls)
