"""Each fault of a cloud has a code of its own, a healthy cloud has none, and nonsense breaks nothing."""

from __future__ import annotations

import copy
import json
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osregions.reach.remedies import FINDINGS, REMEDIES, SEVERITIES
from osregions.status import cloud as assembling
from osregions.status import findings, page, table
from tests.support.status import HOME, MEMBER, NODES, NOW, URLS, Cloud, seen

ONE, TWO, NODE = "one-controller", "two-controller", "two-node"


def _keystone_down(cloud, region):
    for minion in cloud.said:
        for one in cloud.part(minion, "keystones"):
            if one["region"] == region:
                one["problem"] = "Connection refused"


def _told(kind, line):
    def spoil(cloud):
        for name in ("replication", "behind"):
            cloud.part(TWO, name)["told"] = {kind: [line]}

    return spoil


def _stopped(cloud):
    for name in ("replication", "behind"):
        cloud.part(TWO, name).update(threads={"io": "No", "sql": "Yes"}, lag=None, clock=None)
        cloud.part(TWO, name)["told"] = {"link": ["starts"], "stands": ["home refuses the password: mend it"]}


def _both_moved(cloud):
    for minion in (TWO, NODE):
        cloud.moved(minion)


def _astray(cloud):
    cloud.moved(TWO)


def _drop(cloud, kind, region, interface):
    for minion in (ONE, TWO):
        kept = cloud.part(minion, "catalog")["endpoints"]
        kept[:] = [one for one in kept if (one["type"], one["region"], one["interface"]) != (kind, region, interface)]


def _set(minion, name, **words):
    return lambda cloud: cloud.part(minion, name).update(words)


def _watched(home, local="up"):
    def spoil(cloud):
        cloud.said[TWO]["parts"]["seen"]["value"] = seen(TWO, home, local)

    return spoil


def _elsewhere(cloud):
    cloud.part(NODE, "conf")["services"][0].update(at=MEMBER, url=URLS[MEMBER])


def _unmanaged(cloud):
    reference = {"path": "/etc/own/app.yaml", "line": 3, "value": f"{URLS[MEMBER]}/v3", "region": MEMBER}
    cloud.part(NODE, "conf")["unmanaged"].append(reference)


def _silent_endpoint(cloud):
    cloud.part(TWO, "catalog")["answers"][1].update(problem="Connection refused")


FAULTS = {
    "home's keystone is down": (lambda cloud: _keystone_down(cloud, HOME), "home_keystone_down"),
    "the region's own is down": (lambda cloud: _keystone_down(cloud, MEMBER), "own_keystone_down"),
    "the replication is stopped": (_stopped, "replica_stopped"),
    "it lags": (_told("behind", "what home had 1 s ago is not here yet"), "replica_lags"),
    "it passes over differences": (_told("passes", "differences are passed over"), "replica_passes"),
    "it runs otherwise": (_told("link", "filter: changes"), "replica_link"),
    "there is none": (
        lambda cloud: [
            cloud.said[TWO]["parts"].pop("behind"),
            _set(TWO, "replication", replicates=False)(cloud),
        ],
        "replica_none",
    ),
    "the fence is broken": (_told("fence", "the fence lacks: INSERT"), "fence_broken"),
    "numbers are home's": (_told("numbers", "numbers are not kept apart"), "numbers_shared"),
    "schemas differ": (_told("schema", "the schema is a at home and b here"), "schema_unequal"),
    "servers' clocks differ": (_told("clock", "the clock of this database server is 9 s ahead"), "clock_apart"),
    "a node's clock differs": (lambda cloud: cloud.said[NODE].update(clock=NOW + 60), "clock_apart"),
    "keys are behind": (_set(TWO, "keys", digests={"fernet_tokens": "ab", "credential": "bb"}), "keys_behind"),
    "a key is damaged": (_set(TWO, "keys", faults=["fernet_tokens: 3 is no key"]), "keys_fault"),
    "identity is local": (_both_moved, "identity_local"),
    "a node is astray": (_astray, "services_astray"),
    "a move was killed": (_set(NODE, "switch", unfinished=True), "services_unfinished"),
    "the switch's copy counts": (_set(NODE, "switch", problem="now.json is damaged"), "switch_damaged"),
    "both are damaged": (
        lambda cloud: cloud.said[NODE]["parts"]["switch"].update(value={"damaged": "nobody knows"}),
        "switch_damaged",
    ),
    "an endpoint is missing": (lambda cloud: _drop(cloud, "image", MEMBER, "public"), "endpoint_missing"),
    "identity has no endpoint": (
        lambda cloud: [_drop(cloud, "identity", MEMBER, one) for one in ("public", "admin", "internal")],
        "endpoint_missing",
    ),
    "a service has no endpoint at all": (
        lambda cloud: [_drop(cloud, "image", MEMBER, one) for one in ("public", "admin", "internal")],
        "endpoint_missing",
    ),
    "an endpoint is silent": (_silent_endpoint, "endpoint_silent"),
    "keystone serves an old catalog": (_set(TWO, "catalog", stale=["endpoint 1 is not served"]), "catalog_stale"),
    "nobody can sign in": (lambda cloud: cloud.fail(TWO, "catalog", "keystone answered 500"), "sign_in_fails"),
    "a service validates elsewhere": (_elsewhere, "service_elsewhere"),
    "an unmanaged reference": (_unmanaged, "reference_elsewhere"),
    "drift": (_set(NODE, "conf", drift=["/etc/glance/glance-api.conf [glance_store] x"]), "drift"),
    "no backup": (_set(ONE, "backups", count=0, newest=None), "backup_none"),
    "an old backup": (_set(ONE, "backups", newest="20261101T101010.000000Z"), "backup_old"),
    "a minion is silent": (lambda cloud: cloud.said.pop(NODE), "minion_silent"),
    "tokens are in the database": (
        _set(TWO, "tokens", survives_a_replica=False, stored_in="the database"),
        "tokens_stored",
    ),
    "a memcached is silent": (_set(TWO, "tokens", silent={"127.0.0.1:11211": "refused"}), "memcached_silent"),
    "a memcached is too small": (
        _set(
            TWO,
            "pressure",
            verdict="too small",
            sentence="9 were evicted",
            remedy="salt-call memcached_pressure.resize 64",
        ),
        "memcached_small",
    ),
    "a memcached is far too large": (
        _set(TWO, "pressure", verdict="wasteful", sentence="it holds 2 MB of 512", remedy="give it less"),
        "memcached_wasteful",
    ),
    "releases differ": (_set(TWO, "tokens", major=30, release="2026.2 (30)"), "release_unequal"),
    "a part can't be told": (lambda cloud: cloud.fail(NODE, "conf", "a file does not parse"), "unread"),
    "an answer of another version": (lambda cloud: cloud.said.update({NODE: {"old": True}}), "unread"),
    "a function that is not there": (
        lambda cloud: cloud.said.update({NODE: "'regions.facts' is not available."}),
        "unread",
    ),
    "home's database is not reached": (lambda cloud: cloud.fail(TWO, "behind", "no answer"), "unread"),
    "who watches sees home down": (_watched("down"), "home_down"),
    "who watches sees nobody up": (_watched("down", "down"), "local_dead"),
}
# These are two sides of one thing.
TOGETHER = {"services_astray": {"identity_local"}}


def test_a_healthy_cloud_has_no_finding():
    cloud = Cloud()
    assert cloud.findings == ()
    assert findings.retcode(cloud.findings) == 0
    assert cloud.shown["ok"] and "nothing is wrong" in table.told(cloud.shown)


def test_a_healthy_cloud_that_is_watched_has_none_either():
    cloud = Cloud()
    _watched("up")(cloud)
    assert cloud.findings == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_own_code_and_no_other(fault):
    spoil, code = FAULTS[fault]
    cloud = Cloud()
    spoil(cloud)
    assert cloud.codes - TOGETHER.get(code, set()) == {code}
    (found, *_) = [one for one in cloud.findings if one.code == code]
    assert found.severity == REMEDIES[code].severity
    assert found.remedy and not re.search(r"\{\w", found.sentence + found.remedy)
    assert found.where.split(",")[0] in (HOME, MEMBER)
    assert f"[{code}] {found.where}" in table.told(cloud.shown)
    assert cloud.shown["retcode"] == {"error": 2, "warning": 1, "info": 0}[findings.worst(cloud.findings)]


def test_every_code_of_the_table_that_the_status_finds_is_tried():
    tried = {code for _, code in FAULTS.values()}
    assert set(FINDINGS) - tried == {"no_minions", "own_master"}


def test_a_region_of_which_no_minion_is_known():
    pillar = {"regions": {**{name: {"public_endpoint": url} for name, url in URLS.items()}}}
    pillar["regions"]["RegionThree"] = {"public_endpoint": "http://10.213.3.11:5000"}
    cloud = Cloud(**pillar)
    seen = assembling.assemble(HOME, {**NODES, "RegionThree": ()}, {}, NOW, 1.0, {})
    found = findings.find(seen, cloud.settings)
    assert [one.where for one in found if one.code == "no_minions"] == ["RegionThree"]
    assert [one.where for one in found if one.code == "minion_silent"] == [HOME, MEMBER]


def test_a_line_that_is_cut_seen_from_home():
    cloud = Cloud()
    for minion in (TWO, NODE):
        del cloud.said[minion]
    (found,) = cloud.findings
    assert (found.code, found.where, found.severity) == ("minion_silent", MEMBER, "error")
    assert "two-controller, two-node did not answer" in found.sentence


def test_a_line_that_is_cut_seen_from_the_region():
    """Home's minions are silent, and home's keystone is told once, not by each part that needs it."""
    cloud = Cloud()
    for minion in NODES[HOME]:
        del cloud.said[minion]
    _keystone_down(cloud, HOME)
    cloud.fail(TWO, "behind", "no answer within 2 s")
    assert [(one.code, one.where) for one in cloud.findings] == [
        ("minion_silent", HOME),
        ("home_keystone_down", MEMBER),
    ]
    assert "salt-run regions.failover RegionTwo" in cloud.findings[1].remedy


def test_a_regions_own_master_knows_nobody_else_and_that_is_no_fault():
    """Home's minions have home's master alone."""
    cloud = Cloud()
    known = {HOME: (), MEMBER: NODES[MEMBER]}
    answers = {minion: assembling.Answer(cloud.said[minion], NOW + 1) for minion in NODES[MEMBER]}
    found_there = assembling.assemble(HOME, known, answers, NOW, 1.0, known)
    (found,) = findings.find(found_there, cloud.settings)
    assert (found.code, found.where, found.severity) == ("own_master", MEMBER, "info")
    assert "RegionOne" in found.sentence and findings.retcode([found]) == 0
    data = assembling.shown(found_there, [found])
    assert "none that this master knows" in table.told(data)
    assert "RegionOne is not seen from here" in page.render(data)
    # Nobody at all is another matter, and home's master is to know every region's.
    nobody = assembling.assemble(HOME, {HOME: (), MEMBER: ()}, {}, NOW, 1.0, {})
    assert [one.code for one in findings.find(nobody, cloud.settings)] == ["no_minions", "no_minions"]


def test_home_is_not_told_to_leave_itself():
    cloud = Cloud()
    cloud.part(NODES[HOME][0], "keystones")[0]["problem"] = "Connection refused"
    (found,) = cloud.findings
    assert (found.code, found.where) == ("home_keystone_down", HOME)
    assert "regions.failover REGION," in found.remedy and "failover RegionOne" not in found.remedy


def test_a_region_that_went_over_is_told_and_nothing_else():
    cloud = Cloud()
    _both_moved(cloud)
    (found,) = cloud.findings
    assert found.sentence.startswith("RegionTwo signs people in by its own keystone since 2026-11-27 ")
    assert "(home is down; by x)" in found.sentence
    assert "salt-run regions.failback RegionTwo" in found.remedy
    assert cloud.shown["retcode"] == 1


def test_a_region_without_a_replica_may_have_keys_of_its_own():
    cloud = Cloud()
    FAULTS["there is none"][0](cloud)
    FAULTS["keys are behind"][0](cloud)
    assert cloud.codes == {"replica_none"}


def test_a_compute_node_that_is_silent_has_no_voice_in_where_a_region_goes():
    cloud = Cloud()
    _watched("down")(cloud)
    del cloud.said[NODE]
    assert cloud.codes == {"home_down", "minion_silent"}


def test_a_service_that_a_region_does_not_have_is_its_own_affair():
    cloud = Cloud()
    for one in ("public", "admin", "internal"):
        _drop(cloud, "image", MEMBER, one)
    for minion in NODES[MEMBER]:
        cloud.part(minion, "conf")["services"].clear()
    assert cloud.codes == set()


def test_keys_when_home_is_silent_are_judged_by_what_home_gave():
    cloud = Cloud()
    for minion in NODES[HOME]:
        del cloud.said[minion]
    _told("keys", "no note says that the keys came from home")(cloud)
    assert "keys_behind" in cloud.codes


def test_keys_that_are_behind_are_told_by_rotations():
    cloud = Cloud()
    _set(TWO, "keys", digests={"fernet_tokens": "ab", "credential": "bc"}, primaries={"fernet_tokens": 1})(cloud)
    (found,) = cloud.findings
    assert "(credential, 1 rotation behind, fernet_tokens, 2 rotations behind)" in found.sentence
    assert "two-controller: fernet_tokens at 1, credential at 0, not home's" in table.told(cloud.shown)


def test_what_stands_in_the_table_beside_findings():
    text = table.told(Cloud().shown)
    for line in (
        "0.002 s behind, fenced, numbers apart, at 1-1-90",
        "two-controller: fernet_tokens at 3, credential at 1, as home's",
        "two-controller's memcached 127.0.0.1:11211: 845 items and 31 connections",
    ):
        assert line in text


@pytest.mark.parametrize(
    ("behind", "said"), [(4.7, "of 10.213.1.11:3306, 4.7 s behind at least, fenced"), (None, "nobody knows how far")]
)
def test_a_replica_that_is_behind_by_no_more_than_it_may(behind, said):
    cloud = Cloud()
    cloud.part(TWO, "behind").update(lag=None, behind=behind)
    assert cloud.findings == () and said in table.told(cloud.shown)


def test_a_long_list_is_counted_whole():
    cloud = Cloud()
    _set(NODE, "conf", drift=["option a", "option b"], counts={"drift": 120, "unmanaged": 61})(cloud)
    assert cloud.findings[0].sentence.startswith("120 options are not as they are to be: option a")
    cloud.part(NODE, "conf")["unmanaged"] = [
        {"path": "/etc/a", "line": 1, "value": "http://x:5000", "region": None},
    ]
    assert "two-node (120 options adrift, 61 references unmanaged)" in table.told(cloud.shown)


def test_the_worst_comes_first():
    cloud = Cloud()
    for fault in ("an old backup", "the fence is broken", "identity is local"):
        FAULTS[fault][0](cloud)
    order = [SEVERITIES.index(one.severity) for one in cloud.findings]
    assert order == sorted(order, reverse=True) and cloud.shown["worst"] == "error"


def test_what_a_minion_says_can_not_move_the_cursor_of_who_reads_it():
    cloud = Cloud()
    cloud.fail(NODE, "conf", "all is \x1b[2Jwell\nERROR [none] RegionTwo")
    cloud.part(TWO, "switch").update(problem="damaged\x1b]0;title\x07")
    cloud.said["one-node"] = "Traceback\n\x1b[31mall is lost"
    text = table.told(cloud.shown)
    assert "all is lost" in text and "\x1b" not in text and "\x07" not in text
    assert not [line for line in text.splitlines() if line.startswith("ERROR [none]")]


def test_a_status_that_could_not_be_read_is_told_in_its_own_words():
    assert table.told({"ok": False, "steps": ["pillar says nothing."], "retcode": 2}) == "pillar says nothing."


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(string.printable, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_lowercase, max_size=6), inner),
    max_leaves=8,
)


def _places(data, path=()):
    """Every place within plain data."""
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from _places(value, (*path, key))


def test_a_node_that_is_slow_is_not_said_to_refuse_anybody():
    cloud = Cloud()
    cloud.fail(NODES[MEMBER][0], "catalog", "no answer within 2 s", late=True)
    (found,) = cloud.findings
    assert found.code == "unread" and "what its keystone serves can't be told: no answer within 2 s" in found.sentence
    cloud.fail(NODES[MEMBER][0], "catalog", "timed out")
    assert cloud.codes == {"sign_in_fails"}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nonsense_from_a_minion_breaks_nothing_and_is_told(data):
    """Any place of an answer may hold anything: it is of another version, or no friend."""
    cloud = Cloud()
    minion = data.draw(st.sampled_from(sorted(cloud.said)))
    path = data.draw(st.sampled_from(list(_places(cloud.said[minion]))))
    value = data.draw(ANYTHING)
    if not path:
        cloud.said[minion] = value
    else:
        place = cloud.said[minion]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
    shown = cloud.shown
    assert json.loads(json.dumps(shown))["retcode"] in (0, 1, 2)
    assert table.told(json.loads(json.dumps(shown)))


@given(st.lists(st.sampled_from(sorted(FAULTS)), unique=True, max_size=5), st.randoms(use_true_random=False))
def test_any_faults_together_keep_their_order_and_are_shown(faults, random):
    cloud = Cloud()
    random.shuffle(faults)
    for fault in faults:
        try:
            FAULTS[fault][0](cloud)
        except (AttributeError, KeyError, TypeError):
            continue  # another fault took away what this one would spoil
    before = copy.deepcopy(cloud.said)
    first, second = cloud.shown, cloud.shown
    assert first == second and cloud.said == before
    assert len(table.told(first).splitlines()) > 10
