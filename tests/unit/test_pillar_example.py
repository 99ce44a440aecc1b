"""pillar.example names every key that pillar may hold, and what it shows is right, commented out or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from osregions import settings
from osregions.replication import wishes

FOLDER = Path(__file__).resolve().parents[2] / "pillar.example"
_COMMENTED = re.compile(r"^(\s*)# (\s*[a-z_-]+:(?: .*)?)$")


def _shown(name="openstack_regions"):
    """A file of the example as it stands, and with every commented key taken in."""
    text = (FOLDER / f"{name}.sls").read_text()
    opened = "\n".join(match[1] + match[2] if (match := _COMMENTED.match(line)) else line for line in text.splitlines())
    # Two ways to say one thing: the commented one is meant to take the other's place.
    opened = opened.replace("\n  identity: follow\n", "\n")
    return yaml.safe_load(text)[settings.PILLAR], yaml.safe_load(opened)[settings.PILLAR]


def _whole():
    """Everything that the files show, as pillar merges them."""
    return {
        **_shown()[1],
        **_shown("openstack_regions_credentials")[1],
        **_shown("openstack_regions_replication")[1],
    }


def test_as_it_stands():
    found = settings.read(_shown()[0])
    assert (found.home, found.join) == ("RegionOne", "RegionTwo")


def test_with_every_comment_taken_in():
    found = settings.read(_whole())
    accounts = settings.credentials_of(_whole(), found.known, lambda uri: f"from {uri}")
    assert accounts["glance"].password == "from sdb://vault/openstack/glance"
    assert accounts["glance"].replaces == ("glance_two",)
    billing = found.known.folders["billing"]
    assert [(url.section, url.option, url.interface) for url in billing.urls] == [
        ("backend", "identity_url", "internal"),
        ("DEFAULT", "login_url", "public"),
    ]
    assert billing.services[0].port == 8999


def test_replication_as_it_is_shown():
    found = wishes.read(_whole(), settings.read(_whole()), lambda uri: f"from {uri}")
    (account,) = found.accounts("keystone")
    assert (account.user, account.hosts, account.tls) == ("osr_regiontwo", ("10.213.2.11",), True)
    link = found.link("RegionTwo", "keystone")
    assert (link.host, link.port, link.user) == ("10.213.1.11", 3306, "osr_regiontwo")
    assert link.password == account.password == "from sdb://vault/openstack/replication-regiontwo"
    assert found.account_here().password == "from sdb://vault/mysql-root"
    bare = wishes.read({}, settings.read(_shown()[0]))
    assert bare.tls is None and bare.accounts("keystone") == ()


def test_no_key_is_missing():
    opened = _whole()
    for key, schema in settings.SCHEMA.items():
        assert key in opened
        if isinstance(schema, Mapping):
            present = set().union(*opened[key].values()) if key == "regions" else set(opened[key])
            assert set(schema) == present, key
