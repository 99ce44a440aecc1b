"""`salt-run regions.status` on a real master: a table by itself, data where that is asked for, and an exit status."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_salt

PROGRAMS = Path(sys.executable).parent
PATIENT = "timeout=20"  # the machine of a test is busy; who answers is not waited for


def salt_run(cloud, *words):
    """What salt-run prints, its exit status, and the seconds that it took."""
    began = time.monotonic()
    done = subprocess.run(
        [PROGRAMS / "salt-run", "-c", Path(cloud.master.config["conf_file"]).parent, *words],
        env=cloud.environment,
        cwd=cloud.source.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode, time.monotonic() - began


def test_the_table_the_data_and_the_exit_status(cloud):
    """The minion is home's, and no keystone is where pillar says; of RegionTwo this master knows nobody."""
    text, code, _ = salt_run(cloud, "regions.status", PATIENT, "--no-color")
    assert code == 2, text
    assert text.splitlines()[0].startswith("2 regions, looked at 20"), text
    assert "ERROR [no_minions] RegionTwo\n  this master knows no minion of RegionTwo." in text
    assert "ERROR [home_keystone_down] RegionOne" in text
    assert f"nodes       {cloud.minion.id}" in text
    assert "\x1b[" in salt_run(cloud, "regions.status", PATIENT, "--force-color")[0]

    printed, code, _ = salt_run(cloud, "regions.status", PATIENT, "--out=json")
    data = json.loads(printed)
    assert (code, data["retcode"], data["worst"]) == (2, 2, "error")
    assert {one["code"] for one in data["findings"]} >= {"no_minions", "home_keystone_down"}
    assert list(data["regions"]["RegionOne"]["nodes"]) == [cloud.minion.id]


def test_the_page_and_the_metrics_are_written(deliveries, tmp_path):
    cloud = deliveries("file_roots")
    printed, code, _ = salt_run(cloud, "regions.report", PATIENT, "--out=json")
    found = json.loads(printed)
    assert code == 2 and found["steps"] == [f"{found['path']} was written"]
    page = Path(found["path"])
    assert page.read_text().startswith("<!DOCTYPE html>") and page.stat().st_mode & 0o777 == 0o600
    assert (page.parent / "history.jsonl").read_text().count("\n") >= 1
    own = tmp_path / "page.html"
    assert salt_run(cloud, "regions.report", own, "mode=0644", PATIENT)[1] == 2
    assert own.stat().st_mode & 0o777 == 0o644
    text, code, _ = salt_run(cloud, "regions.report", "/nowhere/page.html", PATIENT)
    assert code and "/nowhere/page.html can't be written" in text
    for wrong in ("abc", -1, 0):
        text, code, _ = salt_run(cloud, "regions.status", f"timeout={wrong}")
        assert code == 2 and "is no number from 2 to 300" in text and "Traceback" not in text
    metrics = tmp_path / "openstack_regions.prom"
    assert salt_run(cloud, "regions.metrics", metrics, PATIENT)[1] == 0, "it was written, whatever is wrong"
    assert 'code="no_minions"' in metrics.read_text() and metrics.stat().st_mode & 0o777 == 0o644


def test_a_minion_that_is_gone_is_a_finding_and_not_waited_for(deliveries):
    cloud = deliveries("file_roots")
    cloud.minion.terminate()
    try:
        printed, code, took = salt_run(cloud, "regions.status", "--out=json")
    finally:
        cloud.minion.start()
    found = {one["code"]: one["sentence"] for one in json.loads(printed)["findings"]}
    assert code == 2 and found["minion_silent"] == f"{cloud.minion.id} did not answer"
    assert json.loads(printed)["seconds"] < 4.5
    # What the job takes, and as much as a busy machine needs to start Python.
    assert took < 15
