"""regions.alarms as each kind of node gets it, and the reactors as a master renders them."""

from __future__ import annotations

import json

import pytest
import salt.loader
from salt.template import compile_template

from osregions.alarms.telling import BEACONS
from tests.functional.test_keystone_tokens_formula import DEBIAN, shown
from tests.support.loaders import ROOT

CLOUD = {
    "home": "RegionOne",
    "regions": {
        "RegionOne": {"public_endpoint": "http://10.0.0.1:5000"},
        "RegionTwo": {"public_endpoint": "http://10.0.0.2:5000"},
    },
}
MENDING = {
    "mend_replication": "replication_health",
    "mend_keys": "keystone_keys_behind",
    "mend_drift": "regions_drift",
    "mend_backup": "regions_backup_age",
}


def node(region, *roles):
    return {**DEBIAN, "region": region, "roles": list(roles)}


@pytest.mark.parametrize(
    ("grains", "watched"),
    [
        (node("RegionOne", "keystone"), {"regions_drift", "keystone_keys_behind", "regions_backup_age"}),
        (node("RegionTwo", "keystone"), {"regions_drift", "keystone_keys_behind", "replication_health"}),
        (node("RegionTwo", "compute"), {"regions_drift"}),
    ],
)
def test_each_kind_of_node_watches_what_it_has(loaders, grains, watched):
    states = shown(loaders, grains, "regions.alarms", **CLOUD)
    function, watches = states["its minion watches what can go wrong"]
    assert (function, watches["mode"]) == ("file.serialize", "0600")
    assert watches["name"] == "/etc/salt/minion.d/zz-openstack-regions-alarms.conf"
    beacons = json.loads(json.dumps(watches["dataset"]))["beacons"]
    assert set(beacons) == watched
    for name, config in beacons.items():
        assert loaders.beacons[f"{name}.validate"](config) == (True, "Valid beacon configuration")


def test_the_server_of_the_database_is_where_pillar_says(loaders):
    targets = {"database": "G@region:{region} and G@roles:db"}
    states = shown(loaders, node("RegionTwo", "db"), "regions.alarms", **CLOUD, targets=targets)
    assert set(states["its minion watches what can go wrong"][1]["dataset"]["beacons"]) == {
        "regions_drift",
        "replication_health",
    }


def test_a_node_of_no_region_watches_nothing(loaders):
    assert list(shown(loaders, node("Elsewhere", "keystone"), "regions.alarms", **CLOUD)) == ["nothing is watched here"]


def test_the_way_back(loaders):
    states = shown(
        loaders, node("RegionTwo"), "regions.alarms.clean", **CLOUD, minion={"restart": False}, alarms={"config": "/x"}
    )
    ((function, words),) = states.values()
    assert (function, words["name"]) == ("file.absent", "/x")


@pytest.mark.parametrize("alarms", [{"lagg": 1}, {"lag": "long"}, {"backup_days": 0}, {"times": 1.5}])
def test_a_wrong_key_or_number_stops_it(loaders, alarms):
    pillar = {"openstack_regions": {**CLOUD, "alarms": alarms}}
    found = loaders.but(pillar=pillar, grains=node("RegionTwo")).modules["state.show_sls"]("regions.alarms")
    assert isinstance(found, list) and "alarms" in found[0]


def reaction(loaders, sls, tag, data):
    renderers = salt.loader.render(loaders.opts, {})
    path = str(ROOT / "salt" / "reactor" / f"{sls}.sls")
    return compile_template(path, renderers, "jinja|yaml", [], [], tag=tag, data=data)


@pytest.mark.parametrize(
    ("sls", "beacon", "function"),
    [("alarm", beacon, "tell") for beacon in BEACONS] + [(sls, beacon, "mend") for sls, beacon in MENDING.items()],
)
def test_of_an_event_its_tag_is_all_that_is_used(loaders, sls, beacon, function):
    tag = f"salt/beacon/two-controller/{beacon}/"
    lies = {"id": "one-controller", "codes": ["{{ 7 * 6 }}"], "findings": [{"remedy": "rm -rf /"}], "well": True}
    found = reaction(loaders, sls, tag, lies)
    assert found == reaction(loaders, sls, tag, {})
    (done,) = found.values()
    assert done == {f"runner.regions_alarms.{function}": [{"args": [{"minion": "two-controller"}, {"beacon": beacon}]}]}


@pytest.mark.parametrize("sls", ["alarm", *MENDING])
@pytest.mark.parametrize("name", ["a b", "*", "", "-x", "a;b", "{{x}}"])
def test_an_id_that_is_none_reacts_to_nothing(loaders, sls, name):
    assert not reaction(loaders, sls, f"salt/beacon/{name}/replication_health/", {})
