"""What must hold before a region replicates home: each thing that is wrong, by its words and its remedy."""

from __future__ import annotations

import dataclasses

import pytest

from osregions.errors import Refused
from osregions.replication.checks import End, Schema, check, refuse
from osregions.replication.dialect import Dialect
from osregions.replication.server import Server

SCHEMA = Schema("keystone", ("alembic_version:29e87d24a316",), "utf8", "utf8_general_ci", 1 << 20)


def end(region, number, mariadb=True, version=(10, 11, 6), **variables):
    said = {"server_id": str(number), "gtid_domain_id": str(number), "log_bin": "ON", "binlog_format": "ROW"}
    if not mariadb:
        said |= {"gtid_mode": "ON", "enforce_gtid_consistency": "ON", "log_slave_updates": "ON"}
    return End(region, Server(Dialect(mariadb, version), {**said, **variables}, "", (), ()), SCHEMA, 22)


HOME, REGION = end("RegionOne", 1), end("RegionTwo", 2)


def said(home=HOME, region=REGION, free=None):
    return [f"{one.problem}; {one.remedy}" for one in check(home, region, free)]


def test_a_pair_that_fits():
    assert said() == []
    assert said(region=dataclasses.replace(REGION, schema=None)) == []
    assert said(free=3 << 20) == []
    mysql = end("RegionOne", 1, False, (5, 6, 24)), end("RegionTwo", 2, False, (5, 6, 24))
    assert said(*mysql) == []


@pytest.mark.parametrize(
    ("home", "region", "words"),
    [
        (end("RegionOne", 1, log_bin="OFF"), REGION, "writes no binary log; set log_bin"),
        (end("RegionOne", 1, binlog_format="MIXED"), REGION, "binlog_format is MIXED"),
        (HOME, end("RegionTwo", 1, gtid_domain_id="2"), "server_id is 1 at RegionOne and 1 at RegionTwo"),
        (HOME, end("RegionTwo", 2, gtid_domain_id="1"), "gtid_domain_id is 1 at both"),
        (HOME, end("RegionTwo", 2, version=(10, 6, 1)), "MariaDB 10.6.1 is older than RegionOne's MariaDB 10.11.6"),
        (HOME, end("RegionTwo", 2, False, (8, 0, 36)), "let both be MariaDB, or both MySQL"),
        (
            end("RegionOne", 1, False, (8, 0, 36), gtid_mode="OFF"),
            end("RegionTwo", 2, False, (8, 0, 36)),
            "gtid_mode is OFF at RegionOne",
        ),
        (
            end("RegionOne", 1, False, (5, 6, 24)),
            end("RegionTwo", 2, False, (5, 6, 24), log_slave_updates="OFF"),
            "log_slave_updates is off at RegionTwo",
        ),
        (dataclasses.replace(HOME, schema=None), REGION, "has no keystone database"),
        (
            dataclasses.replace(HOME, schema=dataclasses.replace(SCHEMA, versions=())),
            dataclasses.replace(REGION, schema=None),
            "tells no schema version",
        ),
        (HOME, dataclasses.replace(REGION, release=30), "keystone is 22 at RegionOne and 30 at RegionTwo"),
        (
            HOME,
            dataclasses.replace(REGION, schema=dataclasses.replace(SCHEMA, versions=("migrate_version:109",))),
            "schema is alembic_version:29e87d24a316 at RegionOne and migrate_version:109 at RegionTwo",
        ),
        (
            HOME,
            dataclasses.replace(REGION, schema=dataclasses.replace(SCHEMA, charset="latin1")),
            "charset is utf8 at RegionOne and latin1 at RegionTwo",
        ),
    ],
)
def test_what_stands_in_the_way(home, region, words):
    (problem,) = said(home, region)
    assert words in problem


def test_utf8_has_two_names():
    assert said(region=dataclasses.replace(REGION, schema=dataclasses.replace(SCHEMA, charset="utf8mb3"))) == []


def test_room():
    (problem,) = said(free=(3 << 20) - 1)
    assert "2 MB are free at RegionTwo, and home's keystone has 1 MB" in problem


def test_all_is_refused_at_once():
    with pytest.raises(Refused) as error:
        refuse(check(end("RegionOne", 1, log_bin="OFF", binlog_format="STATEMENT"), REGION), "RegionTwo")
    assert "log_bin" in str(error.value) and "STATEMENT" in str(error.value)
    refuse((), "RegionTwo")
