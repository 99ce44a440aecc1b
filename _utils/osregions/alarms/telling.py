"""What a master tells of a minion's alarms, and what it may have done: by that minion's own answer, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from osregions.errors import RegionsError
from osregions.lines import listed, one_line
from osregions.model import Finding
from osregions.reach.remedies import FINDINGS, SEVERITIES

BEACONS = ("replication_health", "keystone_keys_behind", "regions_drift", "regions_backup_age")
_LONGEST, _MOST, _FEW = 2000, 20, 4


@dataclass(frozen=True)
class Mending:
    """What a master does about some codes: a function on the minion that told, or, for the cloud, an orchestration."""

    codes: tuple[str, ...]
    function: str = ""
    arguments: tuple[str, ...] = ()
    orchestration: str = ""


# Each of these can be run again and again, and does nothing where nothing is wrong.
MENDINGS: Mapping[str, tuple[Mending, ...]] = {
    "replication_health": (
        Mending(("fence_broken", "numbers_shared"), "mysql_replication.fence"),
        Mending(("replica_stopped",), "mysql_replication.resume"),
    ),
    "keystone_keys_behind": (Mending(("keys_behind",), orchestration="orch.keys"),),
    "regions_drift": (Mending(("drift", "service_elsewhere"), "state.apply", ("regions.services",)),),
    "regions_backup_age": (Mending(("backup_none", "backup_old"), "keystone_catalog.backup"),),
}


@dataclass(frozen=True)
class Said:
    """What a minion holds of one of its beacons."""

    beacon: str
    findings: tuple[Finding, ...]
    data: Mapping[str, Any]

    def lines(self, minion: str) -> list[str]:
        """A line for the log for each thing that is wrong, or one that nothing is."""
        if not self.findings:
            return [f"{minion}, {self.beacon}: all is well"]
        return [f"{minion}, {self.beacon}: {one}" for one in self.findings]

    def mendings(self) -> tuple[Mending, ...]:
        """What would mend what is wrong, as far as that needs no person."""
        codes = {one.code for one in self.findings}
        return tuple(one for one in MENDINGS[self.beacon] if codes & set(one.codes))


def beacon(name: object) -> str:
    """The name of one of the beacons. Raises RegionsError."""
    if name not in BEACONS:
        raise RegionsError(f"{name!r} is none of our beacons", "`beacon`", f"one of {', '.join(BEACONS)}")
    return str(name)


def said(minion: str, name: str, answer: object) -> Said:
    """What is to be told of the answer that a minion gave to `regions_alarms.seen`. Raises RegionsError for no such."""
    remedy = f"is its beacon {name} running, and of this version? salt-call regions_alarms.seen there"
    ret = answer.get("ret") if isinstance(answer, Mapping) else None
    held = ret.get(name) if isinstance(ret, Mapping) else None
    if held is None:
        raise RegionsError(f"nothing is held there by {name}", minion, remedy)
    strange = RegionsError(f"that is nothing that {name} holds", minion, remedy)
    try:
        findings = tuple(_finding(one) for one in _short(held["findings"]))
        figures = {str(key)[:40]: _figure(value) for key, value in _pairs(held["figures"])}
        since, at = float(held["since"]), float(held["at"])
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise strange from err
    data = {
        "well": not findings,
        "codes": [one.code for one in findings],
        "findings": [asdict(one) for one in findings],
        "figures": figures,
        "since": since,
        "at": at,
    }
    return Said(name, findings, data)


def _finding(data: Mapping[str, Any]) -> Finding:
    found = Finding(*(_text(data[key]) for key in ("code", "severity", "where", "sentence", "remedy")))
    if found.code not in FINDINGS or found.severity not in SEVERITIES:
        raise ValueError("no alarm")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise ValueError("no text for a line")
    return value


def _short(value: Any) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or len(value) > _MOST:
        raise ValueError("no short list")
    return value


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    return list(_short(list(value.items())))


def _figure(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _text(value)


def done(answer: object) -> tuple[bool, str]:
    """Whether what a minion was asked to do was done, and that in words."""
    if not isinstance(answer, Mapping):
        return False, "it did not answer"
    ret = answer.get("ret")
    ok = answer.get("retcode", 0) == 0 and answer.get("success", True) is not False
    if isinstance(ret, Mapping) and "comment" in ret:
        words = str(ret["comment"])
    elif isinstance(ret, Mapping) and "backup" in ret:
        words = f"backup: {ret['backup']}"
    elif _is_states(ret):
        return _states(ret)
    else:
        words = ret if isinstance(ret, str) else "done" if ok else f"it failed: {ret}"
    return ok, _line(words)


def orchestrated(text: str) -> tuple[bool, str]:
    """Whether an orchestration went well, by what `salt-run --out=json` printed, and that in words."""
    try:
        said = json.loads(text[text.index("{") :])
        (states,) = said["data"].values()
    except (ValueError, KeyError, TypeError, AttributeError):
        return False, _line(text.strip() or "it said nothing")
    return _states(states) if _is_states(states) else (False, _line(str(states)))


def _is_states(ret: object) -> bool:
    return isinstance(ret, Mapping) and bool(ret) and all(isinstance(one, Mapping) for one in ret.values())


def _states(ret: Any) -> tuple[bool, str]:
    failed = [one for one in ret.values() if one.get("result") is False]
    words = [str(one.get("comment", "")) for one in failed or ret.values() if failed or one.get("changes")]
    return not failed, _line(listed(words, _FEW) or "nothing was to be done")


def _line(text: str) -> str:
    """A text from elsewhere as one line of a log."""
    return one_line(text, _LONGEST)
