"""Reads the people of a keystone database, whichever release from Liberty to 2026.2 has made its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from sys import intern

from osregions.database import Session, quoted
from osregions.errors import DatabaseError
from osregions.replication.people import BELONGINGS, ROOT, Assignment, Held, Named

_NEEDED = ("project", "user", "role", "assignment")


def view(session: Session, database: str) -> Held:
    """Look at who and what a keystone database holds; an empty database holds nobody."""
    columns = _columns(session, database)
    if not columns:
        return Held()
    if lacking := [table for table in _NEEDED if table not in columns]:
        raise DatabaseError(
            f"{database} has no table {lacking[0]}",
            session.account.place,
            "name keystone's own database, or run `keystone-manage db_sync`",
        )
    look = _Look(session, database, columns)
    domains, projects = look.domains_and_projects()
    return Held(
        domains=domains,
        projects=projects,
        users=look.users(),
        groups=look.named("group"),
        roles=look.named("role"),
        assignments=frozenset(look.assignments()),
        memberships=frozenset((str(u), str(g)) for u, g in look.select("user_group_membership", "user_id", "group_id")),
        belongings={
            (table, str(ident)): user
            for table, owner in BELONGINGS.items()
            for ident, user in look.select(table, "id", owner)
        },
    )


class _Look:
    """One database, with the tables and columns that it has."""

    def __init__(self, session: Session, database: str, columns: Mapping[str, Collection[str]]) -> None:
        self._session = session
        self._database = database
        self._columns = columns

    def select(self, table: str, *columns: str) -> Iterator[tuple[str | None, ...]]:
        """Rows of a table, ids kept once in memory however often they come; None for a column that is not there."""
        present = self._columns.get(table)
        if present is None:
            return
        names = ", ".join(quoted(name) if name in present else "NULL" for name in columns)
        # Liberty's trusts stay in their table when they are deleted.
        alive = " WHERE deleted_at IS NULL" if "deleted_at" in present else ""
        sql = f"SELECT {names} FROM {quoted(self._database)}.{quoted(table)}{alive}"
        for row in self._session.stream(sql):
            yield tuple(None if value is None else intern(str(value)) for value in row)

    def named(self, table: str) -> dict[str, Named]:
        """Rows that have a name and perhaps a domain."""
        rows = self.select(table, "id", "name", "domain_id")
        return {str(ident): Named(str(ident), name or "", domain) for ident, name, domain in rows}

    def domains_and_projects(self) -> tuple[dict[str, Named], dict[str, Named]]:
        """Domains are in a table of their own in Liberty, and among the projects since Mitaka."""
        domains = self.named("domain")
        projects = {}
        for ident, name, domain, is_domain in self.select("project", "id", "name", "domain_id", "is_domain"):
            one = Named(str(ident), name or "", domain)
            if is_domain in (None, "0"):
                projects[one.id] = one
            else:
                domains[one.id] = Named(one.id, one.name)
        domains.pop(ROOT, None)
        projects.pop(ROOT, None)
        return domains, projects

    def users(self) -> dict[str, Named]:
        """Users by the name they have, wherever this release keeps it."""
        names: dict[str, tuple[str | None, str | None]] = {}
        for user, name in self.select("federated_user", "user_id", "display_name"):
            names[str(user)] = (name, None)
        for table in ("nonlocal_user", "local_user"):
            for user, name, domain in self.select(table, "user_id", "name", "domain_id"):
                names[str(user)] = (name, domain)
        users = {}
        for ident, name, domain in self.select("user", "id", "name", "domain_id"):
            other, of_name = names.get(str(ident), (None, None))
            users[str(ident)] = Named(str(ident), name or other or "", domain or of_name)
        return users

    def assignments(self) -> Iterator[Assignment]:
        """Roles on projects and domains, and on the system where there is such a thing."""
        for table in ("assignment", "system_assignment"):
            for kind, actor, target, role, inherited in self.select(
                table, "type", "actor_id", "target_id", "role_id", "inherited"
            ):
                yield Assignment(str(kind), str(actor), str(target), str(role), inherited not in (None, "0"))


def _columns(session: Session, database: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in session.rows(
        "SELECT TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s", (database,)
    ):
        found.setdefault(row["t"], set()).add(row["c"])
    return found
