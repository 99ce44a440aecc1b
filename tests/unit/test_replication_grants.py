"""SHOW GRANTS read into data: real texts of MariaDB 10.11 and MySQL 5.6, written ones of MySQL 8.."""

from __future__ import annotations

import pytest

from osregions.replication.grants import Holder, Privileges, Right, covers, names, parse, spelled_out

HASH = "*2B602296A79E0A8784ACC5C88D92E46588CCA3C3"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # MariaDB 10.11
        (f"GRANT USAGE ON *.* TO `k`@`%` IDENTIFIED BY PASSWORD '{HASH}'", set()),
        ("GRANT ALL PRIVILEGES ON `keystone`.* TO `k`@`%`", {Right("ALL PRIVILEGES", "keystone")}),
        (
            "GRANT ALL PRIVILEGES ON `key\\_stone`.* TO `k`@`%` WITH GRANT OPTION",
            {Right("ALL PRIVILEGES", "key\\_stone"), Right("GRANT OPTION", "key\\_stone")},
        ),
        (
            f"GRANT SELECT ON *.* TO `o`@`10.0.0.%` IDENTIFIED BY PASSWORD '{HASH}' REQUIRE SSL"
            " WITH MAX_QUERIES_PER_HOUR 5",
            {Right("SELECT")},
        ),
        (
            "GRANT SELECT (`extra`, `id`), INSERT, UPDATE (`last_active_at`) ON `keystone`.`user` TO `k`@`localhost`",
            {
                Right("SELECT", "keystone", "user", "extra"),
                Right("SELECT", "keystone", "user", "id"),
                Right("INSERT", "keystone", "user"),
                Right("UPDATE", "keystone", "user", "last_active_at"),
            },
        ),
        ("GRANT SELECT ON `keystone`.* TO PUBLIC", {Right("SELECT", "keystone")}),
        ("GRANT SELECT, DELETE HISTORY ON `k`.* TO `r`", {Right("SELECT", "k"), Right("DELETE HISTORY", "k")}),
        ("GRANT DELETE VERSIONING ROWS ON `k`.`t` TO `r`", {Right("DELETE HISTORY", "k", "t")}),
        # MySQL 5.6
        (f"GRANT USAGE ON *.* TO 'k'@'%' IDENTIFIED BY PASSWORD '{HASH}'", set()),
        (
            "GRANT SELECT (extra, id), INSERT, UPDATE (last_active_at) ON `keystone`.`user` TO 'k'@'localhost'",
            {
                Right("SELECT", "keystone", "user", "extra"),
                Right("SELECT", "keystone", "user", "id"),
                Right("INSERT", "keystone", "user"),
                Right("UPDATE", "keystone", "user", "last_active_at"),
            },
        ),
        (
            f"GRANT ALL PRIVILEGES ON *.* TO 'a'@'%' IDENTIFIED BY PASSWORD '{HASH}' WITH GRANT OPTION",
            {Right("ALL PRIVILEGES"), Right("GRANT OPTION")},
        ),
        (
            "GRANT USAGE ON *.* TO 'a'@'%' WITH GRANT OPTION MAX_QUERIES_PER_HOUR 5",
            {Right("GRANT OPTION")},
        ),
        # MySQL 8, as its manual writes them
        (
            "GRANT SELECT, RELOAD, SHUTDOWN ON *.* TO `root`@`localhost`",
            {Right("SELECT"), Right("RELOAD"), Right("SHUTDOWN")},
        ),
        ("GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO `a`@`%`", {Right("SYSTEM_VARIABLES_ADMIN")}),
        ("GRANT UPDATE (`a`) ON `k`.`user` TO `k`@`%`", {Right("UPDATE", "k", "user", "a")}),
        # an account whose name reads like a grant
        ("GRANT SELECT ON `k`.* TO `x WITH GRANT OPTION`@`%`", {Right("SELECT", "k")}),
    ],
)
def test_a_grant_is_read(line, expected):
    assert parse([line]) == (frozenset(expected), ())


@pytest.mark.parametrize(
    "line",
    [
        "GRANT `r` TO `k`@`localhost`",
        "SET DEFAULT ROLE `r` FOR `k`@`localhost`",
        "GRANT `r`@`%`,`s`@`%` TO `k`@`%`",
        "REVOKE INSERT ON `mysql`.* FROM `k`@`%`",
        "GRANT PROXY ON ``@`%` TO `root`@`localhost` WITH GRANT OPTION",
        "GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION",
        "GRANT EXECUTE ON PROCEDURE `keystone`.`p` TO `k`@`%`",
    ],
)
def test_what_is_no_list_of_privileges_is_handed_on_unread(line):
    assert parse([line]) == (frozenset(), (line,))


def test_no_hash_is_handed_on():
    _, unknown = parse([f"GRANT `r` TO `k`@`%` IDENTIFIED BY PASSWORD '{HASH}'"])
    assert unknown == ("GRANT `r` TO `k`@`%`",)


def test_all_is_spelled_out_at_its_level_and_stays_when_global():
    known = Privileges(frozenset({"SELECT", "EVENT"}), frozenset({"SELECT", "INDEX"}))
    found = spelled_out(
        {Right("ALL PRIVILEGES"), Right("ALL PRIVILEGES", "k"), Right("ALL PRIVILEGES", "k", "t")}, known
    )
    assert found == {
        Right("ALL PRIVILEGES"),
        Right("SELECT", "k"),
        Right("EVENT", "k"),
        Right("SELECT", "k", "t"),
        Right("INDEX", "k", "t"),
    }


@pytest.mark.parametrize(
    ("right", "database", "by_name", "reaches"),
    [
        (Right("INSERT"), "keystone", False, True),
        (Right("INSERT", "keystone"), "keystone", True, True),
        (Right("INSERT", "nova"), "keystone", False, False),
        (Right("INSERT", "key\\_stone"), "key_stone", True, True),
        (Right("INSERT", "key_stone"), "key_stone", True, True),
        (Right("INSERT", "key_stone"), "keyXstone", False, True),
        (Right("INSERT", "key\\_stone"), "keyXstone", False, False),
        (Right("INSERT", "key%"), "keystone", False, True),
        (Right("INSERT", "%"), "keystone", False, True),
        (Right("INSERT", "key.tone"), "keystone", False, False),
        (Right("INSERT", "key_stone", "user"), "key_stone", True, True),
        (Right("INSERT", "key_stone", "user"), "keyXstone", False, False),
    ],
)
def test_which_database_a_right_reaches(right, database, by_name, reaches):
    assert names(right, database) is by_name
    assert covers(right, database) is reaches


def test_a_holder_knows_its_rights_on_a_database():
    rights = frozenset({Right("SELECT", "keystone"), Right("SELECT", "nova"), Right("PROCESS")})
    assert Holder("k", "%", rights).on("keystone") == {Right("SELECT", "keystone")}
    assert Holder("k", "%", rights).name == "k@%"
    assert Holder("r", "", rights, role=True).name == "r"
