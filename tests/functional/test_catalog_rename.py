"""P4 on real tables: a region gets another name wherever it stands, and bad input touches nothing."""

import json

import pytest

from tests.support import clouds


@pytest.fixture(params=clouds.SCHEMAS)
def cloud(request, loaders, mariadb, keystone_schema, memcached):
    made, release = clouds.schema(request.param, mariadb, keystone_schema)
    cloud = clouds.Cloud(loaders, made, "node", release, [memcached()])
    cloud.fill()
    yield cloud
    cloud.pending.unlink(missing_ok=True)
    mariadb.drop(made.name)


def renamed(tables, old, new):
    """The same rows with the one name written as the other, in the columns and the JSON that name regions."""

    def row(table, values):
        if table == "endpoint_group":
            return tuple(
                value.replace(f'"region_id": "{old}"', f'"region_id": "{new}"') if value else value for value in values
            )
        if table in ("region", "endpoint", "policy_association", "registered_limit"):
            return tuple(new if value == old else value for value in values)
        return values

    return {table: sorted((row(table, values) for values in rows), key=repr) for table, rows in tables.items()}


def test_every_row_gets_the_new_name_and_no_other_changes(cloud):
    before = cloud.tables()
    shown = cloud.dry["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert shown["result"] is None and cloud.tables() == before and not cloud.backups.exists()
    done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert done["result"] is True, done
    assert done["changes"] == shown["changes"] != {}
    assert cloud.tables() == renamed(before, "RegionOne", "RegionTwo") != before
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}
    again = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert (again["result"], again["changes"]) == (True, {})
    assert cloud.dry["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")["result"] is True
    assert len(cloud.modules["keystone_catalog.backups"]()) == 1, "what changes nothing backs up nothing"
    back = cloud.states["keystone_catalog.region_renamed"]("RegionOne", old="RegionTwo")
    assert back["result"] and cloud.tables() == before


def test_what_names_a_region_is_counted(cloud):
    found = cloud.modules["keystone_catalog.still_named"]("RegionOne")
    expected = {
        "endpoint.region_id": 9,
        "policy_association.region_id": 1,
        "region.parent_region_id": 1,
        "region.id": 1,
        "endpoint_group.filters": 1,
    }
    assert found == expected | ({"registered_limit.region_id": 1} if cloud.release >= 13 else {})


def test_a_column_that_only_a_foreign_key_tells_of_is_renamed_too(cloud):
    cloud.database.query(
        "CREATE TABLE site (id INT PRIMARY KEY, lies_in VARCHAR(255), FOREIGN KEY (lies_in) REFERENCES region (id))"
    )
    cloud.database.query("INSERT INTO site VALUES (1, 'RegionOne')")
    done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert done["result"] is True and "site.lies_in" in done["changes"], done
    assert cloud.database.query("SELECT lies_in FROM site") == (("RegionTwo",),)


def test_a_view_is_no_column(cloud):
    cloud.database.query("CREATE VIEW report AS SELECT region_id, url FROM endpoint")
    done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert done["result"] is True, done
    assert {row[0] for row in cloud.database.query("SELECT region_id FROM report")} == {"RegionTwo", None}


def test_rows_that_spell_the_name_in_another_case_come_along(cloud):
    # The collation lets a foreign key point at RegionOne by the word regionone.
    cloud.database.query("UPDATE endpoint SET region_id = 'regionONE' WHERE id = 'image-public-a'")
    done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert done["result"] is True, done
    assert cloud.database.query("SELECT region_id FROM endpoint WHERE id = 'image-public-a'") == (("RegionTwo",),)
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}


def test_a_leftover_of_an_attempt_by_hand_is_taken_up(cloud):
    cloud.database.query("INSERT INTO region VALUES ('RegionTwo', 'by hand', NULL, NULL)")
    done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert done["result"] is True, done
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}
    assert cloud.database.query("SELECT description FROM region WHERE id = 'RegionTwo'") == (("by hand",),)


def break_nothing(cloud):
    pass


def half_by_hand(cloud):
    cloud.database.query("INSERT INTO region VALUES ('RegionTwo', '', NULL, NULL)")
    cloud.database.query("UPDATE endpoint SET region_id = 'RegionTwo' WHERE id = 'image-public-a'")


def other_case(cloud):
    cloud.database.query("INSERT INTO region VALUES ('regiontwo', '', NULL, NULL)")


def unknown_column(cloud):
    cloud.database.query("CREATE TABLE plugin (id INT, region_name VARCHAR(99))")
    cloud.database.query("INSERT INTO plugin VALUES (1, 'RegionOne')")


def other_columns(cloud):
    cloud.database.query("ALTER TABLE region ADD COLUMN url VARCHAR(255)")


def not_json(cloud):
    cloud.database.query("UPDATE endpoint_group SET filters = '{RegionOne' WHERE id = 'g0a'")


def no_table(cloud):
    cloud.database.query("DROP TABLE endpoint")


def no_keystone_schema(cloud):
    for table in ("alembic_version", "migrate_version"):
        cloud.database.query(f"DROP TABLE IF EXISTS {table}")


def no_server(cloud):
    cloud.write(url=cloud.database.url.replace(f":{cloud.database.port}/", ":1/"))


def no_database(cloud):
    cloud.write(url=cloud.database.url.replace(f"/{cloud.database.name}?", "/another?"))


def wrong_password(cloud):
    cloud.write(url=cloud.database.url.replace(cloud.database.password, "Not-The-Password"))


def no_memcached(cloud):
    cloud.caches[0].stop()


def no_connection(cloud):
    cloud.conf.write_text("[DEFAULT]\n")


BAD = [
    (break_nothing, "RegionX", "RegionTwo", "there is no region RegionX"),
    (break_nothing, "RegionOne", "regionone", "differ in case alone"),
    (break_nothing, "regionone", "RegionTwo", "but one called RegionOne"),
    (break_nothing, "RegionOne", "R" * 256, "256 characters is too long"),
    (break_nothing, "RegionOne", "R" * 65, "policy_association.region_id holds 64"),
    (break_nothing, "RegionOne", "x'; DROP TABLE region; --", "can't be a region's name"),
    (break_nothing, "x' OR '1'='1", "RegionTwo", "there is no region x' OR '1'='1"),
    (half_by_hand, "RegionOne", "RegionTwo", "RegionTwo is in use: endpoint.region_id (1 rows)"),
    (other_case, "RegionOne", "RegionTwo", "there is a region regiontwo already"),
    (unknown_column, "RegionOne", "RegionTwo", "no known keystone has: plugin.region_name (1 rows)"),
    (other_columns, "RegionOne", "RegionTwo", "the table region differs from keystone's in: url"),
    (not_json, "RegionOne", "RegionTwo", "endpoint group g0a names RegionOne in a filter that is not JSON"),
    (no_table, "RegionOne", "RegionTwo", "has no table endpoint"),
    (no_keystone_schema, "RegionOne", "RegionTwo", "holds no version of a keystone schema"),
    (no_server, "RegionOne", "RegionTwo", "no database server answers at 127.0.0.1:1"),
    (no_database, "RegionOne", "RegionTwo", "may not enter another"),
    (wrong_password, "RegionOne", "RegionTwo", "refuses catalog"),
    (no_memcached, "RegionOne", "RegionTwo", "does not answer"),
    (no_connection, "RegionOne", "RegionTwo", "[database] connection is not set"),
]


@pytest.mark.parametrize("cloud", ["liberty"], indirect=True)
@pytest.mark.parametrize(("damage", "old", "new", "words"), BAD, ids=lambda value: getattr(value, "__name__", None))
def test_bad_input_has_its_own_error_and_touches_nothing(cloud, damage, old, new, words):
    damage(cloud)
    before = cloud.tables()
    done = cloud.states["keystone_catalog.region_renamed"](new, old=old)
    assert done["result"] is False and done["changes"] == {}
    assert words in done["comment"]
    assert cloud.tables() == before
    assert not list(cloud.backups.rglob("*.sql.gz")), "refused before the backup"
    assert not cloud.pending.exists()
    for secret in (cloud.database.password, "Not-The-Password"):
        assert secret not in json.dumps(done)
    if damage not in (no_memcached, no_keystone_schema):  # a plan asks neither
        shown = cloud.dry["keystone_catalog.region_renamed"](new, old=old)
        assert (shown["result"], shown["comment"]) == (False, done["comment"])


@pytest.mark.parametrize("cloud", ["liberty"], indirect=True)
def test_an_account_that_may_not_write_is_told_so(cloud, mariadb):
    name = cloud.database.name
    mariadb.execute(f"REVOKE INSERT, UPDATE, DELETE ON `{name}`.* FROM `{name}`@`%`")
    before = cloud.tables()
    done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
    assert done["result"] is False and "may not write here" in done["comment"]
    assert cloud.tables() == before
