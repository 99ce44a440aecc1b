"""How far a replica is behind at least, where it has not applied in time what home had."""

import pytest

from osregions.replication import lag
from osregions.replication.dialect import Dialect
from osregions.replication.server import Channel, Server

MARIADB, MYSQL = Dialect(True, (10, 11, 6)), Dialect(False, (8, 4, 0))
HOME, OWN = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4e11fa47-71ca-11e1-9e33-c80aa9429562"


def region(dialect, received, position, behind):
    channel = Channel("ours", "10.0.0.1", 3306, "r", "Yes", "Yes", (0, ""), (0, ""), received, True, False, {}, behind)
    return Server(dialect, {}, position, (channel,), ())


@pytest.mark.parametrize(
    ("dialect", "received", "position", "behind", "said"),
    [
        (MARIADB, "1-1-90", "1-1-80,2-2-5", 12.0, 12.0),
        (MARIADB, "1-1-90", "1-1-80", 0.0, 0.5),  # the server's seconds are whole ones
        (MARIADB, "1-1-90", "1-1-80", None, 0.5),
        (MARIADB, "1-1-89", "1-1-80", 0.0, None),  # not even received
        (MARIADB, "", "1-1-80", 600.0, None),
        (MARIADB, "", "1-1-90", 3.0, 3.0),  # what came before this connection was begun anew
        (MYSQL, f"{HOME}:50-90", f"{HOME}:1-80,\n{OWN}:1-3", 7.0, 7.0),
        (MYSQL, f"{HOME}:50-89", f"{HOME}:1-80", 7.0, None),
        (MYSQL, "", f"{HOME}:1-80", 0.0, None),
    ],
)
def test_at_least(dialect, received, position, behind, said):
    home = "1-1-90" if dialect.mariadb else f"{HOME}:1-90"
    assert lag.at_least(0.5, home, region(dialect, received, position, behind), "ours") == said


def test_without_a_connection_nobody_knows():
    assert lag.at_least(0.5, "1-1-90", region(MARIADB, "1-1-90", "1-1-80", 1.0), "another") is None
