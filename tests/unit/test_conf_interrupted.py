"""A repointing of 200 files, killed and short of room: each file is whole, old or new, and the next run finishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from osregions.conf import operations
from osregions.errors import RegionsError
from tests.support import corpus

ROOT = Path(__file__).resolve().parents[2]
TEXT = """[DEFAULT]
# {n}
[keystone_authtoken]
auth_url = http://10.13.131.137:35357
auth_type = password
username = nova
password = old
project_name = services
"""
_RUN = """
import sys
sys.path[:0] = sys.argv[1].split(":")
from pathlib import Path
from tests.support import corpus
machine = corpus.machine(Path(sys.argv[2]))
print("ready", flush=True)
corpus.repoint(machine)
"""


def node(tree, files=200):
    """A node with many files, all of which are to change."""
    folder = tree / "etc/nova/nova.conf.d"
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"{number:03}.conf").write_text(TEXT.format(n=number))
    return tree


def leftovers(tree):
    return [path for path in tree.rglob(".*") if path.is_file()]


def test_killed_at_any_moment(tmp_path):
    tree = node(tmp_path / "node")
    before = corpus.texts(tree)
    shadow = node(tmp_path / "shadow")
    corpus.repoint(corpus.machine(shadow))
    after = corpus.texts(shadow)
    script = [sys.executable, "-B", "-c", _RUN, f"{ROOT}:{ROOT / '_utils'}", str(tree)]
    seen = set()
    for moment in range(12):
        process = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(0.02 + 0.06 * moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for path, text in corpus.texts(tree).items():
            if not Path(path).name.startswith("."):
                assert text in (before[path], after[path]), path
        now = corpus.texts(tree)
        seen.add("old" if all(now.get(path) == text for path, text in before.items()) else "new")
    corpus.repoint(corpus.machine(tree))
    assert leftovers(tree) == []
    assert corpus.texts(tree) == after
    assert "old" in seen, "no kill came before the first file changed"
    operations.undo(corpus.machine(tree).backups)
    assert corpus.texts(tree) == before


@pytest.mark.parametrize("full", ["backups", "files"])
def test_a_full_disk(tmp_path, full):
    """Files or backups lie on a file system that is too small for the new ones."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], check=True)
    try:
        tree = node((place if full == "files" else tmp_path) / "node")
        machine = corpus.machine(tree)
        backups = (place if full == "backups" else tmp_path) / "kept"
        machine = type(machine)(machine.settings, machine.region, machine.roots, backups)
        before = corpus.texts(tree)
        with open(place / "ballast", "wb") as ballast:
            room = os.statvfs(place)
            ballast.write(b"x" * max(room.f_bavail * room.f_frsize - (200 << 10), 0))
        with pytest.raises(RegionsError, match="No space left on device") as error:
            corpus.repoint(machine)
        assert "make room" in str(error.value)
        assert corpus.texts(tree) == before
        assert leftovers(tree) == []
        (place / "ballast").unlink()
        if full == "files":
            assert corpus.repoint(machine).changes
            assert corpus.repoint(machine).changes == {}
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_owner_mode_attributes_and_links_stay(tmp_path):
    tree = node(tmp_path / "node", files=1)
    path = tree / "etc/nova/nova.conf.d/000.conf"
    path.rename(tree / "etc/real.conf")
    path.symlink_to("../../real.conf")
    real = tree / "etc/real.conf"
    os.chown(real, 0, 4242)
    real.chmod(0o440)
    os.setxattr(real, "user.note", b"kept")
    corpus.repoint(corpus.machine(tree))
    assert path.is_symlink()
    status = real.stat()
    assert (status.st_gid, status.st_mode & 0o7777, os.getxattr(real, "user.note")) == (4242, 0o440, b"kept")
    assert b"10.13.32.19:35357" in real.read_bytes()
