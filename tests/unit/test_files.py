"""Replacing a file: whole or not at all, dressed as before, and with a way back."""

import itertools
import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from osregions import files
from osregions.errors import BackupError


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "backups"


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "etc" / "keystone.conf"
    path.parent.mkdir()
    path.write_text("[database]\nconnection = secret\n")
    path.chmod(0o640)
    return path


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_new_text_and_the_earlier_one_kept_for_root_alone(conf, kept):
    before = conf.read_text()
    backup = files.replace(conf, "new\n", kept)
    assert conf.read_text() == "new\n"
    assert Path(backup).read_text() == before
    assert mode(backup) == 0o600 and mode(Path(backup).parent) == 0o700 and mode(f"{backup}.origin") == 0o600
    assert str(kept) in backup
    assert [path.name for path in conf.parent.iterdir()] == ["keystone.conf"], "nothing is left beside it"


def test_the_same_text_changes_nothing(conf, kept):
    before = os.stat(conf)
    assert files.replace(conf, conf.read_bytes(), kept) is None
    assert os.stat(conf).st_ino == before.st_ino and os.stat(conf).st_mtime_ns == before.st_mtime_ns
    assert not kept.exists()


def test_owner_mode_and_attributes_stay(conf, kept):
    os.chown(conf, 12345, 23456)
    os.setxattr(conf, "user.of", b"mine")
    os.chmod(conf, 0o4640)
    files.replace(conf, "new\n", kept)
    after = os.stat(conf)
    assert (after.st_uid, after.st_gid, mode(conf)) == (12345, 23456, 0o4640)
    assert os.getxattr(conf, "user.of") == b"mine"


def test_a_link_stays_a_link(conf, kept, tmp_path):
    link = tmp_path / "link.conf"
    link.symlink_to("etc/keystone.conf")
    files.replace(link, "new\n", kept)
    assert link.is_symlink() and conf.read_text() == "new\n"
    assert files.backups(link, kept) == files.backups(conf, kept) != []


def test_a_directory_that_was_there_keeps_its_mode(conf, tmp_path):
    shared = tmp_path / "var-backups"
    shared.mkdir(mode=0o755)
    shared.chmod(0o1777)
    files.replace(conf, "new\n", shared)
    assert mode(shared) == 0o1777, "it may be /var/backups, or /tmp"


def test_a_file_that_is_not_there_is_not_made(tmp_path, kept):
    with pytest.raises(BackupError, match=r"there is no file .*absent"):
        files.replace(tmp_path / "absent", "x", kept)
    assert list(tmp_path.iterdir()) == []


def test_back_and_forth(conf, kept):
    texts = ["one\n", "two \u017c\n", "three"]
    conf.write_text(texts[0])
    for text in texts[1:]:
        files.replace(conf, text, kept)
    listed = files.backups(conf, kept)
    assert [Path(entry["backup"]).read_text() for entry in listed] == [texts[1], texts[0]], "newest first"
    done = files.restore(listed[-1]["backup"], kept)
    assert conf.read_text() == texts[0] and done["path"] == str(conf)
    assert Path(done["backup"]).read_text() == texts[2], "what it said is kept in turn"
    assert files.restore(listed[-1]["backup"], kept)["backup"] is None
    assert files.backups(conf.with_name("other.conf"), kept) == []
    assert len(files.backups(None, kept)) == 3


def test_a_deleted_file_can_be_restored(conf, kept):
    before = conf.read_text()
    backup = files.replace(conf, "new", kept)
    conf.unlink()
    assert files.restore(backup, kept) == {"path": str(conf), "backup": None}
    assert conf.read_text() == before and mode(conf) == 0o640


def test_what_is_no_backup_is_refused(conf, kept):
    with pytest.raises(BackupError, match="is not a backup of a file"):
        files.restore(conf, kept)


def test_without_room_for_the_backup_nothing_is_changed(conf, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        conf.write_bytes(os.urandom(200_000))
        before = conf.read_bytes()
        with pytest.raises(BackupError, match="No space left on device"):
            files.replace(conf, "new", disk)
        assert conf.read_bytes() == before
        assert [path for path in disk.rglob("*") if path.is_file()] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


CALLS = ("fsync", "replace", "fchown", "fchmod", "open", "fdopen")


@pytest.mark.parametrize("number", range(1, 24))
def test_killed_at_any_moment_the_file_says_the_old_or_the_new(conf, kept, number):
    """The n-th call into the system that matters kills the process; a second run then finishes."""
    before = conf.read_bytes()
    new = b"new" * 9999
    child = os.fork()
    if child == 0:
        calls = itertools.count(1)

        def dying(real):
            def call(*args, **kwargs):
                if next(calls) == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return call

        for name in CALLS:
            setattr(os, name, dying(getattr(os, name)))
        try:
            files.replace(conf, new, kept)
        finally:
            os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    assert conf.read_bytes() in (before, new)
    assert mode(conf) == 0o640
    if conf.read_bytes() == new:
        assert [Path(entry["backup"]).read_bytes() for entry in files.backups(conf, kept)] == [before]
    files.replace(conf, new, kept)
    assert conf.read_bytes() == new
    assert before in [Path(entry["backup"]).read_bytes() for entry in files.backups(conf, kept)]
    if number == 23:
        assert ended == 0, "there are more moments than these to be killed at"
