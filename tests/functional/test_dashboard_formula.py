"""regions.dashboard as each family of systems gets it, and what its snippet makes of an operator's settings."""

from __future__ import annotations

import pytest

from tests.functional.test_keystone_tokens_formula import DEBIAN, RHEL, shown

HOME_GRAIN = {"region": "RegionOne"}
MEMCACHED = "django.core.cache.backends.memcached.PyMemcacheCache"


def there(loaders, folder, grains, sls="regions.dashboard", **dashboard):
    """The formula for a minion whose horizon reads snippets in this folder."""
    return shown(loaders, grains, sls, dashboard={"directories": [str(folder)], **dashboard})


@pytest.fixture
def snippet(loaders, tmp_path):
    """`snippet(settings, grains=..., **pillar)`: the settings of a horizon after it has read the snippet."""

    def read(settings, grains=DEBIAN, **dashboard):
        given = there(loaders, tmp_path, grains, **dashboard)["horizon knows its keystone and its region"][1]
        path = loaders.modules["cp.get_template"](
            given["source"], str(tmp_path / "snippet.py"), template="jinja", **given["context"]
        )
        found = dict(settings)
        with open(path) as file:
            exec(compile(file.read(), path, "exec"), found)  # as horizon does it
        return found

    return read


@pytest.mark.parametrize(
    ("grains", "service", "page"),
    [
        pytest.param(DEBIAN, "apache2", "http://localhost/horizon/auth/login/", id="Debian"),
        pytest.param(RHEL, "httpd", "http://localhost/dashboard/auth/login/", id="RHEL"),
    ],
)
def test_names_and_paths_are_the_systems_own(loaders, tmp_path, grains, service, page):
    states = there(loaders, tmp_path, grains)
    assert [function for function, _ in states.values()] == [
        "file.managed",
        "file.serialize",
        "service.running",
        "cmd.run",
        "cmd.run",
    ]
    written = states["horizon knows its keystone and its region"][1]
    assert written["name"] == f"{tmp_path}/zz-openstack-regions.py"
    assert written["context"] == {
        "keystone": "http://10.213.2.11:5000",
        "region": "RegionTwo",
        "servers": ["127.0.0.1:11211"],
        "home": False,
        "notices": "/etc/openstack-dashboard/openstack-regions-messages",
    }
    assert states["apache runs"][1]["name"] == service
    assert f"systemctl reload {service} " in states["horizon has read it"][1]["name"]
    assert page in states["its sign-in page answers"][1]["unless"]


def test_at_home_nobody_is_told_that_identity_is_read_only(loaders, tmp_path):
    states = there(loaders, tmp_path, {**DEBIAN, **HOME_GRAIN})
    assert "who signs in here is told what can't be done" not in states
    context = states["horizon knows its keystone and its region"][1]["context"]
    assert (context["region"], context["keystone"], context["home"]) == ("RegionOne", "http://10.213.1.11:5000", True)


def test_pillar_says_where_horizon_is_and_its_sessions_are(loaders, tmp_path):
    states = there(
        loaders, tmp_path, RHEL, service="horizon", url="http://localhost/", sessions=["10.0.0.5:11311"], wait=5
    )
    assert states["apache runs"][1]["name"] == "horizon"
    assert states["horizon knows its keystone and its region"][1]["context"]["servers"] == ["10.0.0.5:11311"]
    assert "seq 5" in states["its sign-in page answers"][1]["name"]


def test_a_page_that_is_none_fails_with_what_to_do(loaders, tmp_path):
    page = "http://127.0.0.1:9/it's/$(id)/"
    minion = there(loaders, tmp_path, DEBIAN, url=page, wait=1)
    done = loaders.modules["cmd.run_all"](minion["its sign-in page answers"][1]["name"], python_shell=True)
    assert done["retcode"] == 1
    assert page in done["stdout"] and "pillar openstack_regions:dashboard:url" in done["stdout"]


@pytest.mark.parametrize(
    ("grains", "looked_for"),
    [
        (DEBIAN, "/etc/openstack-dashboard/local_settings.d"),
        (RHEL, "/usr/share/openstack-dashboard/openstack_dashboard/local/local_settings.d"),
    ],
)
def test_a_horizon_that_reads_no_snippets_is_refused(loaders, grains, looked_for):
    ((function, given),) = shown(loaders, grains, "regions.dashboard").values()
    assert function == "test.fail_without_changes"
    for word in (looked_for, "before Mitaka", "openstack_regions:dashboard:directories", "OPENSTACK_KEYSTONE_URL"):
        assert word in given["comment"]


def test_a_minion_of_no_region_is_refused(loaders, tmp_path):
    ((function, given),) = there(loaders, tmp_path, {**DEBIAN, "region": "RegionNine"}).values()
    assert function == "test.fail_without_changes"
    assert '"RegionNine"' in given["comment"] and "RegionOne, RegionTwo" in given["comment"]


def test_the_way_back(loaders, tmp_path):
    states = there(loaders, tmp_path, DEBIAN, "regions.dashboard.clean")
    assert [function for function, _ in states.values()] == ["file.absent", "file.absent", "cmd.run"]
    assert states["horizon's settings are what they were"][1]["name"] == f"{tmp_path}/zz-openstack-regions.py"


def test_a_wrong_key_stops_it(loaders):
    pillar = {"openstack_regions": {"home": "A", "regions": {}, "dashboard": {"directory": "/x"}}}
    found = loaders.but(pillar=pillar, grains=DEBIAN).modules["state.show_sls"]("regions.dashboard")
    assert isinstance(found, list) and "did you mean directories?" in found[0]


def test_horizon_signs_in_at_its_own_keystone_and_begins_with_its_own_region(snippet):
    found = snippet(
        {
            "OPENSTACK_KEYSTONE_URL": "http://10.213.1.11:5000/v3",
            "AVAILABLE_REGIONS": [("http://10.213.1.11:5000/v3", "one"), ("http://10.213.2.11:5000/v3", "two")],
            "CACHES": {"default": {"BACKEND": MEMCACHED, "LOCATION": "10.0.0.5:11211"}},
        }
    )
    assert found["OPENSTACK_KEYSTONE_URL"] == "http://10.213.2.11:5000/v3"
    assert found["AVAILABLE_REGIONS"] == []
    assert found["DEFAULT_SERVICE_REGIONS"] == {"*": "RegionTwo"}


@pytest.mark.parametrize(
    ("before", "version"),
    [
        ("http://controller:5000/v2.0", "v2.0"),  # what Liberty's says
        ("http://controller:5000/v2.0/", "v2.0"),
        ("http://controller/identity/v3", "v3"),
        ("http://controller:5000", "v3"),
    ],
)
def test_the_version_of_keystones_api_stays_what_it_was(snippet, before, version):
    found = snippet({"OPENSTACK_KEYSTONE_URL": before, "CACHES": {"default": {"BACKEND": MEMCACHED}}})
    assert found["OPENSTACK_KEYSTONE_URL"] == f"http://10.213.2.11:5000/{version}"


@pytest.mark.parametrize("sso", [None, "https://sso.example.org/v3"])
def test_at_home_no_region_of_the_catalog_has_the_text_of_its_keystone(snippet, sso):
    """Else horizon begins with the first of all that home's keystone serves: openstack_auth.backend, authenticate."""
    settings = {"CACHES": {"default": {"BACKEND": MEMCACHED}}, "WEBSSO_KEYSTONE_URL": sso}
    found = snippet(settings, {**DEBIAN, **HOME_GRAIN})
    assert found["OPENSTACK_KEYSTONE_URL"] == "http://10.213.1.11:5000/v3/"
    assert found["WEBSSO_KEYSTONE_URL"] == (sso or "http://10.213.1.11:5000/v3")
    assert found["DEFAULT_SERVICE_REGIONS"] == {"*": "RegionOne"}


@pytest.mark.parametrize("engine", ["db", "cached_db", "signed_cookies", "file"])
def test_sessions_go_where_no_database_is_and_a_named_server_is_kept(snippet, engine):
    caches = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://10.0.0.5"}, "more": {}}
    found = snippet({"SESSION_ENGINE": f"django.contrib.sessions.backends.{engine}", "CACHES": caches})
    assert found["SESSION_ENGINE"] == "django.contrib.sessions.backends.cache"
    assert found["CACHES"] is caches


@pytest.mark.parametrize(("notices", "kept"), [("/srv/notices", "/srv/notices"), (None, None)])
def test_notices_of_the_operators_are_kept(snippet, notices, kept):
    found = snippet({"MESSAGES_PATH": notices, "CACHES": {"default": {"BACKEND": MEMCACHED}}})
    assert found["MESSAGES_PATH"] == (kept or "/etc/openstack-dashboard/openstack-regions-messages")


def test_at_home_notices_are_left_alone(snippet):
    settings = {"CACHES": {"default": {"BACKEND": MEMCACHED}}}
    assert "MESSAGES_PATH" not in snippet(settings, {**DEBIAN, **HOME_GRAIN})
