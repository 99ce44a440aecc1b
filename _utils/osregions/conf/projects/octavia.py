"""octavia: load balancers."""

from osregions.conf.catalogue import ADMIN, ALWAYS, Account, Project, RegionName, Service, Spelling, Url

_CLIENTS = ("nova", "neutron", "glance", "cinder")

PROJECT = Project(
    name="octavia",
    folders=("octavia",),
    files=("octavia.conf", "octavia-*.conf", "*paste.ini"),
    urls=(
        Url("neutron", "auth_url", since=13),
        Url("DEFAULT", "nova_admin_auth_url", ADMIN, until=9),
    ),
    regions=(
        *(
            RegionName(
                client, (Spelling("region_name", 9),), ALWAYS if client in ("nova", "neutron", "glance") else "section"
            )
            for client in _CLIENTS
        ),
        RegionName("service_auth", (Spelling("region_name"), Spelling("region-name"), Spelling("region", 8, 9)), "set"),
        RegionName("DEFAULT", (Spelling("os_region_name", 8, 8),), ALWAYS),
    ),
    accounts=(Account("neutron"),),
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
