"""The status as text for people: a line for each thing, what is wrong first, with its remedy."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions.reach import timeline
from osregions.reach.remedies import ERROR, INFO, WARNING

Paint = Callable[[str, str], str]  # a text, and the severity in whose colour it is to be
_WIDTH = 110
_SIGNS = {ERROR: "ERROR", WARNING: "WARNING", INFO: "info"}
_LABEL = 12


def plain(text: str, severity: str) -> str:
    """The text as it is, for who wants no colours."""
    return text


def told(status: Mapping[str, Any], paint: Paint = plain) -> str:
    """What `salt-run regions.status` returned, as text; what it is given as error otherwise."""
    if "regions" not in status:
        return "\n".join(str(line) for line in status.get("steps") or [status])
    lines = [*_head(status, paint), *_findings(status, paint)]
    for name, region in status["regions"].items():
        lines += ["", *_region(name, region, status, paint)]
    return "\n".join(lines)


@dataclass(frozen=True)
class Head:
    """How much is wrong, and of how much."""

    said: str
    counted: str


def head(status: Mapping[str, Any]) -> Head:
    """What the status comes to."""
    counts = {one: sum(found["severity"] == one for found in status["findings"]) for one in _SIGNS}
    words = [f"{count} {word}{'s' if count != 1 else ''}" for word, count in _counted(counts)]
    count = len(status["regions"])
    return Head(", ".join(words) or "nothing is wrong", f"{count} region{'s' if count != 1 else ''}")


def _head(status: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    found = head(status)
    yield f"{found.counted}, looked at {_moment(status['at'])} in {status['seconds']:.1f} s: " + paint(
        found.said, status["worst"]
    )


def _counted(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for severity, word in ((ERROR, "error"), (WARNING, "warning"), (INFO, "remark")):
        if counts[severity]:
            yield word, counts[severity]


def _findings(status: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    for one in status["findings"]:
        yield ""
        sign = _SIGNS[one["severity"]]
        yield f"{paint(sign, one['severity'])} [{one['code']}] {one['where']}"
        yield from _wrapped(sentence(one["sentence"]))
        if one["remedy"]:
            yield from _wrapped(f"-> {sentence(one['remedy'])}", "   ")


def _region(name: str, region: Mapping[str, Any], status: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    yield f"{name}{' (home)' if region['home'] else ''}"
    previous = ""
    for label, text in rows(name, status, paint):
        yield f"  {label if label != previous else '':{_LABEL}}{text}"
        previous = label


def rows(name: str, status: Mapping[str, Any], paint: Paint = plain) -> list[tuple[str, str]]:
    """All that was seen of a region: what it is called, and how it is."""
    region = status["regions"][name]
    found: list[tuple[str, str]] = [("identity", _identity(region, status))]
    if last := (region["identity"] or {}).get("last"):
        done = "" if last["ok"] else ", not well"
        found.append(("last move", f"{last['what']} (epoch {last['epoch']}{done}): {timeline.told(last['timeline'])}"))
    for one in region["keystones"]:
        whose = "its own" if one["region"] == name else f"{one['region']}'s"
        good = f"answers {one['asked']} of {one['asked']} nodes"
        bad = f"does not answer {', '.join(one['failed'])}: {next(iter(one['failed'].values()), '')}"
        found.append(("keystone", f"{whose}, {one['url']}: {paint(bad, ERROR) if one['failed'] else good}"))
    if region["sign_in"] is not None:
        found.append(("sign-in", f"{region['sign_in']:.2f} s"))
    if not region["home"]:
        found.append(("replica", _replica(region["replica"])))
    found += [("tokens", line) for line in _tokens(region)]
    found += [
        ("cache size", f"{minion}'s memcached is {one['pressure']['verdict']}: {one['pressure']['sentence']}")
        for minion, one in region["nodes"].items()
        if one["pressure"]
    ]
    found += [("keys", line) for line in _keys(region, status)]
    found += _endpoints(region, paint)
    found += _services(region)
    if region["backups"]:
        found.append(("backups", _backups(region["backups"], status["at"])))
    found.append(("nodes", _nodes(region, paint)))
    return found


def _identity(region: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    switch = region["identity"]
    if region["home"]:
        alone = [name for name, one in status["regions"].items() if (one["identity"] or {}).get("identity") == "local"]
        return f"here, for all regions{' but ' if alone else ''}{', '.join(alone)}"
    if not switch:
        return "nobody says"
    where = "its own keystone" if switch["identity"] == "local" else f"at {switch['at']}"
    if not switch["epoch"]:
        return f"{where}, never moved"
    reason = f": {switch['reason']}" if switch["reason"] else ""
    by = f" (by {switch['by']})" if switch["by"] else ""
    return f"{where} since {_moment(switch['since'])}, epoch {switch['epoch']}{reason}{by}"


def _replica(replica: Mapping[str, Any] | None) -> str:
    if replica is None:
        return "nobody says"
    if not replica["replicates"]:
        return "none"
    if not replica["runs"]:
        return f"of {replica['source']}, stands still (threads {replica['io']}, {replica['sql']})"
    words = [
        f"of {replica['source']}",
        lag(replica) or "nobody knows how far behind",
        "fence broken" if replica["told"].get("fence") else "fenced",
        "its numbers are not its own" if replica["told"].get("numbers") else "numbers apart",
        "TLS" if replica["tls"] else "",
        f"at {replica['position'] or 'no position'}",
    ]
    return ", ".join(filter(None, words))


def lag(replica: Mapping[str, Any]) -> str | None:
    """How far a replica that runs is behind; None where nobody knows."""
    if replica["lag"] is not None:
        return f"{replica['lag']:.3f} s behind"
    return None if replica["behind"] is None else f"{replica['behind']:.3g} s behind at least"


def _tokens(region: Mapping[str, Any]) -> list[str]:
    """Where tokens are kept, and what shows that memcached is used."""
    said = {minion: one["tokens"] for minion, one in region["nodes"].items() if one["tokens"]}
    stores = dict.fromkeys(f"{one['stored_in']} ({one['release']})" for one in said.values())
    used = [
        f"{minion}'s memcached {server}: {figures['total_items']} items and {figures['total_connections']} connections"
        for minion, one in said.items()
        for server, figures in one["used"].items()
    ]
    return [*stores, *used]


def _keys(region: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[str]:
    """Each keystone's keys by the number of the one in use, and whether they are home's."""
    home = status["regions"].get(status["home"], {"nodes": {}})
    model = next((one["keys"] for one in home["nodes"].values() if one["keys"]), None)
    for minion, node in region["nodes"].items():
        if not (keys := node["keys"]) or not keys["digests"]:
            continue
        numbers = ", ".join(f"{kind} at {keys['primaries'].get(kind, 0)}" for kind in keys["digests"])
        same = model and all(keys["digests"].get(kind) == digest for kind, digest in model["digests"].items())
        like = "nobody knows whether home's" if model is None else "as home's" if same else "not home's"
        yield f"{minion}: {numbers}" + ("" if region["home"] and same else f", {like}")


def _endpoints(region: Mapping[str, Any], paint: Paint) -> Iterator[tuple[str, str]]:
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in region["endpoints"]:
        said = "not asked" if one["problem"] is None else one["problem"] or "answers"
        rows.setdefault((one["type"], one["url"], said), []).append(one["interface"])
    width = max((len(kind) for kind, _, _ in rows), default=0)
    for (kind, url, said), interfaces in rows.items():
        good = said in ("answers", "not asked")
        yield (
            "endpoints",
            f"{kind:{width}}  {url}  {', '.join(sorted(interfaces))}: {said if good else paint(said, ERROR)}",
        )


def _services(region: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for minion, node in region["nodes"].items():
        for one in node["services"] or ():
            if one["validates"]:
                found.setdefault((one["project"], one["at"] or one["url"]), []).append(minion)
    for (project, there), minions in sorted(found.items()):
        yield "services", f"{project} on {', '.join(dict.fromkeys(minions))} validates at {there}"


def _backups(backups: Mapping[str, Any], now: float) -> str:
    if not backups["newest"]:
        return "none"
    return f"{backups['count']} kept, the newest {_age(now - backups['newest'])} old"


def _nodes(region: Mapping[str, Any], paint: Paint) -> str:
    words = []
    for minion, node in region["nodes"].items():
        more = [
            f"{node['counts']['drift']} options adrift" if node["drift"] else "",
            f"{node['counts']['unmanaged']} references unmanaged" if node["unmanaged"] else "",
            "watches" if node["watches"] else "",
        ]
        said = ", ".join(filter(None, more))
        words.append(f"{minion} ({said})" if said else minion)
    words += [paint(f"{minion} silent", ERROR) for minion in region["silent"]]
    return ", ".join(words) or "none that this master knows"


def _wrapped(text: str, more: str = "") -> Sequence[str]:
    """The text in lines, set in; those after the first by `more` as well."""
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent=f"  {more}")


def sentence(text: str) -> str:
    """A text with a stop at its end, if it has none."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def _age(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"
