"""Deciding whether a replication that stopped may go on by itself: past revocations that both sides pruned (P10).

Each revocation also deletes those that have expired, on whichever side it is made. When home's deletion comes to a
region that has pruned the same rows, replication stops: 1032. That deletion may be passed over; the revocation that
came in the same transaction may not. And a region that did not keep its numbers apart meets 1062: there its own row
gives way to a number of its own. Anything else is an operator's to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from osregions.replication.errors_said import meaning
from osregions.replication.numbers import TABLE

RUNS, PASS, RENUMBER, REFUSE = "runs", "pass", "renumber", "refuse"
_HARMLESS = ("Gtid", "Annotate_rows", "Rows_query", "Xid")


@dataclass(frozen=True)
class Transaction:
    """A transaction in the relay log, as far as it is of interest."""

    gtid: str
    tables: frozenset[str]
    ends: frozenset[int]  # where its events end, in home's log
    whole: bool  # its end was seen, and nothing in it but changes of rows


@dataclass(frozen=True)
class Verdict:
    """What to do about a stop, and why."""

    act: str
    sentence: str = ""
    remedy: str = ""
    gtid: str = ""
    key: int = 0  # of the row that gives way


def transaction(events: Iterable[Mapping[str, Any]]) -> Transaction | None:
    """Read the first transaction out of SHOW RELAYLOG EVENTS; None when they don't begin with one."""
    gtid, tables, ends, ended, strange = "", set(), set(), False, False
    for event in events:
        kind, info = str(event["Event_type"]), str(event["Info"])
        if kind == "Gtid":
            if gtid:
                break
            # "BEGIN GTID 1-1-9" (MariaDB), "SET @@SESSION.GTID_NEXT= 'uuid:9'" (MySQL)
            match = re.search(r"GTID (\d+-\d+-\d+)|GTID_NEXT= '([^']+)'", info)
            if not match:
                return None
            gtid = match[1] or match[2]
        elif not gtid:
            return None
        ends.add(int(event["End_log_pos"]))
        if kind == "Table_map":
            match = re.search(r"\((.+)\)", info)
            tables.add(match[1] if match else info)
        elif kind == "Xid":
            ended = True
            break
        elif kind == "Query":
            strange = strange or info != "BEGIN"
        elif not kind.startswith(("Write_rows", "Delete_rows", "Update_rows", *_HARMLESS)):
            strange = True
    return Transaction(gtid, frozenset(tables), frozenset(ends), ended and not strange) if gtid else None


def transactions(events: Iterable[Mapping[str, Any]]) -> Iterator[Transaction]:
    """Each transaction in SHOW RELAYLOG EVENTS: a server with several appliers stands before the first unfinished."""
    group: list[Mapping[str, Any]] = []
    for event in [*events, None]:
        if group and (event is None or str(event["Event_type"]) == "Gtid"):
            if found := transaction(group):
                yield found
            group = []
        if event is not None and (group or str(event["Event_type"]) == "Gtid"):
            group.append(event)


def failed_at(text: str) -> int:
    """Where in home's log the event ends that failed; -1 when the error does not say."""
    return int(_match(r"end_log_pos (\d+)", text) or -1)


def decide(number: int, text: str, found: Transaction | None, database: str) -> Verdict:
    """What to do about the error with which a replication's SQL thread stopped."""
    sentence, remedy = meaning(number, text)
    table = _match(r"on table ([^;]+);", text)
    named = f"{sentence}: {table}" if table else sentence
    if entry := _match(r"Duplicate entry '(.*?)' for key", text):
        named += f", key {entry}"
    refusal = Verdict(REFUSE, named, remedy)
    if number not in (1032, 1062) or table != f"{database}.{TABLE}":
        return refusal
    if found is None or not found.whole:
        return _refused(refusal, "its transaction can't be read whole in the relay log")
    if found.tables != {table}:
        others = ", ".join(sorted(found.tables - {table}))
        return _refused(refusal, f"the same transaction also changes {others}")
    if failed_at(text) not in found.ends:
        return _refused(refusal, "the transaction that failed is another one")
    if number == 1032:
        if not re.search(r"Delete_rows", text):
            return _refused(refusal, "it is a change, not a deletion")
        return Verdict(PASS, "home deleted revocations that were pruned here already", gtid=found.gtid)
    if _match(r"for key '(.*?)'", text).rpartition(".")[2] != "PRIMARY" or not entry.isdecimal():
        return refusal
    return Verdict(RENUMBER, f"a revocation made here has the number of home's: {entry}", "", found.gtid, int(entry))


def until(position: str, gtid: str) -> str:
    """A MariaDB position that is just past a transaction; the other domains stay where they are."""
    domains = {part.split("-")[0]: part for part in position.replace("\n", "").split(",") if part}
    return ",".join({**domains, gtid.split("-")[0]: gtid}.values())


def reached(position: str, received: str) -> bool:
    """Whether a MariaDB position has all that was received."""
    have, want = _by_domain(position), _by_domain(received)
    return all(have.get(domain, 0) >= number for domain, number in want.items())


def gone_back(home: str, region: str) -> bool:
    """Whether a MariaDB region has more of a domain than home: a home with an empty log lets it in without a word."""
    at_home = _by_domain(home)
    return any(number > at_home[domain] for domain, number in _by_domain(region).items() if domain in at_home)


def _by_domain(position: str) -> dict[str, int]:
    parts = [part.strip().split("-") for part in position.split(",") if part.strip()]
    return {domain: int(number) for domain, _, number in parts}


def _refused(refusal: Verdict, why: str) -> Verdict:
    return Verdict(REFUSE, f"{refusal.sentence}; {why}", refusal.remedy)


def _match(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else ""
