"""octavia: load balancers."""

from osregions.conf.catalogue import (
    ADMIN,
    ALWAYS,
    ONLY_SET,
    SECTION,
    Account,
    Project,
    RegionName,
    Service,
    Spelling,
    Url,
)

_CLIENTS = ("nova", "neutron", "glance", "cinder")

PROJECT = Project(
    name="octavia",
    folders=("octavia",),
    files=("octavia.conf", "octavia-*.conf", "*paste.ini"),
    urls=(
        # All sign in by [service_auth], unless they have an account of their own.
        *(Url(client, "auth_url", since=24) for client in _CLIENTS),
        Url("DEFAULT", "nova_admin_auth_url", ADMIN, until=9),
    ),
    regions=(
        *(
            RegionName(
                client, (Spelling("region_name", 9),), ALWAYS if client in ("nova", "neutron", "glance") else SECTION
            )
            for client in _CLIENTS
        ),
        # where barbican keeps the listeners' certificates
        RegionName("certificates", (Spelling("region_name", 9),), ALWAYS),
        RegionName("service_auth", (Spelling("region_name"), Spelling("region", 8, 9)), ONLY_SET),
        RegionName("DEFAULT", (Spelling("os_region_name", 8, 8),), ALWAYS),
    ),
    accounts=tuple(Account(client) for client in _CLIENTS),
    services=(
        Service("octavia-worker", (r"(openstack-)?octavia-(worker|driver-agent)",), ("octavia*.conf",), 30),
        Service(
            "octavia-api",
            (r"(openstack-)?octavia-api",),
            ("octavia*.conf", "*paste.ini"),
            40,
            site=r"octavia",
            type="load-balancer",
            port=9876,
            probe="/v2/lbaas/loadbalancers?limit=1",
        ),
        Service("octavia-managers", (r"(openstack-)?octavia-(health-manager|housekeeping)",), ("octavia*.conf",), 50),
    ),
)
