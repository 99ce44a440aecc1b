"""Minions as a state on a master asks them: whoever a target matches, the first of them, those this master knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from osregions.errors import RegionsError

Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Minions:
    """A master's way to its minions: Salt's own functions, `saltutil.cmd` and `saltutil.runner`, are handed in."""

    cmd: Callable[..., Answers]
    runner: Callable[..., Any]
    timeout: float  # seconds of silence after which a minion is asked whether it is still at it

    def ask(self, target: str | list[str], fun: str, *args: Any, tgt_type: str = "compound", **kwargs: Any) -> Answers:
        """What each minion of a target answered: `ret`, and `retcode` where it failed."""
        return self.cmd(target, fun, arg=args, tgt_type=tgt_type, timeout=self.timeout, kwarg=kwargs)

    def first(self, target: str) -> str:
        """A target of one minion of a target, always the same; raises RegionsError when none answers."""
        answers = self.ask(target, "test.ping")
        if not answers:
            raise RegionsError(f"no minion answered to {target}", remedy="are the grains set, and the minions up?")
        return f"L@{min(answers)}"

    def known(self, target: str) -> Mapping[str, Any]:
        """The minions of a target as this master knows them, whether they answer or not."""
        return self.runner("cache.grains", tgt=target, tgt_type="compound") or {}
