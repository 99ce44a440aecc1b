"""pillar.example names every key that pillar may hold, and what it shows is right, commented out or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from osregions import settings

EXAMPLE = Path(__file__).resolve().parents[2] / "pillar.example" / "openstack_regions.sls"
_COMMENTED = re.compile(r"^(\s*)# (\s*[a-z_]+:(?: .*)?)$")


def _shown():
    """The example as it stands, and with every commented key taken in."""
    text = EXAMPLE.read_text()
    opened = "\n".join(match[1] + match[2] if (match := _COMMENTED.match(line)) else line for line in text.splitlines())
    # Two ways to say one thing: the commented one is meant to take the other's place.
    opened = opened.replace("\n  identity: follow\n", "\n")
    return yaml.safe_load(text)[settings.PILLAR], yaml.safe_load(opened)[settings.PILLAR]


def test_as_it_stands():
    found = settings.read(_shown()[0])
    assert (found.home, found.join) == ("RegionOne", "RegionTwo")


def test_with_every_comment_taken_in():
    settings.read(_shown()[1])


def test_no_key_is_missing():
    _, opened = _shown()
    for key, schema in settings.SCHEMA.items():
        assert key in opened
        if isinstance(schema, Mapping):
            present = set().union(*opened[key].values()) if key == "regions" else set(opened[key])
            assert set(schema) == present, key
