"""P5 and P6, deciding: how a region's rows come into home's catalog, and how they leave it again."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.catalog import merge, view
from osregions.catalog.identity_urls import IdentityUrls, wish_from
from osregions.errors import Refused, RegionsError, SettingsError
from osregions.model import DeleteRow, Endpoint, Export, InsertRow, Region, Service

SCHEMA = "alembic:29e87d24a316+e25ffa003242"
FOLLOW = IdentityUrls()
TWO = Region("RegionTwo", "", None, None)


def service(ident, kind, name="", enabled=1):
    return Service(ident, kind, enabled, f'{{"name": "{name}"}}' if name else "{}")


def endpoint(ident, of, interface="public", url="http://two:9292/%(tenant_id)s", region="RegionTwo", enabled=1):
    return Endpoint(ident, None, interface, region, of, url, enabled, "{}")


def exported(services, endpoints, region=TWO, schema=SCHEMA, release=22):
    return Export(region, tuple(services), tuple(endpoints), schema, release)


def home(services=(), endpoints=(), regions=(), schema=SCHEMA):
    return view.ImportPicture("keystone at home", schema, tuple(regions), tuple(services), tuple(endpoints))


def after(picture, changes):
    """Home as it is once the changes were carried out."""
    kinds = {"region": (Region, "regions"), "service": (Service, "services"), "endpoint": (Endpoint, "endpoints")}
    for change in changes:
        kind, name = kinds[change.table]
        rows = getattr(picture, name)
        if isinstance(change, InsertRow):
            assert change.row["id"] not in [row.id for row in rows]
            picture = replace(picture, **{name: (*rows, kind(**change.row))})
        else:
            picture = replace(picture, **{name: tuple(row for row in rows if row.id != change.row["id"])})
    return picture


def inserted(plan, table):
    return [change.row for change in plan.changes if change.table == table]


def test_services_become_homes_by_type_and_name_and_endpoints_keep_their_ids():
    export = exported(
        [service("t-glance", "image", "glance"), service("t-unused", "dns", "designate")],
        [endpoint("e1", "t-glance"), endpoint("e2", "t-glance", "internal")],
    )
    picture = home([service("h-glance", "image", "glance"), service("h-other", "image", "glance-v1")])
    plan = merge.plan_import(picture, export, FOLLOW)
    assert inserted(plan, "region") == [asdict(TWO)]
    assert inserted(plan, "service") == [], "one entry for each type, and what has no endpoint stays away"
    assert inserted(plan, "endpoint") == [asdict(replace(row, service_id="h-glance")) for row in export.endpoints]
    assert [change.table for change in plan.changes] == ["region", "endpoint", "endpoint"]


def test_the_only_service_of_a_type_is_taken_whatever_it_is_called():
    export = exported([service("t", "image", "glance2")], [endpoint("e", "t")])
    plan = merge.plan_import(home([service("h", "image", "glance")]), export, FOLLOW)
    assert inserted(plan, "endpoint")[0]["service_id"] == "h"


def test_of_several_services_none_is_guessed():
    export = exported([service("t", "image", "glance2")], [endpoint("e", "t")])
    picture = home([service("h1", "image", "glance"), service("h2", "image", "other")])
    with pytest.raises(Refused, match="several services") as caught:
        merge.plan_import(picture, export, FOLLOW)
    assert "h1" in str(caught.value) and "h2" in str(caught.value) and "t)" in str(caught.value)


def test_a_service_that_home_lacks_comes_along_before_its_endpoints():
    export = exported([service("t", "share", "manila")], [endpoint("e", "t")])
    plan = merge.plan_import(home(), export, FOLLOW)
    assert [change.table for change in plan.changes] == ["region", "service", "endpoint"]
    assert inserted(plan, "service") == [asdict(export.services[0])]


def test_verbatim_brings_every_service_as_it_is():
    export = exported([service("t", "image", "glance"), service("t-unused", "dns", "designate")], [endpoint("e", "t")])
    plan = merge.plan_import(home([service("h", "image", "glance")]), export, FOLLOW, verbatim=True)
    assert [row["id"] for row in inserted(plan, "service")] == ["t", "t-unused"]
    assert inserted(plan, "endpoint")[0]["service_id"] == "t"


def test_disabled_rows_and_odd_values_are_copied_as_they_are():
    odd = endpoint("e", "t", url="http://x/$(tenant_id)s/%(project_id)s/\\'\"\n\u017c", enabled=0)
    export = exported(
        [service("t", "share", "manila", enabled=0)], [replace(odd, legacy_endpoint_id="old", extra=None)]
    )
    plan = merge.plan_import(home(), export, FOLLOW)
    assert inserted(plan, "endpoint") == [asdict(export.endpoints[0])]
    assert inserted(plan, "service")[0]["enabled"] == 0


V3 = "$(public_endpoint)s/v3"


@pytest.mark.parametrize("release", range(8, 31))
@pytest.mark.parametrize(
    ("interface", "url", "old", "new"),
    [
        ("public", "http://two:5000/v2.0", "$(public_endpoint)s/v2.0", V3),
        ("internal", "http://two:5000/v2.0/", "$(public_endpoint)s/v2.0", V3),
        ("admin", "http://two:35357/v2.0", "$(admin_endpoint)s/v2.0", V3),
        ("admin", "http://two:35357/v3", "$(admin_endpoint)s/v3", V3),
        ("public", "http://two/identity", V3, V3),
        ("public", V3, V3, V3),
    ],
)
def test_identity_follows_the_keystone_that_serves_it(release, interface, url, old, new):
    export = exported([service("t", "identity", "keystone")], [endpoint("e", "t", interface, url)], release=release)
    plan = merge.plan_import(home([service("h", "identity", "keystone")]), export, FOLLOW)
    # v2.0 and a port for admins went with Queens, 13
    assert inserted(plan, "endpoint")[0]["url"] == (old if release <= 12 else new)


def test_identity_can_have_urls_of_its_own():
    wish = wish_from({"public": "http://home:5000/v2.0", "admin": "http://home:35357/v2.0"})
    export = exported(
        [service("t", "identity"), service("g", "image")],
        [endpoint("e1", "t"), endpoint("e2", "t", "admin"), endpoint("e3", "g")],
    )
    plan = merge.plan_import(home(), export, wish)
    urls = {row["id"]: row["url"] for row in inserted(plan, "endpoint")}
    assert urls == {"e1": "http://home:5000/v2.0", "e2": "http://home:35357/v2.0", "e3": export.endpoints[2].url}
    with pytest.raises(SettingsError, match="no URL is given for the interface internal"):
        merge.plan_import(home(), exported([service("t", "identity")], [endpoint("e", "t", "internal")]), wish)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("folow", "'folow' says nothing"),
        ({"pubic": "http://x"}, "'pubic' is no interface"),
        ({"public": "home:5000"}, "'home:5000' is no URL"),
        ({"public": 5}, "5 is no URL"),
    ],
)
def test_a_wish_for_identity_is_checked(wish, words):
    with pytest.raises(SettingsError) as caught:
        wish_from(wish, "pillar x")
    assert words in str(caught.value) and "pillar x" in str(caught.value)


GLANCE = service("h", "image", "glance")


@pytest.mark.parametrize(
    ("picture", "export", "words"),
    [
        (
            home([GLANCE], [endpoint("e", "h", url="http://other")], [TWO]),
            exported([service("t", "image", "glance")], [endpoint("e", "t")]),
            "endpoint e (url: 'http://other' there, 'http://two:9292/%(tenant_id)s' coming)",
        ),
        (
            home([service("t", "volume", "cinder")]),
            exported([service("t", "image", "glance")], [endpoint("e", "t")]),
            "service t (type: 'volume' there, 'image' coming",
        ),
        (
            home([service("t", "image", "other")]),
            exported([service("t", "image", "glance")], [endpoint("e", "t")]),
            "verbatim: service t (extra:",
        ),
        (
            home([GLANCE], [endpoint("by-hand", "h")], [TWO]),
            exported([service("t", "image", "glance")], [endpoint("e", "t")]),
            "under other ids: by-hand (public http://two:9292",
        ),
        (
            home([GLANCE], [endpoint("by-hand", "h", region="regiontwo")], [TWO]),
            exported([service("t", "image", "glance")], [endpoint("e", "t")]),
            "under other ids: by-hand",
        ),
        (
            home(schema="migrate:keystone=75"),
            exported([], []),
            "has the schema alembic:29e87d24a316+e25ffa003242, home",
        ),
        (home(), exported([], [], replace(TWO, parent_region_id="Europe")), "lies in a region Europe that home"),
        (
            home(regions=[replace(TWO, id="regiontwo")]),
            exported([], []),
            "home's region (id='regiontwo'",
        ),
        (
            home(regions=[replace(TWO, parent_region_id="Asia")]),
            exported([], []),
            "is not the one that comes in",
        ),
        (home(), exported([], [], replace(TWO, id="x'; DROP TABLE region")), "can't be a region's name"),
        (home(), exported([], [], release=31), "keystone 31 is not among the releases"),
        (
            home([GLANCE]),
            exported(
                [service("a", "image", "one"), service("b", "image", "two")], [endpoint("e1", "a"), endpoint("e2", "b")]
            ),
            "e1 of a and e2 of b",
        ),
    ],
)
def test_doubt_is_refused_with_the_rows_named(picture, export, words):
    verbatim = words.startswith("verbatim: ")
    with pytest.raises(RegionsError) as caught:
        merge.plan_import(picture, export, FOLLOW, verbatim)
    assert words.removeprefix("verbatim: ") in str(caught.value)
    assert caught.value.remedy


def test_homes_own_rows_of_that_region_stay_and_are_named():
    own = endpoint("own", "swift")
    plan = merge.plan_import(
        home([GLANCE, service("swift", "object-store")], [own], [TWO]),
        exported([service("t", "image", "glance")], [endpoint("e", "t")]),
        FOLLOW,
    )
    assert plan.kept == (own,)
    assert [change.table for change in plan.changes] == ["endpoint"]


def test_a_parent_that_home_has_and_a_description_of_homes_own_are_fine():
    child = replace(TWO, parent_region_id="Europe")
    picture = home(regions=[Region("Europe", "", None, None)])
    assert inserted(merge.plan_import(picture, exported([], [], child), FOLLOW), "region") == [asdict(child)]
    worded = home(regions=[Region("Europe", "", None, None), replace(child, description="in words of home")])
    assert merge.plan_import(worded, exported([], [], child), FOLLOW).changes == ()


def test_a_half_imported_attempt_with_the_same_rows_is_finished():
    export = exported([service("t", "share")], [endpoint("e1", "t"), endpoint("e2", "t", "admin")])
    whole = merge.plan_import(home(), export, FOLLOW).changes
    for there in range(len(whole) + 1):
        rest = merge.plan_import(after(home(), whole[:there]), export, FOLLOW).changes
        assert rest == whole[there:]


kinds = st.sampled_from(["image", "volume", "identity", "compute"])
service_names = st.sampled_from(["", "glance", "cinder", "keystone"])


@st.composite
def services(draw, prefix):
    count = draw(st.integers(0, 4))
    return [
        service(f"{prefix}{number}", draw(kinds), draw(service_names), draw(st.integers(0, 1)))
        for number in range(count)
    ]


@st.composite
def exports(draw):
    rows = draw(services("t"))
    pairs = (
        draw(st.lists(st.tuples(st.sampled_from(rows), st.sampled_from(["public", "internal", "admin"])), max_size=8))
        if rows
        else []
    )
    endpoints = [
        endpoint(f"e{number}", row.id, interface, draw(st.text(min_size=1)), enabled=draw(st.integers(0, 1)))
        for number, (row, interface) in enumerate(pairs)
    ]
    return exported(rows, endpoints, release=draw(st.integers(8, 30)))


@given(exports(), services("h"), st.booleans())
def test_an_import_is_whole_idempotent_and_leaves_no_trace_when_undone(export, present, verbatim):
    picture = home(present)
    try:
        plan = merge.plan_import(picture, export, FOLLOW, verbatim)
    except Refused:
        return
    there = after(picture, plan.changes)
    assert merge.plan_import(there, export, FOLLOW, verbatim).changes == ()
    assert [row.id for row in there.endpoints] == [row.id for row in export.endpoints], "no row lost or doubled"
    kinds_at_home = {row.id: row.type for row in there.services}
    kinds_there = {row.id: row.type for row in export.services}
    for row, came in zip(there.endpoints, export.endpoints, strict=True):
        assert kinds_at_home[row.service_id] == kinds_there[came.service_id]
        assert replace(row, service_id="", url="") == replace(came, service_id="", url="")
        assert row.url == came.url or kinds_at_home[row.service_id] == "identity"
    brought = [row.id for row in there.services if row not in picture.services]
    region = view.RegionPicture("home", there.regions[0], ("RegionTwo",), there.services, there.endpoints, (), ())
    use = {
        row.service_id: sum(other.service_id == row.service_id for other in there.endpoints) for row in there.endpoints
    }
    assert after(there, merge.plan_removal(region, brought, use)) == picture


def removal(references=(), filters=(), services=(), endpoints=(), region=TWO):
    return view.RegionPicture("keystone at home", region, ("RegionTwo",), services, endpoints, references, filters)


def test_a_removal_takes_endpoints_orphans_and_the_region_in_that_order():
    rows = (endpoint("e1", "own"), endpoint("e2", "shared"))
    picture = removal(services=(service("own", "share"), service("shared", "image")), endpoints=rows)
    changes = merge.plan_removal(picture, ["own", "not-there"], {"own": 1, "shared": 2})
    assert [(type(change), change.table, change.row["id"]) for change in changes] == [
        (DeleteRow, "endpoint", "e1"),
        (DeleteRow, "endpoint", "e2"),
        (DeleteRow, "service", "own"),
        (DeleteRow, "region", "RegionTwo"),
    ]
    assert merge.plan_removal(removal(region=None), ["own"], {}) == ()
    with pytest.raises(Refused, match="has endpoints in other regions"):
        merge.plan_removal(picture, ["shared"], {"own": 1, "shared": 2})


@pytest.mark.parametrize(
    ("references", "filters", "words"),
    [
        ([view.Reference("limit", "region_id", 64, True, 2, 2)], [], "limit.region_id (2 rows)"),
        ([view.Reference("region", "parent_region_id", 255, True, 1, 1)], [], "region.parent_region_id (1 rows)"),
        ([], [view.Filter("g", '{"region_id": "RegionTwo"}')], "endpoint_group g"),
    ],
)
def test_a_region_that_is_in_use_is_not_removed(references, filters, words):
    endpoints = view.Reference("endpoint", "region_id", 255, True, 3, 3)
    merge.plan_removal(removal([endpoints]), [], {})
    with pytest.raises(Refused) as caught:
        merge.plan_removal(removal([endpoints, *references], filters), [], {})
    assert words in str(caught.value)


def test_two_services_without_names_stay_two_when_they_come_again():
    export = exported([service("t1", "x"), service("t2", "x")], [endpoint("e1", "t1"), endpoint("e2", "t2", "admin")])
    there = after(home(), merge.plan_import(home(), export, FOLLOW).changes)
    assert len(there.services) == 2 and merge.plan_import(there, export, FOLLOW).changes == ()
