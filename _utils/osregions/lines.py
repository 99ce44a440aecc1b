"""Words of others as a sentence or a log can hold them."""

from __future__ import annotations

from collections.abc import Iterable


def listed(items: Iterable[str], most: int = 20) -> str:
    """Items as a sentence holds them: of very many, the first few, and how many there are beside."""
    found = list(items)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def one_line(text: str, most: int) -> str:
    """A text from elsewhere as one line of so many characters at most: nothing in it moves a terminal's cursor."""
    return "".join(one if one.isprintable() else " " for one in text)[:most]
