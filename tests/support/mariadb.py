"""A real MariaDB of the tests' own: a loopback port, a temporary data directory, no trace on the machine's own."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from tests.support import clocks, ports


@dataclass(frozen=True)
class Database:
    """One database and the account that owns it, as keystone.conf would name them."""

    name: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The `[database] connection` of keystone.conf; holds the password."""
        return f"mysql+pymysql://{self.user}:{self.password}@{self.host}:{self.port}/{self.name}?charset=utf8"

    def connect(self, **options) -> pymysql.connections.Connection:
        """Return a connection as the database's own account, autocommit on."""
        settings = {"autocommit": True, "charset": "utf8mb4", "ssl_disabled": True, **options}
        return pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, database=self.name, **settings
        )

    def query(self, sql: str, *values) -> tuple:
        """Run one statement and return its rows."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall()


class MariaDB:
    """The server; `user` and `password` are its administrator's."""

    host = "127.0.0.1"
    user = "root"

    def __init__(self, folder: Path, *options: str, clock: int = 0):
        """Keep its files in a folder; `options` are further ones of the server's, which goes `clock` seconds ahead."""
        self.folder = folder
        self.clock = clock
        self.options = options
        self.data = folder / "data"
        self.socket = folder / "mariadb.sock"
        self.log = folder / "mariadb.log"
        self.port = ports.free()
        self.password = secrets.token_urlsafe(18)
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        """The server's process id (to kill it in a test: `start()` brings it back on the same data and port)."""
        assert self._process is not None, "the server was never started"
        return self._process.pid

    def install(self) -> None:
        """Make the system tables and start."""
        with self.log.open("w") as log:
            subprocess.run(
                [
                    "mariadb-install-db",
                    "--no-defaults",
                    "--user=root",
                    f"--datadir={self.data}",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
            )
        self.start(password="")
        with contextlib.closing(self.connect(password="")) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER USER root@localhost IDENTIFIED BY %s", (self.password,))
            cursor.execute("CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY %s", (self.password,))
            cursor.execute("GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION")

    def start(self, password: str | None = None) -> None:
        """Start the server on its data, and wait until it answers."""
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [
                    "mariadbd",
                    "--no-defaults",
                    "--user=root",
                    f"--datadir={self.data}",
                    f"--socket={self.socket}",
                    f"--pid-file={self.folder / 'mariadb.pid'}",
                    # in /tmp another server that starts would clear our temporary tables away
                    f"--tmpdir={self.folder}",
                    f"--port={self.port}",
                    f"--bind-address={self.host}",
                    "--skip-name-resolve",
                    "--max-connections=200",
                    # the data may be lost with the machine, not with the process: that keeps kill -9 tests honest
                    "--innodb-flush-method=nosync",
                    "--sync-frm=0",
                    "--innodb-flush-log-at-trx-commit=0",
                    "--innodb-buffer-pool-size=64M",
                    "--innodb-log-file-size=32M",
                    # as on the controllers of an ordinary deployment
                    "--character-set-server=utf8mb4",
                    "--collation-server=utf8mb4_general_ci",
                    *self.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **clocks.ahead(self.clock)},
            )

        def ready() -> bool:
            try:
                self.connect(**({} if password is None else {"password": password})).close()
            except pymysql.OperationalError:  # not pymysql.err: core's module mysql imports that a second time
                return False
            return True

        ports.wait(ready, self._process, str(self.log))

    def stop(self) -> None:
        ports.stop(self._process)

    def connect(self, database: str | None = None, **options) -> pymysql.connections.Connection:
        """Return an administrator's connection, autocommit on."""
        settings: dict = {
            "password": self.password,
            "autocommit": True,
            "charset": "utf8mb4",
            "ssl_disabled": True,  # else each connection reads all the certificates of the machine, 20 ms
            **options,
        }
        return pymysql.connect(unix_socket=str(self.socket), user=self.user, database=database, **settings)

    def execute(self, sql: str, *values, database: str | None = None) -> tuple:
        """Run one statement as administrator and return its rows."""
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall()

    def create(self, name: str, sql: str | None = None) -> Database:
        """Make the database anew (an earlier one of that name goes), with an account of its own, and load SQL text."""
        password = secrets.token_urlsafe(12)
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8 COLLATE utf8_general_ci")
        self.execute(f"CREATE OR REPLACE USER `{name}`@`%%` IDENTIFIED BY %s", password)
        self.execute(f"GRANT ALL ON `{name}`.* TO `{name}`@`%`")
        if sql:
            self.load(name, sql)
        return Database(name, self.host, self.port, name, password)

    def load(self, name: str, sql: str) -> None:
        """Feed SQL text to a database, as `mariadb NAME < FILE` does."""
        self._client("mariadb", name, text=f"SET foreign_key_checks=0; SET unique_checks=0;\n{sql}")

    def dump(self, name: str) -> str:
        """Return a database as SQL text: tables and rows."""
        return self._client("mariadb-dump", "--single-transaction", "--skip-comments", name)

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")
        self.execute(f"DROP USER IF EXISTS `{name}`@`%`")

    def _client(self, command: str, *arguments: str, text: str = "") -> str:
        options = self.folder / "client.cnf"  # the password stays out of the argument list
        if not options.exists():
            options.touch(mode=0o600)
            options.write_text(f'[client]\nuser=root\npassword="{self.password}"\nsocket={self.socket}\n')
        done = subprocess.run(
            [command, f"--defaults-file={options}", *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout
