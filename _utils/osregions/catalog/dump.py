"""The database's own dump program and client, run so that a dump can be counted and loaded in one transaction."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from osregions.database import Account, quoted
from osregions.errors import BackupError

_DUMP = ("mariadb-dump", "mysqldump")
_CLIENT = ("mariadb", "mysql")
# One row, one line, so that rows can be counted. Nothing that commits by itself (LOCK TABLES, ALTER TABLE .. KEYS), so
# that loading is one transaction. Binary as hex, so that rows come back as they were.
_ROWS = (
    "--no-create-info",
    "--skip-extended-insert",
    "--skip-add-locks",
    "--skip-disable-keys",
    "--skip-triggers",
    "--complete-insert",
    "--hex-blob",
)
# What the head of a dump would set: its moments are in UTC, its backslashes escape, and a 0 is no "next number".
_AS_DUMPED = b"""SET NAMES utf8mb4;
SET SESSION time_zone = '+00:00';
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
"""
_ALWAYS = (
    "--single-transaction",
    "--quick",
    "--skip-lock-tables",
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
)


@dataclass(frozen=True)
class Client:
    """A dump program: where it is, whose it is, and how old."""

    path: str
    mariadb: bool
    version: tuple[int, int]

    def options(self) -> tuple[str, ...]:
        """What this one wants told, so that it asks nothing of the server that keystone's account lacks."""
        if self.mariadb:
            return ()
        gtid = ("--set-gtid-purged=OFF",) if self.version >= (5, 6) else ()
        return (*gtid, "--column-statistics=0") if self.version >= (8, 0) else gtid


def client_from(path: str, text: str) -> Client:
    """Read out of `--version` whose program it is, and how old."""
    # MariaDB says "Ver 10.19 Distrib 10.11.14-MariaDB" or "from 11.4.2-MariaDB"; MySQL "Ver 8.0.36", "Distrib 5.6.24".
    match = re.search(r"(?:Distrib|from) (\d+)\.(\d+)", text) or re.search(r"Ver (\d+)\.(\d+)", text)
    if not match:
        raise BackupError(f"{path} does not say which version it is: {text.strip()!r}", remedy="is it a dump program?")
    return Client(path, "mariadb" in text.lower(), (int(match.group(1)), int(match.group(2))))


def dump_rows(account: Account, tables: Sequence[str], path: Path) -> dict[str, int]:
    """Write the rows of some tables to a compressed file (0600), as of one moment; return how many of each."""
    rows = dict.fromkeys(tables, 0)
    with _dumping(account, [*_ROWS, account.database, *tables]) as lines, _compressed(path) as file:
        for line in lines:
            if line.startswith(b"INSERT INTO `"):
                rows[line.split(b"`", 2)[1].decode()] += 1
            file.write(line)
    return rows


def dump_schema(account: Account, path: Path) -> None:
    """Write the statements that make the whole database's tables to a compressed file (0600)."""
    with _dumping(account, ["--no-data", account.database]) as lines, _compressed(path) as file:
        for line in lines:
            file.write(line)


def load(account: Account, path: Path, tables: Sequence[str]) -> None:
    """Empty the tables and give them the rows of a dump, in one transaction: an interrupted one changes nothing."""
    program = _found(_CLIENT)
    wanted = {name.encode() for name in tables}
    with _credentials(account) as (option, descriptor):
        command = [program, option, "--default-character-set=utf8mb4", "--batch", account.database]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[descriptor]
        ) as process:
            assert process.stdin is not None and process.stderr is not None
            # A server that stops listening says why on stderr, and that is the error worth telling.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(_AS_DUMPED)
                process.stdin.write(b"SET SESSION foreign_key_checks = 0;\nSTART TRANSACTION;\n")
                for name in tables:
                    process.stdin.write(f"DELETE FROM {quoted(name)};\n".encode())
                with gzip.open(path, "rb") as file:
                    for line in file:
                        if line.startswith(b"INSERT INTO `") and line.split(b"`", 2)[1] in wanted:
                            process.stdin.write(line)
                process.stdin.write(b"COMMIT;\n")
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            said = process.stderr.read().decode(errors="replace").strip().splitlines()
        if process.returncode != 0:
            # The client repeats the statement before its error, and a row may hold a secret.
            problem = "; ".join([line for line in said if line.startswith("ERROR")] or said[-1:])
            raise BackupError(
                f"the server took no rows back: {problem}; nothing was changed",
                str(path),
                "mend what it says, and restore again",
            )


@contextlib.contextmanager
def _dumping(account: Account, arguments: Sequence[str]) -> Iterator[IO[bytes]]:
    """Run the dump program; what it prints can be read line by line, and an error of its own ends everything."""
    path = _found(_DUMP)
    text = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    with _credentials(account) as (option, descriptor):
        command = [path, option, *_ALWAYS, *client_from(path, text).options(), *arguments]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, pass_fds=[descriptor]
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            try:
                yield process.stdout
            except BaseException:
                process.kill()
                raise
            problem = process.stderr.read().decode(errors="replace").strip()
        if process.returncode != 0:
            raise BackupError(
                f"{Path(path).name} failed: {problem}",
                f"database {account.database} at {account.place}",
                "mend what it says, and run this again",
            )


def _found(names: Sequence[str]) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    raise BackupError(
        f"neither {' nor '.join(names)} is installed here",
        remedy="install the database's client (Debian: mariadb-client, RHEL: mariadb), which the formula does",
    )


@contextlib.contextmanager
def _credentials(account: Account) -> Iterator[tuple[str, int]]:
    """Hand the password over in a file that exists in memory alone: not on disk, not in the list of processes."""
    lines = ["[client]", f"user={_option(account.user)}", f"password={_option(account.password)}"]
    if account.socket:
        lines.append(f"socket={_option(account.socket)}")
    else:
        lines += [f"host={_option(account.host)}", f"port={account.port}", "protocol=TCP"]
    lines += [f"ssl-{name}={_option(value)}" for name, value in account.tls]
    descriptor = os.memfd_create("client.cnf")
    try:
        # The client takes no option file that others could have written.
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, ("\n".join(lines) + "\n").encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield f"--defaults-extra-file=/proc/self/fd/{descriptor}", descriptor
    finally:
        os.close(descriptor)


def _option(value: str) -> str:
    """A value as an option file holds it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextlib.contextmanager
def _compressed(path: Path) -> Iterator[IO[bytes]]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1) as file:
            yield cast("IO[bytes]", file)
        raw.flush()
        os.fsync(raw.fileno())
