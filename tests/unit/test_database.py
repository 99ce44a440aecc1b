"""The door to keystone's database: its URL, its quoting, and what its errors mean. No server is asked."""

import urllib.parse

import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions import database
from osregions.errors import DatabaseError, Refused

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "mysql+pymysql://k:pw@db.example:3307/keystone?charset=utf8",
            ("k", "pw", "db.example", 3307, "keystone", None),
        ),
        ("mysql://k:pw@db/keystone", ("k", "pw", "db", 3306, "keystone", None)),
        ("mariadb+pymysql://k:pw@db/keystone", ("k", "pw", "db", 3306, "keystone", None)),
        ("mysql+pymysql://k:p%40s%2Fs%25w@db/keystone", ("k", "p@s/s%w", "db", 3306, "keystone", None)),
        ("mysql+pymysql://k:a/b#c?d[e@db/keystone", ("k", "a/b#c?d[e", "db", 3306, "keystone", None)),
        ("mysql://k:a@b@db/keystone?charset=utf8", ("k", "a@b", "db", 3306, "keystone", None)),
        ("mysql://k:a:b@db/keystone", ("k", "a:b", "db", 3306, "keystone", None)),
        ("mysql://k%40x@db/keystone", ("k@x", "", "db", 3306, "keystone", None)),
        ("mysql://k:pw@[fd00::1]:3306/keystone", ("k", "pw", "fd00::1", 3306, "keystone", None)),
        ("mysql://k:pw@[::1]/keystone", ("k", "pw", "::1", 3306, "keystone", None)),
        (
            "mysql+pymysql://k:pw@/keystone?unix_socket=/run/mysqld/mysqld.sock",
            ("k", "pw", "127.0.0.1", 3306, "keystone", "/run/mysqld/mysqld.sock"),
        ),
        ("mysql://k:pw@localhost/keystone?read_timeout=1&mail=a@b", ("k", "pw", "localhost", 3306, "keystone", None)),
        (" mysql://k:pw@db/keystone\n", ("k", "pw", "db", 3306, "keystone", None)),
    ],
)
def test_a_url_is_read_as_sqlalchemy_reads_it(url, expected):
    got = database.account_from_url(url)
    assert (got.user, got.password, got.host, got.port, got.database, got.socket) == expected
    assert got.place == (got.socket or f"{got.host}:{got.port}")


def test_certificates_are_read_out_of_the_url():
    got = database.account_from_url("mysql://k:pw@db/keystone?ssl_ca=/a&ssl_key=/k&ssl_cert=/c")
    assert dict(got.tls) == {"ca": "/a", "key": "/k", "cert": "/c"}


@given(st.text(min_size=1))
def test_any_password_that_is_encoded_comes_out_as_it_was(password):
    try:
        quoted = urllib.parse.quote(password, safe="")
    except UnicodeEncodeError:
        return
    got = database.account_from_url(f"mysql+pymysql://keystone:{quoted}@127.0.0.1/keystone")
    assert got.password == password
    assert len(password) < 5 or password not in repr(got)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://k:{SECRET}@db/keystone", "of the kind 'postgresql'"),
        ("sqlite:////var/lib/keystone/keystone.db", "of the kind 'sqlite'"),
        ("", "of the kind '(none)'"),
        (f"mysql://k:{SECRET}@db", "names no account or no database"),
        ("mysql://db/keystone", "names no account or no database"),
        (f"mysql://k:{SECRET}@db:port/keystone", "is no number"),
        (f"mysql://k:{SECRET}@db:99999/keystone", "is no number"),
    ],
)
def test_another_kind_of_url_is_refused_and_its_password_not_told(url, words):
    with pytest.raises(DatabaseError) as caught:
        database.account_from_url(url, "keystone.conf")
    assert words in str(caught.value) and "keystone.conf" in str(caught.value)
    assert SECRET not in f"{caught.value!r} {caught.value}"


def test_an_account_never_shows_its_password():
    account = database.account_from_url(f"mysql://k:{SECRET}@db/keystone")
    assert SECRET not in f"{account} {account!r}" and account.password == SECRET


def test_keystones_own_options_name_the_account():
    options = {("database", "connection"): f"mysql://k:{SECRET}@db/keystone"}

    class Options:
        def get(self, section, option, default=None):
            return options.get((section, option), default)

    assert database.account_from(Options()).user == "k"
    options.clear()
    options["sql", "connection"] = "mysql://old:x@db/keystone"
    assert database.account_from(Options()).user == "old", "Liberty still reads [sql]"
    options.clear()
    with pytest.raises(DatabaseError, match="connection is not set"):
        database.account_from(Options())


@pytest.mark.parametrize("name", ["region", "limit", "group", "a$b", "T_1"])
def test_identifiers_are_quoted(name):
    assert database.quoted(name) == f"`{name}`"


@pytest.mark.parametrize("name", ["", "a`b", "a b", "region; DROP TABLE region", "é", "x" * 65, "a\n"])
def test_what_is_no_identifier_is_refused(name):
    with pytest.raises(Refused):
        database.quoted(name)


@pytest.mark.parametrize("number", [1044, 1045, 1049, 1054, 1142, 1146, 1205, 1213, 1290, 2003, 2006, 2013, 4242])
def test_every_error_of_a_server_names_the_place_and_mostly_a_remedy(number):
    account = database.account_from_url(f"mysql://k:{SECRET}@db/keystone")
    err = database.translated(pymysql.err.OperationalError(number, "what the server said"), account)
    assert "db:3306" in str(err) and "keystone" in str(err) and SECRET not in str(err)
    assert err.remedy or "what the server said" in str(err)


@pytest.mark.parametrize(("number", "place"), [(1044, "pillar here"), (1045, "pillar here"), (2003, "pillar there")])
def test_a_remedy_names_the_place_where_that_account_stands(number, place):
    account = database.Account("r", SECRET, "keystone", told_in="pillar here", found_in="pillar there")
    assert place in database.translated(pymysql.err.OperationalError(number, ""), account).remedy
    own = database.account_from_url("mysql://k:x@db/keystone")
    assert "`connection` of keystone.conf" in database.translated(pymysql.err.OperationalError(number, ""), own).remedy


def test_an_error_without_a_number_is_told_too():
    account = database.account_from_url("mysql://k:x@db/keystone")
    assert "db:3306" in str(database.translated(pymysql.err.InterfaceError(), account))


@pytest.mark.parametrize(
    ("err", "expected"),
    [
        (pymysql.err.OperationalError(1213, "Deadlock found"), True),
        (pymysql.err.OperationalError(1205, "Lock wait timeout"), True),
        (pymysql.err.OperationalError(2013, "Lost"), False),
        (pymysql.err.InterfaceError(), False),
        (ValueError(1213), False),
    ],
)
def test_only_a_collision_is_worth_another_try(err, expected):
    assert database.is_collision(err) is expected
