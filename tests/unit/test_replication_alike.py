"""What home and a region have alike beside the rows, and what is said when they have not."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from types import SimpleNamespace

import pytest

from osregions import clocks
from osregions.replication import alike
from osregions.replication.alike import Clocks
from osregions.replication.checks import Schema

SCHEMA = Schema("keystone", ("alembic_version:29e87d24a316",), "utf8", "utf8_general_ci", 1 << 20)


@pytest.mark.parametrize(
    ("asked", "said", "answered", "ahead"),
    [
        (100.0, 100.0, 101.0, 0.0),
        (100.0, 101.0, 101.0, 0.0),
        (100.0, 150.0, 200.0, 0.0),  # a slow line tells less, and nothing wrong
        (100.0, 99.0, 101.0, -1.0),
        (100.0, 103.0, 101.0, 2.0),
    ],
)
def test_the_way_there_and_back_does_not_count(asked, said, answered, ahead):
    assert clocks.ahead(asked, said, answered) == ahead


class Says:
    """A session whose server says one moment after the other."""

    def __init__(self, *seconds):
        self.moments = iter(seconds)

    def value(self, sql):
        assert sql == "SELECT UTC_TIMESTAMP(6)"
        return datetime(2026, 11, 27, 13, 0, next(self.moments), 500_000)


@pytest.mark.parametrize(
    ("home", "own", "node", "found"),
    [
        (10, (10, 11), (10, 11), Clocks(0.0, 0.0)),
        (10, (30, 31), (10, 11), Clocks(0.0, 20.0)),
        (40, (30, 31), (50, 51), Clocks(10.0, -9.0)),
    ],
)
def test_clocks_here_beside_homes(home, own, node, found, monkeypatch):
    start = datetime.fromisoformat("2026-11-27T13:00:00.5+00:00").timestamp()
    moments = iter([start + node[0], start + node[1]])
    monkeypatch.setattr(alike, "time", SimpleNamespace(time=lambda: next(moments)))
    assert alike.read_clocks(Says(home), Says(*own)) == found


@pytest.mark.parametrize("found", [Clocks(0.0, 0.0), Clocks(5.0, -5.0), Clocks(-5.0, 5.0)])
def test_clocks_that_do_no_harm(found):
    assert found.findings == ()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Clocks(-120.0, 0.0),
            ("clock of this node is 120 s behind", "a log-out here leaves a token", "live that much"),
        ),
        (Clocks(0.0, 120.4), ("database server is 120 s ahead", "a log-out at home leaves a token", "end that much")),
        (Clocks(-119.0, -120.0), ("clock of this node is 119 s behind", "that home issued less than 119 s before it")),
        (Clocks(5.1, 0.0), ("node is 5 s ahead", "that was issued here", "NTP; 5 s is the most")),
    ],
)
def test_clocks_that_do(found, words):
    (finding,) = found.findings
    assert all(word in finding for word in words), finding


def test_schemas_that_are_alike():
    same = dataclasses.replace(SCHEMA, charset="utf8mb3", bytes=7)
    assert list(alike.schemas(SCHEMA, same)) == []
    assert list(alike.schemas(None, SCHEMA)) == list(alike.schemas(SCHEMA, None)) == []


def test_schemas_that_differ():
    other = dataclasses.replace(SCHEMA, versions=("alembic_version:b4f8b3f584e0",), charset="latin1")
    schema, charset = alike.schemas(SCHEMA, other)
    assert schema.startswith(
        "the schema is alembic_version:29e87d24a316 at home and alembic_version:b4f8b3f584e0 here: "
    )
    assert "seed this region anew" in schema
    assert charset.startswith("the charset is utf8 at home and latin1 here: ")
    assert "ALTER DATABASE `keystone` CHARACTER SET utf8 COLLATE utf8_general_ci" in charset
