"""The alarms' beacons in the lab: still while all is well, told by a master when it is not, and mended where it is to.

Each beacon looks each 5 s here, so that nobody waits for minutes.
"""

from __future__ import annotations

import json
import time

import pytest

from tests.lab import cloud, failing, faults
from tests.lab.failing import HOME, MEMBER
from tests.lab.seen import until, well

pytestmark = pytest.mark.timeout(900)  # the first test waits for a lab that is made anew
BEACONS = ("replication_health", "keystone_keys_behind", "regions_drift", "regions_backup_age")
CONF = "/etc/salt/minion.d/zz-openstack-regions-alarms.conf"
REACTOR = "/etc/salt/master.d/reactor.conf"
HEARD = "/root/heard.log"
# RegionTwo's own master mends its replica; home's, which reaches every keystone, keys and backups.
MENDS = {HOME: {"keystone_keys_behind": "mend_keys", "regions_backup_age": "mend_backup"}}
MENDS[MEMBER] = {"replication_health": "mend_replication"}


@pytest.fixture(scope="module")
def watched(whole):
    """Both controllers watch, and both masters react."""
    for host in MENDS:
        cloud.applied(whole, host, "regions.alarms")
    for host, mends in MENDS.items():
        whole.shell(host, f"sed -i 's/interval: [0-9]*/interval: 5/' {CONF}; systemctl restart salt-minion")
        tells = {one: ["salt://reactor/alarm.sls"] for one in BEACONS}
        for one, mend in mends.items():
            tells[one].append(f"salt://reactor/{mend}.sls")
        reactor = [{f"salt/beacon/*/{one}/": files} for one, files in tells.items()]
        whole.exec(host, "tee", REACTOR, input=json.dumps({"reactor": reactor}))
        whole.exec(host, "systemctl", "restart", "salt-master")
        whole.shell(host, f"nohup salt-run state.event 'openstack_regions/*' count=-1 >{HEARD} 2>/dev/null &")
    cloud.minions_answer(whole)
    failing.answering(whole)
    for host, beacon in ((MEMBER, "replication_health"), (HOME, "regions_backup_age")):
        until(lambda host=host, beacon=beacon: _held(whole, host, beacon), lambda said: said and said["well"], 90)
    yield whole
    for host in MENDS:
        whole.shell(host, f"pkill -f [s]tate.event || true; rm -f {REACTOR} {HEARD}; systemctl restart salt-master")
    cloud.minions_answer(whole)
    for host in MENDS:
        cloud.applied(whole, host, "regions.alarms.clean")
    time.sleep(5)  # until the minions that were told to start anew have begun to
    cloud.minions_answer(whole)
    failing.answering(whole)


def _held(lab, host, beacon):
    """What a minion holds of one of its beacons."""
    said = lab.exec(host, "salt-call", "--local", "--out=json", "regions_alarms.seen", beacon, check=False).stdout
    return json.loads(said)["local"].get(beacon) if said.startswith("{") else None


def _heard(lab, master, tag):
    """The data of the events under that tag that a master's bus has had so far."""
    lines = lab.exec(master, "cat", HEARD).stdout.splitlines()
    found = [json.loads(line.partition("\t")[2]) for line in lines if line.startswith(f"openstack_regions/{tag}\t")]
    return [one.get("data", one) for one in found]


def _told(lab, master, host, beacon, codes):
    """Wait until a master tells that, and then that it was mended; what was done."""
    until(
        lambda: [one.get("codes") for one in _heard(lab, master, f"alarm/{host}/{beacon}")],
        lambda said: any(codes <= set(one or ()) for one in said),
        90,
    )
    return until(lambda: _heard(lab, master, f"mended/{host}/{beacon}"), bool, 120)


def test_nothing_is_told_while_all_is_well(watched):
    before = {master: watched.exec(master, "cat", HEARD).stdout for master in MENDS}
    time.sleep(failing.count(20, 300))
    for master, earlier in before.items():
        said = watched.exec(master, "cat", HEARD).stdout.removeprefix(earlier)
        assert '"well": false' not in said and "/mended/" not in said, said


def test_a_replica_that_stands_unfenced_is_told_by_the_regions_own_master_and_mended(watched):
    with faults.pruned(watched), faults.fence(watched):
        done = _told(watched, MEMBER, MEMBER, "replication_health", {"replica_stopped"})
        until(lambda: _held(watched, MEMBER, "replication_health"), lambda said: said["well"], 90)
        assert all(one["ok"] for one in done), done
        status = watched.salt(MEMBER, MEMBER, "mysql_replication.status")[MEMBER]
        assert status["ok"], status
    codes = [set(one["codes"]) for one in _heard(watched, HOME, f"alarm/{MEMBER}/replication_health")]
    assert any("fence_broken" in one for one in codes), "home's master hears it, too"


def test_keys_that_are_not_homes_are_told_and_given_anew(watched):
    with faults.keys(watched):
        done = _told(watched, HOME, MEMBER, "keystone_keys_behind", {"keys_behind"})
        until(lambda: _held(watched, MEMBER, "keystone_keys_behind"), lambda said: said["well"], 90)
        assert any(one["ok"] for one in done), done


def test_a_backup_is_made_where_there_is_none(watched):
    with faults.backups_gone(watched):
        done = _told(watched, HOME, HOME, "regions_backup_age", {"backup_none"})
        assert any(one["ok"] for one in done), done
        said = watched.exec(HOME, "salt-call", "--local", "--out=json", "keystone_catalog.backups").stdout
        assert json.loads(said)["local"], said
    well(watched)
