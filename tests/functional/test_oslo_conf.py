"""oslo_conf through Salt's own loader: options set and taken out, services repointed and put back, secrets unseen."""

from __future__ import annotations

import json
import subprocess

import pytest
import salt.pillar
import yaml
from salt.exceptions import CommandExecutionError

from tests.support import corpus, judge

TEXT = "[DEFAULT]\n#debug = false\n\n[pci]\nalias = a\nalias = b\n"


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "nova.conf"
    path.write_text(TEXT)
    return path


@pytest.fixture
def node(loaders, tmp_path):
    """A minion of RegionTwo whose files are a tree of the corpus; returns the minion, the tree and the arguments."""

    def make(name, **changes):
        tree = corpus.copy(name, tmp_path / name)
        roots = [str(path) for path in (tree / "etc", tree / "usr/share") if path.exists()]
        words = {"roots": roots, "backups": str(tmp_path / "backups")}
        pillar = {"openstack_regions": corpus.pillar() | changes}
        return loaders.but(pillar=pillar, grains={"region": "RegionTwo"}), tree, words

    return make


def test_options_are_set_added_to_and_taken_out(loaders, conf, tmp_path):
    call, kept = loaders.modules, str(tmp_path / "backups")
    done = call["oslo_conf.set"](str(conf), "DEFAULT", "debug", True, backups=kept)
    assert done["changes"] == {str(conf): {"[DEFAULT] debug": {"line": 2, "old": None, "new": "true"}}}
    assert conf.read_text() == TEXT.replace("#debug = false\n", "#debug = false\ndebug = true\n")
    call["oslo_conf.add"](str(conf), "pci", "alias", "c", backups=kept)
    call["oslo_conf.remove"](str(conf), "pci", "alias", "a", backups=kept)
    assert call["oslo_conf.get"](str(conf), "pci", "alias", multi=True) == ["b", "c"]
    call["oslo_conf.set"](str(conf), "pci", "alias", values=["x", "y"], backups=kept)
    assert call["oslo_conf.get"](str(conf), "pci", "alias") == "y"
    call["oslo_conf.remove"](str(conf), "pci", "alias", backups=kept)
    assert call["oslo_conf.get"](str(conf), "pci", "alias", default="none") == "none"
    for _ in range(5):
        before = conf.read_text()
        back = call["oslo_conf.restore"](str(conf), directory=kept)
        assert back["path"] == str(conf) and conf.read_text() != before
    assert call["oslo_conf.set"](str(conf), "DEFAULT", "x", "1", backups=kept, test=True)["changes"]
    assert "x = 1" not in conf.read_text()


@pytest.mark.parametrize("value", [{"name": "gpu"}, ["a"]])
@pytest.mark.parametrize("verb", ["set", "add", "remove"])
def test_what_yaml_made_of_a_command_line_is_no_text(loaders, conf, tmp_path, verb, value):
    with pytest.raises(CommandExecutionError, match=r"`value` came as a .*quotes of its own"):
        loaders.modules[f"oslo_conf.{verb}"](str(conf), "pci", "alias", value, backups=str(tmp_path / "backups"))
    assert conf.read_text() == TEXT


def test_one_command_brings_the_earlier_text_back(loaders, conf, tmp_path):
    kept = str(tmp_path / "backups")
    loaders.modules["oslo_conf.set"](str(conf), "DEFAULT", "debug", True, backups=kept)
    loaders.modules["oslo_conf.restore"](str(conf), directory=kept)
    assert conf.read_text() == TEXT


def test_errors_name_file_and_line(loaders, conf):
    conf.write_text("[DEFAULT]\nnonsense\n")
    with pytest.raises(CommandExecutionError, match=r"nova\.conf, line 2"):
        loaders.modules["oslo_conf.get"](str(conf), "DEFAULT", "debug")
    with pytest.raises(CommandExecutionError, match=r"`value` or `values`"):
        loaders.modules["oslo_conf.set"](str(conf), "DEFAULT", "debug")


def test_options_present_and_absent(loaders, conf, tmp_path):
    sections = {"DEFAULT": {"debug": True}, "pci": {"alias": ["a", "c"]}, "new": {"password": "s3cr3t"}}
    words = {"name": str(conf), "sections": sections, "backups": str(tmp_path / "backups")}
    planned = loaders.dry.states["oslo_conf.options_present"](**words)
    assert planned["result"] is None and conf.read_text() == TEXT
    done = loaders.states["oslo_conf.options_present"](**words)
    assert done["result"] is True and done["changes"] == planned["changes"]
    assert "s3cr3t" not in str(done)
    assert judge.readings(conf.read_bytes()) == {
        ("DEFAULT", "debug"): ["true"],
        ("pci", "alias"): ["a", "c"],
        ("new", "password"): ["s3cr3t"],
    }
    again = loaders.states["oslo_conf.options_present"](**words)
    assert again["result"] is True and again["changes"] == {}
    gone = {"name": str(conf), "sections": {"new": ["password"], "DEFAULT": ["debug"]}, "backups": words["backups"]}
    assert loaders.states["oslo_conf.options_absent"](**gone)["changes"]
    assert loaders.states["oslo_conf.options_absent"](**gone)["changes"] == {}


@pytest.mark.parametrize("name", ["nova-liberty", "cinder-liberty", "nova-zed", "swift-queens"])
def test_repointed_and_restored(node, name):
    minion, tree, words = node(name)
    before = corpus.texts(tree)
    planned = minion.dry.states["oslo_conf.repointed"](name="x", **words)
    assert planned["result"] is None and corpus.texts(tree) == before
    done = minion.states["oslo_conf.repointed"](name="x", **words)
    assert done["result"] is True and done["changes"] == planned["changes"]
    assert "%pw" not in json.dumps([planned, done])
    again = minion.states["oslo_conf.repointed"](name="x", **words)
    assert (again["result"], again["changes"]) == (True, {})
    undo = {"name": "x", "backups": words["backups"]}
    planned = minion.dry.states["oslo_conf.restored"](**undo)
    done = minion.states["oslo_conf.restored"](**undo)
    assert planned["result"] is None and planned["changes"] == done["changes"]
    assert corpus.texts(tree) == before


def test_a_password_out_of_sdb(node, monkeypatch, tmp_path):
    secret = tmp_path / "secrets"
    secret.write_text("from-sdb")
    credentials = corpus.pillar()["credentials"] | {"nova": {"password": "sdb://osenv/OSREGIONS_TEST_SECRET"}}
    minion, tree, words = node("nova-pike", credentials=credentials)
    minion = minion.but(osenv={"driver": "env"})
    monkeypatch.setenv("OSREGIONS_TEST_SECRET", "from-sdb")
    done = minion.states["oslo_conf.repointed"](name="x", **words)
    assert done["result"] is True, done["comment"]
    assert "from-sdb" in (tree / "etc/nova/nova.conf").read_text()
    assert "from-sdb" not in str(done)


def test_a_password_out_of_gpg(loaders, tmp_path):
    """Pillar as it lies on a master: encrypted, and rendered by Salt's own gpg renderer."""
    keys, pillar = tmp_path / "gpgkeys", tmp_path / "pillar"
    keys.mkdir(mode=0o700)
    pillar.mkdir()
    gpg = ["gpg", "--homedir", str(keys), "--batch", "--quiet", "--trust-model", "always"]
    subprocess.run([*gpg, "--passphrase", "", "--quick-generate-key", "salt@example.org"], check=True)
    try:
        encrypted = subprocess.run(
            [*gpg, "--armor", "--encrypt", "-r", "salt@example.org"],
            input="from-gpg",
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        credentials = corpus.pillar()["credentials"] | {"nova": {"password": encrypted}}
        (pillar / "top.sls").write_text("base: {'*': [cloud]}\n")
        cloud = yaml.safe_dump({"openstack_regions": corpus.pillar() | {"credentials": credentials}})
        (pillar / "cloud.sls").write_text(f"#!yaml|gpg\n{cloud}")
        minion = loaders.but(pillar_roots={"base": [str(pillar)]}, gpg_keydir=str(keys), grains={"region": "RegionTwo"})
        compiled = salt.pillar.get_pillar(minion.opts, minion.opts["grains"], "loaders").compile_pillar()
        minion = minion.but(pillar=compiled)
    finally:
        subprocess.run(["gpgconf", "--homedir", str(keys), "--kill", "gpg-agent"], check=True)
    tree = corpus.copy("nova-pike", tmp_path / "node")
    words = {"roots": [str(tree / "etc")], "backups": str(tmp_path / "backups")}
    done = minion.states["oslo_conf.repointed"](name="x", **words)
    assert done["result"] is True, done["comment"]
    assert "password = from-gpg\n" in (tree / "etc/nova/nova.conf").read_text()
    assert "from-gpg" not in str(done)


def test_what_is_refused_fails_the_state_and_writes_nothing(node):
    credentials = corpus.pillar()["credentials"]
    minion, tree, words = node("nova-pike", credentials={key: credentials[key] for key in ("nova",)})
    before = corpus.texts(tree)
    done = minion.states["oslo_conf.repointed"](name="x", **words)
    assert done["result"] is False and done["changes"] == {}
    assert "credentials:neutron:password" in done["comment"] and "nova.conf, line" in done["comment"]
    assert corpus.texts(tree) == before


def test_a_password_that_all_can_read_is_warned_of(node):
    minion, tree, words = node("nova-pike")
    (tree / "etc/nova/nova.conf").chmod(0o644)
    assert "Anybody on this machine can read" in minion.states["oslo_conf.repointed"](name="x", **words)["comment"]
    assert (tree / "etc/nova/nova.conf").stat().st_mode & 0o777 == 0o644


def test_home_names_its_region_and_keeps_its_accounts(loaders, tmp_path):
    tree = corpus.copy("nova-pike", tmp_path / "home")
    minion = loaders.but(pillar={"openstack_regions": corpus.pillar()}, grains={"region": "RegionOne"})
    before = (tree / "etc/nova/nova.conf").read_bytes()
    minion.modules["oslo_conf.repoint"](roots=[str(tree / "etc")], backups=str(tmp_path / "kept"))
    changed = judge.differing(before, (tree / "etc/nova/nova.conf").read_bytes())
    assert changed == {"keystone_authtoken": {"region_name": "RegionOne"}, "keystone": {"region_name": "RegionOne"}}


def test_references_of_a_whole_node(node):
    minion, tree, words = node("controller-rdo")
    found = minion.modules["oslo_conf.references"](roots=words["roots"])
    assert found["problems"] == []
    unmanaged = minion.modules["oslo_conf.references"](roots=words["roots"], unmanaged=True)["references"]
    assert unmanaged and all(not one["managed"] for one in unmanaged)
    assert len(found["references"]) > len(unmanaged)
    assert str(tree) in unmanaged[0]["path"]


def test_nothing_is_restarted_where_nothing_was_written(node):
    minion, _, words = node("nova-pike")
    done = minion.states["oslo_conf.serving"](name="x", undone=True, **words)
    assert done["changes"] == {}


def test_pillar_adds_a_project(node, tmp_path):
    projects = {"billing": {"urls": ["[backend] identity"], "regions": ["[backend] region"]}}
    minion, tree, words = node("controller-rdo", projects=projects)
    minion.modules["oslo_conf.repoint"](**words)
    text = (tree / "etc/billing/billing.conf").read_text()
    assert "identity = http://10.13.32.19:5000/v3\n" in text and "region = RegionTwo\n" in text
