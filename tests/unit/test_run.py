"""What the test run counts: a test that did not run is not a test that holds."""

import os
import subprocess
import sys

import pytest

from tests.support import parts

PASSES = "def test_passes():\n    assert True\n"
FAILS = "def test_fails():\n    assert False\n"
SKIPS = "import pytest\n\ndef test_skips():\n    pytest.skip('not here')\n"
EXPECTED = "import pytest\n\n@pytest.mark.xfail\ndef test_expected_to_fail():\n    assert False\n"


@pytest.mark.parametrize(
    ("text", "passed", "failed"),
    [
        (PASSES, 1, 0),
        (PASSES + FAILS, 1, 1),
        (PASSES + SKIPS, 1, 1),
        (SKIPS, 0, 1),
        (PASSES + EXPECTED, 1, 1),
        ("import missing_module\n", 0, 1),
        ("", 0, 1),
        ("import os\n\n\ndef test_dies():\n    os._exit(0)\n", 0, 1),
    ],
)
def test_a_real_run_is_counted(tmp_path, text, passed, failed):
    (tmp_path / "test_it.py").write_text(text)
    report = tmp_path / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        f"--junit-xml={report}",
        f"--rootdir={tmp_path}",
        "-c",
        "/dev/null",
    ]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # none is needed, and they take their time
    done = subprocess.run([*command, str(tmp_path)], cwd=tmp_path, env=environment, capture_output=True, check=False)
    outcome = parts.count("it", report, done.returncode)
    assert (outcome.passed, outcome.failed) == (passed, failed)
    assert bool(outcome.notes) == bool(failed)


def test_every_folder_of_tests_is_a_part():
    folders = {file.parent.name for file in (parts.ROOT / "tests").glob("*/test_*.py")}
    assert folders <= set(parts.PARTS)


def test_what_meets_one_salt_meets_the_first():
    """Left out with the second, a test of a part that has no first would be run nowhere."""
    root = parts.ROOT / "tests"
    marked = {file.parent.name for file in root.glob("*/test_*.py") if "pytest.mark.one_salt" in file.read_text()}
    assert {name for name, part in parts.PARTS.items() if part.once} == marked - {"unit"} == {"delivery", "functional"}
