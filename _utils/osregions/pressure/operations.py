"""M1 on this machine: look, judge, resize, see whether it helped. What Salt's modules call; nothing here knows Salt."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osregions import files
from osregions.errors import Refused, RegionsError
from osregions.pressure import helped, machine, note, propose, reading, size, verdict
from osregions.pressure.helped import Helped
from osregions.pressure.limits import Limits
from osregions.pressure.reading import MEGABYTE, Reading
from osregions.pressure.use import Use
from osregions.pressure.verdict import Verdict
from osregions.tokens import memcached, memcached_conf, units
from osregions.tokens import operations as tokens
from osregions.tokens.memcached_conf import Memcached

_RESIZES_SINCE = (1, 4, 27)  # memcached's release notes: the command cache_memlimit


@dataclass(frozen=True)
class Resized:
    """What changed, or would."""

    changes: dict[str, Any]
    comment: str
    backups: tuple[str, ...] = ()
    restart_due: bool = False
    restart_empties: str = ""
    restarted: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "changes": self.changes,
            "comment": self.comment,
            "backups": list(self.backups),
            "restart_due": self.restart_due,
            "restart_empties": self.restart_empties,
            "restarted": self.restarted,
        }


@dataclass(frozen=True)
class Place:
    """One memcached of this machine: its file, how that is written, and where backups go."""

    config: str
    style: str
    backups: str | Path = files.BACKUPS

    @classmethod
    def find(cls, config: str | None, style: str | None, backups: str | Path = files.BACKUPS) -> Place:
        """The one that is installed. Raises RegionsError when there is none."""
        return cls(*tokens.memcached_file(config, style), backups)

    @property
    def text(self) -> str:
        """What its file says, odd bytes and all."""
        return Path(self.config).read_bytes().decode("utf-8", "surrogateescape")

    @property
    def server(self) -> str:
        """Where this machine reaches it."""
        return memcached_conf.read(self.text, self.style).local

    @property
    def configured(self) -> int:
        """The megabytes that its file sets, or leaves to memcached."""
        return memcached_conf.read(self.text, self.style).megabytes

    def facts(self, use: Use) -> dict[str, Any]:
        """Which size it is set to, which it runs with, and what this machine has."""
        memory = machine.memory()
        found: dict[str, Any] = {
            "config": self.config,
            "server": self.server,
            "configured": self.configured,
            "running": None,
            "restart_due": False,
            "restart_empties": use.restart_empties,
            "machine": {"total": memory.total // MEGABYTE, "available": memory.available // MEGABYTE},
        }
        try:
            now = reading.read(self.server)
        except RegionsError as err:
            return {**found, "problem": str(err)}
        due = now.megabytes != found["configured"]
        return {**found, "running": now.megabytes, "restart_due": due, "room": propose.room(now, memory)}

    def judge(self, interval: float, use: Use, limits: Limits) -> Verdict:
        """Look twice, and say what that tells. One that does not answer is a verdict too."""
        try:
            first = reading.read(self.server)
            time.sleep(interval)
            return verdict.judge(first, reading.read(self.server), use, machine.memory(), limits)
        except RegionsError as err:
            return verdict.no_answer(err.problem)

    def resize(
        self,
        megabytes: int | None,
        use: Use,
        live: bool = True,
        restart: Callable[[], object] | None = None,
        dry: bool = False,
    ) -> Resized:
        """Give it another size: in its file, and as it runs where it can; else by `restart`, where one is given.

        Without a size it is brought to that of its file. Raises Refused when the machine can't give that much, and
        RegionsError when it does not answer afterwards.
        """
        wanted = self.configured if megabytes is None else size.checked(megabytes, "`size`")
        return self._set(wanted, use, live, restart, dry)

    def undo(self, use: Use, restart: Callable[[], object] | None = None, dry: bool = False) -> Resized:
        """Put back the size that stood there before one was first set here, unless somebody set another since."""
        found = note.read(self.config, self.backups)
        if found is None or found.set == found.back or self.configured != found.set:
            return Resized({}, "No size that was set here is left.")
        return self._set(found.was, use, True, restart, dry)

    def _set(
        self, target: int | None, use: Use, live: bool, restart: Callable[[], object] | None, dry: bool
    ) -> Resized:
        """Do so; a target of None takes the line out, and memcached's own default holds."""
        wanted = target or Memcached.megabytes
        with files.locked(self.backups):
            text, before, now = self.text, self.configured, self._now()
            _check_room(wanted, before, now)
            new = text if target == before else size.resized(text, self.style, target)
            changes: dict[str, Any] = {} if wanted == before else {"size": {"old": before, "new": wanted}}
            differs = now is not None and now.megabytes != wanted
            at_once = differs and live and wanted >= size.LEAST and _resizes(now)
            if now is not None and differs and (at_once or restart):
                changes["running"] = {"old": now.megabytes, "new": wanted}
            if dry:
                return self._said(changes, now, wanted, use, (), True, bool(differs and not at_once and restart))
            kept = self._written(text, new, target, now) if changes else ()
        restarted = False
        if differs and not (at_once and self._took(wanted)):
            if restart is None:
                changes.pop("running", None)
            else:
                restart()
                tokens.memcached_answers(self.config, self.style, 10)
                restarted = True
        after = self._now()
        if restarted and after is not None and after.megabytes != wanted:
            raise RegionsError(
                f"memcached was restarted, and has {after.megabytes} MB",
                self.config,
                "does its unit start it with another file? Look at the process's arguments",
            )
        return self._said(changes, after, wanted, use, kept, False, restarted)

    def helped(self, interval: float) -> Helped:
        """Look twice, and say what memcached does now, beside what it did before its size was set here."""
        found = note.read(self.config, self.backups)
        first = reading.read(self.server)
        time.sleep(interval)
        return helped.compare(found.reading if found else None, first, reading.read(self.server))

    def _now(self) -> Reading | None:
        try:
            return reading.read(self.server)
        except RegionsError:
            return None

    def _took(self, megabytes: int) -> bool:
        """Whether the running memcached obeys: it may say no, with memory that it took whole at its start."""
        memcached.take_size(self.server, megabytes)
        return reading.read(self.server).megabytes == megabytes

    def _written(self, text: str, new: str, target: int | None, now: Reading | None) -> tuple[str, ...]:
        earlier = note.read(self.config, self.backups)
        first = size.present(text, self.style)
        if earlier is not None and earlier.set == self.configured:
            first = earlier.was
        alone = not self._lacks_more(now) or note.only_the_size(self.config, self.backups)
        seen = None if now is None else now.to_data()
        wanted = target or Memcached.megabytes
        note.write(note.Note(self.config, first, wanted, note.digest(new), alone, seen), self.backups)
        backup = files.replace(self.config, new.encode("utf-8", "surrogateescape"), self.backups)
        return (backup,) if backup else ()

    def _lacks_more(self, now: Reading | None) -> bool:
        """Whether memcached was started before its file was last written, as that stands now."""
        started = units.started(now.pid) if now is not None else None
        return started is not None and os.stat(self.config).st_mtime > started

    def _said(
        self,
        changes: dict[str, Any],
        now: Reading | None,
        megabytes: int,
        use: Use,
        kept: tuple[str, ...],
        dry: bool,
        restarts: bool,
    ) -> Resized:
        words = []
        if "size" in changes:
            words.append(f"{self.config} {'would be' if dry else 'was'} changed to {megabytes} MB.")
        if "running" in changes and restarts:
            words.append(f"memcached {'would be' if dry else 'was'} restarted for it.")
            words.append(f"That {'empties' if dry else 'emptied'} {use.restart_empties}.")
            words.append(_AVOIDED)
        elif "running" in changes:
            words.append(f"memcached {'would take' if dry else 'took'} it as it runs, and keeps what it holds.")
        due = now is not None and now.megabytes != megabytes and "running" not in changes
        if now is None:
            words.append("memcached does not answer now; it has this size once it starts.")
        elif due:
            words.append(
                f"A restart is due: memcached has {now.megabytes} MB until then. It empties {use.restart_empties}."
            )
        comment = " ".join(words) or f"memcached has {megabytes} MB."
        return Resized(changes, comment, kept, due, use.restart_empties, restarts and not dry)


# oslo.cache: memcache_dead_retry, of [cache] or [memcache], is five minutes unless somebody set it.
_AVOIDED = (
    "A process of keystone's that asks while it is away leaves it alone for memcache_dead_retry (300 s by default):"
    " restart keystone where that is too long."
)


def _check_room(megabytes: int, before: int, now: Reading | None) -> None:
    """Raise Refused when this machine could not fill a size that is larger than the present one."""
    memory = machine.memory()
    most = ((now.held if now else 0) + memory.available) // MEGABYTE
    if megabytes > before and megabytes > most:
        raise Refused(
            f"this machine can't give memcached {megabytes} MB",
            f"it has {memory.total // MEGABYTE} MB, of which memcached could have {most}",
            "choose a size below that: filled, it would be swapped out or killed",
        )


def _resizes(now: Reading | None) -> bool:
    numbers = re.findall(r"\d+", now.version)[:3] if now else []
    return tuple(int(number) for number in numbers) >= _RESIZES_SINCE
