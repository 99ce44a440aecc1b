"""How much memory this machine has, and could still give away (proc(5), /proc/meminfo)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from osregions.errors import RegionsError

_KILOBYTE = 1 << 10


@dataclass(frozen=True)
class Memory:
    """In bytes."""

    total: int
    available: int


def memory(proc: str | Path = "/proc") -> Memory:
    """Look at this machine's memory. Raises RegionsError when it can't be told."""
    path = Path(proc, "meminfo")
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError as err:
        raise RegionsError(f"this machine's memory can't be told: {err.strerror}", str(path)) from err
    found = {
        words[0].rstrip(":"): int(words[1]) * _KILOBYTE for words in lines if len(words) > 1 and words[1].isdigit()
    }
    # Kernels before 3.14 do not say what is available: what is free, and what only holds files, is near it.
    available = found.get("MemAvailable", found.get("MemFree", 0) + found.get("Cached", 0))
    return Memory(found.get("MemTotal", 0), available)
