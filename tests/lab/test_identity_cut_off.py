"""RegionTwo is cut off for a while, in which much happens on both sides; then it returns. Nobody lost anything.

A while is 20 seconds; with OPENSTACK_REGIONS_TEST_LONG set it is five minutes, with 500 users and 50 projects.
"""

from __future__ import annotations

import concurrent.futures
import os
import time

import pytest

from tests.lab import failing
from tests.lab.failing import AT_HOME, HOME, IMAGES, MEMBER, OWN, PLACES

pytestmark = pytest.mark.timeout(1800)  # the lab may be made anew, and the line is cut for minutes

_WHILE = failing.count(20, 300)  # seconds
_USERS, _PROJECTS = failing.count(40, 500), failing.count(10, 50)
_REMOVALS, _REVOKED, _OLD = 10, 20, 100
_PASSWORD = "s3cr3t of theirs"
_UNDER_WAY = 2  # seconds that a request may take when nothing is wrong
_PATIENCE = 60  # seconds for an answer while people are made on the same two cores: it is asked whether, not how fast
# What home's admin does there, by keystone's own API: `make USERS PROJECTS`, `employ COUNT` and `dismiss COUNT`.
_ADMIN = """
import concurrent.futures, json, re, sys, urllib.request
url, what, count, more = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
token, password = sys.stdin.read().split("\\n")[:2]
def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers, method=method), timeout=60) as done:
        return json.loads(done.read() or "{}")
def user(name):
    return ask("POST", "/users", {"user": {"name": name, "password": password, "domain_id": "default"}})["user"]["id"]
def project(name):
    return ask("POST", "/projects", {"project": {"name": name, "domain_id": "default"}})["project"]["id"]
def role(method, project, user):
    (member,) = ask("GET", "/roles?name=member")["roles"]
    ask(method, f"/projects/{project}/users/{user}/roles/{member['id']}")
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    if what == "make":
        list(pool.map(user, [f"late{one}" for one in range(count)]))
        list(pool.map(project, [f"late{one}" for one in range(more)]))
    elif what == "employ":
        teal = project("teal")
        for one in range(count):
            role("PUT", teal, user(f"eve{one}"))
    else:
        (teal,) = ask("GET", "/projects?name=teal")["projects"]
        for one in range(count):
            (found,) = ask("GET", f"/users?name=eve{one}")["users"]
            role("DELETE", teal["id"], found["id"])
"""
# The statuses with which people are let in, one line each; of a name and a project each.
_SIGN_IN = """
import json, sys, urllib.error, urllib.request
password = sys.stdin.readline().rstrip("\\n")
for line in sys.stdin.read().splitlines():
    name, project = line.split()
    user = {"name": name, "password": password, "domain": {"id": "default"}}
    scope = {"project": {"name": project, "domain": {"id": "default"}}} if project != "-" else "unscoped"
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    ask = urllib.request.Request(
        sys.argv[1] + "/auth/tokens", json.dumps({"auth": auth}).encode(), {"Content-Type": "application/json"}
    )
    try:
        print(urllib.request.urlopen(ask, timeout=30).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@pytest.fixture(scope="module")
def watching(lab):
    """RegionTwo watches home, and its glance asks about each request: what it once validated is not believed."""
    failing.ready(lab, os.environ.get("OPENSTACK_REGIONS_TEST_KEYSTONE", failing.count("22", "30")))
    failing.unbelieving(lab)
    failing.watched(lab)
    yield lab
    lab.command("heal")


def _admin(lab, what, count, more=0):
    token = failing.tokens(lab, 1)[0]
    words = ("python3", "-c", _ADMIN, AT_HOME, what, str(count), str(more))
    lab.exec(HOME, *words, input=f"{token}\n{_PASSWORD}\n", timeout=600)


def _let_in(lab, url, host, people):
    lines = "".join(f"{name} {project}\n" for name, project in people)
    said = lab.exec(host, "python3", "-c", _SIGN_IN, url, input=f"{_PASSWORD}\n{lines}", timeout=600).stdout
    return [int(line) for line in said.split()]


def _lost(asked, since, until, what):
    """How many of the requests sent in that time failed, and for how many seconds some did; told, too."""
    sent = [at for at, _, status in asked if since <= at < until and status != 200]
    seconds = sent[-1] - sent[0] if sent else 0.0
    count = sum(since <= at < until for at, _, _ in asked)
    print(f"glance, each 0.1 s, {what}: {len(sent)} of {count} requests failed, within {seconds:.1f} s")
    return seconds


def _revoke(lab, token):
    words = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "DELETE", "-H", "@-", f"{OWN}/auth/tokens")
    return int(lab.exec(MEMBER, *words, input=f"X-Auth-Token: {token}\nX-Subject-Token: {token}\n").stdout)


def _statuses(lab, url, host, tokens):
    """What a keystone answers to tokens that ask about themselves."""
    return {status for _, _, status in failing.ask(lab, f"{url}/auth/tokens", tokens, 0.1, _PATIENCE, host)}


def test_nothing_that_happened_meanwhile_is_lost(watching):
    _admin(watching, "employ", _REMOVALS)
    eves = [(f"eve{one}", "teal") for one in range(_REMOVALS)]
    assert set(_let_in(watching, OWN, MEMBER, eves)) == {201}
    old = failing.tokens(watching, _OLD)
    assert {status for _, _, status in failing.ask(watching, IMAGES, old[:3])} == {200}
    assert failing.places(watching) == failing.TO_HOME, "it has moved already"
    with failing.asking(watching, IMAGES) as asked:
        time.sleep(5)
        began = time.time()
        watching.command("hole")
        failing.until(lambda: failing.places(watching) == failing.SELF, "fail-over", 60)
        failing.until(lambda: not any(failing.unfinished(watching)), "all of it is done", 60)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            made = pool.submit(_admin, watching, "make", _USERS, _PROJECTS)
            _carries_on(watching, old, eves)
            revoked = failing.tokens(watching, _REVOKED, OWN, MEMBER)
            assert {_revoke(watching, token) for token in revoked} == {204}
            made.result()
        _admin(watching, "dismiss", _REMOVALS)
        assert set(_let_in(watching, AT_HOME, HOME, eves)) == {401}, "dismissed"
        time.sleep(max(began + _WHILE - time.time(), 0))
        healed = time.time()
        failing.home_again(watching)
    # One that was under way when the line went is lost by that.
    assert _lost(asked, 0, began - _UNDER_WAY, "before") == 0
    assert 0 < _lost(asked, began - _UNDER_WAY, healed, f"cut for {healed - began:.0f} s") < 60
    # Glance has one node here, and that is restarted.
    assert _lost(asked, healed, time.time(), "on the way back") < 30
    assert asked[-1][2] == 200

    for url, host in ((AT_HOME, HOME), (OWN, MEMBER)):
        assert _statuses(watching, url, host, revoked) == {401}, f"revoked, and valid at {url}"
        assert set(_let_in(watching, url, host, eves)) == {401}, f"dismissed, and let in at {url}"
        late = [(f"late{one}", "-") for one in range(0, _USERS, 10)]
        assert set(_let_in(watching, url, host, late)) == {201}, f"made at home, and not let in at {url}"
    counted = "SELECT COUNT(*) FROM project WHERE name LIKE 'late%'"
    assert watching.shell(MEMBER, f'mariadb -N keystone -e "{counted}"') == str(_PROJECTS)
    compared = watching.salt(HOME, MEMBER, "mysql_replication.compare")[MEMBER]
    assert compared["clean"], compared


def _carries_on(lab, old, eves):
    """While it is cut off: tokens of home's are valid, services take them, and people are let in, whatever they did."""
    assert _statuses(lab, OWN, MEMBER, old) == {200}, "each token of home's"
    for url in (IMAGES, PLACES):
        assert {status for _, _, status in failing.ask(lab, url, old[:10], 0.1, _PATIENCE)} == {200}
    yesterday = "SET sql_log_bin = 0; UPDATE user SET last_active_at = '2020-01-01' WHERE last_active_at IS NOT NULL"
    lab.exec(MEMBER, "mariadb", "keystone", input=yesterday)
    assert set(_let_in(lab, OWN, MEMBER, eves)) == {201}, "on the first try of a new day"
    wrong = {"name": eves[0][0], "password": "wrong", "domain": {"id": "default"}}
    assert failing.signs_in(lab, OWN, wrong) == 401
    assert _let_in(lab, OWN, MEMBER, eves[:1]) == [201], "after a wrong password"
