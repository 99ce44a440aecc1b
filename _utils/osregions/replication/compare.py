"""Telling what a difference between home and a region means: bookkeeping of the region's own, or divergence (P10)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions.replication.errors_said import SEED
from osregions.replication.numbers import is_local

REVOCATIONS = "revocation_event"
BOOKKEEPING, DIVERGENCE = "bookkeeping", "divergence"
HOME, REGION, BOTH = "home", "region", "both"


@dataclass(frozen=True)
class Rules:
    """What a region may have of its own."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # bookkeeping columns, by table
    base: int | None = None  # where its own revocations begin; None where ids are random (Liberty, Mitaka)
    expired: datetime.datetime | None = None  # what was revoked before may be pruned by either side (UTC)


@dataclass(frozen=True)
class Row:
    """A row that differs: where it is, by what it is found, and in which columns it differs. Never a column's value."""

    table: str
    key: tuple[tuple[str, Any], ...]  # the primary key; a digest of all columns in a table that has none
    where: str  # home, region or both
    columns: tuple[str, ...] = ()
    revoked_at: datetime.datetime | None = None


@dataclass(frozen=True)
class Difference:
    """A row that differs, and what it means."""

    kind: str
    row: Row
    reason: str

    @property
    def shown(self) -> str:
        """The difference as a person would write it."""
        key = ", ".join(f"{name}={value}" for name, value in self.row.key)
        return f"{self.row.table} {key}: {self.reason}"


@dataclass(frozen=True)
class Report:
    """All that differs, each row once; `beyond` are tables with more differing rows than were looked at."""

    differences: tuple[Difference, ...] = ()
    tables: int = 0
    rows: int = 0
    schema: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    settled: bool = True

    @property
    def clean(self) -> bool:
        """Whether the region has home's identity, its own bookkeeping aside."""
        return not (self.divergence or self.schema or self.beyond)

    @property
    def divergence(self) -> tuple[Difference, ...]:
        """The rows that should not differ."""
        return tuple(one for one in self.differences if one.kind == DIVERGENCE)

    @property
    def bookkeeping(self) -> tuple[Difference, ...]:
        """The rows that may differ."""
        return tuple(one for one in self.differences if one.kind == BOOKKEEPING)


def classify(row: Row, rules: Rules) -> Difference:
    """Say what a row that differs means."""
    if row.where == BOTH:
        own = rules.columns.get(row.table, ())
        if row.columns and all(column in own for column in row.columns):
            return Difference(BOOKKEEPING, row, f"keystone keeps {', '.join(row.columns)} while people sign in")
        what = ", ".join(row.columns) or "the row as a whole"
        return Difference(DIVERGENCE, row, f"differs from home in {what}")
    if row.table == REVOCATIONS and (known := _revocation(row, rules)):
        return Difference(BOOKKEEPING, row, known)
    if row.where == HOME:
        return Difference(DIVERGENCE, row, "is at home and not here")
    return Difference(DIVERGENCE, row, "is here and not at home")


def _revocation(row: Row, rules: Rules) -> str | None:
    ident = dict(row.key).get("id")
    if row.where == REGION:
        if rules.base is not None and is_local(ident, rules.base):
            return "was revoked here; home has to be given it"
        if rules.base is None and isinstance(ident, str):
            return "was revoked here, under a random id; home has to be given it"
    if rules.expired and row.revoked_at and row.revoked_at < rules.expired:
        return f"has expired, and was pruned {'here' if row.where == HOME else 'at home'}"
    return None


def remedy(differences: Iterable[Difference]) -> str:
    """What an operator can do about the divergence, in a sentence; empty when there is none."""
    rows = [one for one in differences if one.kind == DIVERGENCE]
    if not rows:
        return ""
    if any(one.row.where != HOME for one in rows):
        return f"somebody wrote here: make at home what is to stay, then {SEED}"
    return f"changes of home were passed over here: look at the replication's errors, then {SEED}"
