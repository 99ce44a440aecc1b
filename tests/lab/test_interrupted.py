"""A join that is killed, wherever, converges when it is run again: no row lost, none doubled."""

from __future__ import annotations

import time

import pytest

from tests.lab import cloud

HOME, MEMBER = cloud.CONTROLLERS
_BACKUPS = "/var/backups/openstack-regions"


def _standalone(lab):
    """Two clusters on their own, with the extension synced; what their tables hold."""
    lab.reset("standalone")
    cloud.sync(lab)
    return {host: cloud.rows(lab, host) for host in cloud.CONTROLLERS}


@pytest.fixture
def fresh(lab):
    return _standalone(lab)


@pytest.fixture(scope="module")
def untouched(lab):
    """The same for those who leave them as they are."""
    return _standalone(lab)


def _start(lab):
    lab.shell(HOME, "nohup salt-run state.orchestrate orch.join >/root/join.log 2>&1 &")


def _wait_for(lab, host, script, seconds=60):
    """Wait until something that the join does shows on a host."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if lab.exec(host, "bash", "-c", script, check=False).returncode == 0:
            return
    raise AssertionError(f"on {host} this never came true within {seconds} s: {script}\n" + _log(lab))


def _log(lab):
    return lab.exec(HOME, "bash", "-c", "tail -n 60 /root/join.log", check=False).stdout


def _converged(lab, before):
    """The second run does the rest; then all rows are there, once, and RegionTwo's own are kept."""
    cloud.join(lab)
    home, member = (cloud.rows(lab, host) for host in cloud.CONTROLLERS)
    (kept,) = lab.salt(HOME, MEMBER, "mysql_replication.kept")[MEMBER]
    own = cloud.rows(lab, MEMBER, kept["name"])
    for table in ("project", "role", "assignment"):
        assert home[table] == member[table] == before[HOME][table], table
        assert own[table] == before[MEMBER][table], table
    ids = sorted(line.split("\t")[0] for host in cloud.CONTROLLERS for line in before[host]["endpoint"])
    for rows in (home, member):
        assert sorted(line.split("\t")[0] for line in rows["endpoint"]) == ids
        assert [line.split("\t")[0] for line in rows["region"]] == ["RegionOne", "RegionTwo"]
    assert [line.split("\t")[0] for line in own["region"]] == ["RegionTwo"]
    assert sorted(entry["Type"] for entry in cloud.catalog(lab)) == ["identity", "image", "placement"]


def _kill_the_minion(lab):
    """While it renames."""
    _start(lab)
    _wait_for(lab, MEMBER, f"ls {_BACKUPS}/database/*.sql.gz")
    lab.shell(MEMBER, "systemctl kill --signal=KILL salt-minion; sleep 1; systemctl restart salt-minion")
    lab.shell(HOME, "pkill -KILL -f [s]tate.orchestrate || true")
    cloud.minions_answer(lab)


def _kill_homes_database(lab):
    """While rows come in."""
    _start(lab)
    _wait_for(lab, HOME, f"ls {_BACKUPS}/database/*.sql.gz", 150)
    lab.shell(HOME, "pkill -KILL mariadbd; sleep 1; systemctl start mariadb")
    _wait_for(lab, HOME, "! pgrep -f [s]tate.orchestrate", 150)
    _wait_for(lab, HOME, "mariadb -e 'SELECT 1'")


def _kill_the_master(lab):
    """Between the steps."""
    _start(lab)
    _wait_for(lab, MEMBER, f"ls {_BACKUPS}/files/*keystone.conf*")
    lab.shell(HOME, "systemctl kill --signal=KILL salt-master; pkill -KILL -f [s]tate.orchestrate || true")
    lab.shell(HOME, "sleep 1; systemctl restart salt-master")
    cloud.minions_answer(lab)
    _wait_for(lab, MEMBER, "! salt-call --local saltutil.running --out=json 2>/dev/null | grep -q state", seconds=120)


_KILLS = (_kill_the_minion, _kill_homes_database, _kill_the_master)


@pytest.mark.long
@pytest.mark.parametrize(
    "kills",
    [pytest.param([one], id=one.__name__.strip("_")) for one in _KILLS]
    + [pytest.param(_KILLS, id="all of them, one after the other")],
)
def test_killed(lab, fresh, kills):
    for kill in kills:
        kill(lab)
    _converged(lab, fresh)
    assert cloud.changed(cloud.join(lab)) == {}, "a third run has nothing to do"


def test_disk_full_while_backing_up(lab, untouched):
    """Refused with a sentence, and nothing renamed."""
    lab.shell(MEMBER, f"mkdir -p {_BACKUPS}/database && mount -t tmpfs -o size=4k,mode=700 full {_BACKUPS}/database")
    results = cloud.join(lab, check=False)
    lab.shell(MEMBER, f"umount {_BACKUPS}/database")
    assert "make room" in str(results)
    for host, tables in ((MEMBER, ("region", "endpoint")), (HOME, ("region",))):
        found = cloud.rows(lab, host)
        for table in tables:
            assert found[table] == untouched[host][table], f"{table} on {host}"


def test_what_home_refuses_is_refused_before_anything_is_renamed(lab, untouched):
    """An attempt by hand left an endpoint of RegionTwo at home: it is named, and nothing is touched before it goes."""
    before = cloud.sums(lab, MEMBER)
    made = lab.shell(
        HOME,
        ". /root/keystonerc_admin; openstack region create RegionTwo -f value -c region >/dev/null;"
        " openstack endpoint create --region RegionTwo image public http://by.hand:9292 -f value -c id",
    )
    results = cloud.join(lab, check=False)
    assert made in str(results) and "by.hand" in str(results)
    assert cloud.rows(lab, MEMBER) == untouched[MEMBER]
    assert cloud.sums(lab, MEMBER) == before
    lab.shell(HOME, f". /root/keystonerc_admin; openstack endpoint delete {made}; openstack region delete RegionTwo")


def test_nobodys_tenants_vanish_by_accident(lab, untouched):
    """Pillar does not say `discard`: the join is refused, with the list of what would be lost; nothing is touched."""
    place = "/srv/pillar/openstack_regions_replication.sls"
    before = {host: cloud.sums(lab, host) for host in cloud.CONTROLLERS}
    lab.shell(HOME, f'cp -p {place} /root/kept; sed -i \'s/"discard": true/"discard": false/\' {place}')
    lab.salt(HOME, "*", "saltutil.refresh_pillar")
    results = cloud.join(lab, check=False)
    said = results["its identity can give way to home's"]["comment"]
    assert "would lose it: 1 project (blue); 1 user (bob)" in said and "say `discard: true`" in said
    assert {host: (cloud.rows(lab, host), cloud.sums(lab, host)) for host in cloud.CONTROLLERS} == {
        host: (untouched[host], before[host]) for host in cloud.CONTROLLERS
    }
    lab.shell(HOME, f"mv /root/kept {place}")
    lab.salt(HOME, "*", "saltutil.refresh_pillar")


_WRONG = (
    ('{"openstack_regions": {"hoem": "RegionOne"}}', ("hoem", "did you mean home?")),
    ('{"openstack_regions": {"join": "RegionNine"}}', ("RegionNine", "RegionOne, RegionTwo")),
    ('{"openstack_regions": {"join": "RegionOne"}}', ("RegionOne is home", "can't join itself")),
    ('{"openstack_regions": {"regions": {"regiontwo": {"public_endpoint": "http://x:1"}}}}', ("differ in case",)),
    ('{"openstack_regions": {"regions": {"x; DROP TABLE region": {}}}}', ("can't be a region's name",)),
)


def test_a_wrong_pillar_is_refused_before_anything_is_touched(lab):
    before = {host: (cloud.rows(lab, host), cloud.sums(lab, host)) for host in cloud.CONTROLLERS}
    for pillar, words in _WRONG:
        results = cloud.join(lab, f"pillar={pillar}", check=False)
        said = " ".join(result["comment"] for result in results.values())
        assert [word for word in words if word not in said] == [], said
        assert [key for key, result in results.items() if result["result"] is not False] == []
    assert {host: (cloud.rows(lab, host), cloud.sums(lab, host)) for host in cloud.CONTROLLERS} == before


def test_with_all_of_that_mended_the_same_command_does_it(lab, untouched):
    """Last."""
    _converged(lab, untouched)
