"""How files lie on a node, and what they are to each other: parts that later files say, links, programs apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from osregions.conf import operations
from osregions.errors import RegionsError
from tests.support import corpus, judge

OWN = "http://10.13.131.137:5000"
SIGNED = f"[keystone_authtoken]\nauth_url = {OWN}/v3\nusername = nova\npassword = s3cr3t\n"


def laid(tmp_path, files):
    tree = tmp_path / "node"
    (tree / "etc").mkdir(parents=True)
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    return tree


def repointed(tree, given=None):
    """What each option of each file says once the tree is repointed, which is done once and can be undone."""
    before, machine = corpus.texts(tree), corpus.machine(tree, given=given)
    planned = corpus.repoint(machine, dry=True, given=given)
    assert corpus.repoint(machine, given=given).changes == planned.changes
    after = corpus.texts(tree)
    assert corpus.repoint(machine, given=given).changes == {}
    operations.undo(machine.backups)
    assert corpus.texts(tree) == before
    return {path: {key: values[-1] for key, values in judge.readings(text).items()} for path, text in after.items()}


def test_parts_of_an_address_are_changed_where_they_count(tmp_path):
    files = {
        "etc/nova/nova.conf": "[keystone_authtoken]\nauth_host = controller\nauth_port = 5000\nauth_protocol = http\n",
        "etc/nova/nova.conf.d/a.conf": "[keystone_authtoken]\nauth_protocol = https\nauth_port = 35357\n",
    }
    found = repointed(laid(tmp_path, files))
    late = found["etc/nova/nova.conf.d/a.conf"]
    assert late["keystone_authtoken", "auth_protocol"] == "http"
    assert late["keystone_authtoken", "auth_port"] == "35357"
    assert found["etc/nova/nova.conf"]["keystone_authtoken", "auth_host"] == "10.13.32.19"


def test_a_registrys_files_are_not_the_apis(tmp_path):
    files = {
        "etc/glance/glance-api.conf": SIGNED,
        "etc/glance/glance-registry.conf": "[keystone_authtoken]\nadmin_user = glance\n",
        "etc/glance/glance-registry.conf.d/a.conf": "[keystone_authtoken]\nregion_name = RegionOne\n",
        "usr/share/glance/glance-registry-dist.conf": "[keystone_authtoken]\nauth_host = 127.0.0.1\n",
    }
    found = repointed(laid(tmp_path, files))
    assert found["etc/glance/glance-api.conf"]["keystone_authtoken", "region_name"] == "RegionTwo"
    assert ("keystone_authtoken", "auth_host") not in found["etc/glance/glance-api.conf"]
    assert found["etc/glance/glance-registry.conf"]["keystone_authtoken", "auth_host"] == "10.13.32.19"
    assert ("keystone_authtoken", "region_name") not in found["etc/glance/glance-registry.conf"]


def test_a_link_goes_by_its_own_name(tmp_path):
    tree = laid(tmp_path, {"opt/r2/main": SIGNED, "opt/r2/late": "[neutron]\nregion_name = x\n", "etc/nova/a.ini": ""})
    (tree / "etc/nova/nova.conf").symlink_to("../../opt/r2/main")
    (tree / "etc/nova/nova.conf.d").mkdir()
    (tree / "etc/nova/nova.conf.d/late.conf").symlink_to("../../../opt/r2/late")
    found = repointed(tree)
    assert found["opt/r2/main"]["cinder", "os_region_name"] == "RegionTwo"
    assert ("neutron", "region_name") not in found["opt/r2/main"]
    assert found["opt/r2/late"]["neutron", "region_name"] == "RegionTwo"


def test_one_file_by_several_ways_is_one(tmp_path):
    tree = laid(tmp_path, {"etc/nova/real.conf": SIGNED})
    (tree / "etc/nova/nova.conf").symlink_to("real.conf")
    (tree / "etc/nova/self").symlink_to(".")
    (tree / "etc/other").mkdir()
    (tree / "etc/other/nova").symlink_to("../nova")
    assert len(corpus.repoint(corpus.machine(tree), dry=True).changes) == 1
    assert repointed(tree)["etc/nova/real.conf"]["cinder", "os_region_name"] == "RegionTwo"


@pytest.mark.parametrize(("target", "said"), [("/no/where", "link to nothing"), ("nova", "leads back to itself")])
def test_a_projects_folder_that_leads_nowhere(tmp_path, target, said):
    tree = laid(tmp_path, {"etc/glance/glance-api.conf": SIGNED})
    (tree / "etc/nova").symlink_to(target)
    with pytest.raises(RegionsError, match=rf"etc/nova is a .*{said}"):
        corpus.repoint(corpus.machine(tree))


def test_a_folder_of_kollas_tells_the_project(tmp_path):
    agent = f"[DEFAULT]\nauth_url = {OWN}/v2.0\nauth_region = x\nadmin_user = neutron\nadmin_password = s3cr3t\n"
    found = repointed(laid(tmp_path, {"etc/kolla/neutron-metadata-agent/metadata_agent.ini": agent}))
    (said,) = found.values()
    assert said["DEFAULT", "auth_url"] == "http://10.13.32.19:5000/v2.0"
    assert said["DEFAULT", "auth_region"] == "RegionTwo"


def test_a_web_servers_files_among_a_containers_are_not_the_projects(tmp_path):
    files = {
        "etc/puppet-generated/nova/etc/nova/nova.conf": SIGNED,
        "etc/puppet-generated/nova/etc/httpd/conf.d/10-nova.conf": "<VirtualHost *:8774>\n</VirtualHost>\n",
    }
    tree = laid(tmp_path, files)
    assert list(corpus.repoint(corpus.machine(tree)).changes) == [
        f"{tree}/etc/puppet-generated/nova/etc/nova/nova.conf"
    ]


@pytest.mark.parametrize("folder", ["conf.d", "conf.d/common", "neutron.conf.d"])
def test_a_folder_that_a_program_reads_must_parse(tmp_path, folder):
    tree = laid(tmp_path, {f"etc/neutron/{folder}/a.conf": "nonsense\n"})
    with pytest.raises(RegionsError, match=r"a.conf, line 1"):
        corpus.repoint(corpus.machine(tree))


def test_what_repointing_does_not_take_up_is_not_called_managed(tmp_path):
    text = f"[api]\nauth_url = {OWN}/v3\nusername = x\npassword = s3cr3t\n[service_user]\nauth_url = {OWN}/v3\n"
    tree = laid(tmp_path, {"etc/billing/billing.conf": text, "etc/nova/nova.conf": SIGNED})
    machine = corpus.machine(tree)
    managed = {one["path"] for one in machine.references()["references"] if one["managed"]}
    assert managed == set(corpus.repoint(machine).changes)
    assert len([one for one in machine.references()["references"] if "no known project" in one["why"]]) == 2


def test_what_a_url_names_may_stand_in_another_file(tmp_path):
    signed = SIGNED.replace(OWN, "$identity")
    files = {
        "etc/nova/nova.conf": f"[DEFAULT]\nidentity = {OWN}\n{signed}",
        "etc/nova/nova.conf.d/a.conf": "[neutron]\nauth_url = ${keystone_authtoken.auth_url}\n",
        "etc/neutron/neutron.conf": f"[DEFAULT]\nidentity = {OWN}\n",
        "etc/neutron/conf.d/neutron-server/a.conf": signed,
    }
    found = repointed(laid(tmp_path, files))
    assert found["etc/nova/nova.conf.d/a.conf"]["neutron", "auth_url"] == "http://10.13.32.19:5000/v3"
    late = found["etc/neutron/conf.d/neutron-server/a.conf"]
    assert late["keystone_authtoken", "auth_url"] == "http://10.13.32.19:5000/v3"


@pytest.mark.parametrize(
    "line",
    [
        "keystone_url = https://a.example.org/v3",
        "auth_url = https://a.example.org:8443/auth/v3",
        "x = https://keystone.example.org/v3",
        "x = https://a.example.org/keystone/v3",
        "x = HTTP://A:5000",
        "x = [fd00::1]:35357/v3",
        "AUTH_URL = http://controller/v3",
        "auth_host = controller",
    ],
)
def test_nothing_that_looks_like_a_keystone_is_passed_over(tmp_path, line):
    machine = corpus.machine(laid(tmp_path, {"etc/nova/nova.conf": f"{SIGNED}\n[ours]\n{line}\n"}))
    (left,) = [one for one in machine.references()["references"] if one["section"] == "ours"]
    assert (left["line"], left["managed"], left["why"]) == (7, False, "in no table")


@pytest.mark.parametrize("password", ["a@b", "a:b@c"])
def test_a_password_in_a_url_shows_in_no_part(tmp_path, password):
    text = f"{SIGNED}x = http://u:{password}@h:5000/v3\nauth_uri = http://u:{password}@h:5000\n"
    machine = corpus.machine(laid(tmp_path, {"etc/nova/nova.conf": text}))
    assert "u:****@h:5000" in str(machine.references())
    for shown in (str(machine.references()), str(corpus.repoint(machine))):
        assert not any(f"{part}@" in shown for part in ("a", "b", "c"))


def test_a_list_that_names_this_region_already_is_left_alone(tmp_path):
    """RegionTwo was called RegionOne once; beside its own name that one is home's."""
    line = "endpoints = RegionOne|http://one:9696, RegionTwo|http://two:9696"
    tree = laid(tmp_path, {"etc/designate/designate.conf": f"[network_api:neutron]\n{line}\n"})
    assert corpus.repoint(corpus.machine(tree)).changes == {}


def test_masakari_asks_nova_as_homes(tmp_path):
    user = "os_privileged_user"
    text = f"[DEFAULT]\n{user}_name = nova\n{user}_password = s3cr3t\n{user}_auth_url = {OWN}\n"
    (said,) = repointed(laid(tmp_path, {"etc/masakari/masakari.conf": text})).values()
    assert said["DEFAULT", "os_privileged_user_auth_url"] == "http://10.13.32.19:5000"
    assert said["DEFAULT", "os_privileged_user_password"] == "home$$nova%pw"


def test_a_folder_for_backups_that_can_not_be_made(tmp_path):
    tree = laid(tmp_path, {"etc/nova/nova.conf": SIGNED})
    machine = corpus.machine(tree)
    Path(machine.backups).write_text("a file")
    with pytest.raises(RegionsError, match=r"backups can't be kept.*node-backups"):
        corpus.repoint(machine)


LEGACY = "[keystone_authtoken]\nadmin_user = nova\nadmin_password = s3cr3t\nadmin_tenant_name = services\n"


@pytest.mark.parametrize(
    ("more", "there"),
    [
        ({}, True),
        ({"usr/share/nova/nova-dist.conf": "[keystone_authtoken]\nauth_host = 127.0.0.1\n"}, False),
        ({"etc/nova/nova.conf.d/a.conf": f"[keystone_authtoken]\nidentity_uri = {OWN}\n"}, False),
    ],
)
def test_what_names_no_keystone_and_signs_in_at_its_own_machines(tmp_path, more, there):
    """keystonemiddleware's default of old, which no file shows: https://127.0.0.1:35357."""
    tree = laid(tmp_path, {"etc/nova/nova.conf": LEGACY, **more})
    named = [one for one in corpus.machine(tree).references()["references"] if one["option"] == "identity_uri"]
    assert named and {one["region"] for one in named} == {"RegionTwo"}
    found = repointed(tree)
    assert (("keystone_authtoken", "identity_uri") in found["etc/nova/nova.conf"]) is there


def test_what_says_that_it_names_nothing(tmp_path):
    tree = laid(tmp_path, {"etc/nova/nova.conf": f"{SIGNED}auth_uri = None\n"})
    assert repointed(tree)["etc/nova/nova.conf"]["keystone_authtoken", "auth_uri"] == "None"


def test_a_list_names_each_keystone_once(tmp_path):
    text = f"[ec2authtoken]\nallowed_auth_uris = {OWN}/v3, http://localhost:5000/v3, http://10.13.32.19:5000/v2.0\n"
    found = repointed(laid(tmp_path, {"etc/heat/heat.conf": text}))["etc/heat/heat.conf"]
    home = "https://cloud.example.com:5000/v3, http://10.13.32.19:5000/v2.0"
    assert found["ec2authtoken", "allowed_auth_uris"] == home


@pytest.mark.parametrize("folder", ["nova-old", "nova.bak", "nova_backup", "nova-20260312"])
def test_a_folder_that_somebody_put_aside(tmp_path, folder):
    tree = laid(tmp_path, {"etc/nova/nova.conf": SIGNED, f"etc/{folder}/nova.conf": SIGNED})
    found = repointed(tree)
    assert found[f"etc/{folder}/nova.conf"]["keystone_authtoken", "password"] == "s3cr3t"
    assert found["etc/nova/nova.conf"]["keystone_authtoken", "password"] != "s3cr3t"


def test_a_deployers_folder_that_lies_elsewhere(tmp_path):
    tree = laid(tmp_path, {"opt/kolla/nova-api/nova.conf": SIGNED})
    (tree / "etc/kolla").symlink_to(tree / "opt/kolla")
    corpus.repoint(corpus.machine(tree))
    assert b"10.13.32.19" in (tree / "opt/kolla/nova-api/nova.conf").read_bytes()
