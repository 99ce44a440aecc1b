"""The one door to keystone's database: who enters it, how, and what its errors mean to an operator."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import pymysql
import pymysql.cursors

from osregions.errors import DatabaseError, Refused

_IDENTIFIER = re.compile(r"[A-Za-z0-9_$]{1,64}")
_CONNECT_SECONDS = 10
_LOCK_SECONDS = 60
_ROWS = 200  # that are fetched at a time when they are streamed
_DEADLOCK, _LOCK_TIMEOUT = 1213, 1205
# Galera: "GET_LOCK in cluster" of MariaDB 10.6.13 and its like, and Percona's strict mode.
_NO_NAMED_LOCKS = (1235, 1105)
# As SQLAlchemy reads it, which is not as RFC 3986 has it: a password may hold /, # and ?, and old ones let @ stand too.
_URL = re.compile(
    r"(?P<kind>\w+)(?:\+\w+)?://(?:(?P<user>[^:/]*)(?::(?P<password>.*?))?@)?"
    r"(?:\[(?P<ipv6>[^]/?]+)\]|(?P<host>[^@:/?]+))?(?::(?P<port>[^@/?]*))?(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?"
)
_CONNECTION = "`connection` of keystone.conf"
_NOT_WRITABLE = "keystone's account may not write here: is this database a fenced replica? Write at home instead"

_REMEDIES = {
    1044: ("the account {user} may not enter {database}", "grant it the database, or mend the account in {told_in}"),
    1045: ("the server at {place} refuses {user}'s password", "mend the password in {told_in}"),
    1049: (
        "the server at {place} has no database {database}",
        "mend the name in `connection` of keystone.conf, or run db_sync",
    ),
    1054: (
        "{database} has other columns than keystone's: {text}",
        "compare its schema version with keystone's release",
    ),
    1142: ("a write to {database} was denied: {text}", _NOT_WRITABLE),
    1146: ("{database} lacks a table: {text}", "run `keystone-manage db_sync`, or name keystone's own database"),
    1205: ("rows of {database} stayed locked by another session", "look at SHOW PROCESSLIST there, and run this again"),
    1213: ("another session changed the same rows of {database} again and again", "run this again"),
    1290: ("the server at {place} is read-only: {text}", _NOT_WRITABLE),
    2003: ("no database server answers at {place}", "is it running, and does {found_in} name it rightly?"),
    2006: ("the server at {place} went away", "is it running? Run this again: it goes on from what is there"),
    2013: ("the connection to {place} was lost", "is it running? Run this again: it goes on from what is there"),
}


class Options(Protocol):
    """Keystone's options, however they were read."""

    def get(self, section: str, option: str, default: str | None = None) -> str | None:
        """One option's value."""


@dataclass(frozen=True)
class Account:
    """Where keystone's database is, and as whom keystone enters it. Its password never shows."""

    user: str
    password: str = field(repr=False)
    database: str
    host: str = "127.0.0.1"
    port: int = 3306
    socket: str | None = None
    tls: tuple[tuple[str, str], ...] = ()
    told_in: str = _CONNECTION  # where name and password stand
    found_in: str = _CONNECTION  # where the server's address stands

    @property
    def place(self) -> str:
        """The server's address, as a person would write it."""
        return self.socket or f"{self.host}:{self.port}"


def account_from_url(url: str, where: str = "[database] connection") -> Account:
    """Read an account out of a SQLAlchemy URL, such as `mysql+pymysql://user:password@host/keystone`."""
    parts = _URL.fullmatch(url.strip())
    if not parts or parts["kind"] not in ("mysql", "mariadb"):
        kind = re.match(r"\w*", url.strip())
        raise DatabaseError(
            f"keystone's database is of the kind {kind[0] if kind and kind[0] else '(none)'!r}",
            where,
            "MariaDB and MySQL are served; write mysql+pymysql://USER:...@HOST/NAME",
        )
    query = dict(parse_qsl(parts["query"] or ""))
    port = parts["port"] or "3306"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise DatabaseError("the port of keystone's database is no number", where, "mend the URL")
    database = unquote(parts["database"] or "")
    if not database or not parts["user"]:
        raise DatabaseError(
            "the URL names no account or no database", where, "write mysql+pymysql://USER:...@HOST/NAME"
        )
    return Account(
        user=unquote(parts["user"]),
        password=unquote(parts["password"] or ""),
        database=checked(database),
        host=parts["ipv6"] or parts["host"] or "127.0.0.1",
        port=int(port),
        socket=query.get("unix_socket"),
        tls=tuple((name[4:], query[name]) for name in ("ssl_ca", "ssl_cert", "ssl_key") if name in query),
    )


def account_from(options: Options, where: str = "keystone.conf") -> Account:
    """Read the account out of keystone's own options: no second copy of its password is kept anywhere."""
    url = options.get("database", "connection") or options.get("sql", "connection")
    if not url:
        raise DatabaseError("[database] connection is not set", where, "is this a keystone node? Set it, or `config`")
    return account_from_url(url, f"{where} [database] connection")


def checked(identifier: str) -> str:
    """Return an identifier that can stand in SQL between backticks, or refuse it."""
    if not _IDENTIFIER.fullmatch(identifier):
        raise Refused(f"{identifier!r} can't be the name of a table or column", remedy="letters, digits, _ and $ only")
    return identifier


def quoted(identifier: str) -> str:
    """An identifier as it stands in SQL."""
    return f"`{checked(identifier)}`"


class Session:
    """An open connection that hands out rows as dicts, and speaks of errors as an operator would."""

    def __init__(self, connection: Any, account: Account) -> None:
        self._connection = connection
        self.account = account

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All the rows that a query yields."""
        with self._own(), self._connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(sql, tuple(values))
            return list(cursor.fetchall())

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        rows = self.rows(sql, values)
        return next(iter(rows[0].values())) if rows else None

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; return how many rows it found."""
        with self._own(), self._connection.cursor() as cursor:
            return int(cursor.execute(sql, tuple(values)))

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, as the server sends them: no more than a few are held here."""
        with self._own():
            cursor = self._connection.cursor(pymysql.cursors.SSCursor)
        try:
            with self._own():
                cursor.execute(sql, tuple(values) or None)
            while True:
                with self._own():
                    batch = cursor.fetchmany(_ROWS)
                if not batch:
                    return
                yield from batch
        finally:
            # PyMySQL would read what is left of the rows, and can't where the connection is lost.
            if self._connection.open:
                with contextlib.suppress(pymysql.MySQLError):
                    cursor.close()

    def send(self, statement: bytes) -> int:
        """Run a statement that is made up already, byte by byte; return how many rows it wrote."""
        with self._own(), self._connection.cursor() as cursor:
            return int(cursor.execute(statement))

    def together(self, *statements: str) -> list[list[dict[str, Any]]]:
        """Run statements that arrive at the server as one, so that next to nothing comes between them; all their rows.

        Only in a session that was opened for it, and without values: what stands in them must come from no one else.
        """
        with self._own(), self._connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute("; ".join(statements))
            found = [list(cursor.fetchall())]
            while cursor.nextset():
                found.append(list(cursor.fetchall()))
            return found

    @contextlib.contextmanager
    def _own(self) -> Iterator[None]:
        """Have an error know whose it is, where two sessions are open, one within the other."""
        try:
            yield
        except pymysql.MySQLError as err:
            err.osregions_account = self.account  # type: ignore[attr-defined]
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does."""
        self._connection.begin()
        try:
            yield
            self._connection.commit()
        except BaseException:
            # A connection that is gone has rolled back already.
            with contextlib.suppress(pymysql.MySQLError):
                self._connection.rollback()
            raise

    @contextlib.contextmanager
    def alone(self, what: str | None = None, seconds: int | None = None) -> Iterator[None]:
        """Keep out every other run of this program on the same database; a lock that dies with its holder.

        `what` is locked in the database's stead. Whoever has it is waited for, so many seconds (None: a minute).
        """
        seconds = _LOCK_SECONDS if seconds is None else seconds
        what = self.account.database if what is None else what
        name = "osregions." + hashlib.sha256(what.encode()).hexdigest()[:40]
        try:
            got = self.value("SELECT GET_LOCK(%s, %s)", (name, seconds))
        except pymysql.MySQLError as err:
            if err.args[:1] not in [(number,) for number in _NO_NAMED_LOCKS]:
                raise
            # The rows' own locks remain, and whoever commits second in a cluster is told of a deadlock and looks again.
            yield
            return
        if got != 1:
            raise DatabaseError(
                f"another run has been changing {what} for {seconds} s",
                self.account.place,
                "wait for it, or look for it with `salt-run jobs.active`",
            )
        try:
            yield
        finally:
            with contextlib.suppress(pymysql.MySQLError):
                self.value("SELECT RELEASE_LOCK(%s)", (name,))


@contextlib.contextmanager
def session(account: Account, silence: int | None = None, several: bool = False) -> Iterator[Session]:
    """Open keystone's database; errors of the server come out as DatabaseError, with their remedy.

    `silence`: so many seconds without a sign of life from the other machine end the session; else it waits for ever.
    `several`: statements can be sent `together`.
    """
    connection = None
    try:
        connection = _connected(account, several)
        if silence:
            _watch(connection, silence)
        yield Session(connection, account)
    except pymysql.MySQLError as err:
        raise translated(err, getattr(err, "osregions_account", account)) from None
    finally:
        if connection is not None and connection.open:
            with contextlib.suppress(pymysql.MySQLError):
                connection.close()


def _connected(account: Account, several: bool = False) -> Any:
    several_at_once = pymysql.constants.CLIENT.MULTI_STATEMENTS if several else 0
    try:
        return pymysql.connect(
            host=account.host,
            port=account.port,
            unix_socket=account.socket,
            user=account.user,
            password=account.password,
            database=account.database,
            charset="utf8mb4",
            # As oslo.db has it: what does not fit is an error, on MySQL 5.5 too, and never cut off.
            sql_mode="TRADITIONAL",
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            # Found rows, not changed ones: setting a column to what it holds already must count as a hit.
            client_flag=pymysql.constants.CLIENT.FOUND_ROWS | several_at_once,
            ssl=dict(account.tls) or None,
        )
    except (OSError, RuntimeError, ValueError) as err:
        # A certificate that is not there, a way to sign in that wants the package `cryptography`, a password that is
        # not Latin-1: Python's own words for the last one would hold it.
        said = "its password is not Latin-1" if isinstance(err, UnicodeError) else str(err)
        raise DatabaseError(
            f"the account {account.user} can't enter: {said}",
            f"database {account.database} at {account.place}",
            f"mend what the server wants in {account.told_in}",
        ) from None


def _watch(connection: Any, silence: int) -> None:
    """Have the kernel ask whether the other machine is still there: a cut line says nothing by itself."""
    line = connection._sock
    if line.family in (socket.AF_INET, socket.AF_INET6):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, silence // 2))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, silence // 6))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        # What was sent and is never acknowledged has a clock of its own.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, silence * 1000)


def is_collision(err: BaseException) -> bool:
    """Whether the server chose this transaction to give way to another: then it can be tried again."""
    return isinstance(err, pymysql.MySQLError) and bool(err.args) and err.args[0] in (_DEADLOCK, _LOCK_TIMEOUT)


def is_lost(err: BaseException) -> bool:
    """Whether the connection to the server is gone."""
    return isinstance(err, pymysql.MySQLError) and bool(err.args) and err.args[0] in (2006, 2013)


def translated(err: pymysql.MySQLError, account: Account) -> DatabaseError:
    """Say what a server's error means, and what to do about it."""
    number, text = (*err.args, "", "")[:2]
    problem, remedy = _REMEDIES.get(number, ("the server at {place} says: {text} (error {number})", ""))
    if number == 2003 and "certificate" in str(text).lower():
        problem = "the server at {place} has a certificate that is not trusted: {text}"
        remedy = "name the authority that signed it, or give the server one for the name by which it is reached"
    words = {"user": account.user, "database": account.database, "place": account.place, "text": text, "number": number}
    remedy = remedy.format(told_in=account.told_in, found_in=account.found_in)
    return DatabaseError(problem.format(**words), f"database {account.database} at {account.place}", remedy)
