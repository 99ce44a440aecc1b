"""A region's replica as Salt's loader sees it: two real MariaDBs, and keystones that are directories."""

from __future__ import annotations

import pytest

from tests.support import keys, pairs

HOME = {0: keys.key("s"), 4: keys.key("o"), 5: keys.key("p")}


@pytest.fixture
def pair(tmp_path):
    with pairs.Pair("mariadb", tmp_path) as pair:
        yield pair


@pytest.fixture
def minion(loaders, tmp_path, pair):
    """`minion(region)`: the modules of the node of a region's keystone and its database."""
    pem, _ = keys.salt_key(tmp_path / "pki")

    def make(region, options=""):
        place = tmp_path / region
        url = f"mysql+pymysql://keystone:ks@127.0.0.1:{pair.at(region).own.port}/keystone"
        conf = keys.conf(place, f"[database]\nconnection = {url}\n{options}")
        for kind in ("fernet-keys", "credential-keys"):
            keys.fill(place / kind, HOME if region == "RegionOne" else {0: keys.key(), 1: keys.key()})
        pillar = pair.pillar(region)
        pillar["keystone"] = {"release": 22, "config": str(conf)}
        pillar["backup"] = {"directory": str(place / "backups")}
        return loaders.but(
            id=region,
            pillar={"openstack_regions": pillar},
            grains={"region": region},
            pki_dir=str(pem.parent),
            openstack_regions_records=str(place / "records"),
            openstack_regions_requests=str(place / "requests"),
        ).modules

    return make


def test_a_replica_and_its_keystones_keys(minion, pair, tmp_path):
    home, two = minion("RegionOne"), minion("RegionTwo")
    home["mysql_replication.primary"]()
    two["mysql_replication.replica"]()
    (finding,) = two["mysql_replication.status"]()["findings"]
    assert finding.startswith("no note says that the keys came from home: ")
    two["keystone_keys.install"](home["keystone_keys.seal"]({"RegionTwo": two["keystone_keys.request"]()}))
    found = two["mysql_replication.status"]()
    assert found["ok"] and found["keys"]["from_home"] is True, found
    held = two["keystone_keys.view"]()["repositories"]
    assert found["keys"]["digests"] == {kind: one["digest"] for kind, one in held.items()}
    keys.fill(tmp_path / "RegionTwo/fernet-keys", {**HOME, 0: keys.key()})
    (finding,) = two["mysql_replication.status"]()["findings"]
    assert finding.startswith("the fernet_tokens keys are not those that home gave at 20")
    (tmp_path / "RegionTwo/records/keys.json").write_text("{")
    (finding,) = two["mysql_replication.status"]()["findings"]
    assert finding.startswith("this keystone's keys can't be told: ") and "delete it" in finding


def test_a_revocation_counts_for_as_long_as_tokens_live(minion, pair):
    """By keystone.conf: what is forgotten too early is a token that comes to life again."""
    two = minion("RegionTwo")
    minion("RegionOne")["mysql_replication.primary"]()
    two["mysql_replication.replica"]()
    pair.region.execute(
        "INSERT INTO revocation_event (issued_before, revoked_at, audit_id)"
        " VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL 7000 SECOND, 'a')"
    )
    own = "mysql_replication.own_revocations"
    assert two[own]() == {"give": [], "forget": 1, "waiting": 0}
    for option in ("[token]\nexpiration = 86400\n", "[revoke]\nexpiration_buffer = 3600\n"):
        assert [row["audit_id"] for row in minion("RegionTwo", option)[own]()["give"]] == ["a"]
