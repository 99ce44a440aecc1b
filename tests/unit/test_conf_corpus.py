"""Real-looking configuration of each project and era, repointed and put back; oslo.config and configparser judge."""

from __future__ import annotations

import pytest

from osregions.conf import operations
from tests.support import corpus, judge

TREES = corpus.trees()


@pytest.fixture(params=TREES)
def tree(request, tmp_path):
    return corpus.copy(request.param, tmp_path / request.param)


def verdict(before, after):
    """What the judges see: by file, section and option, for each that differs."""
    assert before.keys() == after.keys()
    return {path: judge.differing(before[path], after[path]) for path in before if before[path] != after[path]}


def test_exactly_the_intended_options_differ(tree):
    before = corpus.texts(tree)
    corpus.repoint(corpus.machine(tree))
    assert verdict(before, corpus.texts(tree)) == corpus.expected(tree.name)["changed"]


def test_the_plan_is_what_is_done_and_the_second_run_finds_nothing(tree):
    before = corpus.texts(tree)
    planned = corpus.repoint(corpus.machine(tree), dry=True)
    assert corpus.texts(tree) == before
    done = corpus.repoint(corpus.machine(tree))
    assert planned.changes == done.changes and planned.changes
    text = str(done)
    assert "%pw" not in text and "pa55" not in text, "a secret is shown"
    after = corpus.texts(tree)
    assert corpus.repoint(corpus.machine(tree)).changes == {}
    assert corpus.texts(tree) == after


def test_undone_every_file_is_what_it_was_to_the_byte(tree):
    before = corpus.texts(tree)
    machine = corpus.machine(tree)
    corpus.repoint(machine)
    planned = operations.undo(machine.backups, dry=True)
    assert planned.changes
    assert operations.undo(machine.backups).changes == planned.changes
    assert corpus.texts(tree) == before
    assert operations.undo(machine.backups).changes == {}


def test_there_and_back_and_there_again(tree):
    """Fail-over and fail-back: RegionTwo's own keystone, by home's accounts; then home's; then undone."""
    before = corpus.texts(tree)
    machine = corpus.machine(tree)
    corpus.repoint(machine)
    at_home = corpus.texts(tree)
    corpus.repoint(machine, at="RegionTwo")
    own = corpus.texts(tree)
    assert own != at_home
    for path, text in own.items():
        assert b"10.13.32.19" not in text and b"cloud.example.com" not in text, path
    corpus.repoint(machine)
    assert corpus.texts(tree) == at_home
    operations.undo(machine.backups)
    assert corpus.texts(tree) == before


def test_what_an_operator_changed_in_between_survives(tree):
    before = corpus.texts(tree)
    machine = corpus.machine(tree)
    corpus.repoint(machine)
    comment = b"# looked at on Sunday\n"
    touched = sorted(corpus.expected(tree.name)["changed"])
    for path in touched:
        file = tree / path
        newline = b"\r\n" if b"\r\n" in file.read_bytes() else b"\n"
        file.write_bytes(comment.replace(b"\n", newline) + file.read_bytes())
    operations.undo(machine.backups)
    for path, text in corpus.texts(tree).items():
        lead = comment.replace(b"\n", b"\r\n" if b"\r\n" in text else b"\n") if path in touched else b""
        assert text == lead + before[path], path


def test_every_place_is_found_and_told_apart(tree):
    expected = corpus.expected(tree.name)
    found = corpus.machine(tree).references()
    assert found["problems"] == []
    unmanaged = [one for one in found["references"] if not one["managed"] and one["why"].startswith("in no table")]
    assert sorted((one["path"].removeprefix(f"{tree}/"), one["line"]) for one in unmanaged) == sorted(
        map(tuple, expected["unmanaged"])
    )
    managed = {
        (one["path"].removeprefix(f"{tree}/"), one["section"].lower(), one["option"])
        for one in found["references"]
        if one["managed"] and "usr/share" not in one["path"]
    }
    named = {
        (path, section.lower(), option)
        for path, sections in expected["changed"].items()
        for section, options in sections.items()
        for option, value in options.items()
        if value and ("10.13.32.19" in value or "cloud.example.com" in value)
    }
    missing = {one for one in named - managed if not one[2].startswith("auth_host")}
    assert not missing
    assert "%pw" not in str(found) and "pa55" not in str(found)


def test_what_is_nobodys_to_change_is_told_apart(tmp_path):
    tree = corpus.copy("controller-rdo", tmp_path / "node")
    ours = tree / "etc/openstack-dashboard/local_settings.d/zz-openstack-regions.py"  # regions.dashboard's
    ours.parent.mkdir()
    ours.write_text('OPENSTACK_KEYSTONE_URL = "http://10.13.131.137:5000/v3"\n')
    why = {one["path"].removeprefix(f"{tree}/"): one["why"] for one in corpus.machine(tree).references()["references"]}
    assert "dashboard" in why["etc/openstack-dashboard/local_settings"]
    assert "dashboard" in why["etc/openstack-dashboard/local_settings.d/zz-openstack-regions.py"]
    assert "keystone's own" in why["etc/keystone/keystone.conf"]
    for path in ("etc/nova/nova.conf.rpmsave", "etc/nova/nova.conf.bak-20160312", "etc/cinder/cinder.conf~"):
        assert "backup" in why[path]
    assert "sample" in why["etc/glance/glance-api.conf.sample"]
    assert "distribution" in why["usr/share/nova/nova-dist.conf"]
