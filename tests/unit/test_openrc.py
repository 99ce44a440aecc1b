"""The admin's openrc file: read as a shell reads it, changed in one word."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions import openrc
from osregions.errors import SettingsError

REST = "# of the seed's clusters\nexport OS_USERNAME=admin\nOS_PASSWORD='it is \"x\" #1'\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("export OS_REGION_NAME=RegionOne\n", "export OS_REGION_NAME=RegionTwo\n"),
        ("OS_REGION_NAME=RegionOne\n", "OS_REGION_NAME=RegionTwo\n"),
        ("  export   OS_REGION_NAME=RegionOne", "  export   OS_REGION_NAME=RegionTwo"),
        ('export OS_REGION_NAME="RegionOne"\n', 'export OS_REGION_NAME="RegionTwo"\n'),
        ("export OS_REGION_NAME='RegionOne'\n", "export OS_REGION_NAME='RegionTwo'\n"),
        ("export OS_REGION_NAME=RegionOne  # ours\n", "export OS_REGION_NAME=RegionTwo  # ours\n"),
        ("export OS_REGION_NAME=RegionOne; umask 077\n", "export OS_REGION_NAME=RegionTwo; umask 077\n"),
        ("export OS_REGION_NAME=\n", "export OS_REGION_NAME=RegionTwo\n"),
        ("export OS_REGION_NAME=RegionOne\r\n", "export OS_REGION_NAME=RegionTwo\r\n"),
        ("OS_REGION_NAME=a\nOS_REGION_NAME=RegionOne\n", "OS_REGION_NAME=a\nOS_REGION_NAME=RegionTwo\n"),
        ("#export OS_REGION_NAME=RegionOne\n", "#export OS_REGION_NAME=RegionOne\nexport OS_REGION_NAME=RegionTwo\n"),
        ("", "export OS_REGION_NAME=RegionTwo\n"),
        (
            "export OS_AUTH_URL=http://x:5000/v3",
            "export OS_AUTH_URL=http://x:5000/v3\nexport OS_REGION_NAME=RegionTwo\n",
        ),
        ("export OS_AUTH_URL=x\r\n", "export OS_AUTH_URL=x\r\nexport OS_REGION_NAME=RegionTwo\r\n"),
    ],
)
def test_one_word_changes_and_nothing_else(before, after):
    assert openrc.with_region(before, "RegionTwo") == after
    assert openrc.with_region(after, "RegionTwo") == after
    rest = REST.replace("\n", "\r\n") if "\r" in before else REST
    assert openrc.with_region(rest + before, "RegionTwo") == rest + after


@given(st.text(alphabet="AOS_=x \t#'\";\\\r\nREGIONAMxport", max_size=60))
def test_a_second_change_finds_nothing_to_do_and_back_is_back(text):
    once = openrc.with_region(text, "RegionTwo")
    assert openrc.with_region(once, "RegionTwo") == once
    assert len(once) <= len(text) + len("\r\nexport OS_REGION_NAME=RegionTwo\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "export OS_REGION_NAME=RegionOne",
        "export OS_REGION_NAME='Region One'",
        'export OS_REGION_NAME="a#b"',
        "export OS_REGION_NAME=a#b",
        "export OS_REGION_NAME=a # b",
        "export OS_REGION_NAME=a; true",
        "export OS_REGION_NAME=\"a\"b'c'",
        "export OS_REGION_NAME=",
        "export OS_REGION_NAME=#a",
        "export OS_REGION_NAME=a\\ b",
    ],
)
def test_values_are_what_a_shell_makes_of_them(line, tmp_path):
    path = tmp_path / "openrc"
    for text in (f"{REST}{line}\n", openrc.with_region(f"{REST}{line}\n", "RegionTwo")):
        path.write_text(text)
        script = f'. {path}; printf %s "$OS_USERNAME|$OS_PASSWORD|$OS_REGION_NAME"'
        shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
        found = openrc.read(path)
        assert f"{found['OS_USERNAME']}|{found['OS_PASSWORD']}|{found['OS_REGION_NAME']}" == shell
    assert shell.endswith("|RegionTwo")


def test_a_file_is_changed_with_its_odd_bytes_kept(tmp_path):
    path = tmp_path / "openrc"
    path.write_bytes(b"# caf\xe9\r\nexport OS_REGION_NAME=RegionOne\r\n")
    path.chmod(0o600)
    changes = {f"{path} OS_REGION_NAME": {"old": "RegionOne", "new": "RegionTwo"}}
    before = path.read_bytes()
    assert openrc.name_region(path, "RegionTwo", tmp_path / "b", dry=True) == changes
    assert path.read_bytes() == before and not (tmp_path / "b").exists()
    assert openrc.name_region(path, "RegionTwo", tmp_path / "b") == changes
    assert path.read_bytes() == b"# caf\xe9\r\nexport OS_REGION_NAME=RegionTwo\r\n"
    assert openrc.name_region(path, "RegionTwo", tmp_path / "b") == {}


def test_a_file_without_variables_or_no_file_is_refused(tmp_path):
    path = tmp_path / "openrc"
    with pytest.raises(SettingsError, match="No such file"):
        openrc.read(path)
    path.write_text("# nothing\n")
    with pytest.raises(SettingsError, match="sets no OS_ variable"):
        openrc.name_region(path, "RegionTwo", tmp_path)
