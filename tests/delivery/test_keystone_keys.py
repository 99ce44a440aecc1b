"""Keys from home to a region by a real master: its job cache and all logs, at the finest level, hold none of them."""

import json
import os

import pytest
import yaml

from tests.delivery.conftest import copy
from tests.support import keys

pytestmark = pytest.mark.one_salt

REGIONS = {"one": "RegionOne", "two": "RegionTwo"}


@pytest.fixture(scope="module")
def cloud(start_cloud, source, tmp_path_factory):
    """A master, a minion of home's and one of a region's, each with keys of its own."""
    folder = tmp_path_factory.mktemp("keys")
    own = copy(source, folder / "checkout")
    pillar = folder / "pillar"
    pillar.mkdir()
    (pillar / "top.sls").write_text(
        "base:\n  '*': [cloud]\n  'G@region:RegionOne': [{match: compound}, one]\n"
        "  'G@region:RegionTwo': [{match: compound}, two]\n"
    )
    data = {
        "home": "RegionOne",
        "join": "RegionTwo",
        "regions": {
            name: {"public_endpoint": f"http://10.0.{number}.1:5000"} for number, name in enumerate(REGIONS.values())
        },
        "keys": {"user": str(os.getuid()), "group": str(os.getgid())},
    }
    (pillar / "cloud.sls").write_text(yaml.safe_dump({"openstack_regions": data}))
    for name in REGIONS:
        conf = keys.conf(folder / name)
        for kind in ("fernet-keys", "credential-keys"):
            keys.fill(folder / name / kind, {0: keys.key(), 1: keys.key(), 2: keys.key()})
        local = {"keystone": {"config": str(conf), "release": 22}, "backup": {"directory": str(folder / name / "kept")}}
        (pillar / f"{name}.sls").write_text(yaml.safe_dump({"openstack_regions": local}))

    def minion(name):
        return {
            "grains": {"region": REGIONS[name], "roles": ["keystone"]},
            "openstack_regions_records": str(folder / name / "records"),
            "openstack_regions_requests": str(folder / name / "requests"),
            "log_level_logfile": "all",
        }

    roots = {"file_roots": {"base": [str(own), str(own / "salt")]}, "pillar_roots": {"base": [str(pillar)]}}
    cloud = start_cloud("keys", own, {**roots, "log_level_logfile": "all"}, minion=minion("one"))
    other = cloud.master.salt_minion_daemon(
        "keys-minion-two", overrides={"enable_fqdns_grains": False, **minion("two")}
    )
    with other.started():
        cli = cloud.master.salt_cli(environ=cloud.environment)
        assert cli.run("saltutil.sync_all", minion_tgt="*").returncode == 0
        cloud.run("saltutil.sync_all")
        cloud.folder, cloud.other = folder, other
        yield cloud


def orchestrate(cloud, sls, *arguments):
    """Run an orchestration; return its states' results."""
    done = cloud.master.salt_run_cli(environ=cloud.environment).run("state.orchestrate", sls, *arguments, _timeout=180)
    results = next(iter(done.data["data"].values()))
    assert isinstance(results, dict), results
    return [one for _, one in sorted(results.items(), key=lambda item: item[1]["__run_num__"])]


def content(cloud):
    return [keys.content(cloud.folder / name / kind) for name in REGIONS for kind in ("fernet-keys", "credential-keys")]


def secrets(cloud):
    return {path.read_bytes() for path in cloud.folder.glob("*/*") if path.is_file() and path.name.isdigit()} | {
        path.read_bytes() for path in cloud.folder.rglob("*") if path.is_file() and path.name.isdigit()
    }


def test_keys_spread_and_rotated_by_a_real_master(cloud):
    seen = secrets(cloud)
    (planned,) = orchestrate(cloud, "orch.keys", "test=True")
    (done,) = orchestrate(cloud, "orch.keys")
    assert planned["result"] is None and done["result"] is True, done["comment"]
    assert planned["changes"] == done["changes"] and set(done["changes"]) == {cloud.other.id}
    home, credentials, *others = content(cloud)
    assert others == [home, credentials]
    (again,) = orchestrate(cloud, "orch.keys")
    assert (again["result"], again["changes"]) == (True, {})

    _, early = orchestrate(cloud, "orch.rotate_keys")
    assert early["result"] is True and early["changes"] == {} and "due in" in early["comment"]
    for name in REGIONS:
        keys.aged(cloud.folder / name / "fernet-keys", 10**6)
    _, due = orchestrate(cloud, "orch.rotate_keys")
    assert due["result"] is True and set(due["changes"]) == {cloud.minion.id, cloud.other.id}, due["comment"]
    home, credentials, *others = content(cloud)
    assert others == [home, credentials] and max(home) == 3

    for name in REGIONS:
        keys.aged(cloud.folder / name / "fernet-keys", 10**6)
    cloud.other.terminate()
    spread, due = orchestrate(cloud, "orch.rotate_keys")
    assert spread["result"] is False and f"{cloud.other.id}: it does not answer" in spread["comment"]
    assert due["result"] is False and content(cloud)[0] == home

    seen |= secrets(cloud)
    assert len(seen) >= 13
    looked = 0
    kept = [cloud.folder / name for name in REGIONS]
    for daemon in (cloud.master, cloud.minion, cloud.other):
        top = daemon.config["root_dir"]
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path) or any(path.startswith(f"{place}/") for place in kept):
                    continue
                with open(path, "rb") as file:
                    data = file.read()
                looked += b"keystone_keys.install" in data
                assert not [secret for secret in seen if secret in data], path
    assert looked >= 3, "neither logs nor job cache were looked at"
    assert not list(cloud.folder.glob("*/requests/*"))
    assert "openstack-regions" not in json.dumps(spread)
