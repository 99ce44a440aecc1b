"""The account at home and the line to a region, between real servers: MariaDB 10.11, and MySQL 5.6 to itself."""

from __future__ import annotations

import dataclasses
import time

import pytest

from osregions.errors import RegionsError
from osregions.replication import accounts, checks, link
from osregions.replication.server import view
from tests.support import pairs

PASSWORD = "s3cr3t of the line"
WANTED = accounts.Wanted("osr_two", ("127.0.0.1",), PASSWORD)


@pytest.fixture(scope="module", params=pairs.KINDS)
def pair(request, tmp_path_factory):
    with pairs.Pair(request.param, tmp_path_factory.mktemp(request.param)) as pair:
        yield pair


def account_plan(pair, wanted=WANTED):
    with pair.home.session() as session:
        dialect = view(session).dialect
        return accounts.plan(accounts.view(session, dialect, [wanted.user]), wanted, dialect)


def account(pair, wanted=WANTED):
    """Make the account at home; return how that was told."""
    steps = account_plan(pair, wanted)
    with pair.home.session() as session:
        accounts.act(session, steps)
    assert account_plan(pair, wanted) == (), "the second run finds something to do"
    return [step.told for step in steps]


def wish(pair, **changes):
    given = {"host": "127.0.0.1", "port": pair.home.own.port, "user": "osr_two", "password": PASSWORD, **changes}
    return link.Wish(**given)


def linked(pair, wanted):
    """Make the link; return the steps."""
    steps = link.plan(pair.region.view(), wanted)
    if steps:
        with pair.region.session() as session:
            link.act(session, wanted, steps)
    assert link.plan(pair.region.view(), wanted) == (), "the second run finds something to do"
    return [step.kind for step in steps]


def arrives(pair, sql, value, seconds=5):
    until = time.monotonic() + seconds
    while (found := pair.region.execute(sql)) != value:
        assert time.monotonic() < until, (found, pair.region.view().channels)
        time.sleep(0.02)


def threads(pair):
    rows = pair.region.execute("SHOW PROCESSLIST", database=None)
    return sorted(row[0] for row in rows if "system user" in str(row[1]))


def test_the_account_has_the_least_rights(pair):
    told = account(pair)
    reading = "SELECT" if pair.kind == "mariadb" else "LOCK TABLES, SELECT"
    assert told == [
        "osr_two@127.0.0.1 is made",
        "osr_two@127.0.0.1 may read the log",
        f"osr_two@127.0.0.1 may {reading} in keystone",
    ]
    assert PASSWORD not in repr(account_plan(pair, dataclasses.replace(WANTED, hosts=("10.0.0.1",))))


def test_more_rights_other_hosts_and_another_password_are_made_right(pair):
    account(pair)
    pair.home.execute("GRANT PROCESS ON *.* TO osr_two@'127.0.0.1'")
    pair.home.execute("GRANT INSERT ON keystone.* TO osr_two@'127.0.0.1'")
    pair.home.execute("GRANT SELECT ON `nova\\_api`.* TO osr_two@'127.0.0.1'")
    pair.home.execute("CREATE USER osr_two@'10.9.9.9' IDENTIFIED BY 'x'")
    pair.home.execute("SET PASSWORD FOR osr_two@'127.0.0.1' = PASSWORD('other')")
    assert account(pair) == [
        "osr_two@127.0.0.1 has pillar's password",
        "osr_two@127.0.0.1 loses PROCESS",
        "osr_two@127.0.0.1 loses INSERT in keystone",
        "osr_two@127.0.0.1 loses SELECT in nova_api",
        "osr_two@10.9.9.9 goes",
    ]
    assert account(pair, dataclasses.replace(WANTED, tls=True)) == ["osr_two@127.0.0.1 must use TLS"]
    assert account(pair) == ["osr_two@127.0.0.1 need not use TLS"]


def test_no_password_is_in_homes_log(pair):
    """What stands there crosses the line to every replica."""
    account(pair, dataclasses.replace(WANTED, password="another s3cr3t"))
    account(pair)
    logs = list((pair.home.own.folder / "data").glob("binlog.0*"))
    assert logs and not any(b"s3cr3t" in log.read_bytes() for log in logs)


def test_the_link_is_made_once_and_rows_arrive(pair):
    account(pair)
    pair.seeded()
    kinds = linked(pair, wish(pair))
    assert kinds == (["change", "filter", "start"] if pair.kind == "mariadb" else ["change", "start"])
    before = threads(pair)
    assert linked(pair, wish(pair)) == []
    assert threads(pair) == before, "replication was interrupted for nothing"
    pair.home.project("p2", "blue")
    arrives(pair, "SELECT name FROM project WHERE id = 'p2'", (("blue",),))


def test_nothing_but_keystones_changes_is_applied(pair):
    account(pair)
    linked(pair, wish(pair))
    pair.home.execute("CREATE DATABASE IF NOT EXISTS nova", database=None)
    pair.home.execute("CREATE TABLE IF NOT EXISTS nova.instances (id int PRIMARY KEY)", database=None)
    pair.home.execute("REPLACE INTO nova.instances VALUES (1)", database=None)
    pair.home.execute("GRANT SELECT ON keystone.* TO osr_other@'127.0.0.1' IDENTIFIED BY 'x'")
    pair.home.execute("UPDATE project SET description = 'seen' WHERE id = 'p1'")
    arrives(pair, "SELECT description FROM project WHERE id = 'p1'", (("seen",),))
    assert pair.region.execute("SHOW DATABASES LIKE 'nova'", database=None) == ()
    assert pair.region.execute("SELECT User FROM mysql.user WHERE User = 'osr_other'", database=None) == ()
    pair.home.execute("DROP USER osr_other@'127.0.0.1'")


def test_what_stopped_is_started_and_a_changed_password_is_told_again(pair):
    account(pair)
    linked(pair, wish(pair))
    name = link.name_for(pair.region.view())
    with pair.region.session() as session:
        session.execute(pair.region.view().dialect.stop(name))
    assert linked(pair, wish(pair)) == ["start"]
    other = dataclasses.replace(WANTED, password="another one")
    account(pair, other)
    with pair.region.session() as session:
        dialect = pair.region.view().dialect
        session.execute(dialect.stop(name))
        session.execute(dialect.start(name))
        with pytest.raises(RegionsError, match="replication does not run") as refused:
            link.running(session, name, 1)
    assert PASSWORD not in str(refused.value) and "another one" not in str(refused.value)
    kinds = linked(pair, wish(pair, password="another one"))
    assert "change" in kinds and kinds[-1] == "start"
    account(pair)
    with pair.region.session() as session:
        link.remove(session)
    linked(pair, wish(pair))


def test_a_wrong_host_is_told_as_the_server_has_it(pair):
    account(pair)
    wrong = wish(pair, host="127.0.0.1", port=1)
    if pair.kind == "mysql56":
        linked(pair, wish(pair))
        with pytest.raises(RegionsError, match="can have one source alone"):
            link.plan(pair.region.view(), wrong)
        return
    steps = link.plan(pair.region.view(), wrong)
    with pair.region.session() as session, pytest.raises(RegionsError, match="does not run") as refused:
        link.act(session, wrong, steps, wait=1)
    assert PASSWORD not in str(refused.value)
    linked(pair, wish(pair))


def test_removed_the_rows_stay(pair):
    account(pair)
    linked(pair, wish(pair))
    with pair.region.session() as session:
        assert link.remove(session) is True
        assert link.remove(session) is False
    assert pair.region.view().channels == ()
    assert pair.region.execute("SELECT count(*) FROM project")[0][0] >= 1
    with pair.home.session() as session:
        dialect = view(session).dialect
        accounts.act(session, accounts.gone(accounts.view(session, dialect, ["osr_two"]), "osr_two"))
        assert accounts.view(session, dialect, ["osr_two"]) == ()


def test_the_checks_of_a_pair_that_fits_find_nothing(pair):
    pair.seeded()
    with pair.home.session() as home, pair.region.session() as region:
        ends = (
            checks.End("RegionOne", view(home), checks.schema_of(home, "keystone"), 22),
            checks.End("RegionTwo", view(region), checks.schema_of(region, "keystone"), 22),
        )
    assert checks.check(*ends, free=1 << 40) == ()
    other = dataclasses.replace(ends[1], release=30)
    (problem,) = checks.check(ends[0], other)
    assert "keystone is 22 at RegionOne and 30 at RegionTwo" in problem.problem
    assert "room" in checks.check(*ends, free=1)[0].remedy
