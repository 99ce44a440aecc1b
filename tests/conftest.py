"""What every part of the tests shares."""

import pytest

pytest_plugins = ["tests.support.fixtures"]


@pytest.fixture(scope="session")
def salt_factories_config():
    """Settings of pytest-salt-factories: Salt comes from the venv, and a busy machine may be slow to start it."""
    return {"code_dir": None, "inject_sitecustomize": False, "start_timeout": 120}
