"""Faults while home's identity comes to RegionTwo, and afterwards: each ends whole, and is explained (P10)."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab import cloud

# The first test of a module may have a cloud made for it, from the image on.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
HOME, MEMBER = cloud.CONTROLLERS
USERS = 15_000
# So many that a seeding takes some seconds, of which every one can be the one in which something breaks.
_MANY = f"""
SET unique_checks = 0; BEGIN;
INSERT INTO user (id, extra, enabled, domain_id, created_at)
  SELECT MD5(seq), '{{}}', 1, 'default', NOW() FROM seq_1_to_{USERS};
INSERT INTO local_user (user_id, domain_id, name)
  SELECT MD5(seq), 'default', CONCAT('user', seq) FROM seq_1_to_{USERS};
INSERT INTO assignment
  SELECT 'UserProject', MD5(1 + seq DIV 3), CONCAT('p', seq MOD 100), (SELECT MIN(id) FROM role), 0
  FROM seq_0_to_{3 * USERS - 1};
COMMIT
"""
_DUMPS = "SELECT id FROM information_schema.processlist WHERE command = 'Binlog Dump'"
_SEEDING = "mariadb -N -e 'SHOW DATABASES' | grep -q keystone_seeding"


@pytest.fixture(scope="module")
def large(lab):
    """A joined cloud, with many people at home; RegionTwo has them."""
    lab.reset("joined")
    sql(lab, _MANY, HOME)
    wait(lab, MEMBER, f"[ $(mariadb -N keystone -e 'SELECT COUNT(*) FROM local_user') -gt {USERS} ]")
    return lab


@pytest.fixture
def seeding(large):
    """RegionTwo about to be seeded anew, from the moment in which that is under way."""
    cloud.applied(large, MEMBER, "regions.replication.clean")
    before = sql(large, "SELECT COUNT(*) FROM local_user")
    large.shell(HOME, "nohup salt-run --out=json state.orchestrate orch.identity >/root/identity.log 2>&1 &")
    wait(large, MEMBER, _SEEDING)
    yield large
    assert sql(large, "SELECT COUNT(*) FROM local_user") == before, "the old database was not left whole"
    converged(large)


def sql(lab, statement, host=MEMBER):
    return lab.exec(host, "mariadb", "-N", "keystone", input=statement).stdout.strip()


def wait(lab, host, script, seconds=60):
    until = time.monotonic() + seconds
    while lab.exec(host, "bash", "-c", script, check=False).returncode:
        assert time.monotonic() < until, f"on {host} not within {seconds} s: {script}\n{log(lab)}"
        time.sleep(0.05)


def log(lab):
    return lab.exec(HOME, "bash", "-c", "cat /root/identity.log", check=False).stdout


def ended(lab, seconds=150):
    """Wait until the orchestration has come to its end, and RegionTwo's minion too; what was said."""
    wait(lab, HOME, "! pgrep -f [s]tate.orchestrate", seconds)
    wait(lab, MEMBER, "! ls /var/cache/salt/minion/proc/* 2>/dev/null | grep -q .", seconds)
    return log(lab)


def converged(lab):
    """The same command once more does the rest, and nothing is left of what was interrupted."""
    cloud.minions_answer(lab)
    cloud.orchestrate(lab, "orch.identity")
    assert lab.exec(MEMBER, "bash", "-c", _SEEDING, check=False).returncode, "a half copy is left"
    same(lab)


def status(lab):
    return lab.salt(HOME, MEMBER, "mysql_replication.status")[MEMBER]


def same(lab):
    until = time.monotonic() + 30
    while not (said := status(lab))["ok"]:
        assert time.monotonic() < until, said
    found = lab.salt(HOME, MEMBER, "mysql_replication.compare")[MEMBER]
    assert found["clean"] and found["rows"] > USERS, found


def let_in(lab):
    """Whether RegionTwo's own keystone lets home's admin in."""
    script = ". /root/keystonerc_admin; openstack token issue -f value -c user_id"
    return lab.exec(MEMBER, "bash", "-c", script, check=False).returncode == 0


def test_the_regions_server_is_killed_while_it_is_seeded(seeding):
    seeding.shell(MEMBER, "pkill -KILL mariadbd; sleep 1; systemctl start mariadb")
    said = ended(seeding)
    assert "Run this again" in said, said
    assert let_in(seeding), "the old database is served on"


def test_homes_server_is_killed_while_a_region_is_seeded(seeding):
    seeding.shell(HOME, "pkill -KILL mariadbd; sleep 1; systemctl start mariadb")
    said = ended(seeding)
    assert "Run this again" in said, said


def test_the_line_falls_silent_while_a_region_is_seeded(seeding):
    seeding.command("hole")
    try:
        ended(seeding)
        assert let_in(seeding), "the old database is served on"
    finally:
        seeding.command("heal")
    # TCP tries again after a minute or two only; a minion that is started anew does so at once.
    seeding.shell(MEMBER, "systemctl restart salt-minion")
    seeding.shell("two-node", "systemctl restart salt-minion")


def test_the_regions_server_is_killed_while_it_replicates(large):
    sql(large, "UPDATE user SET extra = '{\"a\": 1}'", HOME)
    large.shell(MEMBER, "pkill -KILL mariadbd; sleep 1; systemctl start mariadb")
    wait(large, MEMBER, "mariadb -e 'SELECT 1'")
    same(large)


def test_a_password_that_was_changed_is_told_and_set_anew(large):
    sql(large, "SET PASSWORD FOR osr_regiontwo@'10.213.2.11' = PASSWORD('another')", HOME)
    sql(large, "STOP SLAVE 'openstack_regions'; START SLAVE 'openstack_regions'")
    until = time.monotonic() + 30
    while "home refuses the replication account's password" not in str((said := status(large))["findings"]):
        assert time.monotonic() < until, said
    cloud.orchestrate(large, "orch.identity")
    same(large)


def test_a_row_written_past_the_fence_is_named_and_stops_nothing_quietly(large):
    """An administrator of the database made a project at RegionTwo; home makes one with the same id: 1062."""
    columns = "(id, name, extra, description, enabled, domain_id, is_domain)"
    row = "('collides', '{}', '{{}}', '', 1, 'default', 0)"
    sql(large, f"INSERT INTO project {columns} VALUES {row.format('here')}")
    found = large.salt(HOME, MEMBER, "mysql_replication.compare")[MEMBER]
    assert found["divergence"] == ["project id=collides: is here and not at home"], found
    sql(large, f"INSERT INTO project {columns} VALUES {row.format('at-home')}", HOME)
    until = time.monotonic() + 30
    while (said := status(large))["errors"]["sql"][0] != 1062:
        assert time.monotonic() < until, said
    results = cloud.orchestrate(large, "orch.identity", check=False)
    refused = json.dumps(results)
    assert "replication stands still" in refused and "somebody wrote" in refused, refused
    sql(large, "SET sql_log_bin = 0; DELETE FROM project WHERE id = 'collides'")
    sql(large, "START SLAVE 'openstack_regions'")
    same(large)


def test_homes_log_is_purged_past_the_region(large):
    large.command("hole")
    try:
        # First: what a thread has handed to TCP arrives after all, once the line is whole, be the thread gone or not.
        for thread in sql(large, _DUMPS, HOME).split():
            sql(large, f"KILL {thread}", HOME)
        wait(large, HOME, f'[ -z "$(mariadb -N -e "{_DUMPS}")" ]')
        sql(large, "UPDATE user SET extra = '{\"b\": 2}' LIMIT 10; UPDATE user SET extra = '{}'", HOME)
        sql(large, "FLUSH BINARY LOGS", HOME)
        # A log that was just closed stays until the engine has told the server that it needs it no more.
        purge = "PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY; SHOW BINARY LOGS"
        wait(large, HOME, f'[ $(mariadb -N -e "{purge}" | wc -l) = 1 ]')
    finally:
        large.command("heal")
    # By itself it would notice after a minute of silence.
    sql(large, "STOP SLAVE 'openstack_regions'; START SLAVE 'openstack_regions'")
    until = time.monotonic() + 60
    while "seed" not in str((said := status(large))["findings"]):
        assert time.monotonic() < until, said
    assert "mysql_replication.absent here, then" in str(said["findings"])
    large.salt(HOME, MEMBER, "mysql_replication.absent")
    converged(large)
