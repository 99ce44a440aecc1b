"""From what was seen of one node to what is wrong with it: pure functions over plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions import files
from osregions.alarms.held import Found
from osregions.lines import listed
from osregions.model import Finding
from osregions.reach.hysteresis import UP
from osregions.reach.probe import UNAUTHORIZED
from osregions.reach.remedies import of
from osregions.reach.sight import Sight
from osregions.replication import faults

_DAY = 86400
_FRESH = 60  # seconds for which what keystone_reach saw last counts
_FEW = 4  # of a list, that are told


@dataclass(frozen=True)
class Where:
    """Whose node it is."""

    region: str
    home: str

    def of(self, code: str, **words: object) -> Finding:
        """A finding about this region."""
        return of(code, self.region, **{"region": self.region, "home": self.home, **words})


def unread(where: Where, part: str, why: str, unseen: frozenset[str] | None = None) -> Found:
    """What a look found that saw nothing, or not all."""
    return Found((where.of("unread", part=part, why=why),), unseen=unseen)


def replica(where: Where, status: Mapping[str, Any], home_said: str = "") -> Found:
    """What is wrong with a replica, by `observe.status`; `home_said` is why home's server could not be asked."""
    if not status["replicates"]:
        return Found((where.of("replica_none"),), {"replicates": False})
    threads = status["threads"]
    findings = [
        where.of(code, what=what) for code, what in faults.faults(threads["io"], threads["sql"], status["told"])
    ]
    unseen: frozenset[str] = frozenset()
    if home_said:
        findings.append(where.of("unread", part="how far the replica is behind", why=home_said))
        unseen = faults.OF_HOME
    figures = {
        "replicates": True,
        "source": status["source"],
        "io": threads["io"],
        "sql": threads["sql"],
        "received": status["received"],
        "position": status["position"],
        "lag": status["lag"],
    }
    return Found(tuple(findings), figures, unseen)


def keys(
    where: Where,
    digests: Mapping[str, str],
    wrong: Sequence[str],
    told: Sequence[str],
    sight: Sight | None,
    now: float,
) -> Found:
    """What is wrong with a keystone's keys: by the note of what home gave, by home's rows, and by a token of home's."""
    findings = []
    behind = list(told)
    fresh = sight is not None and 0 <= now - sight.at < _FRESH
    if fresh and sight and sight.home.state == UP and sight.local.kind == UNAUTHORIZED and not sight.keys:
        behind.append(f"it does not take a token that {where.home}'s keystone issued")
    if behind:
        findings.append(where.of("keys_behind", what=_listed(behind)))
    if wrong:
        findings.append(where.of("keys_fault", what=_listed(wrong)))
    return Found(tuple(findings), {kind: digest[:16] for kind, digest in digests.items()})


def drift(
    where: Where,
    at: str,
    sign_ins: Iterable[tuple[str, str | None]],
    options: Sequence[str],
    unmanaged: Iterable[tuple[str, str | None]],
    problems: Sequence[str],
) -> Found:
    """Where services' files are not as they are to be, while the keystone of `at` is the one in use.

    `sign_ins` are accounts that validate tokens, `unmanaged` are references: each its place, and its keystone's region.
    """
    elsewhere: dict[str, list[str]] = {}
    for place, there in sign_ins:
        if there != at:
            elsewhere.setdefault(there or "nobody that pillar declares", []).append(place)
    foreign: dict[str, list[str]] = {}
    for place, there in unmanaged:
        if there not in (None, at):
            foreign.setdefault(str(there), []).append(place)
    findings = list(_drift(where, at, elsewhere, foreign))
    if options:
        findings.append(where.of("drift", count=len(options), what=_listed(options)))
    if problems:
        findings.append(where.of("unread", part="a file of its services", why=_listed(problems)))
    # What could not be read is no sign that a file is right again.
    unseen = frozenset(("service_elsewhere", "reference_elsewhere", "drift")) if problems else frozenset()
    return Found(tuple(findings), {"at": at, "options": len(options)}, unseen)


def _drift(
    where: Where, at: str, elsewhere: Mapping[str, Sequence[str]], foreign: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """One finding of each code, though they point at several."""
    if elsewhere:
        services = _listed([one for those in elsewhere.values() for one in those])
        yield where.of("service_elsewhere", services=services, there=_listed(elsewhere), here=at)
    if foreign:
        places = _listed([one for those in foreign.values() for one in those])
        yield where.of("reference_elsewhere", places=places, there=_listed(foreign), here=at)


def backups(where: Where, taken: Sequence[str], now: float, days: float) -> Found:
    """Whether the newest backup is new enough; `taken` are their times, as `files.stamp` writes them, newest first."""
    if not taken:
        return Found((where.of("backup_none"),), {"count": 0, "newest": None})
    newest = files.moment(taken[0])
    age = now - newest
    figures = {"count": len(taken), "newest": newest, "age": round(age)}
    if age <= days * _DAY:
        return Found((), figures)
    limit = f"{days:g} day{'' if days == 1 else 's'}"
    return Found((where.of("backup_old", age=f"{age / _DAY:.1f} days", limit=limit),), figures)


def _listed(items: Iterable[str]) -> str:
    return listed([one.rstrip(".") for one in items], _FEW)
