"""The part `docs`: the guide is built, with every warning an error, and needs nothing from elsewhere to be read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tests.support import parts, venvs

SOURCE = parts.ROOT / "docs"
RENDERED = parts.ROOT / "build" / "guide"
# What a browser fetches by itself. A link that a reader follows (`<a href=`) is none of these.
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)\s*=\s*["']?((?:https?:)?//[^"'\s>]+)"""
)
_FETCHED_BY_CSS = re.compile(r"""(?:@import\s+|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")


def run(out: TextIO) -> parts.Outcome:
    """Build the guide into build/guide, and say what came of it."""
    shutil.rmtree(RENDERED, ignore_errors=True)
    total = parts.Outcome()
    for name, wrong in (("sphinx", _build()), ("rendered offline", "\n".join(fetched(RENDERED)))):
        print(f"{wrong}\n    {name}: FAILED" if wrong else f"    {name}: ok", file=out, flush=True)
        total += parts.Outcome(failed=1, notes=(f"docs: {name} failed",)) if wrong else parts.Outcome(passed=1)
    print(f"    {RENDERED}/index.html", file=out, flush=True)
    return total


def _build() -> str:
    """Sphinx's own words when it did not end well."""
    python = venvs.place(venvs.DOCS) / "bin" / "python"
    words = ("-W", "--keep-going", "--quiet", "--fresh-env", "-b", "html", "-d", f"{RENDERED}.cache")
    done = subprocess.run(
        [str(python), "-m", "sphinx", *words, str(SOURCE), str(RENDERED)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.returncode:
        return ""
    return f"{done.stdout}{done.stderr}".strip() or f"sphinx ended with {done.returncode}"


def fetched(folder: Path) -> Iterator[str]:
    """What the pages of a folder would fetch from elsewhere when they are looked at; a sentence each."""
    pages = sorted(folder.rglob("*.html"))
    if not pages:
        yield f"there is no page in {folder}"
    for path in [*pages, *sorted(folder.rglob("*.css"))]:
        text = path.read_text(encoding="utf-8")
        found = _FETCHED_BY_CSS if path.suffix == ".css" else _FETCHED
        for url in sorted(set(found.findall(text))):
            yield f"{path.relative_to(folder)} fetches {url}"
