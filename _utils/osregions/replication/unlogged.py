"""Changes that stay on the server where they are made: not in its binary log, and not waiting long for locks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from osregions.database import Session

_LOCK_SECONDS = 20


@contextlib.contextmanager
def unlogged(session: Session) -> Iterator[None]:
    """Keep everything inside out of the binary log: no other server hears of it. Needs an administrator's session."""
    session.execute("SET SESSION sql_log_bin = 0")
    # A statement that waits for a table's lock makes all that come after it wait too, replication among them.
    before = session.value("SELECT @@SESSION.lock_wait_timeout")
    session.execute("SET SESSION lock_wait_timeout = %s", (_LOCK_SECONDS,))
    try:
        yield
    finally:
        # A connection that is lost has forgotten both with itself; its own error is the one to be told.
        with contextlib.suppress(Exception):
            session.execute("SET SESSION lock_wait_timeout = %s", (before,))
            session.execute("SET SESSION sql_log_bin = 1")
