"""The rules for alerts, tried by Prometheus' own program: each rings when it should, and none for a healthy cloud."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from osregions.alarms import limits
from osregions.status import metrics
from tests.support import packaged, parts
from tests.support.status import HOME, Cloud
from tests.unit.test_status_metrics import FILES, read

ALERTS = FILES / "alerts.yml"
CASES = Path(__file__).with_name("alerts_test.yml")
RULES = {rule["alert"]: rule for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]}
MINUTES = 60


@pytest.fixture(scope="module")
def promtool():
    """`promtool(*words)`: run it; return its exit status and what it said."""
    program = packaged.promtool()

    def run(*words):
        done = subprocess.run([program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def minutes(of):
    """What a cloud tells each minute, as promtool has its series; `of(minute)` is the cloud in that minute.

    promtool's clock starts at the epoch.
    """
    told = [read(metrics.told(of(minute).shown)) for minute in range(MINUTES)]
    series = []
    for name, labels in dict.fromkeys(key for one in told for key in one):
        shown = ",".join(f'{label}="{value}"' for label, value in labels)
        values = " ".join(str(one.get((name, labels), "_")) for one in told)
        series.append({"series": f"{metrics.PREFIX}{name}{{{shown}}}", "values": values})
    return series


def silent(promtool, folder, series):
    """Whether no alert rings in any minute, as promtool has it: its exit status, and what it said."""
    tests = [{"alertname": name, "eval_time": f"{minute}m"} for name in RULES for minute in range(MINUTES)]
    case = {"interval": "1m", "input_series": series, "alert_rule_test": tests}
    (folder / "case.yml").write_text(
        yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": [case]})
    )
    return promtool("test", "rules", str(folder / "case.yml"))


def test_prometheus_takes_the_rules(promtool):
    code, said = promtool("check", "rules", str(ALERTS))
    assert code == 0 and f"{len(RULES)} rules found" in said, said


def test_each_rings_when_it_should(promtool):
    code, said = promtool("test", "rules", str(CASES))
    assert code == 0, said


@pytest.mark.parametrize("sign_in", [0.31, 1.42, 2.0])
def test_none_rings_for_a_healthy_cloud(promtool, tmp_path, sign_in):
    """By what it really tells, minute after minute, a slow one too."""

    def cloud(minute):
        found = Cloud(now=60.0 * minute)
        found.part("one-controller", "catalog")["sign_in"] = sign_in
        return found

    code, said = silent(promtool, tmp_path, minutes(cloud))
    assert code == 0, said


def test_what_a_cloud_tells_that_is_not_well_does_ring(promtool, tmp_path):
    """That the healthy one is silent is no accident of how it is tried here."""

    def cloud(minute):
        found = Cloud(now=60.0 * minute)
        found.part("one-controller", "catalog")["sign_in"] = 6.5
        return found

    code, said = silent(promtool, tmp_path, minutes(cloud))
    assert code == 1 and "OpenStackRegionsSignInSlow" in said and HOME in said, said


def test_every_rule_is_tried_both_ways():
    looks = [look for test in yaml.safe_load(CASES.read_text())["tests"] for look in test["alert_rule_test"]]
    assert {look["alertname"] for look in looks if look.get("exp_alerts")} == set(RULES)
    assert {look["alertname"] for look in looks if not look.get("exp_alerts")} == set(RULES)


def test_the_series_they_are_tried_with_are_those_that_are_told():
    known = {f"{metrics.PREFIX}{one.name}": set(one.labels) for one in metrics.METRICS}
    for test in yaml.safe_load(CASES.read_text())["tests"]:
        for one in test["input_series"]:
            name, _, labels = one["series"].partition("{")
            assert set(re.findall(r'(\w+)="', labels)) == known[name], one


def test_a_replica_is_behind_as_the_alarms_have_it():
    assert RULES["OpenStackRegionsReplicaBehind"]["expr"].endswith(f"> {limits.Limits().lag:g}")


def test_the_guide_tells_of_each_as_it_is():
    text = (parts.ROOT / "docs" / "operator" / "status.md").read_text()
    told = re.findall(r"^\| `(OpenStackRegions\w+)` \| (\w+) \| [^|]+ \| (\d+) \|$", text, re.MULTILINE)
    assert told == [
        (name, rule["labels"]["severity"], rule.get("for", "0m").removesuffix("m")) for name, rule in RULES.items()
    ]
