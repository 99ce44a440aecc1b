"""What a state of this project answers: the outcome of an execution function, in the shape that Salt wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def of(name: str, act: Callable[[bool], Mapping[str, Any]], test: bool, error: type[Exception]) -> dict[str, Any]:
    """Act, or under `test` look, and say what changed or would; `error` is what execution functions raise.

    `act` takes `test` and returns `changes` and `comment`, perhaps with the `backup` that it made.
    """
    ret: dict[str, Any] = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        done = act(test)
    except error as err:
        return {**ret, "result": False, "comment": str(err)}
    comment = done["comment"] + (f"; backup: {done['backup']}" if done.get("backup") else "")
    return {**ret, "result": None if test and done["changes"] else True, "changes": done["changes"], "comment": comment}
