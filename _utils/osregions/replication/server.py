"""A database server as replication sees it: read once into plain data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from osregions.database import Account, Session
from osregions.errors import DatabaseError
from osregions.replication.dialect import Dialect, dialect_from
from osregions.settings import PILLAR

# Where distributions have the server's socket: Debian, RHEL.
SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock")
_ADMIN = f"pillar {PILLAR}:replication:admin"
_VARIABLES = (
    "server_id",
    "server_uuid",
    "hostname",
    "log_bin",
    "binlog_format",
    "binlog_row_image",
    "gtid_mode",
    "enforce_gtid_consistency",
    "gtid_domain_id",
    "gtid_strict_mode",
    "log_slave_updates",
    "log_replica_updates",
    "read_only",
    "wsrep_on",
    "auto_increment_increment",
    "auto_increment_offset",
    "character_set_server",
    "collation_server",
    "datadir",
    "have_ssl",
    "slave_exec_mode",
    "replica_exec_mode",
    "slave_net_timeout",
    "replica_net_timeout",
)
_THREADS = "SELECT USER AS user, HOST AS host, COMMAND AS command FROM information_schema.PROCESSLIST"
_ON = ("ON", "1", "YES")


@dataclass(frozen=True)
class Channel:
    """One connection to a source, running or not; `io` and `sql` are its threads' states."""

    name: str
    host: str
    port: int
    user: str
    io: str  # Yes, No or Connecting
    sql: str  # Yes or No
    io_error: tuple[int, str]
    sql_error: tuple[int, str]
    received: str  # what came over the line, as GTIDs
    by_gtid: bool
    tls: bool
    filters: Mapping[str, str]  # the filters that are set, by name
    behind: float | None = None  # seconds, as the server reckons them by the event that it applies; None: it can't say

    @property
    def running(self) -> bool:
        """Whether both threads are at work."""
        return self.io == "Yes" and self.sql == "Yes"


@dataclass(frozen=True)
class Server:
    """A server, seen once."""

    dialect: Dialect
    variables: Mapping[str, str]
    position: str  # all that it has applied and logged, as GTIDs
    channels: tuple[Channel, ...]
    dumps: tuple[tuple[str, str], ...]  # the replicas that are connected: user and host

    @property
    def id(self) -> int:
        """Its server_id."""
        return int(self.variables.get("server_id") or 0)

    @property
    def domain(self) -> int:
        """MariaDB's gtid_domain_id; 0 on MySQL, whose servers are told apart by their uuid."""
        return int(self.variables.get("gtid_domain_id") or 0)

    @property
    def logs(self) -> bool:
        """Whether it writes a binary log."""
        return self.on("log_bin")

    @property
    def logs_what_it_applies(self) -> bool:
        """Whether it logs what came from its own source."""
        return self.on("log_slave_updates") or self.on("log_replica_updates")

    @property
    def clustered(self) -> bool:
        """Whether it is part of a Galera cluster."""
        return self.on("wsrep_on")

    def on(self, name: str) -> bool:
        """Whether a variable is on."""
        return self.variables.get(name, "").upper() in _ON

    def channel(self, name: str) -> Channel | None:
        """The connection of that name."""
        return next((one for one in self.channels if one.name == name), None)


def admin_account(
    user: str = "root", password: str = "", socket: str | None = None, host: str | None = None, port: int = 3306
) -> Account:
    """The account by which replication is set up on this machine's server: root by its socket, where nothing is said.

    Raises DatabaseError when there is neither a socket nor a host.
    """
    if host:
        return Account(user, password, "", host, port, told_in=_ADMIN, found_in=_ADMIN)
    found = socket or next((path for path in SOCKETS if os.path.exists(path)), None)
    if not found:
        raise DatabaseError(
            "there is no database server's socket here",
            ", ".join(SOCKETS),
            "run this on the database's node, or name `replication:admin:socket` in pillar",
        )
    return Account(user, password, "", socket=found, told_in=_ADMIN, found_in=_ADMIN)


def view(session: Session, whole: bool = True) -> Server:
    """Look at a server. Needs an administrator's session; without one (`whole` false) connections stay unseen."""
    first = session.rows("SELECT @@version AS version, @@version_comment AS comment")[0]
    dialect = dialect_from(first["version"], first["comment"])
    wanted = ", ".join(["%s"] * len(_VARIABLES))
    rows = session.rows(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({wanted})", _VARIABLES)
    links = session.rows(dialect.status()) if whole else []
    channels = tuple(_channel(dialect, dialect.columns(row)) for row in links)
    threads = session.rows(_THREADS) if whole else []
    dumps = [
        (row["user"], str(row["host"]).rpartition(":")[0] or str(row["host"]))
        for row in threads
        if str(row["command"]).startswith("Binlog Dump")
    ]
    return Server(
        dialect=dialect,
        variables={row["Variable_name"]: str(row["Value"]) for row in rows},
        position=str(session.value(dialect.position()) or "").replace("\n", ""),
        channels=channels,
        dumps=tuple(sorted(dumps)),
    )


def logged(session: Session, server: Server) -> str:
    """The databases that its binary log holds, comma by comma; empty when it holds all of them."""
    (row,) = session.rows(server.dialect.log_status())
    return str(row.get("Binlog_Do_DB") or "")


def _channel(dialect: Dialect, row: Mapping[str, Any]) -> Channel:
    filters = {key: str(value) for key, value in row.items() if key.startswith("Replicate_") and value}
    behind = row.get("Seconds_Behind_Master")
    by_gtid = str(row.get("Using_Gtid") or "No") != "No" if dialect.mariadb else str(row.get("Auto_Position")) == "1"
    return Channel(
        name=dialect.name_of(row),
        host=str(row["Master_Host"]),
        port=int(row["Master_Port"]),
        user=str(row["Master_User"]),
        io=str(row["Slave_IO_Running"]),
        sql=str(row["Slave_SQL_Running"]),
        io_error=(int(row["Last_IO_Errno"]), str(row["Last_IO_Error"])),
        sql_error=(int(row["Last_SQL_Errno"]), str(row["Last_SQL_Error"])),
        received=str(row.get("Gtid_IO_Pos") or row.get("Retrieved_Gtid_Set") or "").replace("\n", ""),
        by_gtid=by_gtid,
        tls=str(row["Master_SSL_Allowed"]) == "Yes",
        filters=filters,
        behind=None if behind is None else float(behind),
    )
