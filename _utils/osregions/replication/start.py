"""Where a region's server starts to replicate once it holds home's rows: decided from what it holds, then set.

MariaDB has one `gtid_slave_pos` for all its connections, a number for each domain: other domains' numbers stay as they
are, and all connections must stand still while it is set. MySQL 8.0 takes further transactions into `gtid_purged` by a
plus sign; 5.6 and 5.7 take the set only while they have executed nothing at all. There the missing transactions
are written as empty ones: that touches nothing that is there, where RESET MASTER would throw away the region's own log.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from osregions.database import Session
from osregions.errors import Refused
from osregions.replication.dialect import NAME
from osregions.replication.gtids import gtids_from, position_text, positions
from osregions.replication.server import Server

LIMIT = 20_000  # empty transactions: some ten seconds' work, and a few megabytes of the region's log


@dataclass(frozen=True)
class Present:
    """What a region's server has applied, received and logged so far."""

    server: Server
    applied: str = ""  # MariaDB's gtid_slave_pos
    logged: str = ""  # MariaDB's gtid_binlog_state
    executed: str = ""  # MySQL's gtid_executed


@dataclass(frozen=True)
class Start:
    """What has to be done so that replication starts right behind the snapshot."""

    way: str  # nothing, slave_pos, purged, append or inject
    value: str  # home's domains' numbers, or the set
    count: int = 0  # transactions to inject
    pause: tuple[str, ...] = ()  # connections that stand still meanwhile


def present(session: Session, server: Server) -> Present:
    """Look at a region's server. Needs an administrator's session."""
    if server.dialect.mariadb:
        row = session.rows("SELECT @@GLOBAL.gtid_slave_pos AS applied, @@GLOBAL.gtid_binlog_state AS logged")[0]
        return Present(server, applied=str(row["applied"] or ""), logged=str(row["logged"] or ""))
    return Present(server, executed=server.position)


def start_position(target: str, home_domain: int, there: Present, name: str = NAME, limit: int = LIMIT) -> Start:
    """Decide how a region's server comes to start behind `target`, home's position. Raises Refused."""
    channel = there.server.channel(name if there.server.dialect.named else "")
    if channel and (channel.sql == "Yes" or channel.io != "No"):
        raise Refused(
            f"the region replicates from {channel.host} at this moment",
            f"connection {name!r}",
            "run mysql_replication.absent first: rows must not come in under a seed",
        )
    return _mariadb(target, home_domain, there, name) if there.server.dialect.mariadb else _mysql(target, there, limit)


def _mariadb(target: str, home_domain: int, there: Present, name: str) -> Start:
    server = there.server
    wanted, applied, logged = dict(positions(target)), positions(there.applied), positions(there.logged)
    if server.domain == home_domain:
        raise Refused(
            f"home and the region both write in the GTID domain {home_domain}",
            "gtid_domain_id",
            "give the region's server a number of its own: else the two count as one and the same history",
        )
    for other in server.channels:
        shared = sorted(set(positions(other.received)) & set(wanted)) if other.name != name else []
        if shared:
            raise Refused(
                f"another connection, {other.name or '(no name)'!r}, brings home's GTID domain {shared[0]} already",
                f"from {other.host}",
                "two connections for one domain would each take the other's position for their own: remove one",
            )
    own = server.domain
    if own in wanted and own in logged and logged[own][1] > wanted[own][1]:
        wanted[own] = logged[own]  # the region's own writes, which came to home once: it has them
    if server.on("gtid_strict_mode"):
        _in_order(wanted, logged, own)
    value = position_text(wanted)
    if all(applied.get(domain) == at for domain, at in wanted.items()):
        return Start("nothing", value)
    pause = tuple(one.name for one in server.channels if one.name != name and (one.sql == "Yes" or one.io != "No"))
    return Start("slave_pos", value, pause=pause)


def _in_order(wanted: Mapping[int, tuple[int, int]], logged: Mapping[int, tuple[int, int]], own: int) -> None:
    for domain, (_, number) in sorted(wanted.items()):
        if domain != own and domain in logged and logged[domain][1] > number:
            raise Refused(
                f"the region has logged home's transactions up to {logged[domain][1]}, and home is at {number} only",
                f"GTID domain {domain}",
                "home has gone back (a backup restored?) and gtid_strict_mode is on: give home a new gtid_domain_id",
            )


def _mysql(target: str, there: Present, limit: int) -> Start:
    server = there.server
    wanted, executed = gtids_from(target), gtids_from(there.executed)
    own = server.variables.get("server_uuid", "").lower()
    beyond = executed.only(wanted.servers - {own}).minus(wanted)
    if beyond:
        raise Refused(
            f"the region has executed {beyond.count} transactions of home's that home does not have: {beyond}",
            "gtid_executed",
            "home has gone back (a backup restored?): the region would pass over as many new ones. RESET MASTER on the"
            " region's server, an operator's act, empties its set; its own log and what replicates from it go with it",
        )
    missing = wanted.minus(executed)
    if not missing:
        return Start("nothing", str(wanted))
    if server.dialect.version >= (8, 0):
        return Start("append", str(missing))
    if not executed:
        return Start("purged", str(wanted))
    if missing.count > limit:
        raise Refused(
            f"{server.dialect.product} takes home's {missing.count} transactions as executed only while it has none of"
            f" its own, or one by one, and {limit} is the limit for that",
            "gtid_executed",
            "RESET MASTER on the region's server, an operator's act, empties its set: its own binary log is lost by it,"
            " and whatever replicates from it has to be made anew",
        )
    return Start("inject", str(missing), missing.count)


def act(session: Session, start: Start, server: Server, note: Callable[[tuple[str, ...]], None] | None = None) -> None:
    """Set the start position; `note` is told what stands still, and nothing afterwards, so that it can be mended."""
    if start.way == "slave_pos":
        with _still(session, start.pause, server, note or (lambda names: None)):
            # Read only now: as long as the others ran, their domains went on.
            applied = positions(str(session.value("SELECT @@GLOBAL.gtid_slave_pos") or ""))
            value = position_text({**applied, **positions(start.value)})
            session.execute("SET GLOBAL gtid_slave_pos = %s", (value,))
    elif start.way == "purged":
        session.execute("SET GLOBAL gtid_purged = %s", (start.value,))
    elif start.way == "append":
        session.execute("SET GLOBAL gtid_purged = %s", (f"+{start.value}",))
    elif start.way == "inject":
        _inject(session, start.value)


@contextlib.contextmanager
def _still(
    session: Session, names: tuple[str, ...], server: Server, note: Callable[[tuple[str, ...]], None]
) -> Iterator[None]:
    if not names:
        yield
        return
    note(names)
    try:
        for name in names:
            session.execute(server.dialect.stop(name))
        yield
    finally:
        resume(session, names, server)
    note(())


def resume(session: Session, names: tuple[str, ...], server: Server) -> None:
    """Start connections that stood still."""
    for name in names:
        session.execute(server.dialect.start(name))


def _inject(session: Session, missing: str) -> None:
    logs = session.value("SELECT @@SESSION.sql_log_bin")
    session.execute("SET SESSION sql_log_bin = 1")  # a set's members are written down in the binary log
    try:
        for gtid in gtids_from(missing).each():
            session.execute("SET SESSION gtid_next = %s", (gtid,))
            session.execute("BEGIN")
            session.execute("COMMIT")
    finally:
        session.execute("SET SESSION gtid_next = 'AUTOMATIC'")
        session.execute("SET SESSION sql_log_bin = %s", (logs,))
