"""The metrics in the form that node_exporter reads, and the alerts and the dashboard that go by them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from osregions.status import metrics
from tests.support.status import HOME, MEMBER, NODES, NOW, Cloud
from tests.unit.test_status_findings import FAULTS

FILES = Path(__file__).resolve().parents[2] / "salt" / "regions" / "metrics" / "files"
_LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)')
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\.)*)"')
_BACK = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def read(text):
    """The samples of an exposition, by name and labels, as Prometheus' own description of the format has it."""
    found, known = {}, set()
    assert text.endswith("\n")
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("#"):
            words = line.split(" ", 3)
            assert words[1] in ("HELP", "TYPE")
            if words[1] == "TYPE":
                assert words[3] == "gauge" and words[2] not in known, "told in two places"
                known.add(words[2])
            continue
        match = _LINE.fullmatch(line)
        assert match, line
        assert match[1] in known
        labels = {
            name: re.sub(r"\\.", lambda one: _BACK[one[0]], said) for name, said in _LABEL.findall(match[2] or "")
        }
        key = (match[1].removeprefix(metrics.PREFIX), tuple(sorted(labels.items())))
        assert key not in found, "told twice"
        found[key] = float(match[3])
    return found


def value(found, name, **labels):
    return found.get((name, tuple(sorted(labels.items()))))


def test_a_healthy_cloud():
    found = read(metrics.told(Cloud().shown))
    assert value(found, "status_worst") == 0 and value(found, "status_timestamp_seconds") == NOW
    assert not [name for name, _ in found if name == "findings"]
    assert value(found, "replica_lag_seconds", region=MEMBER) == 0.002
    assert value(found, "replica_running", region=MEMBER) == 1
    assert value(found, "identity_local", region=MEMBER) == 0
    assert value(found, "identity_local", region=HOME) is None
    assert value(found, "endpoint_answers", region=MEMBER, type="image", interface="public") == 1
    assert value(found, "keystone_answers", region=MEMBER, keystone=HOME) == 1
    assert value(found, "nodes", region=MEMBER, state="silent") == 0
    assert value(found, "backup_age_seconds", region=HOME) == 7200
    assert {name for name, _ in found} == {one.name for one in metrics.METRICS} - {"findings"}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_counted_under_its_code(fault):
    cloud = Cloud()
    FAULTS[fault][0](cloud)
    found = read(metrics.told(cloud.shown))
    counted = {dict(labels)["code"]: number for (name, labels), number in found.items() if name == "findings"}
    assert counted.keys() == cloud.codes
    assert value(found, "status_worst") == {"error": 3, "warning": 2, "info": 1}[cloud.shown["worst"]]


def test_what_is_not_known_is_left_out():
    cloud = Cloud()
    for minion in NODES[MEMBER]:
        del cloud.said[minion]
    found = read(metrics.told(cloud.shown))
    assert value(found, "nodes", region=MEMBER, state="silent") == 2
    for name in ("replica_lag_seconds", "replica_running", "identity_local", "sign_in_seconds"):
        assert value(found, name, region=MEMBER) is None


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_any_label_comes_back_as_it_was(said):
    shown = Cloud().shown
    shown["regions"][HOME]["endpoints"][0] |= {"type": said, "interface": "admin", "problem": ""}
    found = read(metrics.told(shown))
    assert value(found, "endpoint_answers", region=HOME, type=said, interface="admin") == 1


def named(expression):
    """The metrics of ours that an expression of Prometheus names, each with the labels that it asks for."""
    found = re.findall(rf"\b{metrics.PREFIX}([a-z_]+)(?:\{{([^}}]*)\}})?", expression)
    return {name: {label for label, _ in _LABEL.findall(labels)} for name, labels in found}


def checked(expression, legend=""):
    known = {one.name: set(one.labels) for one in metrics.METRICS}
    used = named(expression)
    assert used, expression
    for name, labels in used.items():
        assert labels <= known[name], (name, labels)
        shown = {one.strip() for one in re.findall(r"\{\{\s*(\w+)\s*\}\}", legend)}
        shown |= set(re.findall(r"\$labels\.(\w+)", legend))
        grouped = re.search(r"by \((\w+)\)", expression)
        assert shown <= ({grouped[1]} if grouped else known[name]), (name, legend)


def test_every_alert_goes_by_a_metric_that_there_is():
    (group,) = yaml.safe_load((FILES / "alerts.yml").read_text())["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(names) == len(set(names)) >= 6
    for rule in group["rules"]:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        checked(rule["expr"], " ".join(rule["annotations"].values()))
        assert rule["annotations"].keys() == {"summary", "description"}
        assert re.fullmatch(r"\d+m", rule.get("for", "0m"))


def test_every_panel_of_the_dashboard_shows_a_metric_that_there_is():
    board = json.loads((FILES / "grafana.json").read_text())
    panels = board["panels"]
    assert len({one["id"] for one in panels}) == len(panels) > 8
    cells = set()
    for one in panels:
        place = one["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & own and place["x"] + place["w"] <= 24, one["title"]
        cells |= own
        for target in one["targets"]:
            checked(target["expr"], target["legendFormat"])
    shown = {name for one in panels for target in one["targets"] for name in named(target["expr"])}
    assert shown >= {"findings", "replica_lag_seconds", "sign_in_seconds", "identity_local", "identity_epoch"}
