"""What the master makes of its minions' answers while a region joins: pure functions, from answers to words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from osregions.errors import Refused
from osregions.preflight import NodeView
from osregions.settings import Settings


def keystone_urls(settings: Settings, joining: str) -> Mapping[str, list[str]]:
    """The keystones that each of the two regions' nodes must reach: the other's."""
    return {
        settings.home: [f"{settings.regions[joining].public_endpoint}/v3"],
        joining: [f"{settings.regions[settings.home].public_endpoint}/v3"],
    }


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
    raise Refused(f"a minion answered {str(answer)[:500]}", remedy="mend that and run this again")


def missing_endpoints(
    catalog: Sequence[Mapping[str, Any]], settings: Settings, joining: str, endpoints: Sequence[Mapping[str, Any]]
) -> list[str]:
    """List what a catalog that home serves lacks of a joined cloud; empty when both regions are one cloud.

    `endpoints` are the joining region's own rows, as it exported them, with their service's `type`.
    """
    lines = []
    found = {
        str(item.get("id")): (str(entry.get("type")), item) for entry in catalog for item in entry.get("endpoints", ())
    }
    types = [str(entry.get("type")) for entry in catalog if entry.get("endpoints")]
    doubled = sorted({kind for kind in types if types.count(kind) > 1})
    if doubled and not settings.verbatim:
        lines.append(f"home's catalog has several entries of the type {', '.join(doubled)}")
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
