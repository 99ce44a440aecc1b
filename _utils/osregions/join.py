"""What the master makes of its minions' answers while a region joins: pure functions, from answers to words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from osregions import settings as settings_of
from osregions.errors import Refused, RegionsError
from osregions.preflight import NodeView
from osregions.settings import Settings


def keystone_urls(settings: Settings, joining: str) -> Mapping[str, list[str]]:
    """The keystones that each of the two regions' nodes must reach: the other's, admins' port included."""
    return {
        region: [
            url for url in (settings.regions[other].public_endpoint, settings.regions[other].admin_endpoint) if url
        ]
        for region, other in ((settings.home, joining), (joining, settings.home))
    }


def enabled_endpoints(rows: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """An exported region's endpoints that a keystone serves, each with its service's `type`: disabled ones it hides."""
    types = {row["id"]: row["type"] for row in rows["services"] if row["enabled"]}
    return [
        {**row, "type": types[row["service_id"]]}
        for row in rows["endpoints"]
        if row["enabled"] and row["service_id"] in types
    ]


def silent(minion: str, region: str) -> NodeView:
    """A minion that this master knows to be targeted, and that gave no answer."""
    return NodeView(
        minion,
        region,
        problems=("it does not answer. Start it; or, if it is gone for good, delete its key (salt-key -d)",),
    )


def node_view(minion: str, region: str, answer: Mapping[str, Any]) -> NodeView:
    """A minion's answer as a view; an error in place of one is the view's problem."""
    found = answer.get("ret")
    if answer.get("retcode") or not isinstance(found, Mapping):
        problem = f"it did not say what it is: {str(found)[:300]}. Are its modules synced (saltutil.sync_all)?"
        return NodeView(minion, region, problems=(problem,))
    return NodeView.from_dict(minion, region, found)


def one_answer(answers: Mapping[str, Mapping[str, Any]], what: str) -> tuple[str, Any]:
    """The first minion's answer, all being equals; raises Refused when none came, or it is an error."""
    for minion, answer in sorted(answers.items()):
        if not answer.get("retcode"):
            return minion, answer.get("ret")
    said = "; ".join(f"{minion}: {str(answer.get('ret'))[:500]}" for minion, answer in sorted(answers.items()))
    raise Refused(f"{what} failed", said or "no minion answered", "mend that and run this again")


def state_result(answer: Any) -> Mapping[str, Any]:
    """The one result in what `state.single` returned; raises Refused for what is no such thing."""
    if isinstance(answer, Mapping) and len(answer) == 1:
        (result,) = answer.values()
        if isinstance(result, Mapping) and "result" in result:
            return result
    if answer is None:
        raise Refused(
            "no minion answered", remedy="is it up? What it began may still be running, see `salt-run jobs.active`"
        )
    raise Refused(f"a minion answered {str(answer)[:500]}", remedy="mend that and run this again")


def missing_endpoints(
    catalog: Sequence[Mapping[str, Any]], settings: Settings, joining: str, endpoints: Sequence[Mapping[str, Any]]
) -> list[str]:
    """List what a catalog that home serves lacks of a joined cloud; empty when both regions are one cloud.

    `endpoints` are those of the joining region's own rows that are enabled, with their service's `type`.
    """
    lines = []
    found = {
        str(item.get("id")): (str(entry.get("type")), item) for entry in catalog for item in entry.get("endpoints", ())
    }
    doubled = _doubled(catalog, joining)
    if doubled and not settings.verbatim:
        lines.append(
            f"{joining} has entries of its own in home's catalog beside home's, of the type {', '.join(doubled)}"
        )
    regions = {str(item.get("region_id")) for _, item in found.values()}
    lines += [f"home's catalog has no region {name}" for name in (settings.home, joining) if name not in regions]
    homes = settings.regions[settings.home]
    for row in endpoints:
        kind, item = found.get(row["id"], (None, None))
        if item is None:
            lines.append(f"home does not serve {joining}'s {row['type']} endpoint {row['id']} ({row['url']})")
        elif kind != row["type"] or item.get("region_id") != joining:
            lines.append(f"endpoint {row['id']} is served as {kind} of {item.get('region_id')}")
        elif row["type"] == "identity" and settings.identity.follow:
            bases = [base for base in (homes.public_endpoint, homes.admin_endpoint) if base]
            if not f"{item.get('url')}/".startswith(tuple(f"{base}/" for base in bases)):
                lines.append(f"{joining}'s identity is served as {item.get('url')}, not at home's {', '.join(bases)}")
    return lines


def _doubled(catalog: Sequence[Mapping[str, Any]], joining: str) -> list[str]:
    """The types of which the joining region has an entry to itself, beside another: clients see the first alone.

    Several that home had of its own before are home's business.
    """
    used = [entry for entry in catalog if entry.get("endpoints")]
    types = [str(entry.get("type")) for entry in used]
    return sorted(
        {
            str(entry.get("type"))
            for entry in used
            if types.count(str(entry.get("type"))) > 1
            and {item.get("region_id") for item in entry["endpoints"]} == {joining}
        }
    )


def state(
    name: str,
    pillar: Mapping[str, Any],
    salts: type[Exception],
    act: Callable[[Settings], Mapping[str, Any]],
    region: bool = True,
) -> dict[str, Any]:
    """What a state of the whole cloud answers; `act` takes pillar's settings and returns what differs from plain good.

    `salts` is what Salt's own functions raise; `region` says whether the state's name must be a region of pillar's.
    """
    ret: dict[str, Any] = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        settings = settings_of.read(pillar.get(settings_of.PILLAR))
        # Nothing is named when pillar names nothing, and that is the error to tell.
        if region and (name or settings.joining().name) not in settings.regions:
            raise RegionsError(
                f"there is no region {name} in pillar", remedy=f"declared are {', '.join(settings.regions)}"
            )
        return {**ret, **act(settings)}
    except (RegionsError, salts) as err:
        return {**ret, "result": False, "comment": str(err)}
