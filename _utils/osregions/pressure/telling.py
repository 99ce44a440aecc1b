"""What a master tells of a minion's memcached: that minion's own answer, checked, for it came from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from osregions.errors import RegionsError
from osregions.pressure.remedies import FINE, UNKNOWN, VERDICT_OF, WASTEFUL
from osregions.pressure.verdict import Verdict

_LONGEST = 1000
_REMEDY = "is its beacon memcached_pressure running, and of this version? salt-call memcached_pressure.seen there"


@dataclass(frozen=True)
class Said:
    """One line, the event's data, and whether a person should hear of it."""

    line: str
    data: Mapping[str, Any]
    wrong: bool


def said(minion: str, answer: object) -> Said:
    """What is told of the answer that a minion gave to `memcached_pressure.seen`. Raises RegionsError for no such."""
    ret = answer.get("ret") if isinstance(answer, Mapping) else None
    if ret is None:
        raise RegionsError("nothing is held of its memcached", minion, _REMEDY)
    held = ret.get("held") if isinstance(ret, Mapping) else None
    if isinstance(ret, Mapping) and held is None:
        return Said(f"{minion}: nothing is held of its memcached yet", {"verdict": UNKNOWN, "code": None}, False)
    try:
        found = Verdict(**held)  # type: ignore[arg-type]
    except TypeError as err:
        raise RegionsError("that is no verdict on a memcached", minion, _REMEDY) from err
    texts = (found.sentence, found.remedy)
    right = found.code in VERDICT_OF and VERDICT_OF[found.code] == found.verdict and isinstance(found.figures, Mapping)
    if not right or not all(isinstance(text, str) and len(text) <= _LONGEST and text.isprintable() for text in texts):
        raise RegionsError("that is no verdict on a memcached", minion, _REMEDY)
    data = {**found.as_dict(), "since": ret.get("since"), "at": ret.get("at")}
    wrong = found.verdict not in (FINE, WASTEFUL)
    remedy = f"; {found.remedy}" if found.remedy else ""
    return Said(f"memcached of {minion} is {found.verdict}: {found.sentence}{remedy}", data, wrong)
