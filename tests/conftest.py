"""What every part of the tests shares."""

import logging
import os

import hypothesis
import pytest

pytest_plugins = ["tests.support.fixtures"]

# What Salt logs after pytest has closed its streams would each time be a traceback about that.
logging.raiseExceptions = False

# No deadline: a busy machine is slow, not wrong. In CI the same examples each time: a failure there is a change's.
hypothesis.settings.register_profile("project", deadline=None, database=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("project")


@pytest.fixture(scope="session")
def salt_factories_config():
    """Settings of pytest-salt-factories: Salt comes from the venv, and a busy machine may be slow to start it."""
    return {"code_dir": None, "inject_sitecustomize": False, "start_timeout": 120}
