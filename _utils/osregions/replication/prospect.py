"""Whether a region can become home's replica, before anything of either is changed: what both say, and what that means.

The two nodes of the databases are asked by the master, for the region has no way into home's server yet. What they say
is plain data, without secrets, and travels in Salt's messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from osregions.errors import Refused, RegionsError
from osregions.replication import checks, people, people_view
from osregions.replication import server as servers
from osregions.replication.checks import End, Problem, Schema
from osregions.replication.dialect import Dialect
from osregions.replication.operations import Here, free_bytes
from osregions.replication.people import Assignment, Comparison, Held, Named
from osregions.replication.server import Server

# Of how many a region's own people, projects and the like may be to be told to the master: a megabyte at most.
MOST_TOLD = 5000
_NAMED = ("domains", "projects", "users", "groups", "roles")


def say(here: Here) -> dict[str, Any]:
    """What the node of a keystone database says of itself: server, schema, room, whom it replicates, whom it holds."""
    settings = here.wishes.settings
    found: dict[str, Any] = {"problems": [], "release": here.release.major, "held": None, "count": 0}
    if here.region != settings.home:
        found["problems"] += _unknown(here)
    with here.own() as own:
        server = servers.view(own)
        if here.region == settings.home and here.wishes.logs_keystone_alone:
            found["problems"] += [asdict(one) for one in checks.logged(servers.logged(own, server), here.database)]
        schema = checks.schema_of(own, here.database)
        found |= {
            "server": {
                "mariadb": server.dialect.mariadb,
                "version": list(server.dialect.version),
                "variables": dict(server.variables),
            },
            "schema": asdict(schema) if schema else None,
            "free": free_bytes(server),
            "replicates": here.region != settings.home and here.replicates(),
            "discard": here.region != settings.home and here.wishes.discard(here.region),
            "accounts": sorted(here.wishes.passwords),
        }
        if here.region == settings.home or found["replicates"]:
            return found
        held = people_view.view(own, here.database)
    found["count"] = people_view.size(held)
    if found["count"] <= MOST_TOLD:
        found["held"] = told(held)
    return found


def lacking(here: Here, held: Mapping[str, Any]) -> Comparison:
    """What a region holds, as it was `told`, that this database, home's, lacks."""
    region = understood(held)
    with here.own() as own:
        return people.compare(region, people_view.view(own, here.database, region))


def problems(home: str, region: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[Problem, ...]:
    """What stands in the way of a region's replicating home, by what the two nodes said."""
    return tuple(_problems(home, region, theirs, ours))


def one_node(region: str, answers: Mapping[str, Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
    """The one minion of a region that has keystone's database, and what it said. Raises Refused where it is not one."""
    target = "name the one node with that database in pillar, openstack_regions:targets:database"
    if not answers:
        raise Refused(f"no node with the keystone database of {region} answered", "", f"is it up? Else {target}")
    for minion, answer in sorted(answers.items()):
        if answer.get("retcode") or not isinstance(answer.get("ret"), Mapping):
            raise Refused(
                f"{minion} does not say how keystone's database is there: {answer.get('ret')}", region, target
            )
    if len(answers) > 1:
        raise Refused(f"{', '.join(sorted(answers))} all have keystone's database", region, target)
    ((minion, answer),) = answers.items()
    return minion, answer["ret"]


def verdict(region: str, found: Mapping[str, Any], discard: bool) -> str:
    """What home lacks of a region's, in words; `found` is what `mysql_replication.lacking` returned."""
    accounts = f"; of the deployment's own accounts, which home has by name: {found['accounts_text']}"
    if not found["lost"]:
        return f"nothing of {region}'s is lost{accounts if found['accounts'] else ''}"
    if discard:
        return f"{region} gives up what home lacks, as pillar says, and its database is kept: {found['text']}{accounts}"
    return (
        f"{region} holds what home lacks, and would lose it: {found['text']}{accounts}. Bring it to home first (import,"
        f" with their ids); or, if nobody needs it any more, say `discard: true` in pillar, regions:{region}:database."
        " The old database is kept in any case."
    )


def untold(region: str, said: Mapping[str, Any]) -> str:
    """What is said of a region that holds too many to be listed here."""
    return (
        f"{region} holds {said['count']} people, projects, roles and assignments, more than are compared beforehand:"
        f" what home lacks of them is listed, and refused unless pillar says `discard`, before anything is replaced"
    )


def _problems(home: str, region: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Problem]:
    for said in (theirs, ours):
        yield from (Problem(**one) for one in said["problems"])
    if region not in theirs["accounts"]:
        yield Problem(
            f"home's node does not know the password of {region}'s account",
            f"write it in pillar, openstack_regions:replication:passwords:{region}, for home's node, too",
        )
    yield from checks.check(_end(home, theirs), _end(region, ours), ours["free"])


def _unknown(here: Here) -> list[dict[str, str]]:
    """What pillar does not tell a region's node of home's server and of the account there."""
    try:
        here.wishes.link(here.region, here.database)
        here.wishes.number(here.region)
    except RegionsError as err:
        return [{"problem": f"{err.problem} ({err.where})", "remedy": err.remedy}]
    return []


def _end(region: str, said: Mapping[str, Any]) -> End:
    server, schema = said["server"], said["schema"]
    return End(
        region,
        Server(Dialect(server["mariadb"], tuple(server["version"])), server["variables"], "", (), ()),
        Schema(**{**schema, "versions": tuple(schema["versions"])}) if schema else None,
        said["release"],
    )


def told(held: Held) -> dict[str, Any]:
    """All of it as plain data."""
    found: dict[str, Any] = {
        kind: [[one.id, one.name, one.domain_id] for one in getattr(held, kind).values()] for kind in _NAMED
    }
    names = [one.name for one in fields(Assignment)]
    found["assignments"] = [[getattr(one, name) for name in names] for one in held.assignments]
    found["memberships"] = [list(pair) for pair in held.memberships]
    found["belongings"] = [[*key, user] for key, user in held.belongings.items()]
    return found


def understood(data: Mapping[str, Any]) -> Held:
    """What `told` made plain data of."""
    named = {kind: {row[0]: Named(*row) for row in data[kind]} for kind in _NAMED}
    return Held(
        **named,
        assignments=frozenset(Assignment(*row) for row in data["assignments"]),
        memberships=frozenset((user, group) for user, group in data["memberships"]),
        belongings={(kind, ident): user for kind, ident, user in data["belongings"]},
    )
