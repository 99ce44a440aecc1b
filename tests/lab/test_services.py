"""Every service of a region follows identity (P7 to P9), in the lab: real glance and placement, real tokens."""

from __future__ import annotations

import json

import pytest

from tests.lab import cloud, failing

HOME, MEMBER = cloud.CONTROLLERS
HOSTS = (*cloud.CONTROLLERS, *cloud.NODES)


@pytest.fixture(scope="module")
def joined(lab):
    """A joined cloud, moved by nobody so far."""
    failing.ready(lab, fresh=True)
    return lab


def at_home(lab, *words):
    """What the admin's openstack command says, with a token of home's, about RegionTwo."""
    script = f". /root/keystonerc_admin; openstack --os-region-name RegionTwo {' '.join(words)} -f json"
    return json.loads(lab.shell(HOME, script))


def apply(lab, host, *words):
    """Apply states on a host; return {id: result}."""
    (states,) = lab.salt(HOME, host, "state.apply", *words, check=False).values()
    assert isinstance(states, dict), states
    return {state["__id__"]: state for state in states.values()}


def changes(states):
    return {key: state["changes"] for key, state in states.items() if state["changes"]}


def password(lab, host="two-controller", path="/etc/glance/glance-api.conf"):
    """A service's password, as its file has it."""
    return lab.shell(host, f"sed -n '/keystone_authtoken/,/^$/s/^password = //p' {path} | tail -1")


def test_a_token_from_home_lists_what_is_in_the_region_without_the_regions_keystone(joined):
    joined.exec(MEMBER, "systemctl", "stop", "keystone")
    try:
        assert [image["Name"] for image in at_home(joined, "image", "list")] == ["cirros-blue"]
        assert at_home(joined, "resource", "provider", "list") == []
    finally:
        joined.exec(MEMBER, "systemctl", "start", "keystone")


def test_home_sees_who_validates_there(joined):
    """In the log of home's keystone: RegionTwo's nodes ask it."""
    log = "cat /var/log/keystone/*.log; journalctl -u keystone -o cat --no-pager"
    at_home(joined, "image", "list")
    said = joined.shell(HOME, f"({log}) | grep -a '/v3/auth/tokens' | grep -ac '10.213.2.11' || true")
    assert int(said) > 0


def test_each_service_of_each_node_proves_it(joined):
    proofs = joined.salt(HOME, "*", "oslo_conf.prove")
    assert sorted(proofs) == sorted(HOSTS)
    for host, proof in proofs.items():
        assert proof["ok"], proof
        names = {check["name"] for check in proof["checks"]}
        assert {"signs in", "validates at", "refuses a false token", "accepts a real token"} <= names, host
        asked = [check["evidence"] for check in proof["checks"] if check["name"] == "asks RegionOne's keystone"]
        assert asked and all("10.213.1.11:5000" in one and "10.213.2.11:5000" not in one for one in asked), asked


def test_the_second_run_changes_and_restarts_nothing(joined):
    before = {host: (cloud.conf(joined, host), cloud.running(joined, host)) for host in HOSTS}
    for host in HOSTS:
        assert changes(apply(joined, host, "regions.services")) == {}, host
    assert {host: (cloud.conf(joined, host), cloud.running(joined, host)) for host in HOSTS} == before


def test_homes_services_name_their_region_and_keep_the_rest(joined):
    text = joined.exec(HOME, "cat", "/etc/glance/glance-api.conf").stdout
    assert "region_name = RegionOne\n" in text
    assert joined.before[HOME].keys() == cloud.conf(joined, HOME).keys()


def test_only_what_changed_is_restarted(joined):
    """An operator takes the region's name out of one file on one node: that unit alone is restarted."""
    before = {host: cloud.running(joined, host) for host in HOSTS}
    joined.shell("two-node", "sed -i /^region_name/d /etc/placement/placement.conf")
    planned = changes(apply(joined, "two-node", "regions.services", "test=True"))
    done = changes(apply(joined, "two-node", "regions.services"))
    assert planned == done
    assert done["services serve"] == {"placement-api": "restarted"}
    after = {host: cloud.running(joined, host) for host in HOSTS}
    assert {host for host in HOSTS if before[host] != after[host]} == {"two-node"}


def test_killed_between_writing_and_restarting_the_next_run_restarts(joined):
    before = cloud.running(joined, "two-node")
    joined.shell(
        "two-node",
        """
        sed -i /^region_name/d /etc/placement/placement.conf
        salt-call state.apply regions.services >/root/killed.log 2>&1 &
        run=$!
        for _ in $(seq 4000); do
            grep -q '^region_name' /etc/placement/placement.conf && break
            sleep 0.002
        done
        kill -9 "$run"
        wait "$run" || true
        """,
    )
    assert cloud.running(joined, "two-node") == before, "it was restarted before the run could be killed"
    done = changes(apply(joined, "two-node", "regions.services"))
    assert done == {"services serve": {"placement-api": "restarted"}}


def test_a_unit_that_does_not_come_back_fails_with_its_journal(joined):
    joined.shell("two-node", "sed -i /^region_name/d /etc/placement/placement.conf")
    drop_in = "/etc/systemd/system/placement-api.service.d"
    broken = "[Service]\nExecStart=\nExecStart=/bin/sh -c 'echo password=s3cr3t: no such thing >&2; exit 3'\n"
    script = f"mkdir -p {drop_in} && cat >{drop_in}/broken.conf && systemctl daemon-reload"
    joined.exec("two-node", "bash", "-euc", script, input=broken)
    pillar = json.dumps({"openstack_regions": {"repoint": {"wait": 5}}})
    try:
        states = apply(joined, "two-node", "regions.services", f"pillar={pillar}")
    finally:
        joined.shell("two-node", f"rm -r {drop_in} && systemctl daemon-reload")
    failed = states["services serve"]
    assert failed["result"] is False
    assert "placement-api does not come back within 5 s" in failed["comment"]
    assert "no such thing" in failed["comment"] and "s3cr3t" not in failed["comment"]
    assert changes(apply(joined, "two-node", "regions.services"))["services serve"] == {"placement-api": "started"}
    assert joined.salt(HOME, "two-node", "oslo_conf.prove")["two-node"]["ok"]


def test_a_service_that_runs_with_its_earlier_configuration_is_found(joined):
    """glance is started with its own region's keystone and file put back behind its back: the proof tells."""
    joined.shell(MEMBER, "cp -p /etc/glance/glance-api.conf /root/right.conf")
    (kept, *_) = joined.salt(HOME, MEMBER, "regions.file_backups", "/etc/glance/glance-api.conf")[MEMBER][::-1]
    joined.shell(
        MEMBER,
        f"""
        cat {kept["backup"]} >/etc/glance/glance-api.conf
        systemctl restart glance-api
        for _ in $(seq 60); do curl -so /dev/null http://10.213.2.11:9292/healthcheck && break; sleep 0.5; done
        cat /root/right.conf >/etc/glance/glance-api.conf
        """,
    )
    proof = joined.salt(HOME, MEMBER, "oslo_conf.prove")[MEMBER]
    failing = {check["name"] for check in proof["checks"] if not check["ok"]}
    joined.shell(MEMBER, "rm /root/right.conf; systemctl restart glance-api")
    assert not proof["ok"] and "accepts a real token" in failing, proof


def test_no_password_is_seen_anywhere(joined):
    """Home's password of glance is in RegionTwo's file, and in no return, log, job cache or event."""
    secret = password(joined)
    assert secret == password(joined, HOME), "RegionTwo's glance signs in by home's account"
    assert len(secret) > 20
    look = f"grep -rlaF -- {secret} /var/log /var/cache/salt /run/salt /tmp 2>/dev/null || true"
    # A master keeps the pillar that it compiles (Salt's minion_data_cache): what pillar says in clear is there.
    pillar = ("/var/cache/salt/master/pillar/", "/var/cache/salt/master/minions/")
    for host in HOSTS:
        found = [path for path in joined.shell(host, look).split() if not path.startswith(pillar)]
        assert found == [], f"{host}: {found}"
        modes = joined.shell(host, "find /var/backups/openstack-regions -type f -printf '%m\\n' 2>/dev/null || true")
        assert set(modes.split()) <= {"600"}


def test_no_password_is_in_a_process_list(joined):
    """Looked for in every command line and environment while glance's password is written, for the first time again."""
    secret = password(joined)
    apply(joined, MEMBER, "regions.services.clean")
    assert password(joined) != secret
    joined.exec(MEMBER, "bash", "-c", "umask 077; cat >/root/secret", input=secret)
    said = joined.shell(
        MEMBER,
        """
        salt-call --out=json state.apply regions.services >/root/applied.log 2>&1 &
        run=$!
        looks=0
        while kill -0 "$run" 2>/dev/null; do
            grep -aFlf /root/secret /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null && echo SEEN
            looks=$((looks + 1))
        done
        wait "$run"
        rm /root/secret
        echo "$looks looks"
        """,
    )
    assert "SEEN" not in said and int(said.split()[0]) > 20, said
    assert password(joined) == secret
    assert secret not in joined.exec(MEMBER, "cat", "/root/applied.log").stdout
