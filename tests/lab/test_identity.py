"""Home's identity in RegionTwo (P10, K1), in the lab: real keystones 22 and 30, MariaDB, Salt, a line that is cut."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab import cloud, failing

# The first test of a module may have a cloud made for it, from the image on.
pytestmark = pytest.mark.timeout(900)
HOME, MEMBER = cloud.CONTROLLERS
OWN = "http://10.213.2.11:5000/v3"
AT_HOME = "http://10.213.1.11:5000/v3"
PASSWORD = "s3cr3t of hers"


@pytest.fixture(scope="module", params=["22", pytest.param("30", marks=pytest.mark.long)])
def replicated(request, lab):
    """A joined cloud, whose RegionTwo holds home's identity."""
    failing.ready(lab, request.param, fresh=True)
    admin(lab, f"user create --password '{PASSWORD}' carol")
    admin(lab, "project create violet")
    admin(lab, "role add --user carol --project violet member")
    return lab


def admin(lab, words, url=AT_HOME, check=True):
    """What home's admin is told, at one keystone or the other, which is asked about identity too."""
    region = "RegionTwo" if url == OWN else "RegionOne"  # whose identity endpoint a client goes to after signing in
    script = f". /root/keystonerc_admin; export OS_AUTH_URL={url} OS_REGION_NAME={region}; openstack {words}"
    form = "" if words.startswith(("role add", "endpoint delete")) else " -f json"
    done = lab.exec(HOME, "bash", "-c", script + form, check=check)
    return json.loads(done.stdout) if form and done.returncode == 0 else done


def signs_in(lab, url=OWN, password=PASSWORD, project="violet"):
    """The status with which carol is let in, and her token."""
    body = {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "carol", "domain": {"id": "default"}, "password": password}},
            },
            "scope": {"project": {"name": project, "domain": {"id": "default"}}},
        }
    }
    said = lab.exec(
        MEMBER,
        *("curl", "-sS", "-o", "/dev/null", "-D", "-", "-H", "Content-Type: application/json", "-d", "@-"),
        f"{url}/auth/tokens",
        input=json.dumps(body),
    ).stdout
    headers = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    return int(said.split()[1]), headers.get("X-Subject-Token", headers.get("x-subject-token", ""))


def asked(lab, token, url=OWN, method="GET", host=MEMBER):
    """The status that a keystone answers about a token, which speaks for itself."""
    words = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, "-H", "@-")
    headers = f"X-Auth-Token: {token}\nX-Subject-Token: {token}\n"
    return int(lab.exec(host, *words, f"{url}/auth/tokens", input=headers).stdout)


def sql(lab, statement, host=MEMBER):
    return lab.exec(host, "mariadb", "-N", "keystone", input=statement).stdout.strip()


def threads(lab):
    return sql(lab, "SELECT id FROM information_schema.processlist WHERE user = 'system user' ORDER BY id")


def arrives(lab, statement, wanted, seconds=1.0):
    start = time.monotonic()
    while (found := sql(lab, statement)) != wanted:
        assert time.monotonic() - start < seconds + 1, (found, wanted)
    return time.monotonic() - start


def test_the_second_run_changes_nothing_and_interrupts_nothing(replicated):
    before = threads(replicated)
    for name in ("orch.identity", "orch.join"):
        assert cloud.changed(cloud.orchestrate(replicated, name)) == {}
    assert threads(replicated) == before


def test_what_home_says_is_there_within_a_second(replicated):
    status = replicated.salt(HOME, MEMBER, "mysql_replication.status")[MEMBER]
    assert status["ok"] and status["lag"] < 1, status
    made = admin(replicated, "project create mauve")
    took = arrives(replicated, f"SELECT name FROM project WHERE id = '{made['id']}'", "mauve")
    assert took < 1.5
    named = [one["Name"] for one in admin(replicated, "project list", OWN)]
    assert "mauve" in named and "violet" in named
    endpoint = admin(replicated, "endpoint create --region RegionTwo image public http://10.213.2.11:9999")
    arrives(replicated, f"SELECT url FROM endpoint WHERE id = '{endpoint['id']}'", "http://10.213.2.11:9999")
    admin(replicated, "role add --user carol --project mauve member")
    _, token = signs_in(replicated, project="mauve")
    words = ("curl", "-s", "-H", "@-", f"{OWN}/auth/catalog")
    served = replicated.exec(MEMBER, *words, input=f"X-Auth-Token: {token}\n").stdout
    assert "http://10.213.2.11:9999" in served
    admin(replicated, f"endpoint delete {endpoint['id']}")


def test_a_token_issued_at_either_is_valid_at_the_other(replicated):
    for issued, looked_at in ((AT_HOME, OWN), (OWN, AT_HOME)):
        status, token = signs_in(replicated, issued)
        assert status == 201
        assert asked(replicated, token, looked_at) == 200


def test_people_are_let_in_whatever_they_did_before(replicated):
    """Each row of what a plainly read-only replica gets wrong."""
    assert signs_in(replicated)[0] == 201
    assert signs_in(replicated)[0] == 201, "active today already"
    admin_user = "SELECT user_id FROM local_user WHERE name = 'carol'"
    sql(replicated, f"SET sql_log_bin = 0; UPDATE user SET last_active_at = '2020-01-01' WHERE id = ({admin_user})")
    assert signs_in(replicated)[0] == 201, "first sign-in of a new day"
    assert signs_in(replicated, password="wrong")[0] == 401
    status, token = signs_in(replicated)
    assert status == 201, "the right password after a wrong one"
    assert asked(replicated, token) == 200
    assert asked(replicated, token, method="DELETE") == 204
    assert asked(replicated, token) in (401, 404)


def test_identity_can_not_be_written_there(replicated):
    done = admin(replicated, "project create past-the-fence", OWN, check=False)
    assert done.returncode != 0 and "500" in done.stderr
    for host in cloud.CONTROLLERS:
        assert sql(replicated, "SELECT count(*) FROM project WHERE name = 'past-the-fence'", host) == "0"
    assert sql(replicated, "SELECT count(*) FROM project WHERE name = 'violet'") == "1"


def test_a_thousand_users_made_while_the_line_is_cut_arrive(replicated):
    before = int(sql(replicated, "SELECT count(*) FROM local_user"))
    replicated.command("cut")
    try:
        for _ in range(3):
            assert signs_in(replicated)[0] == 201, "RegionTwo signs people in by itself"
        rows = ", ".join(f"('u{number:032d}', '{{}}', 1, 'default', NOW())" for number in range(1000))
        names = ", ".join(f"('u{number:032d}', 'default', 'user{number}')" for number in range(1000))
        sql(
            replicated,
            f"BEGIN; INSERT INTO user (id, extra, enabled, domain_id, created_at) VALUES {rows};"
            f" INSERT INTO local_user (user_id, domain_id, name) VALUES {names}; COMMIT",
            HOME,
        )
    finally:
        replicated.command("heal")
    arrives(replicated, "SELECT count(*) FROM local_user", str(before + 1000), seconds=30)
    found = replicated.salt(HOME, MEMBER, "mysql_replication.compare")[MEMBER]
    assert found["clean"] and found["rows"] > 2000, found
    assert signs_in(replicated)[0] == 201


def test_a_token_revoked_while_the_line_is_cut_stays_revoked(replicated):
    """Both sides prune expired revocations meanwhile; replication goes on, and home is given what RegionTwo revoked."""
    old = (
        "INSERT INTO revocation_event (issued_before, revoked_at, audit_id) VALUES ('2020-01-01', '2020-01-01', 'old')"
    )
    sql(replicated, old, HOME)
    arrives(replicated, "SELECT count(*) FROM revocation_event WHERE audit_id = 'old'", "1")
    _, token = signs_in(replicated, AT_HOME)
    _, another = signs_in(replicated, AT_HOME)
    replicated.command("hole")
    try:
        assert asked(replicated, token, OWN) == 200
        assert asked(replicated, token, OWN, method="DELETE") == 204, "which prunes there"
        assert asked(replicated, token, OWN) in (401, 404)
        assert asked(replicated, another, AT_HOME, "DELETE", HOME) == 204, "which prunes at home"
    finally:
        replicated.command("heal")
    until = time.monotonic() + 60
    while not (said := replicated.salt(HOME, MEMBER, "mysql_replication.status")[MEMBER])["errors"]["sql"][0]:
        if time.monotonic() > until or (said["lag"] is not None and said["ok"]):
            break
        time.sleep(1)
    cloud.orchestrate(replicated, "orch.identity")
    arrives(replicated, "SELECT count(*) FROM revocation_event WHERE audit_id = 'old'", "0", seconds=20)
    for one in (token, another):
        assert asked(replicated, one, AT_HOME) in (401, 404)
        assert asked(replicated, one, OWN) in (401, 404)
    cloud.orchestrate(replicated, "orch.identity")
    assert cloud.changed(cloud.orchestrate(replicated, "orch.identity")) == {}
    assert replicated.salt(HOME, MEMBER, "mysql_replication.compare")[MEMBER]["clean"]
