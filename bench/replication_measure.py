"""The halves of `bench/replication`: each is one function in a module of its own."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
from collections.abc import Callable

HALVES = {
    "seeding": "bench.replication_seed",
    "filtering": "bench.replication_filter",
    "compare": "bench.replication_compare",
}


def half(name: str) -> Callable[[int], None] | None:
    """The function of a half's name; None when there is no such module yet."""
    if importlib.util.find_spec(HALVES[name]) is None:
        return None
    measure: Callable[[int], None] = getattr(importlib.import_module(HALVES[name]), name)
    return measure


def main() -> None:
    """Measure, and print as it goes."""
    there = {name: measure for name in HALVES if (measure := half(name)) is not None}
    parser = argparse.ArgumentParser(prog="bench/replication")
    parser.add_argument("half", nargs="?", choices=tuple(there), help="what to measure (all of it when left out)")
    parser.add_argument("--runs", type=int, default=5, help="runs, of which the median counts (default %(default)s)")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} before the start", flush=True)
    for name in (chosen.half,) if chosen.half else there:
        print(flush=True)
        there[name](chosen.runs)


if __name__ == "__main__":
    main()
