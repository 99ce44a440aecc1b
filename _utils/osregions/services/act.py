"""Restarting units, and waiting until each does again what it did before (P9)."""

from __future__ import annotations

import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from osregions.errors import RegionsError
from osregions.services.plan import Restart
from osregions.services.view import State, Systemctl, Unit, listening, states, systemctl

_STEADY = 2.0  # seconds that a unit without a port must run on before it counts as up
_PAUSE = 0.1
_JOURNAL = 20
_SECRETS = re.compile(
    r"(?i)((?:pass\w*|secret|token|key)[\"']?\s*[=:]\s*[\"']?)[^\s,;\"']+|gAAAA[\w=-]+|(?<=://)([^\s:/@]+):[^\s/@]+@"
)

Endpoint = tuple[str, int]


@dataclass(frozen=True)
class Back:
    """A unit that answers again, and how many seconds that took."""

    unit: str
    seconds: float


def restart(
    due: Iterable[Restart],
    wait: float = 90,
    ask: Systemctl = systemctl,
    ports: Callable[[str], dict[Endpoint, int]] = listening,
    haste: float | None = None,
) -> tuple[Back, ...]:
    """Restart units, those of one rank side by side, and wait until each answers as it did.

    With `haste` their keystone is gone: all restart at once, none is asked first, for it may hang, and one that takes
    longer than so many seconds to stop is killed. Raises RegionsError for units that do not come back, with their last
    journal lines; units of later ranks are then left as they are.
    """
    back: list[Back] = []
    for _, group in groupby(due, key=lambda one: one.unit.rank if haste is None else 0):
        those = list(group)
        names = [one.unit.name for one in those]
        if haste is None:
            before = {name: _spoken(ports(name)) for name in names}
        else:
            before = {one.unit.name: _promised(one.unit, ports(one.unit.name)) for one in those}
        began = time.monotonic()
        # What a unit could not do once it shall do now: a start limit that an earlier trouble used up is forgotten.
        ask(("reset-failed", *(f"{name}.service" for name in names)))
        ask(("restart", "--no-block", *(f"{name}.service" for name in names)))
        left = {name: before[name] for name in names}
        steady: dict[str, tuple[int, int, float]] = {}
        wrong: dict[str, str] = {}
        stubborn = set(names) if haste is not None else set()
        while left and time.monotonic() - began < wait:
            time.sleep(_PAUSE)
            seen = states(left, ask)
            if stubborn and time.monotonic() - began >= (haste or 0):
                late = [name for name in stubborn & seen.keys() if seen[name].active == "deactivating"]
                if late:
                    ask(("kill", "--signal=KILL", *(f"{name}.service" for name in late)))
                stubborn = set()
            for name in list(left):
                wrong[name] = _missing(seen.get(name), left[name], ports(name), name, steady)
                if not wrong[name]:
                    back.append(Back(name, round(time.monotonic() - began, 1)))
                    del left[name]
        if left:
            raise RegionsError(
                "; ".join(f"{name} does not come back within {wait:g} s: {wrong.get(name, '')}" for name in left),
                ", ".join(left),
                "mend what its journal says, and run this again" + "".join(f"\n{_journal(name)}" for name in left),
            )
    return tuple(back)


def status(
    address: str, port: int, path: str = "/", headers: dict[str, str] | None = None, timeout: float = 5
) -> int | None:
    """The status with which something answers over HTTP or HTTPS; None when it does not speak either."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(address, f"[{address}]" if ":" in address else address)  # noqa: S104
    context = ssl.create_default_context()
    # Whether the service answers is the question here, not whether its certificate names this address.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect()
    )
    for scheme in ("http", "https"):
        request = urllib.request.Request(f"{scheme}://{host}:{port}{path}", headers=headers or {})
        try:
            with opener.open(request, timeout=timeout) as response:
                return int(response.status)
        except urllib.error.HTTPError as err:
            if scheme == "http" and err.code == 400:
                continue  # a web server that was spoken to plainly at its TLS port
            return err.code
        except (OSError, ValueError):
            continue
        except Exception as err:
            if type(err).__module__ == "http.client":
                continue  # it answered, but not in HTTP
            raise
    return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def _spoken(ports: Iterable[Endpoint]) -> dict[Endpoint, int | None]:
    """Of each port what it answers over HTTP."""
    return {(address, port): status(address, port) for address, port in ports}


def _promised(unit: Unit, ports: Iterable[Endpoint]) -> dict[Endpoint, int | None]:
    """Of each port what a unit in good health answers: an API speaks HTTP at its own."""
    speak = {program.service.port for program in unit.programs if program.service.probe is not None}
    return {(address, port): 200 if port in speak else None for address, port in ports}


def _missing(
    state: State | None,
    before: dict[Endpoint, int | None],
    now: Iterable[Endpoint],
    name: str,
    steady: dict[str, tuple[int, int, float]],
) -> str:
    """What a unit still lacks; empty when it is back."""
    if state is None or not state.up:
        return f"it is {state.active} ({state.sub})" if state else "systemd does not know it"
    ours = {port for _, port in now}
    for (address, port), said in before.items():
        if port not in ours:
            return f"nothing of it listens on port {port}"
        if said is not None:
            answer = status(address, port)
            if answer is None or (answer >= 500 and answer != said):
                return f"port {port} answers {answer or 'nothing'}"
    if before:
        return ""
    mark = (state.pid, state.restarts)
    since = steady.get(name)
    if since is None or since[:2] != mark:
        steady[name] = (*mark, time.monotonic())
        return "it has only just started"
    return "" if time.monotonic() - since[2] >= _STEADY else "it has only just started"


def _journal(unit: str) -> str:
    """The last lines that a unit wrote, secrets masked."""
    try:
        said = subprocess.run(
            ["journalctl", "-u", f"{unit}.service", "-n", str(_JOURNAL), "--no-pager", "-o", "cat"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as err:
        said = f"no journal: {type(err).__name__}"
    return f"--- {unit}:\n{masked(said.rstrip())}"


def masked(text: str) -> str:
    """Text of a journal, fit to be seen."""
    return _SECRETS.sub(
        lambda match: f"{match[1] or ''}{(match[2] + ':') if match[2] else ''}****{'@' if match[2] else ''}", text
    )
