"""Both halves of `bench/oslo_conf`: each is one function in a module of its own."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
from collections.abc import Callable

HALVES = ("edits", "references")


def half(name: str) -> Callable[[int], None] | None:
    """The function `name` of the module `bench.conf_<name>`; None when there is no such module yet."""
    module = f"bench.conf_{name}"
    if importlib.util.find_spec(module) is None:
        return None
    measure: Callable[[int], None] = getattr(importlib.import_module(module), name)
    return measure


def main() -> None:
    """Measure, and print as it goes."""
    there = {name: measure for name in HALVES if (measure := half(name)) is not None}
    parser = argparse.ArgumentParser(prog="bench/oslo_conf")
    parser.add_argument("half", nargs="?", choices=tuple(there), help="what to measure (all of it when left out)")
    parser.add_argument("--runs", type=int, default=11, help="runs, of which the median counts (default %(default)s)")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} before the start", flush=True)
    for name in (chosen.half,) if chosen.half else there:
        print(flush=True)
        there[name](chosen.runs)


if __name__ == "__main__":
    main()
