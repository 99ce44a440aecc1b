"""The account by which a region's server reads home's log: one for each region, bound to its addresses, and no more."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from osregions.database import Session, quoted
from osregions.errors import Refused
from osregions.replication.dialect import Dialect

_LOG = "REPLICATION SLAVE"
_OLD_NAMES = {"REPLICATION REPLICA": _LOG}  # as MariaDB shows it since 10.5
NATIVE = "mysql_native_password"


@dataclass(frozen=True)
class Wanted:
    """One region's account at home."""

    user: str
    hosts: tuple[str, ...]
    password: str = field(repr=False)
    database: str = "keystone"
    tls: bool = False


@dataclass(frozen=True)
class Account:
    """An account as a server has it, for one host."""

    user: str
    host: str
    plugin: str
    secret: str = field(repr=False)  # the password's hash
    tls: bool
    server_rights: frozenset[str]
    database_rights: tuple[tuple[str, frozenset[str]], ...]  # by database

    def rights_on(self, database: str) -> frozenset[str]:
        """What it may do with one database."""
        return dict(self.database_rights).get(database, frozenset())


@dataclass(frozen=True)
class Step:
    """One statement, and how it is told."""

    told: str
    sql: str
    values: tuple[str, ...] = field(default=(), repr=False)


def view(session: Session, dialect: Dialect, users: Iterable[str]) -> tuple[Account, ...]:
    """Read these users' accounts, for every host."""
    names = tuple(users)
    if not names:
        return ()
    marks = ", ".join(["%s"] * len(names))
    secret = "Password" if not dialect.mariadb and dialect.version < (5, 7) else "authentication_string"
    rows = session.rows(
        f"SELECT User AS user, Host AS host, plugin, {secret} AS secret, ssl_type AS tls FROM mysql.user"
        f" WHERE User IN ({marks}) ORDER BY User, Host",
        names,
    )
    return tuple(
        Account(
            user=row["user"],
            host=row["host"],
            plugin=_told(row["plugin"]) or NATIVE,
            secret=_told(row["secret"]),
            tls=bool(_told(row["tls"])),
            server_rights=_server_rights(session, row["user"], row["host"]),
            database_rights=_database_rights(session, row["user"], row["host"]),
        )
        for row in rows
    )


def plan(present: Sequence[Account], wanted: Wanted, dialect: Dialect) -> tuple[Step, ...]:
    """What makes home's account of a region what it is to be: least rights, those hosts alone, that password.

    Raises Refused for a name that the server can't hold.
    """
    longest = 80 if dialect.mariadb else 32 if dialect.version >= (5, 7, 8) else 16
    if not 0 < len(wanted.user) <= longest:
        raise Refused(
            f"{wanted.user!r} can't be an account's name on {dialect.product}", remedy=f"1 to {longest} characters"
        )
    by_host = {account.host: account for account in present if account.user == wanted.user}
    steps: list[Step] = []
    for host in wanted.hosts:
        steps += _for_host(by_host.get(host), wanted, host, dialect)
    for host in sorted(by_host.keys() - set(wanted.hosts)):
        steps.append(Step(f"{wanted.user}@{host} goes", "DROP USER %s@%s", (wanted.user, host)))
    return tuple(steps)


def _for_host(account: Account | None, wanted: Wanted, host: str, dialect: Dialect) -> Iterator[Step]:
    who, shown = (wanted.user, host), f"{wanted.user}@{host}"
    # A MySQL that is never quiet is seeded from behind a lock on keystone's tables, for a moment.
    reading = frozenset({"SELECT"} if dialect.mariadb else {"SELECT", "LOCK TABLES"})
    if account is None:
        made, secret = _made(dialect, wanted.password)
        yield Step(f"{shown} is made", made, (*who, secret))
        account = Account(wanted.user, host, NATIVE, "", False, frozenset(), ())
    elif not knows(account, wanted.password):
        changed, secret = _password(dialect, wanted.password)
        yield Step(f"{shown} has pillar's password", changed, (*who, secret))
    if account.tls != wanted.tls:
        yield Step(f"{shown} {'must' if wanted.tls else 'need not'} use TLS", _tls(dialect, wanted.tls), who)
    # MySQL tells where its log is, which seeding asks, to those alone who have the second.
    reading_the_log = {_LOG} if dialect.mariadb else {_LOG, "REPLICATION CLIENT"}
    if missing := sorted(reading_the_log - account.server_rights):
        yield Step(f"{shown} may read the log", f"GRANT {', '.join(missing)} ON *.* TO %s@%s", who)
    for right in sorted(account.server_rights - reading_the_log):
        yield Step(f"{shown} loses {right}", f"REVOKE {right} ON *.* FROM %s@%s", who)
    if missing := sorted(reading - account.rights_on(wanted.database)):
        names = ", ".join(missing)
        told = f"{shown} may {names} in {wanted.database}"
        yield Step(told, f"GRANT {names} ON {_pattern(wanted.database)}.* TO %s@%s", who)
    for name, those in account.database_rights:
        for right in sorted(those - reading if name == wanted.database else those):
            yield Step(f"{shown} loses {right} in {name}", f"REVOKE {right} ON {_pattern(name)}.* FROM %s@%s", who)


def gone(present: Sequence[Account], user: str) -> tuple[Step, ...]:
    """What takes a region's account away."""
    return tuple(
        Step(f"{user}@{account.host} goes", "DROP USER %s@%s", (user, account.host))
        for account in present
        if account.user == user
    )


def act(session: Session, steps: Iterable[Step]) -> None:
    """Carry the steps out."""
    for step in steps:
        session.execute(step.sql, step.values)


def knows(account: Account, password: str) -> bool:
    """Whether an account has a password; one whose hash can't be made again here counts as having it."""
    if account.plugin != NATIVE:
        return True
    return hmac.compare_digest(account.secret.upper(), _hashed(password))


def _hashed(password: str) -> str:
    """A password as both servers keep it for mysql_native_password."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324  (it is the servers' own way)
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


# MariaDB writes these statements into its binary log as they come, and that crosses the line: it is told the hash
# alone. MySQL puts the hash there by itself.
def _made(dialect: Dialect, password: str) -> tuple[str, str]:
    if dialect.mariadb:
        return "CREATE USER %s@%s IDENTIFIED BY PASSWORD %s", _hashed(password)
    return "CREATE USER %s@%s IDENTIFIED BY %s", password


def _password(dialect: Dialect, password: str) -> tuple[str, str]:
    if dialect.mariadb:
        altered = "ALTER USER %s@%s IDENTIFIED BY PASSWORD %s"
        return altered if dialect.alters_users else "SET PASSWORD FOR %s@%s = %s", _hashed(password)
    altered = "ALTER USER %s@%s IDENTIFIED BY %s"
    return altered if dialect.alters_users else "SET PASSWORD FOR %s@%s = PASSWORD(%s)", password


def _tls(dialect: Dialect, wanted: bool) -> str:
    word = "SSL" if wanted else "NONE"
    return f"ALTER USER %s@%s REQUIRE {word}" if dialect.alters_users else f"GRANT USAGE ON *.* TO %s@%s REQUIRE {word}"


def _pattern(database: str) -> str:
    """A database as GRANT takes it: there `_` stands for any character."""
    return quoted(database).replace("_", "\\_")


def _server_rights(session: Session, user: str, host: str) -> frozenset[str]:
    rows = session.rows(
        "SELECT PRIVILEGE_TYPE AS named FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = %s",
        (_grantee(user, host),),
    )
    found = {_OLD_NAMES.get(row["named"], row["named"]) for row in rows}
    return frozenset(found - {"USAGE"})


def _database_rights(session: Session, user: str, host: str) -> tuple[tuple[str, frozenset[str]], ...]:
    rows = session.rows(
        "SELECT TABLE_SCHEMA AS place, PRIVILEGE_TYPE AS named FROM information_schema.SCHEMA_PRIVILEGES"
        " WHERE GRANTEE = %s",
        (_grantee(user, host),),
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["place"].replace("\\_", "_"), set()).add(row["named"])
    return tuple((place, frozenset(those)) for place, those in sorted(found.items()))


def _grantee(user: str, host: str) -> str:
    return f"'{user}'@'{host}'"


def _told(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")
