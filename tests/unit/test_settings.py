"""The pillar: each thing that can be wrong in it is told by itself, with the key, the place and the remedy."""

import copy

import pytest

from osregions import settings
from osregions.errors import SettingsError

GOOD = {
    "home": "RegionOne",
    "join": "RegionTwo",
    "regions": {
        "RegionOne": {"public_endpoint": "http://10.213.1.11:5000/"},
        "RegionTwo": {"public_endpoint": "https://two.example/identity", "renamed_from": "Old"},
    },
}


def test_what_is_declared_is_read():
    found = settings.read(GOOD)
    assert (found.home, found.join, found.verbatim, found.identity.follow) == ("RegionOne", "RegionTwo", False, True)
    assert found.regions["RegionOne"].public_endpoint == "http://10.213.1.11:5000"
    assert found.joining().renamed_from == "Old"
    assert found.target("keystone", "RegionTwo") == "G@region:RegionTwo and G@roles:keystone"


def test_all_that_may_be_set_may_be_set():
    whole = {
        **GOOD,
        "identity": {"public": "http://a:5000/v3", "admin": "http://a:35357/v2.0"},
        "services": "verbatim",
        "targets": {"keystone": "N@{region}-keystone", "region": None},
        "keystone": {"config": "/etc/k.conf", "release": 8, "wait": 60, "url": "http://127.0.0.1:5000"},
        "tokens": {"store": "memcache", "servers": ["127.0.0.1:11211"], "verify": True, "verify_tokens": 5},
        "memcached": {"listen": ["127.0.0.1"], "port": 11211, "size": 64, "style": "debian"},
        "backup": {"directory": "/b", "keep": 3, "scope": "database"},
        "openrc": {"files": ["/root/keystonerc_admin"], "admin": "/root/keystonerc_admin"},
        "mysql_client": None,
    }
    found = settings.read(whole)
    assert found.verbatim and not found.identity.follow
    assert found.target("keystone", "RegionTwo") == "N@RegionTwo-keystone"
    assert found.target("region", "RegionTwo") == "G@region:RegionTwo"


def test_without_join_nothing_joins():
    found = settings.read({key: value for key, value in GOOD.items() if key != "join"})
    with pytest.raises(SettingsError, match="no region is named that is to join"):
        found.joining()


def with_(path, value):
    made = copy.deepcopy(GOOD)
    *parents, last = path.split("/")
    place = made
    for parent in parents:
        place = place.setdefault(parent, {})
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return made


LONG = "R" * 256


@pytest.mark.parametrize(
    ("pillar", "words"),
    [
        (None, "there is no pillar openstack_regions"),
        ({}, "there is no pillar openstack_regions"),
        ("text", "there is no pillar openstack_regions"),
        (with_("hom", "RegionOne"), "the key 'hom' is not known (pillar openstack_regions:hom). did you mean home?"),
        (with_("zzz", 1), "the keys there are home, join, regions"),
        (with_("regions/RegionTwo/publik_endpoint", "x"), "RegionTwo:publik_endpoint). did you mean public_endpoint?"),
        (with_("regions/RegionTwo/rename_from", "x"), "did you mean renamed_from?"),
        (with_("memcached/prot", 1), "openstack_regions:memcached:prot). did you mean port?"),
        (with_("tokens/stor", "x"), "did you mean store?"),
        (with_("backup/keeep", 1), "did you mean keep?"),
        (with_("openrc/file", ["x"]), "did you mean files?"),
        (with_("keystone/confg", "x"), "did you mean config?"),
        (with_("targets/keyston", "x"), "did you mean keystone?"),
        (with_("home", KeyError), "home is missing"),
        (with_("regions", KeyError), "regions is missing"),
        (with_("regions", {}), "regions is missing"),
        (with_("regions", ["RegionOne"]), "is no mapping"),
        (
            with_("regions/RegionTwo", "http://x"),
            "'http://x' is no mapping (pillar openstack_regions:regions:RegionTwo)",
        ),
        (with_("regions/RegionTwo", None), "public_endpoint is missing (pillar openstack_regions:regions:RegionTwo)"),
        (with_("regions/RegionTwo/public_endpoint", "two:5000"), "'two:5000' is no URL"),
        (with_("regions/RegionTwo/public_endpoint", 5000), "5000 is no URL"),
        (with_("regions/RegionTwo/public_endpoint", "http://two:5000/v3/"), "ends in a version"),
        (with_("regions/RegionTwo/admin_endpoint", "http://two:35357/v2.0"), "ends in a version"),
        (with_("home", 1), "1 is no name of a region (pillar openstack_regions:home)"),
        (with_("home", "RegionX"), "there is no region RegionX (pillar openstack_regions:home)"),
        (with_("join", "RegionX"), "there is no region RegionX (pillar openstack_regions:join)"),
        (with_("join", "regiontwo"), "there is no region regiontwo"),
        (with_("join", "RegionOne"), "RegionOne is home, and can't join itself"),
        (with_("regions/RegionOne/renamed_from", "Old"), "RegionOne is home, and keeps its name"),
        (with_("regions/RegionTwo/renamed_from", "regiontwo"), "are one name to keystone"),
        (with_("regions/RegionTwo/renamed_from", 2), "2 is not a text"),
        (with_("regions/regiontwo", {"public_endpoint": "http://x"}), "RegionTwo and regiontwo differ in case alone"),
        (with_("regions/x'; DROP TABLE region; --", {}), "can't be a region's name"),
        (with_(f"regions/{LONG}", {"public_endpoint": "http://x"}), "256 characters is too long"),
        (with_("join", LONG), "256 characters is too long (pillar openstack_regions:join)"),
        (with_("identity", "folow"), "'folow' says nothing of identity URLs (pillar openstack_regions:identity)"),
        (with_("identity", {"pubic": "http://x"}), "'pubic' is no interface"),
        (
            with_("services", "maped"),
            "'maped' can't be chosen (pillar openstack_regions:services). one of mapped, verbatim",
        ),
        (with_("targets/keystone", "G@roles:keystone"), "targets every region alike"),
        (with_("keystone/release", 7), "7 is no number from 8 to 30"),
        (with_("keystone/release", "22"), "'22' is no number from 8 to 30"),
        (with_("keystone/url", "x"), "'x' is no URL"),
        (with_("tokens/store", "redis"), "'redis' can't be chosen"),
        (with_("tokens/servers", "127.0.0.1:11211"), "is not a list of texts"),
        (with_("tokens/servers", []), "is not a list of texts"),
        (with_("tokens/servers", ["10.0.0.1:11211"]), "10.0.0.1:11211 would be every region's memcached"),
        (with_("tokens/verify", "yes"), "'yes' is neither true nor false"),
        (with_("pressure/verify", -1), "-1 is no number from 0 to 3600"),
        (with_("memcached/port", 0), "0 is no number from 1 to 65535"),
        (with_("memcached/port", True), "True is no number from 1 to 65535"),
        (with_("memcached/style", "suse"), "'suse' can't be chosen"),
        (with_("memcached", ["port"]), "is no mapping (pillar openstack_regions:memcached)"),
        (with_("backup/keep", 0), "0 is no number from 1 to 10000"),
        (with_("backup/scope", "all"), "one of catalog, database"),
        (with_("openrc/files", "x"), "'x' is not a list of texts"),
        (with_("mysql_client/package", ""), "'' is not a text"),
    ],
)
def test_each_mistake_has_an_error_of_its_own(pillar, words):
    with pytest.raises(SettingsError) as caught:
        settings.read(pillar)
    assert words in str(caught.value)
    assert "pillar" in str(caught.value) and caught.value.remedy
