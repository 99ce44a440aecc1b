"""What is wrong with a replica, by the code of the finding: from what `observe.status` tells; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from osregions.lines import listed
from osregions.replication import observe

_FEW = 4  # lines of a kind that are told
_CODES = {
    observe.PASSES: "replica_passes",
    observe.BEHIND: "replica_lags",
    observe.FENCE: "fence_broken",
    observe.NUMBERS: "numbers_shared",
    observe.SCHEMA: "schema_unequal",
    observe.CLOCK: "clock_apart",
}
# What only home's server can tell.
OF_HOME = frozenset(_CODES[kind] for kind in (observe.BEHIND, observe.SCHEMA, observe.CLOCK))


def runs(io: str, sql: str) -> bool:
    """Whether both threads do their work."""
    return io == sql == "Yes"


def faults(io: str, sql: str, told: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Each code, and what it is about, of a replica with such threads; `told` has sentences by their kind."""
    stands, link = told.get(observe.STANDS, ()), told.get(observe.LINK, ())
    if not runs(io, sql) or stands:
        yield "replica_stopped", _said((*stands, *link)) or f"its threads say {io} and {sql}"
    elif link:
        yield "replica_link", _said(link)
    for kind, code in _CODES.items():
        if sentences := told.get(kind):
            yield code, _said(sentences)


def _said(sentences: Sequence[str]) -> str:
    return listed([one.rstrip(".") for one in sentences], _FEW)
