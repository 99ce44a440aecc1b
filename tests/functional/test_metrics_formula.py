"""regions.metrics as a master's minion gets it, and one that is no master."""

from __future__ import annotations

import os

import pytest

from tests.functional.test_keystone_tokens_formula import CLOUD, DEBIAN, RHEL, shown

UNITS = "/etc/systemd/system"
READS = "systemd reads the units of metrics"
LEFT = "systemd reads what an earlier run left unread"


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


@pytest.fixture
def systemd(loaders, tmp_path, monkeypatch):
    """`systemd(**metrics)`: apply the formula with units below a folder; return its states by id, and what was called.

    What starts the timer is left out: there is no systemd here, and `systemctl` is one that only notes.
    """
    programs, units, said = tmp_path / "bin", tmp_path / "units", tmp_path / "said"
    programs.mkdir()
    units.mkdir()
    (programs / "systemctl").write_text(
        f'#!/bin/sh\n[ "$1" = show ] && cat {tmp_path}/unread 2>/dev/null || echo "$@" >>{said}\n'
    )
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    def apply(test=False, **metrics):
        said.write_text("")
        pillar = {"openstack_regions": {**CLOUD, "metrics": {"directory": str(tmp_path / "first"), **metrics}}}
        minion = loaders.but(pillar=pillar, grains=DEBIAN, test=test)
        states = minion.modules["state.show_sls"]("regions.metrics")
        for timer in [name for name, data in states.items() if "service" in data]:
            del states[timer]
        for data in states.values():
            for word in data.get("file", ()):
                if isinstance(word, dict) and "name" in word:
                    word["name"] = word["name"].replace(UNITS, str(units))
        done = minion.modules["state.high"](states)
        assert isinstance(done, dict), done
        calls = [line for line in said.read_text().splitlines() if not line.startswith("show ")]
        return {state["__id__"]: state for state in done.values()}, calls

    return apply


def test_systemd_reads_the_service_when_only_that_changed(systemd, tmp_path):
    """Salt asks systemd whether the timer is to be read anew, and of nothing else."""
    other = str(tmp_path / "other")
    shown, calls = systemd(test=True)
    assert (shown[READS]["result"], calls) == (None, [])
    done, calls = systemd()
    assert all(state["result"] for state in done.values()), done
    assert calls == ["daemon-reload"]
    service = (tmp_path / "units" / "openstack-regions-metrics.service").read_text()
    assert " timeout=12\n" in service and "TimeoutStartSec=72\n" in service
    again, calls = systemd()
    assert (calls, [state["changes"] for state in again.values() if state["changes"]]) == ([], [])
    shown, calls = systemd(test=True, directory=other)
    assert (shown[READS]["result"], calls) == (None, [])
    done, calls = systemd(directory=other)
    assert calls == ["daemon-reload"]
    assert done["metrics have a service"]["changes"] and not done["metrics have a timer"]["changes"]
    assert systemd(directory=other)[1] == []
    done, calls = systemd(directory=other, every=300)
    assert calls == ["daemon-reload"]
    assert done["metrics have a timer"]["changes"] and not done["metrics have a service"]["changes"]


def test_what_a_killed_run_left_unread_is_read_by_the_next(systemd, tmp_path):
    systemd()
    (tmp_path / "unread").write_text("NeedDaemonReload=no\n\nNeedDaemonReload=yes\n")
    shown, calls = systemd(test=True)
    assert (shown[LEFT]["result"], calls) == (None, [])
    done, calls = systemd()
    assert (done[LEFT]["result"], bool(done[READS]["changes"]), calls) == (True, False, ["daemon-reload"])


def test_the_timer_waits_for_that(loaders):
    minion = loaders.but(pillar={"openstack_regions": CLOUD}, grains=DEBIAN)
    low = minion.modules["state.show_low_sls"]("regions.metrics")
    (timer,) = [one for one in low if one["__id__"] == "metrics are written"]
    assert {"cmd": LEFT} in timer["require"]
