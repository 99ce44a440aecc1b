"""Where a region's identity is: one fact on each of its nodes, and the one way to move it.

Whoever moves it has seen an epoch and asks for the next. The lock and that number make one move of many that come at
once; a mover that comes too late loses without an error, for what it wanted has happened.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from osregions import files
from osregions.errors import RegionsError
from osregions.files import STATE

HOME = "home"
LOCAL = "local"
IDENTITIES = (HOME, LOCAL)
_REMEMBERED = 50


@dataclass(frozen=True)
class Switch:
    """Where a region's services find identity: at home, or at the region's own keystone."""

    region: str
    identity: str = HOME
    epoch: int = 0  # how often it was moved
    reason: str = ""
    by: str = ""
    since: float = 0.0  # seconds since the epoch

    @property
    def local(self) -> bool:
        """Whether the region signs people in by itself."""
        return self.identity == LOCAL


@dataclass(frozen=True)
class Reading:
    """The switch, and what is wrong with its files; empty when nothing is."""

    switch: Switch
    problem: str = ""


@dataclass(frozen=True)
class Move:
    """The switch as it is after somebody wanted to move it, and whether that was what moved it."""

    switch: Switch
    moved: bool
    problem: str = ""


class SwitchError(RegionsError):
    """The switch can't be read or moved."""


def read(region: str, state: str | Path = STATE) -> Reading:
    """The switch of this node; at home, with epoch 0, where it was never moved.

    A file that is damaged or gone is taken as its copy beside it. Raises SwitchError when neither can be believed.
    """
    paths = _paths(state)
    problems: list[str] = []
    gone = 0
    for path in paths:
        try:
            found = _parsed(path.read_bytes(), region)
        except FileNotFoundError:
            gone += 1
            problems.append(f"{path} is not there")
        except OSError as err:
            raise SwitchError(f"the switch can't be read: {err.strerror}", str(path), "run this as root") from err
        except ValueError as err:
            problems.append(f"{path} is damaged ({err})")
        else:
            return Reading(found, f"{problems[0]}; its copy counts: {found.identity}" if problems else "")
    if gone == len(paths):
        return Reading(Switch(region))
    raise SwitchError(
        f"nobody knows where the identity of {region} is: {' and '.join(problems)}",
        str(paths[0].parent),
        "take both files away: then it is at home, and regions.failover moves it where that is wrong",
    )


def move(
    region: str,
    identity: str,
    epoch: int,
    reason: str,
    by: str,
    state: str | Path = STATE,
    now: float | None = None,
) -> Move:
    """Move the switch of this node, when `epoch` is newer than the one it has; whole or not at all.

    Moving it to where it is renews the epoch alone, so that all nodes of a region come to have the same.
    """
    if identity not in IDENTITIES:
        raise SwitchError(f"{identity!r} is no place of an identity", "`identity`", f"one of {', '.join(IDENTITIES)}")
    if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 1:
        raise SwitchError(f"{epoch!r} is no epoch", "`epoch`", "give the one that was read, and one more")
    with _locked(state):
        seen = read(region, state)
        if epoch <= seen.switch.epoch:
            return Move(seen.switch, False, seen.problem)
        since = time.time() if now is None else now
        if identity == seen.switch.identity and seen.switch.epoch:
            since = seen.switch.since
        new = Switch(region, identity, epoch, reason, by, since)
        try:
            if identity != seen.switch.identity:
                _remember(new, state)
            for path in _paths(state):
                files.sweep(path)
                files.write(path, _text(new))
        except OSError as err:
            raise SwitchError(
                f"the switch can't be moved: {err.strerror}", str(_paths(state)[0]), "make room or give the right there"
            ) from err
        return Move(new, True, seen.problem)


def renew(region: str, state: str | Path = STATE) -> bool:
    """Write a damaged switch anew from its copy, and move nothing; whether there was anything to write."""
    with _locked(state):
        seen = read(region, state)
        if not seen.problem:
            return False
        try:
            for path in _paths(state):
                files.sweep(path)
                files.write(path, _text(seen.switch))
        except OSError as err:
            raise SwitchError(
                f"the switch can't be written anew: {err.strerror}",
                str(_paths(state)[0]),
                "make room or give the right there",
            ) from err
    return True


def history(region: str, state: str | Path = STATE) -> tuple[Switch, ...]:
    """The last times that this node was moved from one place to the other, the newest last."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for line in _history(state).read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # a line that a full disk cut off tells nothing
                found.append(_parsed(line, region))
    return tuple(found)


def begin(state: str | Path = STATE) -> None:
    """Note, before the switch is moved, that the services are still to follow it."""
    try:
        files.private_directory(Path(state))
        files.private_directory(_unfinished(state).parent)
        _unfinished(state).touch(mode=0o600)
    except OSError as err:
        raise SwitchError(
            f"the switch can't be moved: {err.strerror}", str(_unfinished(state)), "make room or give the right there"
        ) from err


def end(state: str | Path = STATE) -> None:
    """Note that the services of this node do what the switch says."""
    _unfinished(state).unlink(missing_ok=True)


def unfinished(state: str | Path = STATE) -> bool:
    """Whether a run was killed, or failed, between the switch and the services: the next one has to end it."""
    return _unfinished(state).exists()


def _unfinished(state: str | Path) -> Path:
    return Path(state) / "switch" / "unfinished"


def _remember(new: Switch, state: str | Path) -> None:
    """Add a move to the history."""
    path = _history(state)
    kept = [*history(new.region, state), new][-_REMEMBERED:]
    files.sweep(path)
    files.write(path, b"".join(_text(one, None) for one in kept))


def _history(state: str | Path) -> Path:
    return Path(state) / "switch" / "history.jsonl"


def _paths(state: str | Path) -> tuple[Path, Path]:
    """The switch, and its copy, written after it."""
    folder = Path(state) / "switch"
    return folder / "now.json", folder / "copy.json"


def _text(switch: Switch, indent: int | None = 1) -> bytes:
    data = asdict(switch)
    return json.dumps({**data, "check": _check(data)}, indent=indent).encode() + b"\n"


def _check(data: dict[str, object]) -> str:
    """What tells a file that was damaged yet can be parsed."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def _parsed(text: bytes, region: str) -> Switch:
    """The switch out of a file's text; ValueError says what is wrong with it."""
    try:
        data = json.loads(text)
        check = data.pop("check")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ValueError("it is not what was written there") from None
    if not isinstance(data, dict) or check != _check(data):
        raise ValueError("it was changed by another hand")
    if data.get("region") != region:
        raise ValueError(f"it is that of {data.get('region')}, and this is {region}")
    try:
        found = Switch(**data)
    except TypeError:
        raise ValueError("it has other keys, of another release") from None
    if found.identity not in IDENTITIES or not isinstance(found.epoch, int):
        raise ValueError(f"it says {found.identity!r}, epoch {found.epoch!r}")
    return found


@contextlib.contextmanager
def _locked(state: str | Path) -> Iterator[None]:
    """One mover at a time; the lock goes with its holder, however that ends."""
    folder = Path(state) / "switch"
    try:
        files.private_directory(Path(state))
        files.private_directory(folder)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise SwitchError(f"the switch can't be moved: {err.strerror}", str(folder), "give the right there") from err
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
