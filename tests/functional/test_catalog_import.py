"""P5 and P6 on real tables: a region's rows leave one keystone, come into another's, and can go again."""

import copy
import json

import pytest

from tests.support import clouds


@pytest.fixture(params=clouds.SCHEMAS)
def pair(request, loaders, mariadb, keystone_schema, memcached):
    """Home, with rows of RegionOne, and the cluster that joins, which is called RegionTwo already."""
    made = []
    for name in ("home", "two"):
        database, release = clouds.schema(request.param, mariadb, keystone_schema)
        made.append(clouds.Cloud(loaders, database, name, release, [memcached()] if name == "home" else []))
    home, two = made
    home.fill("RegionOne", "a")
    two.fill("RegionTwo", "b")
    two.strip()
    yield home, two
    for cloud in made:
        cloud.pending.unlink(missing_ok=True)
        mariadb.drop(cloud.database.name)


liberty = pytest.mark.parametrize("pair", ["liberty"], indirect=True)


def export(cloud, region="RegionTwo", **options):
    return json.loads(json.dumps(cloud.modules["keystone_catalog.export_region"](region, **options)))


def imported(states, rows, **options):
    return states["keystone_catalog.region_imported"]("RegionTwo", rows=rows, **options)


def endpoints(cloud, region):
    rows = cloud.database.query(
        "SELECT e.id, e.legacy_endpoint_id, e.interface, s.type, e.url, e.extra, e.enabled FROM endpoint e"
        " JOIN service s ON s.id = e.service_id WHERE e.region_id = %s",
        region,
    )
    return {row[0]: row[1:] for row in rows}


def test_a_region_comes_into_home_and_goes_again(pair):
    home, two = pair
    rows = export(two)
    before, there = home.tables(), two.tables()
    shown = imported(home.dry, rows)
    assert shown["result"] is None and home.tables() == before and not home.backups.exists()
    done = imported(home.states, rows)
    assert done["result"] is True, done
    assert done["changes"] == shown["changes"] != {}

    after = home.tables()
    assert {table for table in after if after[table] != before[table]} == {"region", "endpoint"}
    assert after["service"] == before["service"], "one entry for each type: home's own"
    for table in ("region", "endpoint"):
        assert set(before[table]) < set(after[table]), "home's own rows are as they were"
    came, were = endpoints(home, "RegionTwo"), endpoints(two, "RegionTwo")
    assert len(came) == 9 and came.keys() == were.keys(), "ids are kept"
    for ident, row in came.items():
        if row[2] == "identity":
            # v2.0 and the port for admins went with Queens; these rows say /v3
            admin = row[1] == "admin" and home.release <= 12
            assert row[3] == f"$({'admin' if admin else 'public'}_endpoint)s/v3"
        else:
            assert row == were[ident]
    assert two.tables() == there, "nothing is written where rows are read"

    again = imported(home.states, rows)
    assert (again["result"], again["changes"]) == (True, {})
    assert imported(home.dry, rows)["result"] is True
    assert len(home.modules["keystone_catalog.backups"]()) == 1

    shown = home.dry["keystone_catalog.region_absent"]("RegionTwo")
    assert shown["result"] is None and home.tables() == after
    gone = home.states["keystone_catalog.region_absent"]("RegionTwo")
    assert gone["result"] is True and gone["changes"] == shown["changes"]
    assert home.tables() == before
    assert home.states["keystone_catalog.region_absent"]("RegionTwo")["changes"] == {}


def test_verbatim_brings_the_services_too_and_orphans_go_with_the_region(pair):
    home, two = pair
    before = home.tables()
    done = imported(home.states, export(two), services="verbatim")
    assert done["result"] is True, done
    # by content: the columns of two databases may have another order
    assert set(before["service"]) < set(home.tables()["service"])
    services = {row[0] for row in home.database.query("SELECT id FROM service")}
    assert {"identityb", "imageb", "dnsb"} <= services
    assert {row[0] for row in home.database.query("SELECT service_id FROM endpoint WHERE region_id = 'RegionTwo'")} == {
        "identityb", "imageb", "dnsb",
    }  # fmt: skip
    assert imported(home.states, export(two), services="verbatim")["changes"] == {}
    gone = home.states["keystone_catalog.region_absent"]("RegionTwo", orphans=["identityb", "imageb", "dnsb"])
    assert gone["result"] is True, gone
    assert home.tables() == before


def test_explicit_identity_urls(pair):
    home, two = pair
    urls = {"public": "http://vip:5000/v2.0", "internal": "http://vip:5000/v3", "admin": "http://vip:35357/v2.0"}
    assert imported(home.states, export(two), identity=urls)["result"] is True
    found = {row[1]: row[3] for row in endpoints(home, "RegionTwo").values() if row[2] == "identity"}
    assert found == urls
    assert imported(home.states, export(two), identity=urls)["changes"] == {}


def test_a_plan_can_be_made_before_the_rename(pair):
    _, two = pair
    planned = export(two, "RegionThree", renamed_from="RegionTwo")
    assert two.states["keystone_catalog.region_renamed"]("RegionThree", old="RegionTwo")["result"] is True
    assert export(two, "RegionThree", renamed_from="RegionTwo") == export(two, "RegionThree") == planned


@liberty
def test_nothing_is_exported_by_a_name_that_is_not_there(pair):
    _, two = pair
    for name in ("RegionX", "regiontwo", "RegionTwo' OR '1'='1"):
        with pytest.raises(Exception, match="there is no region") as caught:
            export(two, name)
        assert "RegionTwo" in str(caught.value) and type(caught.value).__name__ == "CommandExecutionError"


def clash(home, rows):
    rows["endpoints"][0]["url"] = "http://changed"
    return "endpoint dns-admin-b (url: 'http://there' there, 'http://changed' coming)"


def by_hand(home, rows):
    home.database.query("DELETE FROM endpoint WHERE id = 'image-public-b'")
    home.database.query(
        "INSERT INTO endpoint (id, interface, service_id, url, enabled, region_id)"
        " VALUES ('by-hand', 'public', 'imagea', 'http://two:9292', 1, 'RegionTwo')"
    )
    return "under other ids: by-hand (public http://two:9292)"


def other_schema(home, rows):
    rows["schema"] = "migrate:keystone=67"
    return "has the schema migrate:keystone=67, home's"


def other_case(home, rows):
    home.database.query("UPDATE endpoint SET region_id = NULL WHERE region_id = 'RegionTwo'")
    home.database.query("UPDATE region SET id = 'regiontwo' WHERE id = 'RegionTwo'")
    return "home's region (id='regiontwo'"


def parent(home, rows):
    home.database.query("DELETE FROM endpoint WHERE region_id = 'RegionTwo'")
    home.database.query("DELETE FROM region WHERE id = 'RegionTwo'")
    rows["region"]["parent_region_id"] = "Europe"
    return "lies in a region Europe that home does not have"


def several(home, rows):
    home.database.query("INSERT INTO service VALUES ('one', 'image', 1, '{}'), ('more', 'image', 1, '{}')")
    rows["services"] = [{**row, "extra": "{}"} for row in rows["services"]]
    return "home has several services that image (no name, imageb) could be"


def no_rows(home, rows):
    rows.clear()
    return "the rows are those of None, not of RegionTwo"


def odd_row(home, rows):
    rows["endpoints"][0]["enabled"] = "yes"
    return "enabled can't be 'yes' in a row of endpoint"


def no_public_endpoint(home, rows):
    home.write(public=None)
    return "public_endpoint is not set"


def too_long(home, rows):
    home.database.query("DELETE FROM endpoint WHERE region_id = 'RegionTwo'")
    rows["endpoints"][0]["interface"] = "much too long"
    return "Data too long for column 'interface'"


def no_memcached(home, rows):
    home.database.query("DELETE FROM endpoint WHERE id = 'image-public-b'")
    home.caches[0].stop()
    return "nothing was changed"


@liberty
@pytest.mark.parametrize(
    "doubt",
    [
        clash, by_hand, other_schema, other_case, parent, several, no_rows, odd_row, no_public_endpoint, too_long,
        no_memcached,
    ],
)  # fmt: skip
def test_what_is_doubtful_is_refused_and_nothing_written(pair, doubt):
    home, two = pair
    rows = export(two)
    assert imported(home.states, rows)["result"] is True
    asked = copy.deepcopy(rows)
    words = doubt(home, asked)
    before = home.tables()
    done = imported(home.states, asked)
    assert done["result"] is False and words in done["comment"], done["comment"]
    assert done["changes"] == {} and home.tables() == before


@liberty
def test_an_attempt_that_stopped_half_way_is_finished(pair):
    home, two = pair
    rows = export(two)
    assert imported(home.states, rows)["result"] is True
    whole = home.tables()
    home.database.query("DELETE FROM endpoint WHERE id LIKE 'image-%%-b'")
    done = imported(home.states, rows)
    assert done["result"] is True and len(done["changes"]) == 3 and home.tables() == whole
    home.database.query("DELETE FROM endpoint WHERE region_id = 'RegionTwo'")
    done = imported(home.states, rows)
    assert done["result"] is True and len(done["changes"]) == 9 and home.tables() == whole


@liberty
def test_a_region_that_is_referred_to_is_not_removed(pair):
    home, _ = pair
    before = home.tables()
    done = home.states["keystone_catalog.region_absent"]("RegionOne")
    assert done["result"] is False and home.tables() == before
    for word in ("policy_association.region_id (1 rows)", "region.parent_region_id (1 rows)", "endpoint_group g0a"):
        assert word in done["comment"]
    done = home.states["keystone_catalog.region_absent"]("regionone")
    assert done["result"] is False and "but one called RegionOne" in done["comment"]
