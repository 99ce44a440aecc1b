"""Two real servers, one the replica of the other, set up by hand: for tests of what happens on the way."""

from __future__ import annotations

import time
from pathlib import Path

from osregions.database import Account
from tests.support.mariadb import MariaDB
from tests.support.mysql56 import MySQL56


class Pair:
    """Home and a region whose whole server follows it by GTID; `channel` is the connection's name."""

    def __init__(self, kind: type[MariaDB] | type[MySQL56], folder: Path, channel: str = "", *options: str):
        self.mariadb = kind is MariaDB
        self.channel, self._options = channel, options
        self.home, self.region = (self._server(kind, folder / name, at) for at, name in enumerate(("home", "region")))

    def _server(self, kind, folder: Path, at: int):
        folder.mkdir()
        options = [f"--server-id={at + 1}", "--log-bin", "--binlog-format=ROW", "--skip-slave-start"]
        if self.mariadb:
            options += [f"--gtid-domain-id={at + 1}", "--gtid-strict-mode=ON", "--slave-net-timeout=5"]
        else:
            options += ["--gtid-mode=ON", "--enforce-gtid-consistency", "--log-slave-updates"]
            options += ["--master-info-repository=TABLE", "--relay-log-info-repository=TABLE"]
        return kind(folder, *options, *self._options)

    def start(self) -> None:
        """Install both and let the region follow."""
        self.home.install()
        self.region.install()
        for server in (self.home, self.region):
            server.execute("RESET MASTER")
        self.home.execute("CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'repl'")
        self.home.execute("GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'")
        how = "MASTER_USE_GTID=slave_pos" if self.mariadb else "MASTER_AUTO_POSITION=1"
        name = f"'{self.channel}' " if self.channel else ""
        self.region.execute(
            f"CHANGE MASTER {name}TO MASTER_HOST='127.0.0.1', MASTER_PORT={self.home.port}, MASTER_USER='repl',"
            f" MASTER_PASSWORD='repl', MASTER_CONNECT_RETRY=1, {how}"
        )
        self.region.execute(f"START SLAVE {name}")

    def stop(self) -> None:
        self.region.stop()
        self.home.stop()

    def account(self, server) -> Account:
        """The administrator's account of one of the two."""
        return Account("root", server.password, "", socket=str(server.socket))

    def status(self) -> dict:
        """The region's SHOW SLAVE STATUS."""
        sql = "SHOW ALL SLAVES STATUS" if self.mariadb else "SHOW SLAVE STATUS"
        connection = self.region.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return dict(zip([one[0] for one in cursor.description], cursor.fetchone(), strict=True))

    def wait(self, what, seconds: float = 15) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s; {self.status()}")
            time.sleep(0.05)
