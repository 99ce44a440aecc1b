"""What beacon and engine cost a minion: memory and processor time, beside the same minion without them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psutil

from tests.delivery.conftest import build_wheel, install_wheel
from tests.support.node import Node

ROOT = Path(__file__).resolve().parents[1]
_SETTLING, _WATCHED = 12, 30  # seconds


def _cost(process: psutil.Process) -> tuple[float, float]:
    """Megabytes of a minion's processes, what they share counted once, and their seconds of processor time."""
    whole = [process, *process.children(recursive=True)]
    memory = sum(one.memory_full_info().pss for one in whole) / 2**20
    return memory, sum(sum(one.cpu_times()[:2]) for one in whole)


def _measured(node: Node, **minion: object) -> tuple[float, float]:
    process = psutil.Process(node.minion(**minion).pid)
    if minion.get("engine", True):
        node.ready()
    time.sleep(_SETTLING)
    _, before = _cost(process)
    time.sleep(_WATCHED)
    memory, after = _cost(process)
    process.terminate()
    process.wait(30)
    return memory, (after - before) / _WATCHED * 100


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory(prefix="osr-") as name:
        folder = Path(name)
        wheel = build_wheel(ROOT, folder / "wheel")
        node = Node(folder, install_wheel(wheel, folder / "packages"))
        try:
            node.keep(node.pillar())
            bare = _measured(node, beacon=[{"enabled": False}], engine=False)
            whole = _measured(node)
        finally:
            node.stop()
    print(
        f"beacon and engine, as they are by default: {whole[0] - bare[0]:.1f} MB, {whole[1] - bare[1]:.2f} % of a core;"
        f" the minion without them {bare[0]:.1f} MB, {bare[1]:.2f} %"
    )


if __name__ == "__main__":
    main()
