"""What is to be done about a region, from what is known: pure, and the only place where that is decided."""

from __future__ import annotations

from dataclasses import dataclass

from osregions.errors import RegionsError
from osregions.reach import hysteresis, probe
from osregions.reach.limits import ASK, OFF
from osregions.reach.remedies import REMEDIES
from osregions.reach.sight import Glance
from osregions.reach.view import HOME, LOCAL, View

NONE, FAIL_OVER, FAIL_BACK, ASKS, WAIT, REFUSE = "none", "fail_over", "fail_back", "ask", "wait", "refuse"
ACTIONS = (NONE, FAIL_OVER, FAIL_BACK, ASKS, WAIT, REFUSE)
_HOUR = 3600


@dataclass(frozen=True)
class Verdict:
    """What is to be done, why, and what a person may do about it."""

    action: str
    code: str
    reason: str
    remedy: str = ""

    @property
    def moves(self) -> bool:
        """Whether the region is to move."""
        return self.action in (FAIL_OVER, FAIL_BACK)

    @property
    def text(self) -> str:
        """It all in a line."""
        return str(RegionsError(self.reason, remedy=self.remedy))


def decide(view: View) -> Verdict:
    """What is to be done by itself. Asked again after it was done, with what is seen then, the answer is `none`."""
    impossible = _impossible(view)
    if impossible:
        return impossible
    if not view.sights:
        return _verdict(view, WAIT, "blind")
    return _at_home(view) if view.identity == HOME else _away(view)


def asked_for(view: View, action: str) -> Verdict:
    """What is to be done when a person asks for one of the moves: modes, minimum stay and cap do not bind a person.

    What would leave the region without a keystone, or lose rows, is refused all the same.
    """
    impossible = _impossible(view)
    if impossible:
        return impossible
    if action == FAIL_OVER:
        if view.identity == LOCAL:
            return _verdict(view, NONE, "already_local")
        if not view.sights:
            return _verdict(view, REFUSE, "blind")
        if not _local_serves(view):
            return _verdict(view, REFUSE, "local_dead")
        return _verdict(view, FAIL_OVER, "by_hand")
    if view.identity == HOME:
        return _verdict(view, NONE, "already_home")
    if not view.sights:
        return _verdict(view, REFUSE, "blind")
    if not _well(view):
        return _verdict(view, REFUSE, "home_coming")
    behind = _behind(view)
    return _verdict(view, REFUSE, behind) if behind else _verdict(view, FAIL_BACK, "by_hand")


def _impossible(view: View) -> Verdict | None:
    if not view.known:
        return _verdict(view, REFUSE, "unknown_region")
    return _verdict(view, REFUSE, "home_itself") if view.region == view.home else None


def _at_home(view: View) -> Verdict:
    # One who was held to be down and answers again is not left: it is on its way to being held up.
    down = sum(one.home.state == hysteresis.DOWN and one.home.kind not in probe.SERVES for one in view.sights)
    if not _most(view, down):
        states = {one.home.state for one in view.sights}
        if down:
            return _verdict(view, WAIT, "no_majority")
        if _down(view):
            return _verdict(view, WAIT, "home_answers")
        if states == {hysteresis.UP}:
            return _verdict(view, NONE, "home_well")
        refused = any(one.home.kind == probe.UNAUTHORIZED for one in view.sights)
        return _verdict(view, WAIT, "token" if refused else "unsure")
    if view.fail_over == OFF:
        return _verdict(view, NONE, "mode_off")
    if not _local_serves(view):
        return _verdict(view, WAIT, "local_dead")
    return _held_back(view) or _verdict(
        view, *((ASKS, "ask_over") if view.fail_over == ASK else (FAIL_OVER, "home_down"))
    )


def _away(view: View) -> Verdict:
    if _most(view, _down(view)):
        return _verdict(view, NONE, "stays_local") if _local_serves(view) else _verdict(view, ASKS, "nobody")
    if not _well(view):
        return _verdict(view, WAIT, "home_coming")
    if view.fail_back == OFF:
        return _verdict(view, NONE, "back_off")
    behind = _behind(view)
    if behind:
        return _verdict(view, ASKS if behind == "diverged" else WAIT, behind)
    return _held_back(view) or _verdict(
        view, *((ASKS, "ask_back") if view.fail_back == ASK else (FAIL_BACK, "home_back"))
    )


def _down(view: View) -> int:
    return sum(one.home.state == hysteresis.DOWN for one in view.sights)


def _most(view: View, count: int) -> bool:
    """Whether so many controllers decide: the majority of three or more, both of two, and one that is alone."""
    if view.alone:
        return count > 0
    return count > view.controllers / 2 if view.controllers >= 3 else count == view.controllers > 0


def _well(view: View) -> bool:
    """Whether home is held to be up by as many as decide, and down by nobody."""
    return _most(view, sum(one.home.state == hysteresis.UP for one in view.sights)) and not _down(view)


def _local_serves(view: View) -> bool:
    return any(one.local.state == hysteresis.UP and one.local.kind in probe.SERVES for one in view.sights)


def _behind(view: View) -> str | None:
    """What of the replica speaks against going home, by its code."""
    replica = view.replica
    if replica.diverged:
        return "diverged"
    if replica.advances is False:
        return "replica_stands"
    if replica.caught_up is False:
        return "replica_behind"
    return None if replica.advances and replica.caught_up and replica.diverged is False else "replica_unknown"


def _held_back(view: View) -> Verdict | None:
    """Why a region that should move may not by itself: it has just moved, or moves too often."""
    if view.moved and 0 <= view.now - view.moved < view.limits.minimum_stay:
        return _verdict(view, WAIT, "stay")
    return _verdict(view, ASKS, "cap") if len(_recent(view)) >= view.limits.cap_per_hour else None


def _recent(view: View) -> tuple[float, ...]:
    return tuple(moment for moment in view.moves if 0 <= view.now - moment < _HOUR)


def _verdict(view: View, action: str, code: str) -> Verdict:
    down = [one.home for one in view.sights if one.home.state == hysteresis.DOWN]
    not_up = [one.home for one in view.sights if one.home.state != hysteresis.UP]
    facts = {
        "region": view.region,
        "home": view.home,
        "regions": ", ".join(view.regions),
        "why": _words((down or not_up or [one.home for one in view.sights])[:1]),
        "local": _words([one.local for one in view.sights][:1]),
        "down": len(down),
        "controllers": view.controllers,
        "moves": len(_recent(view)),
        "ago": view.now - view.moved,
        "limit": view.limits.up_after if code in ("home_back", "ask_back") else view.limits.minimum_stay,
    }
    found = REMEDIES[code]
    return Verdict(action, code, found.says.format(**facts), found.remedy.format(**facts))


def _words(glances: list[Glance]) -> str:
    for one in glances:
        return f"{one.kind.replace('_', ' ')}{': ' + one.detail if one.detail else ''}"
    return "nothing seen"
