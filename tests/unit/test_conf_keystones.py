"""What a URL names among the keystones of a cloud, and the same URL at another of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.conf import keystones as ks
from osregions.errors import SettingsError

HOME = ks.Keystone("RegionOne", "https://cloud.example.com:5000", "http://10.1.0.1:5000", "http://10.1.0.1:35357")
OWN = ks.Keystone("RegionTwo", "http://10.2.0.1:5000", "http://10.2.0.1:5000", "http://10.2.0.1:35357")
SUB = ks.Keystone(
    "RegionThree", "https://three.example.com/identity", "https://three.example.com/identity", "http://t:80"
)
ALL = (HOME, OWN, SUB)


@pytest.mark.parametrize(
    ("text", "interface", "wanted"),
    [
        # a declared URL keeps its interface, whatever the option's own is
        ("http://10.2.0.1:35357", "public", "http://10.1.0.1:35357"),
        ("http://10.2.0.1:35357/v2.0", "internal", "http://10.1.0.1:35357/v2.0"),
        # one URL for several interfaces: the option's own, or the one that services use
        ("http://10.2.0.1:5000/v3", "public", "https://cloud.example.com:5000/v3"),
        ("http://10.2.0.1:5000/v3", "internal", "http://10.1.0.1:5000/v3"),
        ("http://10.2.0.1:5000/v3", "admin", "http://10.1.0.1:5000/v3"),
        # what nobody declared: the port tells the admin's, then the option does
        ("http://controller:35357/", "internal", "http://10.1.0.1:35357/"),
        ("http://controller:5000", "admin", "http://10.1.0.1:5000"),
        ("http://localhost:5000/v2.0/ec2tokens", "public", "https://cloud.example.com:5000/v2.0/ec2tokens"),
        ("http://controller:5000/ec2tokens", "internal", "http://10.1.0.1:5000/ec2tokens"),
        # a path of keystone's own goes, what follows its version stays
        ("https://vip/identity/v3", "internal", "http://10.1.0.1:5000/v3"),
        ("https://vip/identity", "internal", "http://10.1.0.1:5000"),
        ("https://three.example.com/identity/v3/", "internal", "http://10.1.0.1:5000/v3/"),
        # spelled otherwise
        ("HTTP://10.2.0.1:5000/V3", "internal", "http://10.1.0.1:5000/V3"),
        ("10.2.0.1:5000/v2.0/", "internal", "http://10.1.0.1:5000/v2.0/"),
        ("http://[::1]:5000/v3", "internal", "http://10.1.0.1:5000/v3"),
    ],
)
def test_a_url_at_home(text, interface, wanted):
    assert ks.retargeted(text, ALL, HOME, interface) == wanted


@pytest.mark.parametrize(
    "text", ["http://", "http:///v3", "http://:5000/v3", "", "ftp://h:5000", "two words", "http://h:port"]
)
def test_no_url_with_a_host(text):
    assert ks.retargeted(text, ALL, HOME, "internal") is None


def test_a_list_keeps_its_spacing():
    text = "http://10.2.0.1:5000/v2.0,  http://localhost:5000/v3"
    assert ks.retargeted_list(text, ALL, HOME, "internal") == "http://10.1.0.1:5000/v2.0,  http://10.1.0.1:5000/v3"
    assert ks.retargeted_list(f"{text}, http://", ALL, HOME, "internal") is None


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("http://x:5000", True),
        ("x:35357", True),
        ("http://x/identity/v3", True),
        ("https://three.example.com/identity", True),
        ("http://t/v3", True),
        ("http://t/image/v3", False),  # a web server's own port holds many services
        ("http://x:9292/v2", False),
        ("http://x/identityless", False),
        ("http://backup:5000/auth/v1.0", False),  # Swift's TempAuth
    ],
)
def test_what_looks_like_a_keystone(text, looks):
    assert ks.looks_like(text, ALL) is looks


@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["controller", "10.9.9.9", "localhost", "10.2.0.1"]),
    st.sampled_from(["", ":5000", ":35357", ":8080"]),
    st.sampled_from(["", "/identity", "/a/b"]),
    st.sampled_from(["", "/", "/v3", "/v2.0", "/v3/", "/v2.0/ec2tokens"]),
)
def test_what_is_at_home_stays_there(scheme, host, port, prefix, tail):
    once = ks.retargeted(f"{scheme}://{host}{port}{prefix}{tail}", ALL, HOME, "internal")
    assert ks.retargeted(once, ALL, HOME, "internal") == once
    assert ks.pointed(once, ALL, "internal").region == "RegionOne"
    if "/v" in tail:
        assert once.endswith(tail)


def test_two_regions_with_one_keystone_are_refused():
    with pytest.raises(SettingsError, match="RegionOne and of RegionTwo"):
        ks.check((HOME, ks.Keystone("RegionTwo", HOME.public, HOME.public, HOME.public)), "pillar")
