"""What differs between the servers that replicate: MariaDB, and MySQL from 5.6 to 8.4, as text and names of columns.

Read in the manuals of both: MariaDB has said REPLICA beside SLAVE since 10.5, and keeps CHANGE MASTER; MySQL says
REPLICA since 8.0.22, CHANGE REPLICATION SOURCE since 8.0.23, and lost the old words in 8.4. MariaDB names connections,
MySQL channels (since 5.7). Nothing here touches a server; values are for the caller to pass beside the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from osregions.errors import RegionsError

Statement = tuple[str, tuple[Any, ...]]
NAME = "openstack_regions"  # of our connection or channel, where the server has names for them

# The columns of SHOW SLAVE STATUS by MySQL's newer names.
_RENAMED = (("Source", "Master"), ("Replica", "Slave"))


@dataclass(frozen=True)
class Tls:
    """How the line between the sites is kept private; the paths are on the replica."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True


@dataclass(frozen=True)
class Dialect:
    """One server's way to say things."""

    mariadb: bool
    version: tuple[int, int, int]

    @property
    def product(self) -> str:
        """The server as its people call it."""
        return f"{'MariaDB' if self.mariadb else 'MySQL'} {'.'.join(map(str, self.version))}"

    @property
    def named(self) -> bool:
        """Whether it can have several sources, told apart by names."""
        return self.mariadb or self.version >= (5, 7)

    @property
    def source_words(self) -> bool:
        """Whether it says SOURCE where it said MASTER."""
        return not self.mariadb and self.version >= (8, 0, 23)

    @property
    def replica_words(self) -> bool:
        """Whether it says REPLICA where it said SLAVE."""
        return not self.mariadb and self.version >= (8, 0, 22)

    @property
    def alters_users(self) -> bool:
        """Whether ALTER USER sets passwords and TLS; before, SET PASSWORD and GRANT did."""
        return self.version >= ((10, 2, 0) if self.mariadb else (5, 7, 6))

    # ---- what is asked ----

    def status(self) -> str:
        """The statement that shows all connections; `columns` makes its rows alike."""
        if self.mariadb:
            return "SHOW ALL SLAVES STATUS"
        return "SHOW REPLICA STATUS" if self.replica_words else "SHOW SLAVE STATUS"

    @staticmethod
    def columns(row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the status by the old names of its columns, which all servers have had."""
        found = {}
        for name, value in row.items():
            for new, old in _RENAMED:
                name = re.sub(rf"(?<![A-Za-z]){new}(?![a-z])", old, name)
            found[name.replace("Get_Slave_public", "Get_Master_public")] = value
        return found

    def name_of(self, row: Mapping[str, Any]) -> str:
        """The name of a row's connection; empty for the one without a name."""
        return str(row.get("Connection_name") or row.get("Channel_Name") or "")

    # ---- what is done ----

    def change(
        self, name: str, host: str, port: int, user: str, password: str, tls: Tls | None, heartbeat: float, retry: int
    ) -> Statement:
        """Tell a replica its source; from which position is what its GTIDs say."""
        source = "SOURCE" if self.source_words else "MASTER"
        values: list[tuple[str, Any]] = [
            ("HOST", host),
            ("PORT", port),
            ("USER", user),
            ("PASSWORD", password),
            ("CONNECT_RETRY", retry),
            ("HEARTBEAT_PERIOD", heartbeat),
            ("SSL", 1 if tls else 0),
        ]
        if tls:
            values += [("SSL_CA", tls.ca or ""), ("SSL_CERT", tls.cert or ""), ("SSL_KEY", tls.key or "")]
            values.append(("SSL_VERIFY_SERVER_CERT", 1 if tls.verify else 0))
        parts = [f"{source}_{key}=%s" for key, _ in values]
        if self.mariadb:
            parts.append("MASTER_USE_GTID=slave_pos")
        else:
            parts.append(f"{source}_AUTO_POSITION=1")
            if self.version >= (8, 0) and not tls:
                # caching_sha2_password over a plain line asks for the server's key.
                parts.append("GET_SOURCE_PUBLIC_KEY=1" if self.source_words else "GET_MASTER_PUBLIC_KEY=1")
        head = "CHANGE REPLICATION SOURCE TO" if self.source_words else "CHANGE MASTER"
        if self.mariadb:
            head += f" {_text(name)} TO" if name else " TO"
        elif not self.source_words:
            head += " TO"
        text = f"{head} {', '.join(parts)}{self._channel(name)}"
        return text, tuple(value for _, value in values)

    def start(self, name: str) -> str:
        """Start both threads of a connection."""
        return self._threads("START", name)

    def stop(self, name: str) -> str:
        """Stop both threads of a connection."""
        return self._threads("STOP", name)

    def start_until(self, name: str, position: str) -> Statement:
        """Apply up to a GTID position, and stop there."""
        if self.mariadb:
            return f"{self._threads('START', name)} UNTIL master_gtid_pos=%s", (position,)
        word = "REPLICA" if self.replica_words else "SLAVE"
        return f"START {word} SQL_THREAD UNTIL SQL_AFTER_GTIDS=%s{self._channel(name)}", (position,)

    def reset(self, name: str) -> str:
        """Forget a connection."""
        if self.mariadb:
            return f"RESET SLAVE {_text(name)} ALL" if name else "RESET SLAVE ALL"
        word = "REPLICA" if self.replica_words else "SLAVE"
        return f"RESET {word} ALL{self._channel(name)}"

    def filters(self, name: str, database: str) -> tuple[str, ...]:
        """Have a stopped connection apply one database's changes alone; empty where only the option file can say so."""
        wild = database.replace("_", "\\_") + ".%"
        if self.mariadb:
            return (
                f"SET @@default_master_connection = {_text(name)}",
                f"SET GLOBAL replicate_wild_do_table = {_text(wild)}",
                "SET @@default_master_connection = ''",
            )
        if self.version < (5, 7):
            return ()
        channel = self._channel(name) if self.version >= (8, 0) else ""
        return (f"CHANGE REPLICATION FILTER REPLICATE_WILD_DO_TABLE = ({_text(wild)}){channel}",)

    def option_file(self, name: str, database: str) -> str:
        """What the server's option file says, so that the filter is there after a restart too."""
        wild = database.replace("_", "\\_") + ".%"
        if self.mariadb:
            key = f"{name}.replicate_wild_do_table" if name else "replicate_wild_do_table"
            return f"[mysqld]\n{key} = {wild}\n"
        value = f"{name}:{wild}" if name and self.version >= (8, 0) else wild
        return f"[mysqld]\nreplicate-wild-do-table = {value}\n"

    def position(self) -> str:
        """The query for the position up to which a server has applied and logged everything."""
        return "SELECT @@GLOBAL.gtid_current_pos" if self.mariadb else "SELECT @@GLOBAL.gtid_executed"

    def log_status(self) -> str:
        """The statement that shows where the binary log is, and on MySQL what has been committed."""
        return "SHOW BINARY LOG STATUS" if not self.mariadb and self.version >= (8, 2) else "SHOW MASTER STATUS"

    def _threads(self, verb: str, name: str) -> str:
        if self.mariadb:
            return f"{verb} SLAVE {_text(name)}" if name else f"{verb} SLAVE"
        return f"{verb} {'REPLICA' if self.replica_words else 'SLAVE'}{self._channel(name)}"

    def _channel(self, name: str) -> str:
        return f" FOR CHANNEL {_text(name)}" if name and not self.mariadb else ""


def dialect_from(version: str, comment: str = "") -> Dialect:
    """Read @@version and @@version_comment. Raises RegionsError for a server that is too old to replicate by GTID."""
    match = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)", version)
    if not match:
        raise RegionsError(f"{version!r} is no version of a database server", remedy="is it MariaDB or MySQL?")
    numbers = (int(match[1]), int(match[2]), int(match[3]))
    mariadb = "mariadb" in f"{version} {comment}".lower()
    oldest = (10, 0, 2) if mariadb else (5, 6, 5)
    if numbers < oldest:
        raise RegionsError(
            f"{'MariaDB' if mariadb else 'MySQL'} {match[0]} has no global transaction ids",
            remedy=f"replication wants {'.'.join(map(str, oldest))} or newer",
        )
    return Dialect(mariadb, numbers)


def _text(value: str) -> str:
    """A text that stands in SQL where no placeholder may: names of connections and patterns of tables."""
    if not re.fullmatch(r"[A-Za-z0-9_.%\\$-]*", value):
        raise RegionsError(f"{value!r} can't stand in a statement", remedy="letters, digits, _ and $ only")
    return "'" + value.replace("\\", "\\\\") + "'"
