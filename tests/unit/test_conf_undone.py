"""Undoing, to the byte: after a detour, after a run that failed, and where new sections were put below empty lines."""

from __future__ import annotations

import errno
import os
from unittest import mock

import pytest

from osregions.conf import operations
from osregions.errors import RegionsError
from tests.support import corpus

OWN = "http://10.13.131.137:5000"
SIGNED = f"[keystone_authtoken]\nauth_url = {OWN}/v3\nusername = nova\npassword = s3cr3t\n"


def laid(tmp_path, files):
    tree = tmp_path / "node"
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    return tree


def undone(tree, *steps):
    """What the files say after these repointings and the undoing of all."""
    machine = corpus.machine(tree)
    for at in steps:
        corpus.repoint(machine, at=at)
    operations.undo(machine.backups)
    return corpus.texts(tree)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\n\n"])
@pytest.mark.parametrize("text", ["", SIGNED.rstrip("\n"), "# nothing"])
def test_several_new_sections_leave_no_empty_lines(tmp_path, text, end):
    tree = laid(tmp_path, {"etc/nova/nova.conf": text + end})
    before = corpus.texts(tree)
    assert undone(tree, "RegionOne") == before


@pytest.mark.parametrize(
    "line",
    [
        f'auth_url = "{OWN}/v3"',
        f"auth_url ={OWN}/v3",
        f"auth_url = {OWN}/v2.0,\n\t{OWN}/v3",
    ],
)
def test_what_says_again_what_it_said_at_first_does_so_in_the_same_bytes(tmp_path, line):
    tree = laid(tmp_path, {"etc/nova/nova.conf": SIGNED.replace(f"auth_url = {OWN}/v3", line)})
    before = corpus.texts(tree)
    assert undone(tree, "RegionOne", "RegionTwo") == before


def test_a_section_that_two_files_spell_differently_is_one(tmp_path):
    files = {
        "etc/nova/nova.conf": "[DEFAULT]\nverbose = 1\n",
        "usr/share/nova/nova-dist.conf": f"[Keystone_Authtoken]\nidentity_uri = {OWN}\n",
    }
    tree = laid(tmp_path, files)
    before = corpus.texts(tree)
    assert undone(tree, "RegionOne", "RegionTwo", "RegionOne") == before


@pytest.mark.parametrize("number", range(1, 14))
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_was_full_once_is_forgotten(tmp_path, call, number):
    """Each write of a run fails in turn: a clear error; the next run finishes, and all of it can be undone."""
    tree = laid(tmp_path, {"etc/nova/nova.conf": SIGNED, "etc/glance/glance-api.conf": SIGNED})
    before = corpus.texts(tree)
    machine, real, calls = corpus.machine(tree), getattr(os, call), iter(range(1, 1000))

    def full(*args):
        if next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args)

    with mock.patch(f"os.{call}", full):
        try:
            corpus.repoint(machine)
        except RegionsError as err:
            assert "No space left" in str(err) and str(tmp_path) in str(err)
    corpus.repoint(machine)
    assert corpus.repoint(machine).changes == {}
    operations.undo(machine.backups)
    assert corpus.texts(tree) == before
