"""The configuration files that Debian packages, thousands of lines each, as they come and as a deployment has them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osregions.conf import operations
from osregions.conf.document import Document
from tests.support import corpus, judge, packaged

# What a deployment adds to each project's main file.
DEPLOYED = """
[keystone_authtoken]
www_authenticate_uri = http://10.13.131.137:5000/v3
auth_url = http://10.13.131.137:5000/v3
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = {name}
password = deployed
"""
HOME = ("10.13.32.19", "cloud.example.com", "RegionTwo")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return packaged.tree(tmp_path_factory.mktemp("packaged"))


@pytest.fixture
def tree(tmp_path):
    packaged.tree(tmp_path / "node")
    return tmp_path / "node"


def test_all_of_them_are_here(files):
    assert sorted(files) == sorted(packaged.PACKAGES)
    longest = max(len(path.read_text(errors="replace").splitlines()) for paths in files.values() for path in paths)
    assert longest > 10_000


def test_read_as_the_judge_reads_them(files):
    for paths in files.values():
        for path in paths:
            data = path.read_bytes()
            if path.name == "dnsmasq-neutron.conf":
                continue  # no INI, and nobody's that reads one
            found: dict[tuple[str, str], list[str]] = {}
            document = Document.parse(data, str(path))
            for entry in document.entries:
                section = entry.section if document.paste or entry.section == "DEFAULT" else entry.section.lower()
                found.setdefault((section, entry.option), []).append(entry.value)
            assert str(document).encode("utf-8", "surrogateescape") == data
            wanted = judge.readings(data)
            assert wanted is not None, path
            if document.paste:
                found = {key: values[-1:] for key, values in found.items()}
            assert found == wanted, path


@pytest.mark.parametrize("deployed", [False, True])
def test_repointed_and_put_back(tree, deployed):
    if deployed:
        for project in packaged.PACKAGES:
            main = tree / "etc" / project / ("glance-api.conf" if project == "glance" else f"{project}.conf")
            main.write_bytes(main.read_bytes() + DEPLOYED.format(name=project).encode())
    before = corpus.texts(tree)
    machine = corpus.machine(tree)
    assert machine.references()["problems"] == []
    planned = corpus.repoint(machine, dry=True)
    done = corpus.repoint(machine)
    assert planned.changes == done.changes
    after = corpus.texts(tree)
    for path in after:
        if after[path] != before[path]:
            for section, options in judge.differing(before[path], after[path]).items():
                for option, value in options.items():
                    assert value is not None, (path, section, option)
                    ours = any(word in value for word in HOME) or "%pw" in value or value in ("services", "glance")
                    assert ours, (path, section, option, value)
    if deployed:
        for project in packaged.PACKAGES:
            name = "glance-api.conf" if project == "glance" else f"{project}.conf"
            found = judge.readings(after[f"etc/{project}/{name}"])
            assert found["keystone_authtoken", "auth_url"][-1] == "http://10.13.32.19:5000/v3"
            assert found["keystone_authtoken", "region_name"][-1] == "RegionTwo"
    assert corpus.repoint(machine).changes == {}
    operations.undo(machine.backups)
    assert corpus.texts(tree) == before


@settings(max_examples=30)
@given(data=st.data())
def test_any_option_of_any_of_them(files, data):
    path = data.draw(
        st.sampled_from([path for paths in files.values() for path in paths if path.name.endswith(".conf")])
    )
    text = path.read_bytes()
    if path.name == "dnsmasq-neutron.conf":
        return
    document = Document.parse(text)
    section = data.draw(st.sampled_from(document.sections))
    option = data.draw(
        st.sampled_from(["auth_url", "region_name", "debug", "brand_new", *document.section_options(section)])
    )
    changed = document.set(section, option, "what it is to say")
    key = section if document.paste or section == "DEFAULT" else section.lower()
    assert judge.differing(text, changed.encode()) == {key: {option: "what it is to say"}}
    number = len(changed.raw(section, option)) - 1
    old = document.raw(section, option)
    assert changed.with_raw(section, option, number, old[-1] if old else "").encode() == text
