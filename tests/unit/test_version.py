"""A module that does not belong to the package it finds is told so."""

import shutil
from pathlib import Path

import pytest

from osregions import version


@pytest.fixture
def synced(tmp_path):
    """A minion's folder of synced modules, as `saltutil.sync_all` leaves it: (module file, package)."""
    package = tmp_path / "extmods" / "utils" / "osregions"
    shutil.copytree(version.HERE, package, ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "extmods" / "modules" / "regions.py"
    module.parent.mkdir()
    module.touch()
    return module, package


def restate(package: Path, stated: str) -> None:
    (package / "version.py").write_text(f'__version__ = "{stated}"\n')


def test_the_same_source_twice_is_no_fault(synced):
    module, _ = synced
    assert version.fault(str(module)) is None
    assert version.loadable("regions", str(module)) == "regions"


def test_two_deliveries_that_differ_are_named(synced):
    module, package = synced
    restate(package, "9.9.9")
    loads, why = version.loadable("regions", str(module))
    assert loads is False
    assert "9.9.9" in why and version.__version__ in why
    assert str(package) in why and str(version.HERE) in why
    assert "Uninstall saltext-openstack-regions" in why


def test_a_difference_without_a_new_version_counts(synced):
    module, package = synced
    (package / "added.py").write_text("VALUE = 1\n")
    assert version.fault(str(module)) is not None


def test_a_package_replaced_under_a_running_daemon_asks_for_a_restart(synced):
    module, package = synced
    loaded = version.fingerprint(package)
    assert version.fault(str(module), package, loaded) is None
    restate(package, "9.9.9")
    why = version.fault(str(module), package, loaded)
    assert "restart the Salt daemon" in why and "9.9.9" in why
