"""A standalone cluster: databases, keystone with its own catalog, glance and placement that sign in there."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from . import saltfiles
from .hostfiles import PEOPLE, Secrets
from .machine import execute
from .progress import Progress
from .settings import HOSTS, SOURCE, Host, controller, host
from .shell import CommandError, wait

# What both clusters call their region while they know nothing of each other.
REGION = "RegionOne"

_BOOTSTRAP = """
read -r OS_BOOTSTRAP_PASSWORD
export OS_BOOTSTRAP_PASSWORD
exec runuser -u keystone -- keystone-manage bootstrap --bootstrap-region-id "$1" \
  --bootstrap-admin-url "$2" --bootstrap-internal-url "$2" --bootstrap-public-url "$2"
"""


def node(region: int) -> Host:
    """The second host of a region."""
    return next(one for one in HOSTS if one.region == region and not one.controller)


def make(region: int, secret: Secrets, progress: Progress) -> None:
    """Bring one cluster from booted hosts to a cloud that lists, validates and stores; nothing from the other."""
    own, second = controller(region), node(region)
    with progress.step(f"{own.name}: databases"):
        wait(f"{own.name}: MariaDB", lambda: execute(own, "mysqladmin", "ping"), seconds=60)
        execute(own, "mysql", stdin=_databases(secret))
    with progress.step(f"{own.name}: keystone's tables, keys and first admin"):
        execute(own, "runuser", "-u", "keystone", "--", "keystone-manage", "db_sync")
        for kind in ("fernet_setup", "credential_setup"):
            execute(own, "keystone-manage", kind, "--keystone-user", "keystone", "--keystone-group", "keystone")
        url = f"http://{own.address}:5000/v3"
        execute(own, "sh", "-c", _BOOTSTRAP, "bootstrap", REGION, url, stdin=f"{secret.admin}\n")
        execute(own, "systemctl", "enable", "--quiet", "--now", "keystone")
    # two pieces of work that need each other only at the end
    with ThreadPoolExecutor(2) as pool:
        tables = pool.submit(_tables, own, second, progress)
        with progress.step(f"{own.name}: services, endpoints, people"):
            wait_http(own, f"{url}/")
            _fill(own, "identity", _wish(own, second, secret))
        tables.result()
    with progress.step(f"{own.name}: an image in glance"):
        wait_http(own, f"http://{own.address}:9292/healthcheck")
        _fill(own, "image", _wish(own, second, secret))
    wait_http(second, f"http://{second.address}:8778/")


def _tables(own: Host, second: Host, progress: Progress) -> None:
    with progress.step(f"{own.name}: glance's and placement's tables"):
        execute(own, "runuser", "-u", "glance", "--", "glance-manage", "db_sync")
        execute(second, "runuser", "-u", "placement", "--", "placement-manage", "db", "sync")
        execute(own, "systemctl", "enable", "--quiet", "--now", "glance-api")
        execute(second, "systemctl", "enable", "--quiet", "--now", "placement-api")


def _databases(secret: Secrets) -> str:
    """SQL for three databases; placement's account may come from the region's node, the others sit beside."""
    text = []
    for name, password, places in (
        ("keystone", secret.keystone_database, ("localhost", "127.0.0.1")),
        ("glance", secret.glance_database, ("localhost", "127.0.0.1")),
        ("placement", secret.placement_database, ("%",)),
    ):
        text.append(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb3;")
        for place in places:
            text.append(f"CREATE OR REPLACE USER '{name}'@'{place}' IDENTIFIED BY '{password}';")
            text.append(f"GRANT ALL ON {name}.* TO '{name}'@'{place}';")
    return "\n".join(text)


def _wish(own: Host, second: Host, secret: Secrets) -> dict[str, object]:
    person, project = PEOPLE[own.region]
    return {
        "keystone": f"http://{own.address}:5000/v3",
        "password": secret.admin,
        "region": REGION,
        "services": [
            {
                "name": "glance",
                "type": "image",
                "url": f"http://{own.address}:9292",
                "password": secret.glance,
            },
            {
                "name": "placement",
                "type": "placement",
                "url": f"http://{second.address}:8778",
                "password": secret.placement,
            },
        ],
        "person": {"name": person, "project": project, "password": secret.person},
        "image": {
            "name": f"cirros-{project}",
            "url": f"http://{own.address}:9292",
            "content": secrets.token_hex(32 * 1024),
        },
    }


def _fill(own: Host, part: str, wish: dict[str, object]) -> None:
    script = f"{SOURCE}/lab/tworegions/inside/fill_cloud.py"
    execute(own, "python3", script, part, stdin=json.dumps(wish))


def wait_http(host: Host, url: str, seconds: float = 90) -> None:
    """Until a service answers over HTTP with a status that is no fault of its own."""

    def answers() -> bool:
        said = execute(host, "curl", "-s", "-o", "/dev/null", "-m", "5", "-w", "%{http_code}", url, check=False).stdout
        return said[:1] in ("2", "3", "4")

    wait(f"{url} seen from {host.name}", answers, seconds=seconds)


def wait_serving(progress: Progress) -> None:
    """Until every API of both clusters answers, after a start from a snapshot."""
    with progress.step("keystone, glance and placement of both clusters answer"):
        for region in (1, 2):
            own, second = controller(region), node(region)
            wait_http(own, f"http://{own.address}:5000/v3/")
            wait_http(own, f"http://{own.address}:9292/healthcheck")
            wait_http(second, f"http://{second.address}:8778/")


def wait_salt(progress: Progress) -> None:
    """Until each master has an answer from each of its minions."""
    for master in saltfiles.master_hosts():
        minions = saltfiles.minions_of(master)
        with progress.step(f"{master.name}: Salt reaches {', '.join(minions)}"):
            addresses = {host(name).address for name in minions}
            # A ping sent before a minion listens is lost, and then waited for in vain: look at the connections first.
            wait(f"{master.name}: minions", partial(_connected, master, addresses), seconds=90)
            wait(f"{master.name}: test.ping", partial(_answered, master, set(minions)), seconds=60)


def _connected(master: Host, addresses: set[str]) -> bool:
    """True when each of these addresses listens to the master's publications."""
    lines = execute(master, "ss", "-Htn", "state", "established", "sport", "=", ":4505").stdout.splitlines()
    peers = {line.split()[3].rpartition(":")[0].removeprefix("[::ffff:").rstrip("]") for line in lines}
    return addresses <= peers


def _answered(master: Host, minions: set[str]) -> bool:
    """True when each of these minions answers a ping."""
    argv = ["salt", "--static", "--out=json", "-t", "3", "-L", ",".join(sorted(minions)), "test.ping"]
    done = execute(master, *argv, check=False)
    try:
        said = json.loads(done.stdout)
    except ValueError as err:
        raise CommandError(argv, done.returncode, done.stdout + done.stderr) from err
    return {name for name, answer in said.items() if answer is True} == minions
