"""Salt in the lab: a master in each region, both with one key; minions of RegionTwo listen to both."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from .settings import HOSTS, SOURCE, Host, controller, masters
from .shell import run, write

PILLAR = "/srv/pillar"


@dataclass(frozen=True)
class Pair:
    """A private key and its public half, PEM."""

    private: str = field(repr=False)
    public: str


@dataclass(frozen=True)
class Keys:
    """The one key of both masters, and one for each minion."""

    master: Pair
    minions: dict[str, Pair]


def draw_keys(image_root: Path) -> Keys:
    """New keys, made by the image's openssl."""
    return Keys(_pair(image_root), {one.name: _pair(image_root) for one in HOSTS})


def _pair(image_root: Path) -> Pair:
    private = run(["chroot", image_root, "openssl", "genrsa", "2048"]).stdout
    public = run(["chroot", image_root, "openssl", "pkey", "-pubout"], stdin=private).stdout
    return Pair(private, public)


def prepare(host: Host, top: Path, keys: Keys, accounts: dict[str, str], replication: str) -> None:
    """Write Salt's configuration and keys into a host; masters know their minions beforehand and take no others.

    `accounts` are the passwords of home's services, which a joining region's services are given by pillar;
    `replication` is that of the joining region's server at home's.
    """
    pair = keys.minions[host.name]
    write(top / "etc/salt/pki/minion/minion.pem", pair.private, mode=0o400)
    write(top / "etc/salt/pki/minion/minion.pub", pair.public)
    write(top / "etc/salt/grains", _yaml({"region": host.grain, "roles": list(host.roles)}))
    write(
        top / "etc/salt/minion.d/lab.conf",
        _yaml(
            {
                "id": host.name,
                "master": [one.address for one in masters(host)],
                "acceptance_wait_time": 1,
                "auth_timeout": 5,
                "random_reauth_delay": 1,
                "recon_default": 500,
                "recon_max": 3000,
                "grains_cache": False,
                "enable_fqdns_grains": False,
            }
        ),
    )
    if not host.controller:
        return
    credentials: dict[str, dict[str, str]] = {name: {"password": password} for name, password in accounts.items()}
    credentials["admin"]["project_name"] = "admin"
    text = _yaml({"openstack_regions": {"credentials": credentials}})
    write(top / PILLAR.lstrip("/") / "openstack_regions_credentials.sls", text, mode=0o600)
    # The two clouds have people of their own, and RegionTwo's may go: its database is kept.
    text = _yaml(
        {
            "openstack_regions": {
                "replication": {"passwords": {"RegionTwo": replication}},
                "regions": {"RegionTwo": {"database": {"discard": True}}},
            }
        }
    )
    write(top / PILLAR.lstrip("/") / "openstack_regions_replication.sls", text, mode=0o600)
    write(top / "etc/salt/pki/master/master.pem", keys.master.private, mode=0o400)
    write(top / "etc/salt/pki/master/master.pub", keys.master.public)
    for minion in HOSTS:
        if host in masters(minion):
            write(top / f"etc/salt/pki/master/minions/{minion.name}", keys.minions[minion.name].public)
    write(
        top / "etc/salt/master.d/lab.conf",
        _yaml(
            {
                "interface": "0.0.0.0",
                "user": "root",
                "worker_threads": 3,
                "timeout": 20,
                "gather_job_timeout": 5,
                "file_roots": {"base": [SOURCE, f"{SOURCE}/salt"]},
                # the example, but for its passwords: those are this cloud's
                "pillar_roots": {"base": [PILLAR, f"{SOURCE}/pillar.example"]},
                "file_ignore_regex": [r"(^|/)\.git($|/)", "__pycache__"],
            }
        ),
    )


def minions_of(host: Host) -> list[str]:
    """Minions that the master on this host answers for."""
    return [one.name for one in HOSTS if host in masters(one)]


def master_hosts() -> list[Host]:
    """Hosts with a Salt master: home's first."""
    return [controller(1), controller(2)]


def _yaml(value: dict[str, object]) -> str:
    """JSON is YAML; a stdlib-only lab has no other way to write it."""
    return json.dumps(value, indent=2) + "\n"
