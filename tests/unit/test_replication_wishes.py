"""What pillar wants of replication is asked for a region that is one; and what was done is told as done."""

from __future__ import annotations

import pytest

from osregions import settings
from osregions.errors import SettingsError
from osregions.replication import operations, wishes

REGIONS = {name: {"public_endpoint": f"http://{name.lower()}:5000"} for name in ("RegionOne", "RegionTwo")}


@pytest.mark.parametrize(
    ("region", "words"),
    [("", "salt-call grains.setval region"), ("RegionNine", "no region RegionNine in pillar (the grain `region`)")],
)
@pytest.mark.parametrize(
    "asked",
    [lambda wish, of: wish.number(of), lambda wish, of: wish.discard(of), lambda wish, of: wish.link(of, "keystone")],
)
def test_a_minion_of_no_region_is_told_so(asked, region, words):
    found = wishes.read({}, settings.read({"home": "RegionOne", "regions": REGIONS}))
    with pytest.raises(SettingsError) as error:
        asked(found, region)
    assert words in str(error.value)
    assert "declared are RegionOne, RegionTwo" in error.value.remedy


def test_what_was_done_is_not_told_as_a_plan():
    assert operations._told({"rights": ["x"]}, "all is well", dry=False) == "done: rights"
    assert operations._told({"rights": ["x"]}, "all is well", dry=True) == "would be done: rights"
    assert operations._told({}, "all is well", dry=True) == "all is well"
