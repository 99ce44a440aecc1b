"""regions.tokens and map.jinja as each family of systems gets them."""

from __future__ import annotations

import pytest

DEBIAN = {"os_family": "Debian", "osmajorrelease": 12, "region": "RegionTwo"}
RHEL = {"os_family": "RedHat", "osmajorrelease": 9, "region": "RegionTwo"}
CENTOS_7 = {"os_family": "RedHat", "osmajorrelease": 7, "region": "RegionTwo"}
CLOUD = {
    "home": "RegionOne",
    "join": "RegionTwo",
    "regions": {
        "RegionOne": {"public_endpoint": "http://10.213.1.11:5000"},
        "RegionTwo": {"public_endpoint": "http://10.213.2.11:5000"},
    },
}


def shown(loaders, grains, sls="regions.tokens", **sections):
    """Render the formula for a minion; return {id: (function, arguments)}."""
    minion = loaders.but(pillar={"openstack_regions": {**CLOUD, **sections}}, grains=grains)
    found = minion.modules["state.show_sls"](sls)
    assert isinstance(found, dict), found
    result = {}
    for name, data in found.items():
        ((module, words),) = [(key, value) for key, value in data.items() if not key.startswith("__")]
        function = next(word for word in words if isinstance(word, str))
        arguments = {key: value for word in words if isinstance(word, dict) for key, value in word.items()}
        result[name] = (f"{module}.{function}", arguments)
    return result


@pytest.mark.parametrize(
    ("grains", "packages", "config", "style"),
    [
        pytest.param(DEBIAN, ["memcached", "python3-memcache"], "/etc/memcached.conf", "debian", id="Debian"),
        pytest.param(RHEL, ["memcached", "python3-memcached"], "/etc/sysconfig/memcached", "sysconfig", id="RHEL"),
        pytest.param(
            CENTOS_7, ["memcached", "python-memcached"], "/etc/sysconfig/memcached", "sysconfig", id="CentOS 7"
        ),
    ],
)
def test_names_and_paths_are_the_systems_own(loaders, grains, packages, config, style):
    states = shown(loaders, grains)
    assert [function for function, _ in states.values()] == [
        "pkg.installed",
        "keystone_tokens.memcached_listens",
        "keystone_tokens.memcached_serving",
        "keystone_tokens.configured",
        "keystone_tokens.public_endpoint",
        "keystone_tokens.serving",
        "keystone_tokens.verified",
    ]
    assert states["memcached and keystone's client for it are installed"][1]["pkgs"] == packages
    assert states["memcached listens where it should"][1]["config"] == config
    assert states["memcached runs"][1]["style"] == style
    assert states["keystone knows its address"][1]["url"] == "http://10.213.2.11:5000"


def test_pillar_wins_over_what_the_system_has(loaders):
    states = shown(
        loaders,
        RHEL,
        memcached={"config": "/etc/memcached.d/keystone", "listen": ["10.0.0.5"], "port": 11311},
        keystone={"service": "httpd", "wait": 30},
        tokens={"store": "fernet", "verify": False},
    )
    listens = states["memcached listens where it should"][1]
    assert (listens["config"], listens["addresses"], listens["port"]) == (
        "/etc/memcached.d/keystone",
        ["10.0.0.5"],
        11311,
    )
    assert listens["style"] == "sysconfig"
    assert states["keystone serves"][1]["service"] == "httpd"
    assert states["keystone serves"][1]["timeout"] == 30
    assert states["keystone keeps its tokens out of its database"][1]["store"] == "fernet"
    assert "tokens live where they should" not in states


def test_a_minion_of_no_declared_region_is_told_no_address(loaders):
    assert "keystone knows its address" not in shown(loaders, {**DEBIAN, "region": "Elsewhere"})


def test_a_misspelt_key_stops_it_before_anything_is_done(loaders):
    minion = loaders.but(pillar={"openstack_regions": {**CLOUD, "memcached": {"lisen": ["127.0.0.1"]}}}, grains=DEBIAN)
    found = minion.modules["state.show_sls"]("regions.tokens")
    assert isinstance(found, list)
    assert "did you mean listen" in found[0]


def test_the_way_back_leaves_memcached_alone(loaders):
    states = shown(loaders, RHEL, "regions.tokens.clean")
    assert [function for function, _ in states.values()] == ["keystone_tokens.restored", "keystone_tokens.serving"]
