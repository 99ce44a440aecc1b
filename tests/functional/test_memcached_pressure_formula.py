"""regions.cachesize as each family of systems gets it, and the reactor as a master renders it."""

from __future__ import annotations

import json

import pytest
import salt.loader
from salt.template import compile_template

from tests.functional.test_keystone_tokens_formula import CENTOS_7, DEBIAN, RHEL, shown
from tests.support.loaders import ROOT

REACTOR = ROOT / "salt" / "reactor" / "memcached_pressure.sls"


@pytest.mark.parametrize(
    ("grains", "config", "style"),
    [
        pytest.param(DEBIAN, "/etc/memcached.conf", "debian", id="Debian"),
        pytest.param(RHEL, "/etc/sysconfig/memcached", "sysconfig", id="RHEL"),
        pytest.param(CENTOS_7, "/etc/sysconfig/memcached", "sysconfig", id="CentOS 7"),
    ],
)
def test_by_default_nothing_is_resized_or_restarted(loaders, grains, config, style):
    states = shown(loaders, grains, "regions.cachesize")
    function, sized = states["memcached has its size"]
    assert function == "memcached_pressure.sized"
    assert (sized["config"], sized["style"]) == (config, style)
    assert (sized["size"], sized["restart"], sized["verify"]) == (None, False, 30)
    function, watches = states["its minion watches memcached"]
    assert function == "file.serialize"
    assert watches["name"] == "/etc/salt/minion.d/zz-openstack-regions-pressure.conf"
    assert json.loads(json.dumps(watches["dataset"])) == {"beacons": {"memcached_pressure": [{"interval": 60}]}}
    right = loaders.beacons["memcached_pressure.validate"](watches["dataset"]["beacons"]["memcached_pressure"])
    assert right[0] is True


def test_pillar_says_the_size_and_the_moment(loaders):
    states = shown(
        loaders,
        DEBIAN,
        "regions.cachesize",
        memcached={"size": 256},
        pressure={"restart": True, "verify": 60, "watch": False},
    )
    assert list(states) == ["memcached has its size"]
    sized = states["memcached has its size"][1]
    assert (sized["size"], sized["restart"], sized["verify"]) == (256, True, 60)


@pytest.mark.parametrize("verify", [0, None])
def test_pillar_says_not_to_watch_it_after_a_restart(loaders, verify):
    states = shown(loaders, DEBIAN, "regions.cachesize", pressure={"restart": True, "verify": verify})
    assert not states["memcached has its size"][1]["verify"]


def test_what_sets_up_memcached_leaves_its_size_alone(loaders):
    states = shown(loaders, DEBIAN, memcached={"size": 256})
    assert "size" not in states["memcached listens where it should"][1]


def test_the_way_back(loaders):
    states = shown(loaders, RHEL, "regions.cachesize.clean", minion={"restart": False})
    assert [function for function, _ in states.values()] == ["memcached_pressure.restored", "file.absent"]


@pytest.mark.parametrize("pressure", [{"windw": 1}, {"window": "long"}, {"missed": 2}])
def test_a_wrong_key_or_number_stops_it(loaders, pressure):
    minion = loaders.but(
        pillar={"openstack_regions": {"home": "A", "regions": {}, "pressure": pressure}}, grains=DEBIAN
    )
    found = minion.modules["state.show_sls"]("regions.cachesize")
    assert isinstance(found, list) and "pressure" in found[0]


def reaction(loaders, tag, data):
    renderers = salt.loader.render(loaders.opts, {})
    return compile_template(str(REACTOR), renderers, "jinja|yaml", [], [], tag=tag, data=data)


def test_of_an_event_the_id_in_its_tag_is_all_that_is_used(loaders):
    tag = "salt/beacon/one-controller/memcached_pressure/"
    lies = {"id": "two-controller", "verdict": "{{ 7 * 6 }}", "remedy": "rm -rf /", "proposed": 10**9}
    found = reaction(loaders, tag, lies)
    assert found == reaction(loaders, tag, {})
    (done,) = found.values()
    assert done == {"runner.memcached_pressure.tell": [{"args": [{"minion": "one-controller"}]}]}


@pytest.mark.parametrize("name", ["a b", "*", "", "-x", "a;b", "{{x}}"])
def test_an_id_that_is_none_reacts_to_nothing(loaders, name):
    assert not reaction(loaders, f"salt/beacon/{name}/memcached_pressure/", {})
