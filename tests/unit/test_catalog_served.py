"""A served catalog laid beside the rows: every difference is a sentence."""

import dataclasses

import pytest

from osregions.catalog.served import compare
from osregions.model import Endpoint, Service

SERVICES = (Service("s", "image", 1, "{}"), Service("off", "dns", 0, "{}"))
ROW = Endpoint("e", None, "public", "RegionOne", "s", "http://one:9292", 1, "{}")
ITEM = {"id": "e", "region": "RegionOne", "region_id": "RegionOne", "interface": "public", "url": "http://one:9292"}


def served(*items):
    return [{"type": "image", "endpoints": list(items)}]


def test_what_is_the_same_or_disabled_is_no_difference():
    rows = (ROW, dataclasses.replace(ROW, id="x", service_id="off"), dataclasses.replace(ROW, id="y", enabled=0))
    assert compare(served(ITEM), SERVICES, rows) == []
    followed = dataclasses.replace(ROW, url="$(public_endpoint)s/v3")
    assert compare(served({**ITEM, "url": "http://one:5000/v3"}), SERVICES, [followed]) == []


@pytest.mark.parametrize(
    ("items", "row", "words"),
    [
        ((), ROW, "image endpoint e (RegionOne) is in the tables, and not served"),
        ((ITEM, {**ITEM, "id": "old"}), ROW, "image endpoint old (RegionOne) is served, and in no table"),
        (({**ITEM, "region_id": "Old"},), ROW, "has the region RegionOne in the tables, Old is served"),
        (({**ITEM, "interface": "admin"},), ROW, "has the interface public in the tables, admin is served"),
        (({**ITEM, "url": "http://x"},), ROW, "has the URL http://one:9292 in the tables, http://x is served"),
        (
            ({**ITEM, "url": "None/v3"},),
            dataclasses.replace(ROW, url="$(public_endpoint)s/v3"),
            "is served as None/v3: set [DEFAULT] public_endpoint",
        ),
    ],
)
def test_each_difference_is_told(items, row, words):
    (line,) = compare(served(*items), SERVICES, [row])
    assert words in line
