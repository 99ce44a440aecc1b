"""The dashboards of both regions (K4), as a person sees them in a browser: real horizon, before and in a fail-over."""

from __future__ import annotations

import json

import pytest

from tests.lab import browser, failing
from tests.lab.failing import HOME, MEMBER

pytestmark = pytest.mark.timeout(900)  # the first test waits for a lab that is made anew

_SETTINGS = (
    "OPENSTACK_KEYSTONE_URL",
    "WEBSSO_KEYSTONE_URL",
    "DEFAULT_SERVICE_REGIONS",
    "AVAILABLE_REGIONS",
    "SESSION_ENGINE",
    "CACHES",
    "MESSAGES_PATH",
)
AT = {HOME: "http://10.213.1.11/horizon/", MEMBER: "http://10.213.2.11/horizon/"}
SNIPPET = "/etc/openstack-dashboard/local_settings.d/zz-openstack-regions.py"
NOTICES = "/etc/openstack-dashboard/openstack-regions-messages"
READ = "horizon has read it"
# Keystone lists endpoints by their ids, which are random: a dashboard that begins with the first region is found out.
_TURN = "UPDATE endpoint SET id = CONCAT(IF(region_id = 'RegionOne', 'f', '0'), SUBSTR(id, 2))"
# Horizon's own view of its settings, by the account that it runs as.
_JUDGE = """
import json, os, sys
sys.path.insert(0, "/usr/share/openstack-dashboard")
os.environ["DJANGO_SETTINGS_MODULE"] = "openstack_dashboard.settings"
from django.conf import settings
print(json.dumps({name: getattr(settings, name, None) for name in sys.argv[1:]}))
"""


@pytest.fixture(scope="module")
def cloud(lab):
    """A joined cloud with home's identity in RegionTwo, and each region's horizon as it was deployed."""
    failing.ready(lab, horizon=True)
    lab.exec(HOME, "mariadb", "keystone", input=_TURN)
    for host in AT:
        lab.exec(host, "salt-call", "keystone_catalog.invalidate")
    lab.before = {host: _files(lab, host) for host in AT}
    yield lab
    lab.command("heal")


@pytest.fixture(scope="module")
def person(cloud, tmp_path_factory):
    """Somebody in RegionTwo, at a browser; the formula was applied to both dashboards."""
    for host in AT:
        _applied(cloud, host)
    with browser.opened("two-node", tmp_path_factory.mktemp("browser")) as one:
        yield one


def _apply(lab, host, formula="regions.dashboard", *words):
    (states,) = lab.salt(HOME, host, "state.apply", formula, *words, check=False).values()
    assert isinstance(states, dict), states
    return {state["__id__"]: state for state in states.values()}


def _applied(lab, host, formula="regions.dashboard"):
    """Apply it; the states that changed something."""
    states = _apply(lab, host, formula)
    assert all(state["result"] for state in states.values()), states
    return {key for key, state in states.items() if state["changes"]}


def _files(lab, host):
    """The checksum of each of the dashboard's files, an operator's and ours."""
    return lab.shell(host, "find /etc/openstack-dashboard /etc/apache2 -type f | sort | xargs sha256sum")


def _settings(lab, host):
    return json.loads(
        lab.exec(host, "runuser", "-u", "www-data", "--", "/usr/bin/python3", "-c", _JUDGE, *_SETTINGS).stdout
    )


def _password(lab):
    """The admin's, at home, and so everywhere."""
    return lab.shell(HOME, ". /root/keystonerc_admin; echo $OS_PASSWORD")


def test_a_test_run_says_what_will_be_done_and_does_nothing(cloud):
    states = _apply(cloud, MEMBER, "regions.dashboard", "test=True")
    assert {key for key, state in states.items() if state["result"] is None} == {
        "horizon knows its keystone and its region",
        "who signs in here is told what can't be done",
        READ,
    }
    assert _files(cloud, MEMBER) == cloud.before[MEMBER]


def test_one_snippet_is_all_and_a_second_run_changes_nothing(cloud):
    for host in AT:
        assert READ in _applied(cloud, host)
        assert set(cloud.before[host].splitlines()) <= set(_files(cloud, host).splitlines()), "a file of the operator's"
        assert _applied(cloud, host) == set()
        states = _apply(cloud, host, "regions.dashboard", "test=True")
        assert {state["result"] for state in states.values()} == {True}, states


def test_horizon_itself_has_the_settings(cloud):
    for host, region, keystone in (
        (HOME, "RegionOne", "http://10.213.1.11:5000/v3/"),
        (MEMBER, "RegionTwo", "http://10.213.2.11:5000/v3"),
    ):
        found = _settings(cloud, host)
        assert found["OPENSTACK_KEYSTONE_URL"] == keystone
        assert found["WEBSSO_KEYSTONE_URL"] == (keystone.rstrip("/") if host == HOME else None)
        assert found["DEFAULT_SERVICE_REGIONS"] == {"*": region}
        assert found["AVAILABLE_REGIONS"] == []
        assert found["SESSION_ENGINE"] == "django.contrib.sessions.backends.cache"
        assert found["CACHES"]["default"]["LOCATION"] == ["127.0.0.1:11211"]
        assert found["MESSAGES_PATH"] == (NOTICES if host == MEMBER else None)


def test_the_repointing_of_services_sees_the_dashboard_and_leaves_it_alone(cloud):
    """P7: RegionTwo's services are pointed at home, and its dashboard names its own keystone all the same."""
    assert failing.places(cloud) == failing.TO_HOME
    found = cloud.salt(HOME, MEMBER, "oslo_conf.references")[MEMBER]["references"]
    theirs = [one for one in found if "/openstack-dashboard/" in one["path"]]
    assert {one["region"] for one in theirs if one["path"] == SNIPPET} == {"RegionTwo"}
    assert {one["why"] for one in theirs} == {"the dashboard's own, left alone (P7)"}
    before = _files(cloud, MEMBER)
    assert _applied(cloud, MEMBER, "regions.services") == set()
    assert _files(cloud, MEMBER) == before


def test_killed_before_apache_read_it_the_next_run_has_it_read(cloud):
    """As a run leaves it that was killed between writing the snippet and reloading Apache."""
    cloud.shell(MEMBER, "echo AN_OPTION = 1 >>/var/lib/openstack-regions/dashboard.py")
    assert _applied(cloud, MEMBER) == {READ}


def test_homes_dashboard_offers_both_regions_by_itself(cloud, person):
    person.sign_in(AT[HOME], "admin", _password(cloud))
    assert person.region() == "RegionOne"
    assert person.said() == ""
    person.go("project/images/")
    assert person.images() == ["cirros-red"]
    assert person.open_switch() == ["RegionOne", "RegionTwo"]
    person.picture("dashboard-switch")
    person.choose("RegionTwo")
    assert person.images() == ["cirros-blue"]
    person.picture("dashboard-regiontwo")


def test_cut_off_people_sign_in_at_the_regions_own_dashboard(cloud, person):
    before = _files(cloud, MEMBER)
    cloud.command("cut")
    found = failing.moved(cloud, "failover", "RegionTwo")
    assert found["ok"], found
    assert failing.places(cloud) == failing.SELF
    assert _files(cloud, MEMBER) == before, "the fail-over touched the dashboard"

    person.sign_in(AT[MEMBER], "admin", _password(cloud))
    assert person.images() == ["cirros-blue"]
    assert person.region() == "RegionTwo"
    assert "This is RegionTwo's own dashboard" in person.said()
    person.picture("dashboard-own")


def test_a_user_can_not_be_created_there_and_that_is_said(cloud, person):
    said = person.create_user("carol", "a-Long-Passw0rd")
    person.picture("dashboard-refused")
    assert "Error: Unable to create user." in said
    person.close_form()
    rows = "SELECT COUNT(*) FROM keystone.local_user WHERE name = 'carol'"
    assert cloud.exec(MEMBER, "mariadb", "-N", "-e", rows).stdout.strip() == "0"


def test_signing_out_there_ends_it_and_nothing_else_does(cloud, person):
    cloud.exec(MEMBER, "systemctl", "restart", "apache2")
    person.go("project/images/")
    assert person.images() == ["cirros-blue"], "the session lived in a process"
    person.sign_out()
    person.go("project/images/")
    assert person.texts("#loginBtn") == ["Sign In"]


def test_undone_every_file_is_what_it_was(cloud):
    """Last: both dashboards get their own settings back."""
    cloud.command("heal")
    failing.reconnected(cloud)
    for host in AT:
        assert _applied(cloud, host) == set()
        assert _applied(cloud, host, "regions.dashboard.clean")
        assert _files(cloud, host) == cloud.before[host]
        assert _applied(cloud, host, "regions.dashboard.clean") == set()
        assert _settings(cloud, host)["DEFAULT_SERVICE_REGIONS"] == {}
