"""What a region's own keystone database holds that home's lacks: what would vanish when it becomes a replica.

A deployment's own accounts (admin, the service users and their projects) are in every deployment by the same names and
under other ids: those may give way to home's. Whoever else is not at home by id is somebody's tenant; that home has
another project or user of the same name does not change that, for nova's and glance's rows carry the id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from osregions.errors import Refused

ROOT = "<<keystone.domain.root>>"
OWN_PROJECTS = ("admin", "service", "services")
OWN_DOMAINS = ("heat", "heat_stack", "magnum", "trove")
OWN_USERS = (
    *("admin", "keystone", "nova", "placement", "neutron", "glance", "cinder", "swift", "heat", "heat_domain_admin"),
    *("ceilometer", "aodh", "gnocchi", "panko", "barbican", "designate", "ironic", "ironic-inspector", "manila"),
    *(
        "octavia",
        "magnum",
        "magnum_domain_admin",
        "trove",
        "sahara",
        "murano",
        "mistral",
        "zaqar",
        "watcher",
        "masakari",
    ),
    *(
        "cloudkitty",
        "congress",
        "ec2api",
        "ec2-api",
        "freezer",
        "blazar",
        "cyborg",
        "zun",
        "kuryr",
        "tacker",
        "vitrage",
    ),
    *("senlin", "solum", "monasca", "adjutant", "cinderv2", "cinderv3", "quantum"),
)
KINDS = ("domain", "project", "group", "user", "role", "assignment", "membership")
# What belongs to a user and is told apart by its id alone; the tables that a database may have.
BELONGINGS = {"credential": "user_id", "application_credential": "user_id", "trust": "trustor_user_id"}
_SHOWN = 10


@dataclass(frozen=True)
class Named:
    """A domain, project, user, group or role."""

    id: str
    name: str
    domain_id: str | None = None


@dataclass(frozen=True)
class Assignment:
    """Who has which role where; `kind` is keystone's own, such as UserProject."""

    kind: str
    actor: str
    target: str
    role: str
    inherited: bool = False


@dataclass(frozen=True)
class Held:
    """All of a keystone database that this is about; what is named is by its id."""

    domains: Mapping[str, Named] = field(default_factory=dict)
    projects: Mapping[str, Named] = field(default_factory=dict)
    users: Mapping[str, Named] = field(default_factory=dict)
    groups: Mapping[str, Named] = field(default_factory=dict)
    roles: Mapping[str, Named] = field(default_factory=dict)
    assignments: frozenset[Assignment] = frozenset()
    memberships: frozenset[tuple[str, str]] = frozenset()  # user, group
    belongings: Mapping[tuple[str, str], str | None] = field(default_factory=dict)  # kind and id: the user

    @property
    def empty(self) -> bool:
        """Whether nothing at all is in it."""
        return not (self.projects or self.users or self.groups or self.roles or self.assignments)


@dataclass(frozen=True)
class Item:
    """One thing of the region's that home lacks; `home_id` is what has its name at home, if anything has."""

    kind: str
    name: str
    id: str = ""
    domain: str = ""
    home_id: str | None = None

    def __str__(self) -> str:
        return f"{self.domain}/{self.name}" if self.domain and self.domain.lower() != "default" else self.name


@dataclass(frozen=True)
class Comparison:
    """What home lacks: `lost` is somebody's, `accounts` are the deployment's own, which home has by the same names."""

    lost: tuple[Item, ...] = ()
    accounts: tuple[Item, ...] = ()

    @property
    def namesakes(self) -> tuple[Item, ...]:
        """Projects that exist on both sides by name, under other ids."""
        both = (*self.lost, *self.accounts)
        return tuple(item for item in both if item.kind == "project" and item.home_id)

    def counts(self) -> Mapping[str, int]:
        """How many of each kind would be lost."""
        return _counts(self.lost)

    def text(self) -> str:
        """What would be lost, in words: counts, and the first names of each kind."""
        return text(self.lost) or "nothing"


def compare(region: Held, home: Held, own_users: Collection[str] = OWN_USERS) -> Comparison:
    """Tell what a region's database holds that home's lacks."""
    if region.empty:
        return Comparison()
    matcher = _Matcher(region, home, {name.lower() for name in own_users})
    lost: list[Item] = []
    accounts: list[Item] = []
    for item, own in (*matcher.named(), *matcher.assignments(), *matcher.rest()):
        (accounts if own else lost).append(item)
    return Comparison(_sorted(lost), _sorted(accounts))


def refuse(found: Comparison, where: str, discard: bool = False) -> None:
    """Raise Refused when something of somebody's would be lost, unless the operator has said `discard`."""
    if found.lost and not discard:
        also = (
            f"; the deployment's own accounts would give way: {text(found.accounts, False)}" if found.accounts else ""
        )
        raise Refused(
            f"the region's own database holds what home lacks, and would lose it: {found.text()}{also}",
            where,
            "bring them to home first (import, with their ids); or, if nobody needs them any more, say `discard: true`"
            " in pillar openstack_regions:regions:REGION:database",
        )


class _Matcher:
    """Finds at home what a region's rows mean, kind by kind; the region's own accounts count as home's namesakes."""

    def __init__(self, region: Held, home: Held, own_users: Collection[str]) -> None:
        self.region = region
        self.home = home
        self._home_names = {
            kind: {_key(one, home): one.id for one in _of(home, kind).values()}
            for kind in ("domain", "project", "user", "group", "role")
        }
        self._service_projects = {one.id for one in region.projects.values() if one.name.lower() in OWN_PROJECTS[1:]}
        serving = {one.actor for one in region.assignments if one.target in self._service_projects}
        self.own = {
            "domain": self._own("domain", lambda one: one.name.lower() in OWN_DOMAINS),
            "project": self._own("project", lambda one: one.name.lower() in OWN_PROJECTS),
            "user": self._own("user", lambda one: one.name.lower() in own_users or one.id in serving),
            # A role carries nothing but its name.
            "role": self._own("role", lambda one: True),
            "group": {},
        }

    def _own(self, kind: str, is_own: Callable[[Named], bool]) -> dict[str, str]:
        """The region's ids of its own accounts, and home's of the same name."""
        rows = (one for one in _of(self.region, kind).values() if one.id not in _of(self.home, kind) and is_own(one))
        return {one.id: at_home for one in rows if (at_home := self.namesake(kind, one))}

    def namesake(self, kind: str, one: Named) -> str | None:
        """The id of what has the same name in the domain of the same name at home."""
        return self._home_names[kind].get(_key(one, self.region))

    def meant(self, kind: str, ident: str) -> str | None:
        """The id at home of what a region's id means there; None for what home lacks."""
        if ident in _of(self.home, kind):
            return ident
        if ident in _of(self.region, kind):
            return self.own[kind].get(ident)
        return ident  # in neither: of a directory's (LDAP), or left over

    def named(self) -> Iterator[tuple[Item, bool]]:
        """Domains, projects, users, groups and roles that home lacks by id."""
        for kind in self._home_names:
            for one in _of(self.region, kind).values():
                if one.id not in _of(self.home, kind):
                    yield self.item(kind, one), one.id in self.own[kind]

    def item(self, kind: str, one: Named) -> Item:
        """How one of them is listed."""
        return Item(kind, one.name or one.id, one.id, _domain(one, self.region), self.namesake(kind, one))

    def assignments(self) -> Iterator[tuple[Item, bool]]:
        """Assignments that home has neither so nor in the meaning of its own ids."""
        for one in self.region.assignments - self.home.assignments:
            who, where = _kinds(one)
            actor, role = self.meant(who, one.actor), self.meant("role", one.role)
            target = self.meant(where, one.target) if where else one.target
            same = actor and role and target and Assignment(one.kind, actor, target, role, one.inherited)
            if same and same in self.home.assignments:
                continue  # the account that gives way is listed; what it may do, its namesake may
            place = self._name(where, one.target) if where else one.target
            name = f"{self._name('role', one.role)} of {self._name(who, one.actor)} on {place}"
            giving_way = one.actor in self.own[who] and (not where or target is not None)
            yield Item("assignment", name, "/".join((one.actor, one.target, one.role))), giving_way

    def rest(self) -> Iterator[tuple[Item, bool]]:
        """Memberships of groups, and what belongs to users."""
        for user, group in sorted(self.region.memberships - self.home.memberships):
            if (self.meant("user", user), self.meant("group", group)) not in self.home.memberships:
                name = f"{self._name('user', user)} in {self._name('group', group)}"
                yield Item("membership", name, f"{user}/{group}"), user in self.own["user"]
        for (kind, ident), owner in self.region.belongings.items():
            if (kind, ident) not in self.home.belongings:
                name = f"{ident[:8]}... of {self._name('user', owner) if owner else 'nobody'}"
                yield Item(kind, name, ident), owner in self.own["user"]

    def _name(self, kind: str, ident: str) -> str:
        found = _of(self.region, kind).get(ident) or _of(self.home, kind).get(ident)
        return (found.name or found.id) if found else ident


def _of(held: Held, kind: str) -> Mapping[str, Named]:
    return {
        "domain": held.domains,
        "project": held.projects,
        "user": held.users,
        "group": held.groups,
        "role": held.roles,
    }[kind]


def _kinds(one: Assignment) -> tuple[str, str | None]:
    """What the actor and the target of an assignment are; the whole system is a target that has no row."""
    who = "group" if one.kind.startswith("Group") else "user"
    return who, {"Project": "project", "Domain": "domain"}.get(one.kind.removeprefix(who.title()))


def _domain(one: Named, held: Held) -> str:
    domain = held.domains.get(one.domain_id or "")
    return domain.name if domain else "" if (one.domain_id or "").startswith("<<") else one.domain_id or ""


def _key(one: Named, held: Held) -> tuple[str, str]:
    # As the tables' unique keys compare, which take no notice of capitals.
    return _domain(one, held).casefold(), one.name.casefold() if one.name else f"\0{one.id}"


def _sorted(items: list[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (item.kind, item.domain, item.name, item.id)))


def _counts(items: Sequence[Item]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item.kind] = counts.get(item.kind, 0) + 1
    return {kind: counts[kind] for kind in (*KINDS, *BELONGINGS) if kind in counts}


def text(items: Sequence[Item], namesakes: bool = True) -> str:
    """Counts, and the first names of each kind; `namesakes`: and whether home has another of that name."""
    also = " (another of that name is at home)" if namesakes else ""
    parts = []
    for kind, count in _counts(items).items():
        names = [f"{item}{also if item.home_id else ''}" for item in _some(items, kind)]
        more = ", ..." if count > _SHOWN else ""
        parts.append(f"{count} {kind.replace('_', ' ')}{'s' if count > 1 else ''} ({', '.join(names)}{more})")
    return "; ".join(parts)


def _some(items: Sequence[Item], kind: str) -> list[Item]:
    return [item for item in items if item.kind == kind][:_SHOWN]
