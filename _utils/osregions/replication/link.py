"""The line from home's server to a region's: what it is to be, what has to be done for that, and doing it (P10).

Seeding comes first: a link is only made where a server holds home's rows as of a position that it knows.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pymysql

from osregions.database import Session
from osregions.errors import DatabaseError, Refused
from osregions.replication.dialect import NAME, Dialect, Tls
from osregions.replication.server import Channel, Server, view

_STEP = 0.1


@dataclass(frozen=True)
class Wish:
    """What a region's server is to read, and from whom."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = "keystone"
    tls: Tls | None = None
    heartbeat: float = 1.0  # seconds of silence after which home says that it is there
    retry: int = 2  # seconds between two tries to reach home


@dataclass(frozen=True)
class Step:
    """One thing to do, and how it is told."""

    kind: str  # stop, filter, change, start
    told: str


# What MariaDB's and MySQL's threads say when the account or its password was refused.
_DENIED = (1045, 1698, 1130, 3118)


def name_for(server: Server) -> str:
    """The name of our connection on a server; empty where it has no names. Raises Refused where that is taken."""
    if server.dialect.named:
        return NAME
    return ""


def plan(server: Server, wish: Wish) -> tuple[Step, ...]:
    """What makes the link as it is to be; empty when it stands and runs. A running one is not stopped for nothing.

    Raises Refused where the server can have one source alone, and has another.
    """
    name = name_for(server)
    channel = server.channel(name)
    where = f"{wish.user}@{wish.host}:{wish.port}"
    if channel is None or not channel.host:
        return (
            Step("change", f"reads {wish.database} from {where}"),
            *_filter(server.dialect, wish, None),
            Step("start", "starts"),
        )
    if not name and (channel.host, channel.port) != (wish.host, wish.port):
        raise Refused(
            f"this {server.dialect.product} replicates {channel.host}:{channel.port}, and can have one source alone",
            f"source wanted: {wish.host}:{wish.port}",
            "upgrade it to MySQL 5.7 or newer, or give keystone a server of its own",
        )
    steps: list[Step] = []
    differing = _differing(channel, wish)
    if channel.io_error[0] in _DENIED and not differing:
        differing = ("the password, which home refuses",)
    if differing:
        steps.append(Step("change", f"reads {wish.database} from {where}: {', '.join(differing)}"))
    steps += _filter(server.dialect, wish, channel)
    if steps:
        steps.insert(0, Step("stop", "stops for that"))
    if steps or channel.io == "No" or channel.sql != "Yes":
        steps.append(Step("start", "starts"))
    return tuple(steps)


def act(session: Session, wish: Wish, steps: tuple[Step, ...], wait: float = 30) -> Channel:
    """Carry the steps out, wait until both threads run, and return the connection.

    Raises DatabaseError with what the server says when they do not. The password is in no error.
    """
    server = view(session)
    name, dialect = name_for(server), server.dialect
    for step in steps:
        if step.kind == "stop":
            session.execute(dialect.stop(name))
        elif step.kind == "change":
            _change(session, dialect, name, wish)
        elif step.kind == "filter":
            # A filter is of a connection that is there, and stands still.
            for statement in dialect.filters(name, wish.database):
                session.execute(statement.replace("%", "%%"))
        elif step.kind == "start":
            session.execute(dialect.start(name))
    return running(session, name, wait)


def running(session: Session, name: str, wait: float) -> Channel:
    """Wait until both threads of a connection run. Raises DatabaseError with their own words when they do not."""
    until = time.monotonic() + wait
    while True:
        channel = view(session).channel(name)
        if channel is not None and channel.running:
            return channel
        if time.monotonic() > until:
            break
        time.sleep(_STEP)
    if channel is None:
        raise DatabaseError(
            "there is no such connection",
            name or "(without a name)",
            "on home's master, run orch.identity for this region",
        )
    told = "; ".join(text[:500] for number, text in (channel.io_error, channel.sql_error) if number) or "no error told"
    raise DatabaseError(
        f"replication does not run: {told}",
        f"{channel.host}:{channel.port}, threads {channel.io} and {channel.sql}",
        "see mysql_replication.status for what that means",
    )


def remove(session: Session) -> bool:
    """Stop our connection and forget it; the rows stay. Returns whether there was one."""
    server = view(session)
    name = name_for(server)
    if server.channel(name) is None:
        return False
    session.execute(server.dialect.stop(name))
    session.execute(server.dialect.reset(name))
    return True


def _change(session: Session, dialect: Dialect, name: str, wish: Wish) -> None:
    text, values = dialect.change(
        name, wish.host, wish.port, wish.user, wish.password, wish.tls, wish.heartbeat, wish.retry
    )
    with _unseen():
        session.execute(text, values)


@contextlib.contextmanager
def _unseen() -> Iterator[None]:
    """Let no server quote a statement that holds a password."""
    try:
        yield
    except pymysql.MySQLError as err:
        number = err.args[0] if err.args else 0
        if number == 1064:
            raise pymysql.ProgrammingError(
                number, "it does not understand CHANGE MASTER as it is written here"
            ) from None
        raise


def _filter(dialect: Dialect, wish: Wish, channel: Channel | None) -> tuple[Step, ...]:
    wild = wish.database.replace("_", "\\_") + ".%"
    if channel is not None and wild in channel.filters.get("Replicate_Wild_Do_Table", "").split(","):
        return ()
    if not dialect.filters("", wish.database):
        if channel is None:
            return ()  # the option file's alone, which the checks look at
        raise Refused(
            f"this {dialect.product} applies more than {wish.database}'s changes",
            "Replicate_Wild_Do_Table",
            f"put `replicate-wild-do-table = {wild}` into its option file, and restart it",
        )
    return (Step("filter", f"applies the changes of {wish.database} alone"),)


def _differing(channel: Channel, wish: Wish) -> tuple[str, ...]:
    pairs = (
        ("host", channel.host, wish.host),
        ("port", channel.port, wish.port),
        ("account", channel.user, wish.user),
        ("TLS", channel.tls, wish.tls is not None),
        ("GTIDs", channel.by_gtid, True),
    )
    return tuple(f"{name} {now} -> {wanted}" for name, now, wanted in pairs if now != wanted)
