"""designate: names, which lists its networks' APIs by region."""

from osregions.conf.catalogue import ONLY_SET, Project, RegionName, Service, Spelling, Url, plain_account

PROJECT = Project(
    name="designate",
    folders=("designate",),
    files=("designate.conf", "*paste.ini"),
    urls=(Url("network_api:neutron", "auth_url"), Url("handler:*", "keystone_auth_uri", until=14)),
    regions=(
        RegionName("keystone", (Spelling("region_name", 15),)),
        RegionName("network_api:neutron", (Spelling("endpoints"),), ONLY_SET, prefixed=True),
    ),
    accounts=(
        plain_account(
            "network_api:neutron",
            "neutron",
            user=("admin_username",),
            password=("admin_password",),
            project=("admin_tenant_name",),
        ),
    ),
    services=(
        Service(
            "designate-central",
            (r"(openstack-)?designate-(central|pool-manager|zone-manager|producer|worker|mdns|sink|agent)",),
            ("designate.conf",),
            30,
        ),
        Service(
            "designate-api",
            (r"(openstack-)?designate-api",),
            ("designate.conf", "*paste.ini"),
            40,
            site=r"designate",
            type="dns",
            port=9001,
            probe="/v2/zones?limit=1 /v1/domains",
        ),
    ),
)
