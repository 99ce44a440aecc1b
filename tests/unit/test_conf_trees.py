"""How files lie on a node, and what they are to each other: parts that later files say, links, programs apart."""

from __future__ import annotations

from osregions.conf import operations
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
