"""P3: a backup holds what was there to the byte, is its owner's alone, and comes back in one transaction."""

import contextlib
import gzip
import json
import os
import stat
import subprocess
import time
from pathlib import Path

import pytest
from salt.exceptions import CommandExecutionError

from tests.support import clouds


@pytest.fixture(params=["liberty"])
def cloud(request, loaders, mariadb, keystone_schema):
    database, release = clouds.schema(request.param, mariadb, keystone_schema)
    cloud = clouds.Cloud(loaders, database, "node", release)
    cloud.fill()
    yield cloud
    cloud.pending.unlink(missing_ok=True)
    mariadb.drop(database.name)


def odd_table(cloud):
    """A table with values of every kind that a dump could bend."""
    cloud.database.query(
        "CREATE TABLE odd (id INT PRIMARY KEY AUTO_INCREMENT, text_ TEXT, bin_ VARBINARY(300), when_ DATETIME(6),"
        " stamp_ TIMESTAMP NULL, float_ DOUBLE, flag_ TINYINT, big_ BIGINT UNSIGNED, wide_ TEXT CHARACTER SET utf8mb4)"
    )
    with contextlib.closing(cloud.database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+05:30'")
        values = [clouds.ODD, "", None, "NULL", "\\N", "-- Dump completed", "INSERT INTO `region` VALUES (1);\n"]
        for number, text in enumerate(values):
            cursor.execute(
                "INSERT INTO odd VALUES"
                " (%s, %s, %s, '1999-12-31 23:59:59.123456', '2026-03-29 01:30:00', %s, %s, %s, %s)",
                (number, text, bytes(range(256)) if text else None, 0.1, number % 2, 2**64 - 1, "\U0001f600"),
            )


@pytest.mark.one_salt
@pytest.mark.parametrize("cloud", clouds.SCHEMAS, indirect=True)
def test_a_restore_gives_every_row_of_every_table_back(cloud):
    odd_table(cloud)
    made = cloud.modules["keystone_catalog.backup"]("by hand", scope="database")
    before = cloud.tables()
    assert made["rows"] == {table: len(rows) for table, rows in before.items() if table != "token"}
    assert cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")["result"] is True
    cloud.database.query("UPDATE odd SET text_ = 'bent', when_ = NULL")
    cloud.database.query("DELETE FROM endpoint_group")
    assert cloud.tables() != before
    done = cloud.modules["keystone_catalog.restore"](made["backup"])
    assert cloud.tables() == before
    assert done["changes"]["endpoint_group"] == {"old": 0, "new": len(before["endpoint_group"])}
    # and the way back from there
    cloud.modules["keystone_catalog.restore"](done["backup"])
    assert cloud.database.query("SELECT COUNT(*) FROM endpoint_group") == ((0,),)
    assert cloud.modules["keystone_catalog.still_named"]("RegionOne") == {}


def test_one_table_can_be_restored_alone(cloud):
    made = cloud.modules["keystone_catalog.backup"](scope="database")
    before = cloud.tables()
    cloud.database.query("DELETE FROM policy_association")
    cloud.database.query("DELETE FROM endpoint_group")
    cloud.modules["keystone_catalog.restore"](made["backup"], tables=["policy_association"])
    assert cloud.tables() == {**before, "endpoint_group": []}
    with pytest.raises(CommandExecutionError, match="holds no rows of no_such"):
        cloud.modules["keystone_catalog.restore"](made["backup"], tables=["no_such"])


def test_tokens_are_left_out_and_left_alone(cloud):
    cloud.database.query("INSERT INTO token (id, valid) VALUES ('t1', 1)")
    made = cloud.modules["keystone_catalog.backup"](scope="database")
    cloud.database.query("INSERT INTO token (id, valid) VALUES ('t2', 1)")
    cloud.modules["keystone_catalog.restore"](made["backup"])
    assert cloud.database.query("SELECT COUNT(*) FROM token") == ((2,),)


def test_backups_are_their_owners_alone_and_say_what_they_are(cloud):
    before = os.umask(0)
    try:
        made = cloud.modules["keystone_catalog.backup"]("Why? ../../it's for me", scope="database")
    finally:
        os.umask(before)
    for path in cloud.backups.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert Path(made["backup"]).parent == cloud.backups / "database"
    assert "Why-it-s-for-me" in made["backup"] and made["reason"] == "Why? ../../it's for me"
    assert made["schema"].startswith("migrate:") and made["release"] == 8
    assert cloud.modules["keystone_catalog.backups"]() == [made]
    assert cloud.database.password not in json.dumps(made)
    text = gzip.decompress(Path(made["backup"]).read_bytes())
    assert cloud.database.password.encode() not in text
    # the tables' own statements lie beside it: with both, a server that was lost can be filled again
    assert b"CREATE TABLE `endpoint`" in gzip.decompress(
        Path(made["backup"].replace(".sql.gz", ".schema.sql.gz")).read_bytes()
    )


def test_only_the_newest_are_kept(cloud):
    made = [cloud.modules["keystone_catalog.backup"](str(number), scope="catalog")["backup"] for number in range(7)]
    listed = [entry["backup"] for entry in cloud.modules["keystone_catalog.backups"]()]
    assert listed == made[:1:-1], "five are kept, newest first"
    assert cloud.modules["keystone_catalog.prune"](keep=2) == listed[2:]
    assert len(list((cloud.backups / "database").iterdir())) == 4, "two backups with their notes"
    assert cloud.modules["keystone_catalog.restore"]("latest")["comment"]
    for keep in (-1, 0):
        with pytest.raises(CommandExecutionError, match="can't be kept"):
            cloud.modules["keystone_catalog.prune"](keep=keep)


def test_the_oldest_backup_can_be_restored(cloud):
    before = cloud.tables()
    oldest, *_ = [
        cloud.modules["keystone_catalog.backup"](str(number), scope="catalog")["backup"] for number in range(5)
    ]
    cloud.database.query("DELETE FROM endpoint_group")
    cloud.modules["keystone_catalog.restore"](oldest)  # the backup made before it must not push it out
    assert cloud.tables() == before and Path(oldest).exists()


def test_what_a_killed_run_left_is_cleared_after_an_hour(cloud):
    cloud.modules["keystone_catalog.backup"](scope="catalog")
    folder = cloud.backups / "database"
    young, old = folder / "x-1.sql.gz", folder / "x-2.sql.gz"
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 4000,) * 2)
    assert cloud.modules["keystone_catalog.prune"]() == [str(old)]
    assert young.exists() and len(cloud.modules["keystone_catalog.backups"]()) == 1


def test_latest_is_the_latest_of_this_database(cloud, loaders, mariadb):
    mine = cloud.modules["keystone_catalog.backup"](scope="catalog")
    other, _ = clouds.schema("liberty", mariadb, None)
    neighbour = clouds.Cloud(loaders, other, "node", 8, fresh=False)
    theirs = neighbour.modules["keystone_catalog.backup"](scope="catalog")
    cloud.write()
    assert cloud.modules["keystone_catalog.backups"]() == [mine]
    cloud.modules["keystone_catalog.restore"]("latest")
    assert len(cloud.database.query("SELECT * FROM endpoint")) == 10
    with pytest.raises(CommandExecutionError, match=f"is of the database {other.name}, not {cloud.database.name}"):
        cloud.modules["keystone_catalog.restore"](theirs["backup"])
    mariadb.drop(other.name)


def test_a_restore_shows_beforehand_what_it_will_do(cloud):
    made = cloud.modules["keystone_catalog.backup"](scope="catalog")
    cloud.database.query("DELETE FROM endpoint LIMIT 2")
    plan = cloud.modules["keystone_catalog.restore"](made["backup"], ["endpoint"], test=True)
    assert plan["changes"] == {"endpoint": {"old": 8, "new": 10}}
    assert len(cloud.database.query("SELECT * FROM endpoint")) == 8
    assert cloud.modules["keystone_catalog.restore"](made["backup"], ["endpoint"])["changes"] == plan["changes"]


def test_restoring_the_latest_twice_does_not_undo_itself(cloud):
    cloud.modules["keystone_catalog.backup"](scope="catalog")
    cloud.database.query("DELETE FROM endpoint LIMIT 2")
    for _ in range(2):
        cloud.modules["keystone_catalog.restore"]("latest")
        assert len(cloud.database.query("SELECT * FROM endpoint")) == 10


def test_a_note_that_is_damaged_is_no_backup_and_no_hindrance(cloud):
    made = cloud.modules["keystone_catalog.backup"](scope="catalog")
    (cloud.backups / "database" / "stranger.json").write_text("{not json")
    assert cloud.modules["keystone_catalog.backups"]() == [made]
    assert cloud.modules["keystone_catalog.backup"](scope="catalog")["rows"] == made["rows"]


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def bent(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"RegionOne", b"RegionTwo")))


def noteless(path):
    path.with_name(path.name + ".json").unlink()


def gone(path):
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut, "is not what it was"),
        (bent, "is not what it was"),
        (noteless, "is not a backup"),
        (gone, "is not a backup"),
    ],
)
def test_a_backup_that_is_not_whole_is_not_restored(cloud, damage, words):
    made = cloud.modules["keystone_catalog.backup"](scope="catalog")
    damage(Path(made["backup"]))
    cloud.database.query("DELETE FROM endpoint_group")
    before = cloud.tables()
    with pytest.raises(CommandExecutionError, match=words):
        cloud.modules["keystone_catalog.restore"](made["backup"])
    assert cloud.tables() == before


def test_a_backup_of_another_schema_is_not_restored(cloud):
    made = cloud.modules["keystone_catalog.backup"](scope="catalog")
    cloud.database.query("UPDATE migrate_version SET version = 76 WHERE repository_id = 'keystone'")
    before = cloud.tables()
    with pytest.raises(CommandExecutionError, match=r"the database migrate:.*keystone=76"):
        cloud.modules["keystone_catalog.restore"](made["backup"])
    assert cloud.tables() == before


def test_a_restore_that_the_server_refuses_changes_nothing(cloud):
    # Many rows, so that the client ends while there still are some to be written to it.
    with contextlib.closing(cloud.database.connect()) as connection, connection.cursor() as cursor:
        rows = [(f"more{number}", "x" * 2000) for number in range(500)]
        cursor.executemany(
            "INSERT INTO endpoint (id, interface, service_id, url) VALUES (%s, 'public', 'dnsa', %s)", rows
        )
    made = cloud.modules["keystone_catalog.backup"](scope="catalog")
    cloud.database.query("ALTER TABLE endpoint DROP COLUMN legacy_endpoint_id")
    before = cloud.tables()
    with pytest.raises(CommandExecutionError) as caught:
        cloud.modules["keystone_catalog.restore"](made["backup"])
    assert "took no rows back: ERROR 1054" in str(caught.value) and "nothing was changed" in str(caught.value)
    assert "http://there" not in str(caught.value), "a row may hold a secret"
    assert cloud.tables() == before


class Disk:
    """A small file system that can be full."""

    def __init__(self, path, size):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", str(self.path)], check=True)


@pytest.mark.parametrize("size", ["64k", "1200k"])
def test_a_disk_that_is_full_is_found_before_anything_is_changed(cloud, size):
    # What can't be packed: the smaller disk is full from the start, the larger one in the midst.
    with contextlib.closing(cloud.database.connect()) as connection, connection.cursor() as cursor:
        rows = [(f"more{number}", os.urandom(20000).hex()) for number in range(100)]
        cursor.executemany(
            "INSERT INTO endpoint (id, interface, service_id, url) VALUES (%s, 'public', 'dnsa', %s)", rows
        )
    before = cloud.tables()
    with Disk(cloud.backups, size):
        done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
        assert done["result"] is False and done["changes"] == {}
        assert "nothing was changed" in done["comment"] and "make room there" in done["comment"]
        assert [path for path in cloud.backups.rglob("*") if path.is_file()] == []
    assert cloud.tables() == before
    assert cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")["result"] is True


def test_a_dump_that_ends_early_is_no_backup(cloud, tmp_path, monkeypatch):
    real = subprocess.run(["which", "mariadb-dump"], capture_output=True, text=True, check=True).stdout.strip()
    fake = tmp_path / "bin" / "mariadb-dump"
    fake.parent.mkdir()
    for ending, words in (("| head -c 3000", "is not whole"), ("; echo no >&2; exit 3", "mariadb-dump failed: no")):
        fake.write_text(f'#!/bin/bash\n[ "$1" = --version ] && exec {real} --version\n{real} "$@" {ending}\n')
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
        before = cloud.tables()
        done = cloud.states["keystone_catalog.region_renamed"]("RegionTwo", old="RegionOne")
        assert done["result"] is False and words in done["comment"]
        assert cloud.tables() == before and cloud.modules["keystone_catalog.backups"]() == []


def test_the_password_is_in_no_list_of_processes(cloud, tmp_path, monkeypatch):
    real = subprocess.run(["which", "mariadb-dump"], capture_output=True, text=True, check=True).stdout.strip()
    fake = tmp_path / "bin" / "mariadb-dump"
    fake.parent.mkdir()
    seen = tmp_path / "seen"
    fake.write_text(f'#!/bin/bash\n(tr "\\0" " " < /proc/$$/cmdline; env) >> {seen}\nexec {real} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    cloud.modules["keystone_catalog.backup"](scope="catalog")
    assert "--defaults-extra-file=/proc/self/fd/" in seen.read_text()
    assert cloud.database.password not in seen.read_text()
