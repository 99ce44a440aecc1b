"""What differs from one keystone release to another, laid beside what was read in keystone's source."""

import pytest

from osregions import releases
from osregions.errors import SettingsError

ALL = range(8, 31)
# common/cache/core.py: sha1("<<<region>>>:" + name), seen in real memcacheds of 22.0.2 and 30.0.0
KEYS = {
    "computed catalog region": (9, "36a0dc4b31dc35fca53a8c0ef0a5776215c8d145"),
    "shared default": (9, "2a4b007dd5619393e567dc0c8bc36c2996d52dd7"),
    "computed assignments": (9, "5a1551330578815cc8a0b4c07329ef47276e9db0"),
    "id mapping": (10, "aa83dd6e4c01fa81596d94f21b73f6f8b786529b"),
    "tokens": (10, "2d6cad476fdd468cd5142307ac89a6534277951e"),
    "revoke": (10, "a619987c7b96fd5f3d7c9f80cf5585ac1a22f8ec"),
    "receipts": (15, "99378388c776e02cd2568956b1e531c3455e7eb5"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_cache_region_has_keystones_own_key(name):
    assert releases.cache_region_key(name) == KEYS[name][1]


def test_liberty_has_keystones_own_key_for_each_object():
    assert releases.liberty_cache_key("region", "RegionOne") == "2bd8895162740920196e5abde7ecaf868fc852cb"
    keys = {releases.liberty_cache_key(kind, "x") for kind in ("region", "service", "endpoint")}
    assert len(keys) == 3


@pytest.mark.parametrize("major", ALL)
def test_each_release(major):
    release = releases.parse(major)
    assert release == releases.Release(major)
    assert release.stores_tokens == (major in (8, 9, 10)), "removed in Ocata"
    assert release.has_token_driver == (major < 14), "gone with Rocky"
    assert release.serves_v2 == (major < 13), "v2.0 went with Queens"
    assert release.has_admin_endpoint == (major < 16), "removed in Train"
    assert release.caches_by_region_id == (major >= 9), "since Mitaka"
    assert set(release.cache_regions()) == {name for name, (since, _) in KEYS.items() if major >= since}
    expected = {"computed catalog region", "shared default"} if major >= 9 else set()
    expected |= {"tokens"} if major in (10, 11, 12, 13) else set()
    assert set(release.catalog_cache_regions()) == expected
    assert releases.NAMES[major] in str(release) and str(major) in str(release)


@pytest.mark.parametrize(
    ("text", "major"),
    [("22.0.2", 22), ("30.0.0", 30), ("8.1.2\n", 8), (22, 22), ("keystone 14.2.0", 14), ("2:22.0.2-0+deb12u1", None)],
)
def test_a_release_is_read_from_what_programs_say(text, major):
    if major is None:
        with pytest.raises(SettingsError, match="keystone 2 is not among"):
            releases.parse(text)
    else:
        assert releases.parse(text).major == major


@pytest.mark.parametrize("text", ["", "unknown", None, "7.0.0", "31", 2015])
def test_no_release_is_guessed(text):
    with pytest.raises(SettingsError) as caught:
        releases.parse(text)
    assert caught.value.remedy


def test_releases_are_ordered_by_number():
    assert sorted(map(releases.parse, ["30", "8", "22"])) == [
        releases.Release(8),
        releases.Release(22),
        releases.Release(30),
    ]
