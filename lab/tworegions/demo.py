"""The main job from nothing: an image, two clusters apart, then one cloud of two regions, each step verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import cloud, failover, identity, join, lab, machine, picture, status, watch
from .cloud import node
from .hostfiles import PEOPLE
from .openstack import need, openstack
from .progress import Progress
from .settings import HOSTS, Host, Versions, controller
from .snapshot import STANDALONE

HOME, MEMBER = "RegionOne", "RegionTwo"
INTERFACES = ("admin", "internal", "public")

# What a real run of the join may touch and a planned one must not.
_PRINT = """
set -e
if [ -d /var/lib/mysql/keystone ]; then
  mysqldump --skip-dump-date --skip-comments --order-by-primary keystone | sha256sum
fi
find /etc/keystone /etc/memcached.conf /etc/glance /etc/placement /root -type f ! -name .bash_history -print0 |
  sort -z | xargs -0 sha256sum | sha256sum
systemctl show --property=MainPID,ActiveEnterTimestampMonotonic keystone memcached mariadb glance-api placement-api
"""


@dataclass(frozen=True)
class Entry:
    """One endpoint of a catalog, as `openstack catalog list` shows it."""

    type: str
    region: str
    interface: str
    url: str


def entries(listing: Any) -> list[Entry]:
    """The endpoints in what `openstack catalog list` said."""
    return [
        Entry(service["Type"], one["region_id"], one["interface"], one["url"])
        for service in listing
        for one in service["Endpoints"]
    ]


def catalog(host: Host) -> list[Entry]:
    """The catalog that the admin is given on this controller."""
    return entries(openstack(host, "catalog", "list"))


def own_urls(region: int) -> dict[str, str]:
    """URLs at which the services of one cluster are: type to URL."""
    own, second = controller(region), node(region)
    return {
        "identity": f"http://{own.address}:5000/v3",
        "image": f"http://{own.address}:9292",
        "placement": f"http://{second.address}:8778",
    }


def expected(region: str, urls: dict[str, str]) -> set[Entry]:
    """The catalog's entries for one region."""
    return {Entry(kind, region, interface, url) for kind, url in urls.items() for interface in INTERFACES}


def compare(what: str, found: list[Entry], wanted: set[Entry]) -> None:
    """LabError that names each entry too many, too few or doubled."""
    doubled = {one for one in found if found.count(one) > 1}
    lines = [f"missing: {one}" for one in sorted(wanted - set(found), key=str)]
    lines += [f"not expected: {one}" for one in sorted(set(found) - wanted, key=str)]
    lines += [f"there more than once: {one}" for one in sorted(doubled, key=str)]
    need(not lines, f"{what} is not as it must be:\n  " + "\n  ".join(lines))


def show(entries: list[Entry], progress: Progress) -> None:
    """A catalog as a small table: the three interfaces of a service in one line where they agree."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for one in sorted(entries, key=lambda one: (one.type, one.region, one.interface)):
        rows.setdefault((one.type, one.region, one.url), []).append(one.interface)
    for (kind, region, url), interfaces in rows.items():
        progress.say(f"{kind:10} {region:10} {url:28} {', '.join(interfaces)}")


def run(versions: Versions, progress: Progress) -> None:
    """All of it, each step verified; LabError at the first that does not hold."""
    lab.up(STANDALONE, versions, progress)
    standalone(progress)
    progress.title("The extension reaches minions and masters")
    with progress.step("saltutil.sync_all"):
        said = join.sync()
    progress.say("\n".join(said))
    plan(progress)
    for_real(progress)
    verify(progress)
    follow(progress)
    identity.shown(progress)
    again(progress)
    failover.shown(progress)
    status.shown(progress)
    progress.title("What exists now")
    told = [(one.type, one.region, one.url) for one in catalog(controller(1))]
    progress.plain(picture.draw(versions, told, identity.said(), progress.timings))


def standalone(progress: Progress) -> None:
    """Two clusters, both named RegionOne, each with people and an image of its own."""
    progress.title("Two clusters that know nothing of each other")
    for region in (1, 2):
        own = controller(region)
        person, project = PEOPLE[region]
        other_person, _ = PEOPLE[3 - region]
        with progress.step(f"cluster {region}: its catalog, people and image; glance and placement answer"):
            found = catalog(own)
            compare(f"the catalog of cluster {region}", found, expected(HOME, own_urls(region)))
            users = {one["Name"] for one in openstack(own, "user", "list")}
            need(person in users, f"user {person} is missing in cluster {region}")
            need(other_person not in users, f"user {other_person} of the other cluster is in cluster {region}")
            images = [one["Name"] for one in openstack(own, "image", "list", person=person)]
            need(images == [f"cirros-{project}"], f"cluster {region} has images {images}, not cirros-{project}")
            openstack(own, "resource", "provider", "list")  # placement validates the admin's token, or this fails
        show(found, progress)
        progress.say(f"users: {', '.join(sorted(users))}; image: {', '.join(images)}")


def fingerprints() -> dict[str, str]:
    """For each host what its keystone, its files and its services are like."""
    return {one.name: machine.execute(one, "bash", "-c", _PRINT).stdout for one in HOSTS}


def plan(progress: Progress) -> None:
    """orch.join with test=True: shows what it would do, and does nothing."""
    progress.title("The plan: salt-run state.orchestrate orch.join test=True")
    before = fingerprints()
    with progress.step("orch.join, planned"):
        results = join.orchestrate(test=True)
    progress.say(join.describe(results))
    with progress.step("nothing was changed by planning"):
        after = fingerprints()
        for name, found in after.items():
            need(found == before[name], f"test=True changed {name}:\nbefore:\n{before[name]}\nafter:\n{found}")
    waiting = [name for name, one in join.steps(results) if one.get("result") is None]
    need(waiting, "the plan announces no change, though the regions are not joined")


def for_real(progress: Progress) -> None:
    """orch.join; every job shown as it goes."""
    progress.title("The join: salt-run state.orchestrate orch.join")
    with progress.step(picture.JOIN), watch.jobs(controller(1), progress.say):
        results = join.orchestrate(test=False)
    for name, one in join.steps(results):
        need(one.get("result") is True, f"step {name!r} did not end well: {one.get('comment')}")
    progress.say(join.describe(results))


def verify(progress: Progress) -> None:
    """The one cloud, as its admin sees it at home, and what RegionTwo itself still has."""
    home, member = controller(1), controller(2)
    progress.title("One cloud: what the admin is told at home")
    with progress.step("openstack catalog list, endpoint list, region list at home"):
        listing = openstack(home, "catalog", "list")
        found = entries(listing)
        at_home = own_urls(1)
        in_two = own_urls(2) | {"identity": at_home["identity"]}
        compare("home's catalog", found, expected(HOME, at_home) | expected(MEMBER, in_two))
        kinds = sorted(one["Type"] for one in listing)
        need(kinds == sorted(at_home), f"home's catalog has entries {kinds}: one for each service type is right")
        regions = sorted(one["Region"] for one in openstack(home, "region", "list"))
        need(regions == [HOME, MEMBER], f"home's regions are {regions}")
        rows = openstack(home, "endpoint", "list")
        listed = sorted((one["Region"], one["Service Type"], one["Interface"]) for one in rows)
        wanted = sorted((region, kind, one) for region in (HOME, MEMBER) for kind in at_home for one in INTERFACES)
        need(listed == wanted, f"home's endpoints are {listed}, not {wanted}")
    show(found, progress)
    with progress.step("RegionTwo's own keystone says the same, but that RegionTwo's identity is here"):
        own = catalog(member)
        compare("RegionTwo's catalog", own, expected(HOME, at_home) | expected(MEMBER, own_urls(2)))
        said = machine.execute(member, "grep", "OS_REGION_NAME", "/root/keystonerc_admin").stdout.strip()
        need(said.split("=")[-1].strip("'\"") == MEMBER, f"RegionTwo's keystonerc_admin says {said}")
    with progress.step("home's own services go on"):
        _, project = PEOPLE[1]
        images = [one["Name"] for one in openstack(home, "image", "list")]
        need(images == [f"cirros-{project}"], f"home's glance lists {images}")
        openstack(home, "resource", "provider", "list")


def follow(progress: Progress) -> None:
    """RegionTwo's services take home's tokens, and no longer need RegionTwo's keystone."""
    home, member = controller(1), controller(2)
    progress.title("RegionTwo's services follow home's identity")
    region = ("--os-region-name", MEMBER)
    with progress.step(
        "a token from home lists RegionTwo's images and placement resources; RegionTwo's keystone is off"
    ):
        machine.execute(member, "systemctl", "stop", "keystone")
        try:
            _, project = PEOPLE[2]
            images = [one["Name"] for one in openstack(home, *region, "image", "list")]
            need(images == [f"cirros-{project}"], f"RegionTwo's glance lists {images} to home's admin")
            openstack(home, *region, "resource", "provider", "list")
        finally:
            machine.execute(member, "systemctl", "start", "keystone")
        cloud.wait_http(member, f"http://{member.address}:5000/v3/")
    with progress.step("every service proves it: salt '*' oslo_conf.prove"):
        answers = join.ask("*", "oslo_conf.prove")
    for minion, proof in sorted(answers.items()):
        need(isinstance(proof, dict) and proof.get("ok"), f"{minion}: {proof}")
        for check in proof["checks"]:
            progress.say(f"{minion}: {check['service']} {check['name']}: {check['evidence']}")


def again(progress: Progress) -> None:
    """A second join finds nothing to do, and interrupts nothing."""
    progress.title("Once more: salt-run state.orchestrate orch.join")
    before, threads = fingerprints(), identity.threads()
    with progress.step("orch.join, second time"):
        results = join.orchestrate(test=False)
    for name, one in join.steps(results):
        need(one.get("result") is True, f"step {name!r} of the second join: {one.get('comment')}")
        need(not one.get("changes"), f"the second join changed something in {name!r}: {join.changes(one)}")
    after = fingerprints()
    for name, found in after.items():
        need(found == before[name], f"the second join changed {name}:\nbefore:\n{before[name]}\nafter:\n{found}")
    need(identity.threads() == threads, "the second join has interrupted replication")
    progress.say(f"{len(results)} steps, no change reported, none found in tables, files, processes and replication")
