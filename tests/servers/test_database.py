"""A session with a real server whose connection is lost on the way: an error with its remedy, whatever goes on."""

from __future__ import annotations

import pytest

from osregions import database
from osregions.errors import DatabaseError
from osregions.replication.server import admin_account
from tests.support.mariadb import MariaDB


@pytest.fixture
def account(tmp_path):
    server = MariaDB(tmp_path)
    try:
        server.install()
        yield admin_account(password=server.password, socket=str(server.socket))
    finally:
        server.stop()


def test_a_connection_that_is_lost_while_rows_come(account):
    rows = "SELECT seq, REPEAT('x', 10000) FROM mysql.seq_1_to_100000"
    with (
        pytest.raises(DatabaseError, match=r"lost.*Run this again"),
        database.session(account) as session,
        database.session(account) as other,
    ):
        streaming = session.value("SELECT CONNECTION_ID()")
        for number, _ in session.stream(rows):
            if number == 1:
                other.execute("KILL %s", (streaming,))
