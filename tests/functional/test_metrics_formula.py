"""regions.metrics as a master's minion gets it, and one that is no master."""

from __future__ import annotations

import pytest

from tests.functional.test_keystone_tokens_formula import DEBIAN, RHEL, shown


@pytest.mark.parametrize(
    ("grains", "directory"),
    [
        pytest.param(DEBIAN, "/var/lib/prometheus/node-exporter", id="Debian"),
        pytest.param(RHEL, "/var/lib/node_exporter/textfile_collector", id="RHEL"),
    ],
)
def test_the_directory_is_the_systems_own(loaders, grains, directory):
    states = shown(loaders, grains, "regions.metrics")
    assert states["the directory of metrics is there"][1]["name"] == directory
    context = states["metrics have a service"][1]["context"]
    assert context["path"] == f"{directory}/openstack_regions.prom" and context["program"].endswith("/salt-run")
    assert states["metrics are written"][0] == "service.running"
    gone = shown(loaders, grains, "regions.metrics.clean")
    assert f"{directory}/openstack_regions.prom" in gone["metrics are gone"][1]["names"]


def test_pillar_names_another_directory_and_pace(loaders):
    states = shown(loaders, DEBIAN, "regions.metrics", metrics={"directory": "/srv/metrics", "every": 300})
    assert states["the directory of metrics is there"][1]["name"] == "/srv/metrics"
    assert states["metrics have a timer"][1]["context"] == {"every": 300}


def test_without_salt_run_it_is_refused(loaders, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    states = shown(loaders, DEBIAN, "regions.metrics")
    ((function, words),) = states.values()
    assert function == "test.fail_without_changes" and "there is no salt-run on" in words["name"]
