"""What is written into a host before its first start: names, database, services and Salt, as text."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from . import saltfiles
from .machine import root
from .settings import HOSTS, Host, controller
from .shell import run, write


def _secret() -> str:
    return secrets.token_hex(12)


@dataclass(frozen=True)
class Secrets:
    """Passwords of one cluster; each cluster draws its own, as two clusters deployed apart would have them."""

    admin: str = field(default_factory=_secret, repr=False)
    person: str = field(default_factory=_secret, repr=False)
    keystone_database: str = field(default_factory=_secret, repr=False)
    glance: str = field(default_factory=_secret, repr=False)
    glance_database: str = field(default_factory=_secret, repr=False)
    placement: str = field(default_factory=_secret, repr=False)
    placement_database: str = field(default_factory=_secret, repr=False)
    replication: str = field(default_factory=_secret, repr=False)  # home's, for the other region's server


def openrc(user: str, project: str, password: str, address: str) -> str:
    """A file in the manner of keystonerc_admin: what signs a person in when a shell sources it."""
    return "\n".join(
        (
            "unset OS_SERVICE_TOKEN",
            f"export OS_USERNAME={user}",
            f"export OS_PASSWORD={password}",
            f"export OS_AUTH_URL=http://{address}:5000/v3",
            f"export PS1='[\\u@\\h \\W(keystone_{user})]\\$ '",
            f"export OS_PROJECT_NAME={project}",
            "export OS_USER_DOMAIN_NAME=Default",
            "export OS_PROJECT_DOMAIN_NAME=Default",
            "export OS_REGION_NAME=RegionOne",
            "export OS_IDENTITY_API_VERSION=3",
            "",
        )
    )


def _authtoken(address: str, user: str, password: str) -> str:
    """How a service signs in and validates tokens; the region is left out, as one cluster on its own leaves it."""
    return f"""[keystone_authtoken]
www_authenticate_uri = http://{address}:5000
auth_url = http://{address}:5000
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = {user}
password = {password}
"""


def _keystone_conf(secret: Secrets) -> str:
    return f"""[DEFAULT]
log_dir = /var/log/keystone

[database]
connection = mysql+pymysql://keystone:{secret.keystone_database}@127.0.0.1/keystone

[token]
provider = fernet
"""


def _glance_conf(host: Host, secret: Secrets) -> str:
    return f"""[DEFAULT]
log_dir = /var/log/glance
enabled_import_methods = [glance-direct]
worker_self_reference_url = http://{host.address}:9292

[database]
connection = mysql+pymysql://glance:{secret.glance_database}@127.0.0.1/glance

[glance_store]
stores = file
default_store = file
filesystem_store_datadir = /var/lib/glance/images

{_authtoken(host.address, "glance", secret.glance)}
[paste_deploy]
flavor = keystone
"""


def _placement_conf(host: Host, secret: Secrets) -> str:
    own = controller(host.region).address
    return f"""[DEFAULT]
log_dir = /var/log/placement

[api]
auth_strategy = keystone

[placement_database]
connection = mysql+pymysql://placement:{secret.placement_database}@{own}/placement

{_authtoken(own, "placement", secret.placement)}"""


def _mariadb_conf(host: Host) -> str:
    """What a server needs to take part in replication one day: a number, a domain of its own, a row-based log."""
    return f"""[mysqld]
server_id = {host.region}
gtid_domain_id = {host.region}
log_bin = /var/lib/mysql/binlog
binlog_format = ROW
relay_log = /var/lib/mysql/relay
"""


def _groups(top: Path) -> dict[str, int]:
    """Groups of a root: name to number."""
    lines = (top / "etc/group").read_text(encoding="utf-8").splitlines()
    return {line.split(":")[0]: int(line.split(":")[2]) for line in lines}


def prepare(host: Host, secret: Secrets, home: Secrets, keys: saltfiles.Keys) -> None:
    """Write all that makes a copy of the image into this host of its cluster; `home` is the other's, or its own."""
    top = root(host)
    groups = _groups(top)
    write(top / "etc/hostname", f"{host.name}\n")
    write(top / "etc/machine-id", f"{uuid.uuid4().hex}\n", mode=0o444)
    write(top / "etc/resolv.conf", "")
    others = "".join(f"{one.address} {one.name}\n" for one in HOSTS)
    write(top / "etc/hosts", f"127.0.0.1 localhost\n{others}")
    services = ["salt-minion"]
    if host.controller:
        services += ["salt-master", "mariadb", "memcached"]
        write(top / "etc/mysql/mariadb.conf.d/91-lab-region.cnf", _mariadb_conf(host))
        for name, text in (
            ("keystone/keystone.conf", _keystone_conf(secret)),
            ("glance/glance-api.conf", _glance_conf(host, secret)),
        ):
            write(top / "etc" / name, text, mode=0o640, owner=(0, groups[name.partition("/")[0]]))
        person, project = PEOPLE[host.region]
        write(top / "root/keystonerc_admin", openrc("admin", "admin", secret.admin, host.address), mode=0o600)
        write(top / f"root/keystonerc_{person}", openrc(person, project, secret.person, host.address), mode=0o600)
    else:
        text = _placement_conf(host, secret)
        write(top / "etc/placement/placement.conf", text, mode=0o640, owner=(0, groups["placement"]))
    saltfiles.prepare(
        host, top, keys, {"admin": home.admin, "glance": home.glance, "placement": home.placement}, home.replication
    )
    run(["chroot", top, "systemctl", "--quiet", "enable", *services])


# The person and the project that each cluster has of its own.
PEOPLE = {1: ("alice", "red"), 2: ("bob", "blue")}
