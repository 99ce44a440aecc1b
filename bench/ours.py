"""Our way: one `Catalog.bring_in`, and how much of it went into the backup."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from osregions.catalog import backup
from osregions.catalog.operations import Catalog, Outcome
from osregions.database import Options
from osregions.model import Export
from osregions.releases import parse


@dataclass(frozen=True)
class Took:
    """Seconds that one import took: all of it, and the part that was the backup."""

    whole: float
    backup: float

    @property
    def rows(self) -> float:
        """Looking, deciding, writing, committing and telling the caches."""
        return self.whole - self.backup


@dataclass(frozen=True)
class Watched(Catalog):
    """The product's own catalog, with a clock beside its backups."""

    spent: list[float] = field(default_factory=list)

    def back_up(self, reason: str, scope: str | None = None) -> backup.Backup:
        """Make a backup, and note how long it took."""
        start = time.perf_counter()
        try:
            return super().back_up(reason, scope)
        finally:
            self.spent.append(time.perf_counter() - start)


def catalog(options: Options, folder: Path) -> Watched:
    """A catalog whose backups and notes go into a folder of the measurement."""
    return Watched(options, parse("22"), backups=str(folder / "backups"), state=folder / "state")


def bring_in(home: Watched, export: Export, rows: int) -> Took:
    """Import once, with all that an operator gets; `rows` is how many rows must have come in."""
    home.spent.clear()
    start = time.perf_counter()
    outcome = home.bring_in(export)
    whole = time.perf_counter() - start
    _check(home, outcome, rows)
    return Took(whole, sum(home.spent))


def middle(took: Sequence[Took]) -> Took:
    """The medians of several imports."""
    return Took(median(one.whole for one in took), median(one.backup for one in took))


def _check(home: Watched, outcome: Outcome, rows: int) -> None:
    """What is fast because it left something out is no measurement."""
    if len(outcome.changes) != rows:
        raise RuntimeError(f"{len(outcome.changes)} rows came in instead of {rows}: {outcome.comment}")
    if not outcome.backup or not Path(outcome.backup).is_file() or len(home.spent) != 1:
        raise RuntimeError(f"there is no backup: {outcome.comment}")
    if "cache keys deleted" not in outcome.comment:
        raise RuntimeError(f"keystone's cache was not told: {outcome.comment}")
