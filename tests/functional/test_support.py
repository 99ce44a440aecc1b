"""The ground that the functional tests stand on: servers that are real, and Salt's own loader."""

import os
import signal
import time


def test_a_database_is_its_owners_alone(mariadb, database):
    database.query("CREATE TABLE region (id VARCHAR(255) PRIMARY KEY)")
    database.query("INSERT INTO region VALUES (%s)", "RegionOne")
    other = mariadb.create("support_other")
    assert database.query("SELECT id FROM region") == (("RegionOne",),)
    assert other.query("SHOW DATABASES LIKE %s", database.name) == ()


def test_committed_rows_survive_a_killed_server(mariadb, database):
    database.query("CREATE TABLE t (n INT) ENGINE=InnoDB")
    database.query("INSERT INTO t VALUES (7)")
    time.sleep(1.1)  # the log is written once a second
    os.kill(mariadb.pid, signal.SIGKILL)
    mariadb.stop()
    mariadb.start()
    assert database.query("SELECT n FROM t") == ((7,),)


def test_memcached_counts(memcached):
    server = memcached()
    before = int(server.stats()["cmd_set"])
    assert server.client().set("key", "value")
    assert server.client().get("key") == "value"
    assert int(server.stats()["cmd_set"]) == before + 1


def test_loaders_hold_salt_and_test_mode(loaders):
    assert loaders.modules["test.ping"]() is True
    assert loaders.states["test.succeed_with_changes"](name="x")["result"] is True
    assert loaders.dry.states["test.succeed_with_changes"](name="x")["result"] is None
    # config.get, not pillar.get: from Salt 3008 on that one masks what it returns outside of templates
    assert loaders.but(pillar={"a": {"b": 1}}).modules["config.get"]("a:b") == 1


def test_a_schema_is_keystones_own(keystone_schema):
    made = keystone_schema("support_schema")
    tables = {row[0] for row in made.query("SHOW TABLES")}
    assert {"region", "service", "endpoint", "token", "alembic_version"} <= tables
    assert made.query("SELECT count(*) FROM region") == ((0,),)
    filled = keystone_schema("support_schema", bootstrapped=True)
    assert filled.query("SELECT id FROM region") == (("RegionOne",),)


def test_keystone_serves_its_own_database(keystone):
    assert [region["id"] for region in keystone.api("GET", "/regions")["regions"]] == ["RegionOne"]
    urls = {endpoint["url"] for endpoint in keystone.api("GET", "/endpoints")["endpoints"]}
    assert urls == {f"{keystone.url}/v3"}
    keystone.database.query("UPDATE region SET description = 'seen' WHERE id = 'RegionOne'")
    assert keystone.api("GET", "/regions/RegionOne")["region"]["description"] == "seen"
    assert str(keystone.database.port) in keystone.conf.read_text()
