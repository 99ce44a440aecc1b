"""Accounts that are named by ids (P8): an id of the region's own keystone means nothing at home."""

from __future__ import annotations

import configparser

import pytest

from osregions.conf import operations
from osregions.errors import RegionsError
from tests.support import corpus, judge

HEAD = "[keystone_authtoken]\nauth_url = http://10.13.131.137:5000/v3\npassword = s3cr3t\n"


def said(tmp_path, text, given=None, path="etc/glance/glance-api.conf", more=None):
    """What a file says once it is repointed; the second run finds nothing, and undoing brings back every byte."""
    tree = tmp_path / "node"
    for name, content in {path: text, **(more or {})}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(content)
    before, machine = corpus.texts(tree), corpus.machine(tree, given=given)
    planned = corpus.repoint(machine, dry=True, given=given)
    assert corpus.repoint(machine, given=given).changes == planned.changes
    after = corpus.texts(tree)
    assert corpus.repoint(machine, given=given).changes == {}
    operations.undo(machine.backups)
    assert corpus.texts(tree) == before
    return {key: values[-1] for key, values in judge.readings(after[path]).items()}


@pytest.mark.parametrize(
    "lines",
    [
        "project_id = abc\nproject_name = theirs\n",
        "project_name = theirs\nproject_id = abc\n",
        "project_id = abc\nx = 1\nproject_name = services\n",
        "project_id = abc\ntenant_id = abc\n",
        "project_id = abc\nproject_id = def\n",
        "project_id = abc\n",
    ],
)
def test_no_id_of_a_project_is_left_beside_its_name(tmp_path, lines):
    found = said(tmp_path, f"{HEAD}username = glance\nuser_domain_id = default\n{lines}")
    assert found["keystone_authtoken", "project_name"] == "services"
    assert not found.get(("keystone_authtoken", "project_id"))
    assert not found.get(("keystone_authtoken", "tenant_id"))


def test_a_name_that_takes_the_place_of_an_id_has_its_domain(tmp_path):
    found = said(tmp_path, f"{HEAD}user_id = abc\nproject_id = def\n")
    section = {option: value for (name, option), value in found.items() if name == "keystone_authtoken"}
    assert "user_id" not in section and "project_id" not in section
    assert (section["username"], section["user_domain_name"]) == ("glance", "Default")
    assert (section["project_name"], section["project_domain_name"]) == ("services", "Default")


def test_the_id_at_home_where_pillar_tells_it(tmp_path):
    given = corpus.pillar()
    given["credentials"]["glance"] |= {"user_id": "u-home", "project_id": "p-home"}
    found = said(tmp_path, f"{HEAD}user_id = abc\nproject_id = def\n", given)
    assert found["keystone_authtoken", "user_id"] == "u-home"
    assert found["keystone_authtoken", "project_id"] == "p-home"
    assert ("keystone_authtoken", "username") not in found


def test_novas_old_client_of_neutron(tmp_path):
    text = "[neutron]\nadmin_auth_url = http://x:5000/v2.0\nadmin_user_id = abc\nadmin_password = s3cr3t\n"
    found = said(tmp_path, text, path="etc/nova/nova.conf")
    assert found["neutron", "admin_username"] == "neutron"
    assert not {("neutron", "admin_user_id"), ("neutron", "user_domain_name")} & set(found)


def test_a_user_that_goes_by_nothing_but_an_id(tmp_path):
    text = "[trust]\ntrustee_domain_id = d\ntrustee_domain_admin_id = abc\ntrustee_domain_admin_password = s3cr3t\n"
    with pytest.raises(RegionsError, match=r"home's user_id for magnum_domain_admin .*magnum.conf, line 3"):
        said(tmp_path, text, path="etc/magnum/magnum.conf")
    given = corpus.pillar()
    given["credentials"]["magnum_domain_admin"]["user_id"] = "u-home"
    assert said(tmp_path, text, given, "etc/magnum/magnum.conf")["trust", "trustee_domain_admin_id"] == "u-home"


def test_an_id_in_the_distributions_defaults(tmp_path):
    dist = {"usr/share/nova/nova-dist.conf": f"{HEAD}username = nova\ntenant_id = abc\n"}
    found = said(tmp_path, "[DEFAULT]\nverbose = 1\n", path="etc/nova/nova.conf", more=dist)
    assert found["keystone_authtoken", "project_name"] == "services"
    assert found["keystone_authtoken", "tenant_id"] == ""
    (tmp_path / "again").mkdir()
    found = said(tmp_path / "again", "[keystone_authtoken]\ntenant_id = def\n", path="etc/nova/nova.conf", more=dist)
    assert found["keystone_authtoken", "project_name"] == "services"
    assert found["keystone_authtoken", "tenant_id"] == ""


def test_glances_accounts_in_swift_are_read_by_configparser(tmp_path):
    """glance_store's SwiftConfigParser: `%` is doubled, `$` is itself, one pair of quotes goes."""
    text = '[ref1]\nauth_address = "http://10.13.131.137:5000/v3"\nuser = "service:glance"\nkey = s3cr3t\n'
    given = corpus.pillar()
    given["credentials"]["glance"]["password"] = "a$b%c%%d$$e"
    tree = tmp_path / "node"
    (tree / "etc/glance").mkdir(parents=True)
    (tree / "etc/glance/glance-swift.conf").write_text(text)
    before, machine = corpus.texts(tree), corpus.machine(tree, given=given)
    corpus.repoint(machine, given=given)
    assert corpus.repoint(machine, given=given).changes == {}
    parser = configparser.ConfigParser()
    parser.read(tree / "etc/glance/glance-swift.conf")
    assert dict(parser["ref1"]) == {
        "auth_address": "http://10.13.32.19:5000/v3",
        "user": "services:glance",
        "key": "a$b%c%%d$$e",
    }
    operations.undo(machine.backups)
    assert corpus.texts(tree) == before


def test_swifts_account_at_barbican_is_read_by_configparser(tmp_path):
    text = "[kms_keymaster]\nauth_endpoint = http://10.13.131.137:5000/v3\nusername = swift\npassword = s3cr3t\n"
    found = said(tmp_path, text, path="etc/swift/keymaster.conf")
    assert found["kms_keymaster", "password"] == "home$swift%pw"


def test_what_a_paste_file_sets_for_all(tmp_path):
    text = "[filter:authtoken]\nset auth_url = http://10.13.131.137:5000\nset user_id = abc\nset password = s3cr3t\n"
    found = said(tmp_path, f"{text}set region_name = RegionOne\n", path="etc/swift/proxy-server.conf")
    section = {option.removeprefix("set "): value for (_, option), value in found.items()}
    assert section["password"] == "home$swift%pw" and section["username"] == "swift"
    assert not section.get("user_id")
    assert found["filter:authtoken", "set region_name"] == "RegionTwo"
    assert ("filter:authtoken", "region_name") not in found


@pytest.mark.parametrize("line", ["[s3cr3t", "s3cr3t=="])
def test_a_secret_that_lost_its_name_is_not_shown(tmp_path, line):
    with pytest.raises(RegionsError, match=r"glance-api.conf, line 1") as error:
        said(tmp_path, f"{line}\n")
    assert "s3cr3t" not in str(error.value)


APPLICATION = (
    "[keystone_authtoken]\nauth_type = v3applicationcredential\nauth_url = http://10.13.131.137:5000/v3\n"
    "application_credential_name = glance-two\nusername = glance\napplication_credential_secret = s3cr3t\n"
)


def test_an_application_credential_that_goes_by_its_name(tmp_path):
    given = corpus.pillar()
    given["credentials"]["glance"] |= {"application_credential_id": "ac1", "application_credential_secret": "homes"}
    found = said(tmp_path, APPLICATION, given)
    assert found["keystone_authtoken", "application_credential_id"] == "ac1"
    assert found["keystone_authtoken", "application_credential_secret"] == "homes"
    assert ("keystone_authtoken", "application_credential_name") not in found
    del given["credentials"]["glance"]["application_credential_id"]
    with pytest.raises(RegionsError, match="home's application_credential_id for glance is not known"):
        said(tmp_path / "other", APPLICATION, given)
