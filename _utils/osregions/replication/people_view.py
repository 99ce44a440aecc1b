"""Reads the people of a keystone database, whichever release from Liberty to 2026.2 has made its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from sys import intern

from osregions.database import Session, quoted
from osregions.errors import DatabaseError
from osregions.replication.people import BELONGINGS, ROOT, Assignment, Held, Named

_NEEDED = ("project", "user", "role", "assignment")


_FEW = 2000  # of whom can be asked by name


def view(session: Session, database: str, about: Held | None = None) -> Held:
    """Look at who and what a keystone database holds; an empty database holds nobody.

    `about`: only what can be the same as something of theirs, by id or by name. Home may hold hundreds of times more.
    """
    columns = _columns(session, database)
    if not columns:
        return Held()
    if lacking := [table for table in _NEEDED if table not in columns]:
        raise DatabaseError(
            f"{database} has no table {lacking[0]}",
            session.account.place,
            "name keystone's own database, or run `keystone-manage db_sync`",
        )
    look = _Look(session, database, columns, about if about and size(about) <= _FEW else None)
    domains, projects = look.domains_and_projects()
    users, groups = look.users(), look.named("group", about.groups if about else None)
    actors = {*users, *groups, *(one.actor for one in about.assignments)} if about else set()
    return Held(
        domains=domains,
        projects=projects,
        users=users,
        groups=groups,
        roles=look.named("role", about.roles if about else None),
        assignments=frozenset(look.assignments(actors)),
        memberships=frozenset(
            (str(user), str(group))
            for user, group in look.select("user_group_membership", "user_id", "group_id", only={"user_id": users})
        ),
        belongings={
            (table, str(ident)): user
            for table, owner in BELONGINGS.items()
            for ident, user in look.select(
                table, "id", owner, only={"id": [one for _, one in about.belongings] if about else ()}
            )
        },
    )


def size(held: Held) -> int:
    """How many rows that is."""
    named = (held.domains, held.projects, held.users, held.groups, held.roles, held.belongings)
    return sum(len(rows) for rows in named) + len(held.assignments) + len(held.memberships)


class _Look:
    """One database, with the tables and columns that it has."""

    def __init__(
        self, session: Session, database: str, columns: Mapping[str, Collection[str]], about: Held | None
    ) -> None:
        self._session = session
        self._database = database
        self._columns = columns
        self._about = about

    def select(
        self, table: str, *columns: str, only: Mapping[str, Collection[str]] | None = None
    ) -> Iterator[tuple[str | None, ...]]:
        """Rows of a table, ids kept once in memory however often they come; None for a column that is not there.

        `only`, where somebody is asked about: the rows that have one of these values in one of these columns.
        """
        present = self._columns.get(table)
        if present is None:
            return
        names = ", ".join(quoted(name) if name in present else "NULL" for name in columns)
        # Liberty's trusts stay in their table when they are deleted.
        alive = "deleted_at IS NULL" if "deleted_at" in present else "1 = 1"
        values: list[str] = []
        wanted = []
        for column, of in (only or {}).items() if self._about else ():
            if column in present and of:
                wanted.append(f"{quoted(column)} IN ({', '.join(['%s'] * len(of))})")
                values += of
        some = f"({' OR '.join(wanted)})" if wanted else "1 = 0" if only and self._about else "1 = 1"
        sql = f"SELECT {names} FROM {quoted(self._database)}.{quoted(table)} WHERE {alive} AND {some}"
        for row in self._session.stream(sql, values):
            yield tuple(None if value is None else intern(str(value)) for value in row)

    def named(self, table: str, like: Mapping[str, Named] | None = None) -> dict[str, Named]:
        """Rows that have a name and perhaps a domain."""
        only = None if like is None else {"id": like, "name": _names(like)}
        rows = self.select(table, "id", "name", "domain_id", only=only)
        return {str(ident): Named(str(ident), name or "", domain) for ident, name, domain in rows}

    def domains_and_projects(self) -> tuple[dict[str, Named], dict[str, Named]]:
        """Domains are in a table of their own in Liberty, and among the projects since Mitaka."""
        domains = self.named("domain")
        projects = {}
        like = self._about.projects if self._about else {}
        only = {"id": like, "name": _names(like), "is_domain": ["1"]}
        for ident, name, domain, is_domain in self.select("project", "id", "name", "domain_id", "is_domain", only=only):
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
        like = self._about.users if self._about else {}
        called = _names(like)
        only = {"user_id": like, "display_name": called}
        for user, name in self.select("federated_user", "user_id", "display_name", only=only):
            names[str(user)] = (name, None)
        for table in ("nonlocal_user", "local_user"):
            only = {"user_id": like, "name": called}
            for user, name, domain in self.select(table, "user_id", "name", "domain_id", only=only):
                names[str(user)] = (name, domain)
        users = {}
        only = {"id": {*like, *names}, "name": called}
        for ident, name, domain in self.select("user", "id", "name", "domain_id", only=only):
            other, of_name = names.get(str(ident), (None, None))
            users[str(ident)] = Named(str(ident), name or other or "", domain or of_name)
        return users

    def assignments(self, actors: Collection[str]) -> Iterator[Assignment]:
        """Roles on projects and domains, and on the system where there is such a thing."""
        for table in ("assignment", "system_assignment"):
            for kind, actor, target, role, inherited in self.select(
                table, "type", "actor_id", "target_id", "role_id", "inherited", only={"actor_id": actors}
            ):
                yield Assignment(str(kind), str(actor), str(target), str(role), inherited not in (None, "0"))


def _names(like: Mapping[str, Named]) -> list[str]:
    return sorted({one.name for one in like.values() if one.name})


def _columns(session: Session, database: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in session.rows(
        "SELECT TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s", (database,)
    ):
        found.setdefault(row["t"], set()).add(row["c"])
    return found
