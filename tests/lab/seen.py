"""What `salt-run regions.status` says in the lab, and waiting until it says something."""

from __future__ import annotations

import time

from tests.lab.failing import HOME

PATIENT = "timeout=8"  # all four machines are this one, and that may be busy


def read(lab, master=HOME, *words):
    """What the runner returns."""
    return lab.runner(master, "regions.status", *(words or [PATIENT]), check=False)


def codes(lab):
    """The codes of what is found wrong."""
    return {one["code"] for one in read(lab)["findings"]}


def page(lab, master=HOME):
    """The text of the page that the runner writes."""
    found = lab.runner(master, "regions.report", PATIENT, check=False)
    return lab.exec(master, "cat", found["path"]).stdout


def until(look, ready, seconds):
    """Look until it is so; what was seen last is told where it never is."""
    limit = time.monotonic() + seconds
    while not ready(found := look()):
        assert time.monotonic() < limit, found
    return found


def well(lab, seconds=90):
    """Wait until nothing is wrong."""
    until(lambda: read(lab)["findings"], lambda found: not found, seconds)
