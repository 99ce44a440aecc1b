"""What stands in the way of a repointing: each told with its file, line and remedy, and nothing written anywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from osregions import settings
from osregions.errors import RegionsError
from tests.support import corpus

NOVA = """[keystone_authtoken]
auth_url = http://10.13.131.137:5000
auth_type = password
username = nova
password = s3cr3t
"""
GLANCE = NOVA.replace("nova", "glance")


@pytest.fixture
def tree(tmp_path):
    tree = tmp_path / "node"
    (tree / "etc/nova").mkdir(parents=True)
    (tree / "etc/glance").mkdir()
    (tree / "etc/nova/nova.conf").write_text(NOVA)
    (tree / "etc/glance/glance-api.conf").write_text(GLANCE)
    return tree


def refused(tree, *words, given=None):
    """The error of a repointing that must not write; by test=True it is the same."""
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tree.rglob("*") if path.is_file()}
    errors = []
    for dry in (True, False):
        with pytest.raises(RegionsError) as error:
            corpus.repoint(corpus.machine(tree, given=given), dry=dry, given=given)
        errors.append(str(error.value))
    assert errors[0] == errors[1]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    for word in words:
        assert word in errors[0]
    assert "s3cr3t" not in errors[0] and "%pw" not in errors[0]
    return errors[0]


def test_a_file_that_does_not_parse(tree):
    (tree / "etc/nova/nova.conf").write_text(f"{NOVA}\nthis is no option\n")
    refused(tree, "etc/nova/nova.conf, line 7", "mend that line")


def test_one_that_names_middleware_in_a_folder_of_nobodys(tree):
    (tree / "etc/billing.conf").write_text("[keystone_authtoken]\nnonsense\n")
    refused(tree, "etc/billing.conf, line 2")


def test_a_binary(tree):
    (tree / "etc/nova/nova.conf").write_bytes(b"[DEFAULT]\nx = \0\n")
    refused(tree, "etc/nova/nova.conf is binary")


def test_a_binary_that_is_no_configuration_is_nobodys_business(tree):
    (tree / "etc/nova/object.ring.gz").write_bytes(b"\x1f\x8b\0http://x:5000\0")
    assert corpus.repoint(corpus.machine(tree)).changes


@pytest.mark.parametrize(
    ("target", "said"), [("nothing.conf", "link to nothing"), ("nova.conf", "leads back to itself")]
)
def test_a_link_that_leads_nowhere(tree, target, said):
    (tree / "etc/nova/nova.conf").unlink()
    (tree / "etc/nova/nova.conf").symlink_to(target)
    refused(tree, "etc/nova/nova.conf", said)


@pytest.mark.parametrize("url", ["http://:5000/v3", "http:///v3", "http://", "not a url"])
def test_a_url_without_a_host(tree, url):
    (tree / "etc/nova/nova.conf").write_text(NOVA.replace("http://10.13.131.137:5000", url))
    refused(tree, "[keystone_authtoken] auth_url is no URL with a host", "etc/nova/nova.conf, line 2")


def test_a_password_missing_for_a_service_that_is_there(tree):
    given = corpus.pillar()
    del given["credentials"]["glance"]
    refused(
        tree,
        "signs in as glance",
        "glance-api.conf, line 5",
        "openstack_regions:credentials:glance:password",
        given=given,
    )


def test_everything_that_stands_in_the_way_is_told_at_once(tree):
    (tree / "etc/nova/nova.conf").write_text("nonsense\n")
    (tree / "etc/glance/glance-api.conf").write_text(GLANCE.replace("http://10", "http://:5000#"))
    refused(tree, "2 things stand in the way", "nova.conf, line 1", "glance-api.conf, line 2")


def test_an_unknown_region(tree):
    with pytest.raises(RegionsError, match=r"no region RegionNine in pillar.*RegionOne, RegionTwo"):
        corpus.machine(tree, region="RegionNine")
    with pytest.raises(RegionsError, match="no region RegionNine in pillar"):
        corpus.machine(tree).plan("RegionNine", {})


def test_a_root_that_is_not_there(tree):
    machine = corpus.machine(tree)
    with pytest.raises(RegionsError, match="there is no /no/where"):
        type(machine)(machine.settings, "RegionTwo", ("/no/where",)).references()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"credentials": {"glnace": {"password": "s3cr3t"}}}, ("credentials:glnace", "did you mean glance?")),
        ({"credentials": {"glance": {"pasword": "s3cr3t"}}}, ("credentials:glance:pasword", "did you mean password?")),
        ({"credentials": {"glance": "s3cr3t"}}, ("credentials:glance", "no mapping")),
        ({"credentials": "s3cr3t"}, ("credentials", "no mapping")),
        ({"credentials": {"glance": {"password": ["s3cr3t"]}}}, ("credentials:glance:password", "not a text")),
        ({"credentials": {"glance": {"password": "s3cr3t\nx"}}}, ("credentials:glance:password", "several lines")),
        ({"credentials": {"glance": {"password": "-----BEGIN PGP MESSAGE-----"}}}, ("not decrypted",)),
        ({"credentials": {"heat_domain_admin": {"password": "s3cr3t"}}}, ("its domain is missing",)),
        ({"regions": {"RegionOne": {"public_endpoint": ["http://a", "http://b"]}}}, ("more than one URL",)),
        ({"regions": {"RegionOne": {"public_endpoint": "http://a:5000,http://b:5000"}}}, ("more than one URL",)),
        ({"regions": {"RegionOne": {"public_endpoint": "http://:5000"}}}, ("no URL with a host",)),
        (
            {"regions": {"RegionOne": {"public_endpoint": "http://10.13.131.137:5000"}}},
            ("of RegionOne and of RegionTwo",),
        ),
        ({"projects": {"billing": {"urls": ["identity"]}}}, ("projects:billing:urls", "[section] option")),
        ({"projects": {"billing": {"url": []}}}, ("projects:billing:url", "did you mean urls?")),
    ],
)
def test_what_pillar_says_wrongly(change, words):
    given = {**corpus.PILLAR, **change}
    if "regions" in change:
        given["regions"] = {**corpus.PILLAR["regions"], **change["regions"]}
    with pytest.raises(RegionsError) as error:
        settings.read(given)
    for word in words:
        assert word in str(error.value)
    assert "s3cr3t" not in str(error.value)


def test_sdb_that_has_nothing():
    found = {"credentials": {"glance": {"password": "sdb://vault/x"}}}
    known = settings.read(corpus.PILLAR).known
    with pytest.raises(RegionsError, match="sdb has nothing there"):
        settings.credentials_of(found, known, lambda uri: None)
    assert settings.credentials_of(found, known, {"sdb://vault/x": "pw"}.get)["glance"].password == "pw"


_AS_NOBODY = """
import os, sys
sys.path[:0] = sys.argv[1].split(":")
from tests.support import corpus
from pathlib import Path
from osregions.errors import RegionsError
tree = Path(sys.argv[2])
os.setuid(65534)
try:
    corpus.repoint(corpus.machine(tree), dry=True)
except RegionsError as err:
    print(err)
"""


@pytest.mark.parametrize(
    ("mode", "folder", "said"),
    [(0o000, 0o777, "can't be read"), (0o444, 0o777, "can't be written"), (0o666, 0o555, "folder")],
)
def test_rights_that_are_missing(tree, mode, folder, said):
    """Root may do anything: somebody else has to try."""
    for path in (tree.parent, tree, tree / "etc", tree / "etc/glance"):
        path.chmod(0o777)
    (tree / "etc/nova/nova.conf").chmod(mode)
    (tree / "etc/glance/glance-api.conf").chmod(0o666)
    (tree / "etc/nova").chmod(folder)
    parent = tree.parent
    while parent != Path("/"):
        parent.chmod(parent.stat().st_mode | 0o055)
        parent = parent.parent
    root = Path(__file__).resolve().parents[2]
    script = [sys.executable, "-B", "-c", _AS_NOBODY, f"{root}:{root / '_utils'}", str(tree)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert said in done.stdout and "etc/nova" in done.stdout, done.stderr
