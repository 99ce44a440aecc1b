"""What the lab's tests look at: keystone's rows, what keystone serves, and the outcome of an orchestration."""

from __future__ import annotations

import json
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTROLLERS = ("one-controller", "two-controller")
_TABLES = ("region", "service", "endpoint", "project", "user", "local_user", "role", "assignment")
NODES = ("one-node", "two-node")
_FILES = "/etc/keystone/keystone.conf /etc/memcached.conf /root/keystonerc_admin"
# What a repointing could touch: every configuration file of a service's.
_CONF = "find /etc/glance /etc/placement -type f -print0 | sort -z | xargs -0 sha256sum"


def sync(lab):
    """Bring the extension to every minion and to home's master, as the README says."""
    lab.salt("one-controller", "*", "saltutil.sync_all")
    lab.exec("one-controller", "salt-run", "saltutil.sync_all")


def join(lab, *words, check=True):
    """Run orch.join at home; return {id: result of that state}."""
    return orchestrate(lab, "orch.join", *words, check=check)


def orchestrate(lab, name, *words, check=True):
    """Run an orchestration at home; return {id: result of that state}."""
    done = lab.exec(
        "one-controller", "salt-run", "--out=json", "state.orchestrate", name, *words, check=False, timeout=300
    )
    text = done.stdout
    assert "{" in text, f"{name} printed no outcome:\n{text}\n{done.stderr[-2000:]}"
    data = json.loads(text[text.index("{") :])["data"]
    (results,) = data.values()
    assert isinstance(results, dict), f"{name} was not rendered: {results}"
    found = {result["__id__"]: result for result in results.values()}
    if check:
        failed = {key: result["comment"] for key, result in found.items() if result["result"] is False}
        assert not failed, f"{name} failed in: {failed}"
        assert done.returncode == 0
    return found


def changed(results):
    """The changes of an orchestration, by step."""
    return {key: result["changes"] for key, result in results.items() if result["changes"]}


def rows(lab, host, database="keystone"):
    """Every row of keystone's tables that a join could touch, as text, sorted."""
    found = {}
    for table in _TABLES:
        text = lab.exec(host, "mariadb", "--batch", "--raw", "-N", database, "-e", f"SELECT * FROM `{table}`").stdout
        found[table] = sorted(text.splitlines())
    return found


def sums(lab, host):
    """The checksums of the files that a join could touch."""
    return lab.exec(host, "bash", "-c", f"sha256sum {_FILES}").stdout


def conf(lab, host):
    """The checksum of each of the services' files, by path."""
    lines = lab.exec(host, "bash", "-c", _CONF).stdout.splitlines()
    return {line.split(maxsplit=1)[1]: line.split()[0] for line in lines}


def running(lab, host):
    """The main processes of the services that follow identity, and when they were started."""
    units = ("glance-api", "placement-api")
    return lab.exec(host, "systemctl", "show", "--property=Id,MainPID,ActiveEnterTimestampMonotonic", *units).stdout


def catalog(lab, host="one-controller"):
    """The catalog that the admin sees, by his openrc file: a list of services with their endpoints."""
    text = lab.exec(host, "bash", "-c", ". /root/keystonerc_admin; openstack catalog list -f json").stdout
    return json.loads(text)


def endpoints(lab, host="one-controller"):
    """The endpoints that the API lists, as openstackclient gives them."""
    text = lab.exec(host, "bash", "-c", ". /root/keystonerc_admin; openstack endpoint list -f json").stdout
    return json.loads(text)


def applied(lab, host, formula):
    """Apply a formula on a host; every state of it must end well."""
    for states in lab.salt(CONTROLLERS[0], host, "state.apply", formula).values():
        assert all(state["result"] for state in states.values()), (formula, states)


def own_identity_again(lab):
    """RegionTwo's way back to an identity and keys of its own, as the README says; its services are back already."""
    home, member = CONTROLLERS
    applied(lab, member, "regions.replication.clean")
    lab.salt(home, member, "mysql_replication.restore", "latest")
    applied(lab, member, "regions.keys.clean")
    lab.salt(home, member, "keystone_catalog.know_the_database")
    newest = lab.salt(home, member, "regions.file_backups", "/root/keystonerc_admin")[member][0]["backup"]
    lab.salt(home, member, "regions.restore_file", newest)


def minions_answer(lab):
    """Wait until all minions take jobs again; a ping that comes too early is given up soon, and sent anew."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        done = lab.exec(CONTROLLERS[0], "salt", "--out=txt", "--timeout=3", "*", "test.ping", check=False)
        if done.stdout.count("True") == 4:
            return
    raise AssertionError("the minions did not come back within 120 s")
