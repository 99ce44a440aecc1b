"""The dump program and the client: whose they are, what they are told, and that no password is among it."""

import os
import stat
import subprocess

import pytest

from osregions.catalog import dump
from osregions.database import account_from_url
from osregions.errors import BackupError


@pytest.mark.parametrize(
    ("text", "mariadb", "version", "options"),
    [
        ("mysqldump  Ver 10.13 Distrib 5.5.62, for Linux (x86_64)", False, (5, 5), ()),
        ("mysqldump  Ver 10.13 Distrib 5.6.24, for Linux (x86_64)", False, (5, 6), ("--set-gtid-purged=OFF",)),
        ("mysqldump  Ver 10.13 Distrib 5.7.44, for Linux (x86_64)", False, (5, 7), ("--set-gtid-purged=OFF",)),
        (
            "mysqldump  Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))",
            False,
            (8, 0),
            ("--set-gtid-purged=OFF", "--column-statistics=0"),
        ),
        (
            "mysqldump  Ver 8.4.2 for Linux on x86_64 (MySQL Community Server - GPL)",
            False,
            (8, 4),
            ("--set-gtid-purged=OFF", "--column-statistics=0"),
        ),
        ("mysqldump  Ver 10.14 Distrib 5.5.68-MariaDB, for Linux (x86_64)", True, (5, 5), ()),
        ("mysqldump  Ver 10.19 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)", True, (10, 11), ()),
        ("mariadb-dump from 11.4.2-MariaDB, client 10.19 for debian-linux-gnu (x86_64)", True, (11, 4), ()),
    ],
)
def test_a_dump_program_is_known_by_what_it_says(text, mariadb, version, options):
    client = dump.client_from("/usr/bin/mysqldump", text)
    assert (client.mariadb, client.version, client.options()) == (mariadb, version, options)


@pytest.mark.parametrize("text", ["", "no such thing"])
def test_a_program_that_does_not_say_its_version_is_refused(text):
    with pytest.raises(BackupError, match=r"/usr/bin/true does not say which version"):
        dump.client_from("/usr/bin/true", text)


def test_this_machines_own_programs_are_known():
    path = dump._found(dump._DUMP)
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    assert dump.client_from(path, said).version >= (5, 5)
    with pytest.raises(BackupError, match="neither this-is-not nor that-is-not is installed"):
        dump._found(["this-is-not", "that-is-not"])


PASSWORD = "pa\"ss\\w'#ord $x \u017c"


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("mysql://k:x@db:3307/keystone", ['host="db"', "port=3307", "protocol=TCP"]),
        ("mysql://k:x@/keystone?unix_socket=/run/my.sock", ['socket="/run/my.sock"']),
        ("mysql://k:x@db/keystone?ssl_ca=/ca.pem", ['ssl-ca="/ca.pem"', "port=3306"]),
    ],
)
def test_credentials_are_handed_over_in_memory_alone(url, lines):
    account = account_from_url(url)
    with dump._credentials(account) as (option, descriptor):
        text = os.read(descriptor, 10000).decode()
        status = os.fstat(descriptor)
        assert "memfd:" in os.readlink(f"/proc/self/fd/{descriptor}") and status.st_nlink == 0
        assert stat.S_IMODE(status.st_mode) & 0o077 == 0
    assert option == f"--defaults-extra-file=/proc/self/fd/{descriptor}"
    assert set(lines) <= set(text.splitlines())
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_any_password_is_understood_by_the_program(tmp_path):
    account = account_from_url("mysql://k:x@db/keystone")
    object.__setattr__(account, "password", PASSWORD)
    with dump._credentials(account) as (option, descriptor):
        said = subprocess.run(
            ["my_print_defaults", option.replace("extra-", ""), "client"],
            pass_fds=[descriptor],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert f"--password={PASSWORD}" in said.splitlines()


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_dump_is_its_owners_alone_from_the_first_byte(tmp_path, umask):
    before = os.umask(umask)
    try:
        with dump._compressed(tmp_path / "x.sql.gz") as file:
            assert (tmp_path / "x.sql.gz").stat().st_mode & 0o777 == 0o600
            file.write(b"secret")
    finally:
        os.umask(before)
    with pytest.raises(FileExistsError), dump._compressed(tmp_path / "x.sql.gz"):
        pass
