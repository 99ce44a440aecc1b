"""What each server is told, as text: the newer MySQLs can be had here in no other way."""

from __future__ import annotations

import pytest

from osregions.errors import RegionsError
from osregions.replication.dialect import NAME, Dialect, Tls, dialect_from

MARIADB, OLD_MARIADB = "10.11.6-MariaDB-0+deb12u1-log", "5.5.5-10.1.48-MariaDB"
M56, M57, M8022, M8036, M84 = "5.6.24-log", "5.7.44", "8.0.22", "8.0.36-0ubuntu0.22.04.1", "8.4.3"


def words(dialect, text):
    """A statement with what follows its last value."""
    return text.split("=%s")[0], text.rsplit("%s, ", 1)[-1]


@pytest.mark.parametrize(
    ("version", "head", "tail"),
    [
        (MARIADB, f"CHANGE MASTER '{NAME}' TO MASTER_HOST", "MASTER_USE_GTID=slave_pos"),
        (OLD_MARIADB, f"CHANGE MASTER '{NAME}' TO MASTER_HOST", "MASTER_USE_GTID=slave_pos"),
        (M56, "CHANGE MASTER TO MASTER_HOST", "MASTER_AUTO_POSITION=1"),
        (M57, "CHANGE MASTER TO MASTER_HOST", f"MASTER_AUTO_POSITION=1 FOR CHANNEL '{NAME}'"),
        (
            M8022,
            "CHANGE MASTER TO MASTER_HOST",
            f"MASTER_AUTO_POSITION=1, GET_MASTER_PUBLIC_KEY=1 FOR CHANNEL '{NAME}'",
        ),
        (
            M8036,
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST",
            f"SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1 FOR CHANNEL '{NAME}'",
        ),
        (
            M84,
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST",
            f"SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1 FOR CHANNEL '{NAME}'",
        ),
    ],
)
def test_a_source_is_told(version, head, tail):
    dialect = dialect_from(version)
    name = NAME if dialect.named else ""
    text, values = dialect.change(name, "10.0.0.1", 3306, "osr", "s3cr3t", None, 1.0, 2)
    assert words(dialect, text) == (head, tail)
    assert text.count("%s") == len(values) and "s3cr3t" not in text and "s3cr3t" in values


def test_tls_is_told_and_then_no_key_is_asked_for():
    text, values = dialect_from(M84).change(NAME, "h", 1, "u", "p", Tls("/ca", "/cert", "/key", True), 1.0, 2)
    assert (
        "SOURCE_SSL=%s, SOURCE_SSL_CA=%s, SOURCE_SSL_CERT=%s, SOURCE_SSL_KEY=%s, SOURCE_SSL_VERIFY_SERVER_CERT=%s"
        in (text)
    )
    assert values[-5:] == (1, "/ca", "/cert", "/key", 1) and "PUBLIC_KEY" not in text


@pytest.mark.parametrize(
    ("version", "status", "start", "stop", "reset"),
    [
        (
            MARIADB,
            "SHOW ALL SLAVES STATUS",
            f"START SLAVE '{NAME}'",
            f"STOP SLAVE '{NAME}'",
            f"RESET SLAVE '{NAME}' ALL",
        ),
        (M56, "SHOW SLAVE STATUS", "START SLAVE", "STOP SLAVE", "RESET SLAVE ALL"),
        (
            M57,
            "SHOW SLAVE STATUS",
            f"START SLAVE FOR CHANNEL '{NAME}'",
            f"STOP SLAVE FOR CHANNEL '{NAME}'",
            f"RESET SLAVE ALL FOR CHANNEL '{NAME}'",
        ),
        *(
            (
                version,
                "SHOW REPLICA STATUS",
                f"START REPLICA FOR CHANNEL '{NAME}'",
                f"STOP REPLICA FOR CHANNEL '{NAME}'",
                f"RESET REPLICA ALL FOR CHANNEL '{NAME}'",
            )
            for version in (M8022, M8036, M84)
        ),
    ],
)
def test_threads(version, status, start, stop, reset):
    dialect = dialect_from(version)
    name = NAME if dialect.named else ""
    assert (dialect.status(), dialect.start(name), dialect.stop(name), dialect.reset(name)) == (
        status,
        start,
        stop,
        reset,
    )


@pytest.mark.parametrize(
    ("version", "until"),
    [
        (MARIADB, f"START SLAVE '{NAME}' UNTIL master_gtid_pos=%s"),
        (M56, "START SLAVE SQL_THREAD UNTIL SQL_AFTER_GTIDS=%s"),
        (M84, f"START REPLICA SQL_THREAD UNTIL SQL_AFTER_GTIDS=%s FOR CHANNEL '{NAME}'"),
    ],
)
def test_up_to_a_position(version, until):
    dialect = dialect_from(version)
    assert dialect.start_until(NAME if dialect.named else "", "1-1-5") == (until, ("1-1-5",))


@pytest.mark.parametrize(
    ("version", "filters", "file"),
    [
        (
            MARIADB,
            (
                f"SET @@default_master_connection = '{NAME}'",
                "SET GLOBAL replicate_wild_do_table = 'my\\\\_keystone.%'",
                "SET @@default_master_connection = ''",
            ),
            f"[mysqld]\n{NAME}.replicate_wild_do_table = my\\_keystone.%\n",
        ),
        (M56, (), "[mysqld]\nreplicate-wild-do-table = my\\_keystone.%\n"),
        (
            M57,
            ("CHANGE REPLICATION FILTER REPLICATE_WILD_DO_TABLE = ('my\\\\_keystone.%')",),
            "[mysqld]\nreplicate-wild-do-table = my\\_keystone.%\n",
        ),
        (
            M84,
            (f"CHANGE REPLICATION FILTER REPLICATE_WILD_DO_TABLE = ('my\\\\_keystone.%') FOR CHANNEL '{NAME}'",),
            f"[mysqld]\nreplicate-wild-do-table = {NAME}:my\\_keystone.%\n",
        ),
    ],
)
def test_one_database_alone(version, filters, file):
    dialect = dialect_from(version)
    name = NAME if dialect.named else ""
    assert dialect.filters(name, "my_keystone") == filters
    assert dialect.option_file(name, "my_keystone") == file


def test_the_columns_of_all_are_alike():
    row = {
        "Replica_IO_Running": "Yes",
        "Source_Host": "h",
        "Seconds_Behind_Source": 3,
        "Source_SSL_Allowed": "No",
        "Replica_SQL_Running_State": "",
        "Get_Source_public_key": 1,
        "Channel_Name": NAME,
    }
    assert set(Dialect.columns(row)) == {
        "Slave_IO_Running",
        "Master_Host",
        "Seconds_Behind_Master",
        "Master_SSL_Allowed",
        "Slave_SQL_Running_State",
        "Get_Master_public_key",
        "Channel_Name",
    }


@pytest.mark.parametrize("version", ["5.5.62", "10.0.1-MariaDB", "PostgreSQL 15"])
def test_what_has_no_gtids_is_refused(version):
    with pytest.raises(RegionsError):
        dialect_from(version)


def test_no_text_gets_into_a_statement_unseen():
    with pytest.raises(RegionsError, match="can't stand in a statement"):
        dialect_from(MARIADB).start("x'; DROP")
