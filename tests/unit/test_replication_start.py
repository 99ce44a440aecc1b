"""Where replication starts behind a seed is decided from what the region's server holds."""

import pytest

from osregions.errors import Refused
from osregions.replication.dialect import dialect_from
from osregions.replication.server import Channel, Server
from osregions.replication.start import Present, Start, start_position

HOME, OWN = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4e11fa47-71ca-11e1-9e33-c80aa9429562"


def channel(name: str, received: str = "", running: bool = True) -> Channel:
    yes = "Yes" if running else "No"
    return Channel(name, "10.0.0.1", 3306, "u", yes, yes, (0, ""), (0, ""), received, True, False, {})


def mariadb(applied="", logged="", channels=(), domain=2, **variables) -> Present:
    variables = {"gtid_domain_id": str(domain), "server_id": "2", **variables}
    return Present(Server(dialect_from("10.11.6-MariaDB"), variables, "", tuple(channels), ()), applied, logged)


def mysql(executed="", version="5.6.24", channels=()) -> Present:
    server = Server(dialect_from(version), {"server_uuid": OWN}, executed, tuple(channels), ())
    return Present(server, executed=executed)


@pytest.mark.parametrize(
    ("there", "start"),
    [
        (mariadb(), Start("slave_pos", "1-1-9")),
        (mariadb(applied="7-7-7"), Start("slave_pos", "1-1-9")),
        (mariadb(applied="1-1-9,7-7-7"), Start("nothing", "1-1-9")),
        (mariadb(applied="1-1-12", logged="1-1-12,2-2-5"), Start("slave_pos", "1-1-9")),
        (mariadb(channels=[channel("other", "7-7-7")]), Start("slave_pos", "1-1-9", pause=("other",))),
        (mariadb(channels=[channel("other", "7-7-7", running=False)]), Start("slave_pos", "1-1-9")),
        (mariadb(channels=[channel("openstack_regions", "1-1-5", running=False)]), Start("slave_pos", "1-1-9")),
    ],
)
def test_mariadb(there, start):
    assert start_position("1-1-9", 1, there) == start


def test_the_regions_own_writes_that_came_to_home_are_not_taken_back():
    assert start_position("1-1-9,2-2-3", 1, mariadb(logged="2-2-8")).value == "1-1-9,2-2-8"


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (mariadb(domain=1), "both write in the GTID domain 1"),
        (mariadb(channels=[channel("openstack_regions")]), "replicates from 10.0.0.1 at this moment"),
        (mariadb(channels=[channel("other", "1-1-3")]), "brings home's GTID domain 1 already"),
        (mariadb(logged="1-1-12", gtid_strict_mode="ON"), "logged home's transactions up to 12, and home is at 9"),
    ],
)
def test_mariadb_refused(there, why):
    with pytest.raises(Refused, match=why):
        start_position("1-1-9", 1, there)


@pytest.mark.parametrize(
    ("there", "start"),
    [
        (mysql(), Start("purged", f"{HOME}:1-9")),
        (mysql(f"{HOME}:1-9"), Start("nothing", f"{HOME}:1-9")),
        (mysql(f"{OWN}:1-5"), Start("inject", f"{HOME}:1-9", 9)),
        (mysql(f"{HOME}:1-4,{OWN}:1-5"), Start("inject", f"{HOME}:5-9", 5)),
        (mysql(f"{HOME}:1-4,{OWN}:1-5", "8.0.36"), Start("append", f"{HOME}:5-9")),
        (mysql(f"{HOME}:1-4,{OWN}:1-5", "5.7.44", [channel("other")]), Start("inject", f"{HOME}:5-9", 5)),
    ],
)
def test_mysql(there, start):
    assert start_position(f"{HOME}:1-9", 0, there) == start


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (mysql(f"{OWN}:1"), "home's 9 transactions .* one by one, and 8 is the limit .* RESET MASTER"),
        (mysql(f"{HOME}:1-12", "8.0.36"), f"executed 3 transactions of home's that home does not have: {HOME}:10-12"),
        (mysql(channels=[channel("")]), "replicates from 10.0.0.1 at this moment"),
    ],
)
def test_mysql_refused(there, why):
    with pytest.raises(Refused, match=why):
        start_position(f"{HOME}:1-9", 0, there, limit=8)
