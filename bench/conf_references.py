"""`oslo_conf.references` over an /etc of 5,000 files, beside the search that the hand procedure begins with.

The tree is what a controller's is: most files have nothing to do with OpenStack, and of those that do, some are the
long ones that packages bring. grep is measured as it is used, a process; ours as a minion runs it, which has
long been started, and as a process that does nothing else.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.conf_edits import sample
from osregions import settings
from osregions.conf import references as ours
from tests.support import corpus

# A controller of kolla's with thirty containers has some 200 such files, one of packstack's half as many.
FILES, SERVICES, LONG, LONG_LINES = 5_000, 200, 20, 4_000
_GREP = ("grep", "-rnE", ":(5000|35357)")
_WORDS = (
    "listen",
    "option",
    "default",
    "path = /usr/lib/",
    "# see the manual",
    "user",
    "127.0.0.1",
    "port: 8080",
    "yes",
)
_ALONE = """
import sys
from osregions import settings
from osregions.conf import references
from tests.support import corpus
found = settings.read(corpus.PILLAR)
references.view(sys.argv[1:], found.known, found.keystones, "RegionTwo")
"""


def grow(root: Path) -> int:
    """Make the tree and return its bytes; the same one every time."""
    chance = random.Random(5000)
    files = [path for path in sorted(corpus.CORPUS.rglob("*")) if path.is_file() and path.name != "expected.json"]
    for number in range(SERVICES):
        source = files[number % len(files)]
        folder = root / "kolla" / f"{number // len(files)}" / source.relative_to(corpus.CORPUS).parent
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / source.name)
    for number in range(LONG):
        folder = root / ("nova", "neutron", "cinder", "glance")[number % 4]
        folder.mkdir(exist_ok=True)
        (folder / f"{folder.name}-{number}.conf").write_text(sample(LONG_LINES))
    for number in range(FILES - SERVICES - LONG):
        folder = root / f"package-{number % 400}" / ("" if number % 3 else "conf.d")
        folder.mkdir(parents=True, exist_ok=True)
        # Half of the files under a Debian's /etc are under 700 bytes, and one in ten is over 4,500.
        lines = max(1, int(chance.lognormvariate(3.2, 1.4)))
        text = "".join(f"{chance.choice(_WORDS)} {chance.choice(_WORDS)}\n" for _ in range(lines))
        (folder / f"file-{number}").write_text(text)
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def references(runs: int) -> None:
    """Measure the three in turn, and print the ratio."""
    found = settings.read(corpus.PILLAR)
    with tempfile.TemporaryDirectory(prefix="bench-references-") as name:
        root = Path(name, "etc")
        size = grow(root)
        count = sum(path.is_file() for path in root.rglob("*"))
        print(f"references: {count:,} files, {size / 1e6:.1f} MB, of which {SERVICES + LONG} are OpenStack's")
        lines = subprocess.run([*_GREP, str(root)], capture_output=True, text=True, check=True).stdout.count("\n")
        places, problems = ours.view([str(root)], found.known, found.keystones, "RegionTwo")
        ways: dict[str, Callable[[], object]] = {
            "grep": lambda: subprocess.run([*_GREP, str(root)], stdout=subprocess.DEVNULL, check=True),
            "ours, in a minion": lambda: ours.view([str(root)], found.known, found.keystones, "RegionTwo"),
            "ours, a process": lambda: subprocess.run([sys.executable, "-c", _ALONE, str(root)], check=True),
        }
        took: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(runs):
            for way, run in ways.items():
                start = time.perf_counter()
                run()
                took[way].append(time.perf_counter() - start)
    told = {"grep": f"{lines:,} lines", "ours, in a minion": f"{len(places):,} places, {len(problems)} problems"}
    for way, seconds in took.items():
        ratio = median(seconds) / median(took["grep"])
        print(f"{way:26}{1e3 * median(seconds):>9,.1f} ms{ratio:>9.2f} times grep  {told.get(way, '')}")
