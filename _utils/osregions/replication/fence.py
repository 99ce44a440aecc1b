"""Deciding what keystone's account may do on a replica: read all, write its bookkeeping, and nothing else (P10).

Seen on MariaDB 10.11 and MySQL 5.6: a right on a table or a column holds from the next statement on, in open sessions
too; a right on the database stays with a session until it enters the database anew. So the fence is complete only when
the sessions that were open have ended: see `fence_act`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from osregions.database import checked
from osregions.errors import Refused
from osregions.releases import Release
from osregions.replication.grants import ALL, GRANT_OPTION, Holder, Right, covers, names

SELECT = "SELECT"
REVOCATIONS = "revocation_event"
# What changes rows or tables; the rest of what can be granted reads, or needs one of these besides.
WRITES = frozenset(
    ("INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "TRIGGER", "EVENT", "DELETE HISTORY", ALL)
) | {GRANT_OPTION}
_ADMINISTRATOR = frozenset((ALL, "SUPER", "CREATE USER", GRANT_OPTION))

Form = tuple[str, str]  # an account: user and host


@dataclass(frozen=True)
class View:
    """The accounts of a server as the fence sees them."""

    database: str
    user: str
    forms: tuple[Holder, ...]  # keystone's account, under each of its hosts
    others: tuple[Holder, ...]  # everybody else, roles and PUBLIC among them


@dataclass(frozen=True)
class Change:
    """One GRANT or REVOKE: rights of one account at one place."""

    grants: bool
    form: Form
    rights: tuple[Right, ...]

    @property
    def shown(self) -> str:
        """The change as a person would write it."""
        return f"{self._text()} {self.form[0]}@{self.form[1]}"

    def sql(self) -> tuple[str, tuple[str, ...]]:
        """The statement, and the values that go with it."""
        text = self._text().replace("%", "%%")
        grantable = self.grants and any(right.privilege == GRANT_OPTION for right in self.rights)
        return f"{text} %s@%s{' WITH GRANT OPTION' if grantable else ''}", self.form

    def _text(self) -> str:
        place = self.rights[0]
        table = f"`{checked(place.table)}`" if place.table else "*"
        checked(place.database.replace("\\_", "_"))
        by_name: dict[str, list[str]] = {}
        for right in sorted(self.rights):
            if not right.privilege.replace(" ", "").isalpha():
                raise Refused(f"{right.privilege!r} is no privilege", remedy="compare SHOW GRANTS")
            if right.privilege == GRANT_OPTION and self.grants:
                continue
            by_name.setdefault(right.privilege, []).extend([right.column] if right.column else [])
        spoken = ", ".join(
            f"{name} ({', '.join(f'`{checked(column)}`' for column in columns)})" if columns else name
            for name, columns in by_name.items()
        )
        verb, word = ("GRANT", "TO") if self.grants else ("REVOKE", "FROM")
        return f"{verb} {spoken or 'USAGE'} ON `{place.database}`.{table} {word}"


@dataclass(frozen=True)
class Plan:
    """What is to be done, in this order, and what an operator should know besides."""

    changes: tuple[Change, ...]
    findings: tuple[str, ...] = ()


def wanted(columns: Mapping[str, Iterable[str]], release: Release, database: str) -> frozenset[Right]:
    """The rights of keystone's account on a replica, given the columns that its tables have."""
    there = {table: set(parts) for table, parts in columns.items()}
    wish = {Right(SELECT, database)}
    for table, written in release.bookkeeping().items():
        wish.update(Right("UPDATE", database, table, name) for name in written if name in there.get(table, ()))
    if REVOCATIONS in there:
        # Each revocation also deletes those that have expired: with INSERT alone it fails, and the token stays valid.
        wish.update(Right(name, database, REVOCATIONS) for name in ("INSERT", "DELETE"))
    return frozenset(wish)


def plan(view: View, wish: frozenset[Right]) -> Plan:
    """What makes the account's rights on the database the wished ones; SELECT is there at every moment.

    Raises Refused when the account can write there by rights that are not the database's own.
    """
    if not view.forms:
        raise Refused(
            f"there is no account {view.user} on this server",
            f"database {view.database}",
            "name the account of keystone's `connection`",
        )
    _refuse_wider(view)
    served = [form for form in view.forms if form.on(view.database)] or list(view.forms)
    changes: list[Change] = []
    for form in served:
        changes += towards(form, _placed(form, wish, view.database), view.database)
    return Plan(tuple(changes), findings(view))


def plan_back(view: View, before: Mapping[Form, frozenset[Right]], everything: frozenset[str]) -> Plan:
    """What gives the account back the rights that were noted, or all on the database where nothing was noted."""
    changes: list[Change] = []
    for form in view.forms:
        target: frozenset[Right]
        if before:
            target = before.get((form.user, form.host), form.on(view.database))
        elif form.on(view.database):
            # What the fence gave on tables is part of all, and goes.
            own = {right for right in form.on(view.database) if not right.table}
            target = frozenset(own | {Right(one, _pattern(form, view.database)) for one in everything})
        else:
            continue
        changes += towards(form, target, view.database)
    return Plan(tuple(changes))


def towards(form: Holder, target: frozenset[Right], database: str) -> list[Change]:
    """The changes from an account's rights on a database to others, such that what stays is there all the time.

    SELECT is never taken away: an open session might live by that very grant.
    """
    have = form.on(database)
    excess = {right for right in have - target if right.privilege != SELECT}
    at_database = {right for right in excess if not right.table}
    at_tables = {right for right in excess if right.table and not right.column}
    # To revoke a privilege on a table takes it from the columns of that table as well.
    dropped = {(right.table, right.privilege) for right in at_tables}
    lost = {right for right in have if right.column and (right.table, right.privilege) in dropped}
    missing = target - (have - lost)
    at_columns = {right for right in excess if right.column} - lost
    # First what is given widely, last what is taken widely: a write that is to stay allowed is so at every moment, but
    # for one that was allowed by a table and is to be so by its columns.
    steps = (
        (True, {right for right in missing if not right.table}),
        (False, at_tables),
        (True, {right for right in missing if right.table}),
        (False, at_columns),
        (False, at_database),
    )
    changes = []
    for grants, rights in steps:
        for place in sorted({(right.database, right.table) for right in rights}):
            group = tuple(sorted(right for right in rights if (right.database, right.table) == place))
            changes.append(Change(grants, (form.user, form.host), group))
    return changes


def findings(view: View) -> tuple[str, ...]:
    """The other accounts that can write keystone's tables on this server, administrators apart."""
    found = []
    for holder in view.others:
        if _is_administrator(holder):
            continue
        writes = {right for right in holder.rights if right.privilege in WRITES and covers(right, view.database)}
        if writes:
            what = ", ".join(sorted({_shown(right) for right in writes}))
            kind = "the role " if holder.role else ""
            found.append(f"{kind}{holder.name} can write {view.database} here: {what}")
    return tuple(found)


def _is_administrator(holder: Holder) -> bool:
    everywhere = {right.privilege for right in holder.rights if not right.database}
    return not holder.role and bool(everywhere & _ADMINISTRATOR)


def _shown(right: Right) -> str:
    place = f"{right.database or '*'}.{right.table or '*'}"
    return f"{right.privilege} ({right.column}) on {place}" if right.column else f"{right.privilege} on {place}"


def _placed(form: Holder, wish: frozenset[Right], database: str) -> frozenset[Right]:
    """The wish in the words of the account's own grants: at the level of the database these are patterns."""
    pattern = _pattern(form, database)
    return frozenset(right if right.table else Right(right.privilege, pattern) for right in wish)


def _pattern(form: Holder, database: str) -> str:
    own = sorted({right.database for right in form.on(database) if not right.table})
    escaped = database.replace("_", "\\_")
    # Where both are there, the server goes by the one with fewer wildcards.
    return own[0] if len(own) == 1 else escaped


def _refuse_wider(view: View) -> None:
    """Rights by a wildcard, by a role, or on every database: to take them would touch what is not keystone's."""
    for form in view.forms:
        wide = {
            right
            for right in form.rights
            if right.privilege in WRITES and covers(right, view.database) and not names(right, view.database)
        }
        if wide:
            raise Refused(
                f"{form.name} can write {view.database} by rights that reach further:"
                f" {', '.join(sorted(_shown(right) for right in wide))}",
                f"database {view.database}",
                f"grant it {view.database}.* by name and revoke those, or give keystone an account of its own",
            )
        if form.unknown:
            raise Refused(
                f"{form.name} has grants that are not understood here: {'; '.join(form.unknown)}",
                f"database {view.database}",
                "a role, a routine or a proxy can't be fenced: revoke those, or give keystone another account",
            )
    _refuse(view, lambda holder: holder.role and holder.user == "PUBLIC", "everybody (PUBLIC)")
    _refuse(view, lambda holder: not holder.role and holder.user == "", "the account without a name")


def _refuse(view: View, which: Callable[[Holder], bool], who: str) -> None:
    for holder in filter(which, view.others):
        reach = [right for right in holder.rights if right.privilege in WRITES and covers(right, view.database)]
        if reach:
            raise Refused(
                f"{who} can write {view.database}, and keystone with it:"
                f" {', '.join(sorted(_shown(right) for right in reach))}",
                f"database {view.database}",
                "revoke that first",
            )
