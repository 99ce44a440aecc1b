"""What is kept of pillar for the day when no master gives it: everything but secrets, and only for root."""

import pytest

from osregions import settings
from osregions.errors import RegionsError
from osregions.reach import snapshot

PILLAR = {
    "openstack_regions": {
        "home": "RegionOne",
        "regions": {
            "RegionOne": {"public_endpoint": "http://one:5000"},
            "RegionTwo": {"public_endpoint": "http://two:5000"},
        },
        "repoint": {"wait": 30},
        "credentials": {"glance": {"password": "hidden-glance"}},
        "replication": {"passwords": {"RegionTwo": "hidden-replication"}},
    },
    "others": {"secret": "hidden-others"},
}


def test_what_is_kept_reads_as_the_same_cloud(tmp_path):
    assert snapshot.write("RegionTwo", PILLAR, tmp_path)
    kept = snapshot.read(tmp_path)
    assert kept["region"] == "RegionTwo"
    found = settings.read(kept["openstack_regions"])
    assert (found.home, list(found.regions)) == ("RegionOne", ["RegionOne", "RegionTwo"])
    assert settings.section(kept, "repoint") == {"wait": 30}


def test_no_secret_is_kept_and_nobody_else_reads_it(tmp_path):
    snapshot.write("RegionTwo", PILLAR, tmp_path)
    path = tmp_path / "settings.json"
    assert "hidden" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_written_once_and_not_at_all_when_dry(tmp_path):
    assert snapshot.write("RegionTwo", PILLAR, tmp_path, dry=True)
    assert snapshot.read(tmp_path) is None
    assert snapshot.write("RegionTwo", PILLAR, tmp_path)
    assert not snapshot.write("RegionTwo", PILLAR, tmp_path)


def test_a_pillar_that_is_there_counts_before_what_was_kept(tmp_path):
    snapshot.write("RegionTwo", PILLAR, tmp_path)
    given = {"openstack_regions": {"home": "Elsewhere"}}
    assert snapshot.pillar(given, tmp_path) is given
    assert snapshot.pillar({}, tmp_path)["openstack_regions"]["home"] == "RegionOne"
    assert snapshot.pillar({}, tmp_path / "nothing") == {}


def test_a_pillar_that_salt_could_not_render_counts_after_what_was_kept(tmp_path):
    broken = {"openstack_regions": {"failover": {}}, "_errors": ["Specified SLS 'x' is not available"]}
    assert snapshot.pillar(broken, tmp_path) is broken
    snapshot.write("RegionTwo", PILLAR, tmp_path)
    assert snapshot.pillar(broken, tmp_path)["openstack_regions"]["home"] == "RegionOne"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"region": "RegionTwo"}'])
def test_damage_is_said(tmp_path, damage):
    snapshot.write("RegionTwo", PILLAR, tmp_path)
    (tmp_path / "settings.json").write_text(damage)
    with pytest.raises(RegionsError, match=r"can't be read .*settings.json"):
        snapshot.pillar({}, tmp_path)


def test_every_section_with_passwords_is_left_out():
    """A section that the schema calls secret, or reads by itself, is known here: a new one must be thought about."""
    holds = {
        name
        for name, check in settings.SCHEMA.items()
        if check is settings._mapping
        or (isinstance(check, dict) and any(one in (settings._secret, settings._mapping) for one in check.values()))
    }
    assert holds - {"projects"} == set(snapshot.SECRET)
