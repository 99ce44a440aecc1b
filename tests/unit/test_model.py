"""What comes from another minion is trusted in nothing."""

import copy
import json

import pytest

from osregions.errors import Refused
from osregions.model import Endpoint, Export, Finding, Region, Service

EXPORT = Export(
    Region("RegionTwo", "", None, "{}"),
    (Service("s1", "identity", 1, '{"name": "keystone"}'), Service("s2", "image", 0, None)),
    (
        Endpoint("e1", None, "public", "RegionTwo", "s1", "http://two:5000/v3", 1, "{}"),
        Endpoint("e2", "legacy", "admin", "RegionTwo", "s2", "http://two/%(tenant_id)s", 0, None),
    ),
    "alembic:a",
    22,
)


def test_an_export_survives_the_way_through_salt():
    assert Export.from_dict(json.loads(json.dumps(EXPORT.as_dict()))) == EXPORT
    assert [row.id for row in EXPORT.identity_endpoints()] == ["e1"]


def but(path, value):
    data = copy.deepcopy(EXPORT.as_dict())
    *parents, last = path
    place = data
    for parent in parents:
        place = place[parent]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return data


E1 = EXPORT.as_dict()["endpoints"][0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "None' is no exported region"),
        ("text", "is no exported region"),
        ({}, "is no exported region"),
        ({"local": EXPORT.as_dict()}, "without Salt's `local` around it"),
        (but(["schema"], KeyError), "is no exported region"),
        (but(["more"], 1), "is no exported region"),
        (but(["services"], {}), "must be lists"),
        (but(["release"], "22"), "release must be a number"),
        (but(["release"], True), "release must be a number"),
        (but(["schema"], None), "schema a text"),
        (but(["region"], "RegionTwo"), "is no row of region"),
        (but(["region", "id"], 5), "id can't be 5"),
        (but(["region", "id"], ""), "id can't be ''"),
        (but(["services", 0, "enabled"], "1"), "enabled can't be '1'"),
        (but(["services", 0, "url"], "x"), "is no row of service"),
        (but(["endpoints", 0, "url"], KeyError), "is no row of endpoint"),
        (but(["endpoints", 0, "url"], None), "url can't be None"),
        (but(["endpoints", 0, "url"], ["x"]), "url can't be ['x']"),
        (but(["endpoints", 0, "region_id"], "RegionOne"), "endpoints e1 are not RegionTwo's"),
        (but(["endpoints", 0, "service_id"], "s9"), "endpoints e1 have no service"),
        (but(["endpoints", 1], E1), "endpoint e1 stands there twice"),
    ],
)
def test_what_is_no_export_is_refused(data, words):
    with pytest.raises(Refused) as caught:
        Export.from_dict(data)
    assert words in str(caught.value) and caught.value.remedy


@pytest.mark.parametrize("extra", [None, "", "{}", "[]", "junk", "null", '{"name": null}'])
def test_a_service_may_have_no_name(extra):
    assert Service("s", "image", 1, extra).name == ""


def test_a_finding_is_a_sentence():
    assert str(Finding("c", "error", "here", "it is so.", "mend it.")) == "[c] here: it is so. mend it."
