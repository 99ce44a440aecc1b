"""A newer source reaches a minion that runs, and two deliveries that differ are refused, not mixed."""

import shutil
import time

import pytest

from osregions import version
from tests.delivery.conftest import copy, install_wheel

PROBE = '''"""Which package a job on this minion works with."""

from osregions import errors, version

__virtualname__ = "delivery_probe"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def loaded():
    return [version.__version__, getattr(errors, "ADDED", None)]
'''


def release(cloud, source, number=None):
    """Let the cloud's files state that version (None: be the source's again), and bring them to the cloud."""
    package = cloud.source / "_utils" / "osregions"
    for name in ("version.py", "errors.py"):
        shutil.copy(source / "_utils" / "osregions" / name, package / name)
    if number:
        stated = (package / "version.py").read_text()
        (package / "version.py").write_text(stated.replace(f'"{version.__version__}"', f'"{number}"'))
        with (package / "errors.py").open("a") as file:
            file.write(f'\nADDED = "{number}"\n')
    cloud.sync()


@pytest.fixture(scope="module")
def changing(start_cloud, source, tmp_path_factory):
    """A cloud of files of its own, which the tests change; nothing synced yet."""
    own = copy(source, tmp_path_factory.mktemp("changing-source") / "checkout")
    (own / "_modules" / "delivery_probe.py").write_text(PROBE)
    return start_cloud("changing", own, {"file_roots": {"base": [str(own), str(own / "salt")]}})


def test_running_minions_and_a_newer_source(changing, source):
    """A minion that forks for its jobs, as minions do, works with it at once; one with threads says what to do."""
    threads = changing.master.salt_minion_daemon(
        "threads-minion", overrides={"multiprocessing": False, "enable_fqdns_grains": False}
    )
    with threads.started():
        everywhere = {"minion_tgt": threads.id}
        release(changing, source)
        cli = changing.master.salt_cli(environ=changing.environment)
        cli.run("saltutil.sync_all", **everywhere)
        assert cli.run("delivery_probe.loaded", **everywhere).data == [version.__version__, None]
        assert changing.call("delivery_probe.loaded") == [version.__version__, None]

        release(changing, source, "9.9.9")
        assert changing.call("delivery_probe.loaded") == ["9.9.9", "9.9.9"]

        cli.run("saltutil.sync_all", **everywhere)
        limit = time.monotonic() + 60  # the minion's loader is made anew after the sync has returned
        while "restart the Salt daemon" not in (said := str(cli.run("delivery_probe.loaded", **everywhere))):
            assert time.monotonic() < limit, said
            time.sleep(0.5)
        assert "9.9.9" in said and version.__version__ in said

        # and it is right: restarted, it works with what was synced
        threads.terminate()
    with threads.started():
        assert cli.run("delivery_probe.loaded", **everywhere).data == ["9.9.9", "9.9.9"]


def test_two_deliveries_on_one_minion(changing, source, wheel, tmp_path):
    """The same source both ways is fine; an older wheel beside newer synced modules keeps all of them from loading."""
    target = install_wheel(wheel, tmp_path / "site-packages")
    changing.environment["PYTHONPATH"] = str(target)
    release(changing, source)
    same = changing.walk()
    assert same["helper"].startswith(str(target))
    assert [name for name, entry in entries(same) if not entry["functions"]] == []

    release(changing, source, "9.9.9")
    for name, entry in entries(changing.walk()):
        assert not entry["functions"], f"{name} works on two versions at once: it must ask osregions.version.loadable"
        assert version.__version__ in entry["missing"] and "9.9.9" in entry["missing"]
        assert "Uninstall saltext-openstack-regions" in entry["missing"]


def entries(walked):
    return [(f"{kind}/{name}", entry) for kind, names in walked["found"].items() for name, entry in names.items()]
