"""Home's identity in RegionTwo, as the demo shows it: made at home, there at once, fenced, and one row for row."""

from __future__ import annotations

import time
from typing import Any

from . import join, machine, openstack
from .openstack import need
from .progress import Progress
from .settings import Host, controller

_FENCED = "past-the-fence"


def shown(progress: Progress) -> None:
    """Each promise, tried; LabError at the first that does not hold."""
    member = controller(2)
    progress.title("RegionTwo's own keystone, idle from now on, has home's identity")
    with progress.step("a project made at home is used at RegionTwo's keystone"):
        lag = _arrives(openstack.openstack(controller(1), "project", "create", "violet")["id"])
        openstack.run(controller(1), "role", "add", "--user", "admin", "--project", "violet", "member")
        openstack.openstack(member, "catalog", "list", project="violet")
    progress.say(f"its row was there after {lag:.2f} s; home's admin signs in for it there")
    with progress.step("tokens of either keystone are valid at both: keystone_keys.prove"):
        progress.say(str(_asked("keystone_keys.prove", f"http://{controller(1).address}:5000")))
    with progress.step("identity can't be written there: creating a project is refused, and leaves no trace"):
        done = openstack.run(member, "project", "create", _FENCED, check=False)
        need(done.returncode != 0, "RegionTwo's keystone made a project")
        for host in (controller(1), member):
            rows = _sql(host, f"SELECT COUNT(*) FROM keystone.project WHERE name = '{_FENCED}'")
            need(rows == "0", f"the refused project is in the database of {host.name}")
    progress.say(done.stderr.strip().splitlines()[0])
    with progress.step("mysql_replication.status and .compare"):
        status, found = _asked("mysql_replication.status"), _asked("mysql_replication.compare")
        need(status["ok"], f"replication: {status['findings']}")
        need(found["clean"], f"rows differ: {found['divergence']}, {found['schema']}, {found['beyond']}")
    progress.say(f"lag {status['lag']} s; {found['rows']} rows of {found['tables']} tables alike")
    with progress.step("RegionTwo's own database is kept: mysql_replication.kept"):
        kept = _asked("mysql_replication.kept")
        need(len(kept) == 1, f"kept are {kept}")
        people = _sql(member, f"SELECT name FROM {kept[0]['name']}.local_user ORDER BY name").split()
        need("bob" in people, f"people in {kept[0]['name']}: {people}")
    progress.say(f"{kept[0]['name']}: {', '.join(people)}")


def said() -> str:
    """In a line, how RegionTwo's identity is kept."""
    status = _asked("mysql_replication.status")
    lag = "not running" if status["lag"] is None else f"lag {status['lag']:.3f} s"
    keys = "home's" if status["keys"]["from_home"] else "not home's"
    return f"RegionTwo's identity: a replica of {status['source']}, {lag}; keys: {keys}"


def threads() -> str:
    """The numbers of the replication's threads: others after an interruption."""
    return _sql(controller(2), "SELECT id FROM information_schema.processlist WHERE user = 'system user' ORDER BY id")


def _arrives(project: str) -> float:
    """Seconds until a project's row is in RegionTwo's database."""
    start = time.monotonic()
    while _sql(controller(2), f"SELECT COUNT(*) FROM keystone.project WHERE id = '{project}'") != "1":
        need(time.monotonic() - start < 5, f"project {project} is not at RegionTwo after 5 s")
    return time.monotonic() - start


def _asked(function: str, *words: str) -> Any:
    name = controller(2).name
    return join.ask(name, function, *words)[name]


def _sql(host: Host, statement: str) -> str:
    return machine.execute(host, "mariadb", "-N", "-e", statement).stdout.strip()
