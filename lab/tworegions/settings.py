"""What the lab consists of: hosts, addresses, folders and versions. Everything else takes these from here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("OPENSTACK_REGIONS_LAB_CACHE", "/var/cache/openstack-regions-lab"))
RUN = Path(os.environ.get("OPENSTACK_REGIONS_LAB_RUN", "/run/openstack-regions-lab"))

# Names of network namespaces, cgroups and scopes of the lab start with this; a second lab beside it wants another one,
# and another RUN and CACHE.
PREFIX = os.environ.get("OPENSTACK_REGIONS_LAB_PREFIX", "regions")

# Where the checkout appears inside the controllers.
SOURCE = "/srv/openstack-regions"

# The parts of the project that a joined cloud was made with.
PRODUCT = ("_utils", "_modules", "_states", "_runners", "salt", "pillar.example")

SALT_RANGES = {"3006": "salt>=3006,<3007", "3008": "salt>=3008,<3009"}
KEYSTONE_RANGES = {"22": "", "30": "keystone>=30,<31"}
DEFAULT_SALT = "3008"
DEFAULT_KEYSTONE = "22"

# What systemd in a host takes as PATH: Salt's own environment first, then Debian's.
HOST_PATH = "/opt/salt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Host:
    """One machine of a region."""

    name: str
    address: str
    region: int
    grain: str
    roles: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def controller(self) -> bool:
        """True where the region's keystone, database and Salt master are."""
        return "controller" in self.roles

    @property
    def netns(self) -> str:
        """Network namespace of this host."""
        return f"{PREFIX}-{self.name}"

    @property
    def gateway(self) -> str:
        """The router's leg in this host's region."""
        return f"10.213.{self.region}.1"


@dataclass(frozen=True)
class Versions:
    """Which Salt and which keystone the lab runs."""

    salt: str = DEFAULT_SALT
    keystone: str = DEFAULT_KEYSTONE

    def __str__(self) -> str:
        return f"Salt {self.salt}, keystone {self.keystone}"


_CONTROLLER = ("controller", "keystone", "glance")
_NODE = ("node", "placement")
_ON_CONTROLLER = ("mariadb", "memcached", "keystone", "glance-api", "salt-master", "salt-minion")
_ON_NODE = ("placement-api", "salt-minion")

HOSTS = (
    Host("one-controller", "10.213.1.11", 1, "RegionOne", _CONTROLLER, _ON_CONTROLLER),
    Host("one-node", "10.213.1.12", 1, "RegionOne", _NODE, _ON_NODE),
    Host("two-controller", "10.213.2.11", 2, "RegionTwo", _CONTROLLER, _ON_CONTROLLER),
    Host("two-node", "10.213.2.12", 2, "RegionTwo", _NODE, _ON_NODE),
)


def host(name: str) -> Host:
    """The host called `name`; a ValueError that lists the hosts when there is none."""
    for candidate in HOSTS:
        if candidate.name == name:
            return candidate
    raise ValueError(f"no host {name!r} in the lab; there are: {', '.join(one.name for one in HOSTS)}")


def controller(region: int) -> Host:
    """The controller of region 1 or 2."""
    return next(one for one in HOSTS if one.region == region and one.controller)


def masters(one: Host) -> tuple[Host, ...]:
    """Salt masters of a host: RegionTwo's minions listen to both, RegionOne's to their own."""
    own = controller(one.region)
    return (own,) if one.region == 1 else (controller(1), own)
