"""magnum: clusters of containers, which are told keystone's URL too."""

from osregions.conf.catalogue import (
    ALWAYS,
    ONLY_SET,
    Account,
    Project,
    RegionName,
    Service,
    Spelling,
    Url,
    plain_account,
)

_CLIENTS = ("nova_client", "neutron_client", "heat_client", "glance_client")

PROJECT = Project(
    name="magnum",
    folders=("magnum",),
    files=("magnum.conf", "*paste.ini"),
    urls=(Url("keystone_auth", "auth_url", since=10), Url("trust", "auth_url")),
    regions=(
        *(RegionName(client, (Spelling("region_name"),), ALWAYS) for client in _CLIENTS),
        # Barbican keeps the clusters' certificates unless it is told otherwise.
        RegionName("barbican_client", (Spelling("region_name"),), ALWAYS),
        RegionName("octavia_client", (Spelling("region_name", 14),), ALWAYS),
        # The URL of magnum's own API, as it is told to the clusters.
        RegionName("magnum_client", (Spelling("region_name"),), ALWAYS),
        RegionName("cinder_client", (Spelling("region_name", 11),), ALWAYS),
        RegionName("docker_registry", (Spelling("swift_region"),)),
        RegionName("trust", (Spelling("trustee_keystone_region_name", 14),), ONLY_SET),
    ),
    accounts=(
        Account("keystone_auth"),
        plain_account(
            "trust",
            "magnum_domain_admin",
            user=("trustee_domain_admin_name",),
            user_id=("trustee_domain_admin_id",),
            password=("trustee_domain_admin_password",),
            user_domain=("trustee_domain_name", "trustee_domain_admin_domain_name"),
            user_domain_id=("trustee_domain_id", "trustee_domain_admin_domain_id"),
            renamed=False,  # Liberty knows the admin by nothing but an id
        ),
    ),
    services=(
        Service("magnum-conductor", (r"(openstack-)?magnum-conductor",), ("magnum.conf",), 30),
        Service(
            "magnum-api",
            (r"(openstack-)?magnum-api",),
            ("magnum.conf", "*paste.ini"),
            40,
            site=r"magnum[-_](api|wsgi)",
            type="container-infra",
            port=9511,
            probe="/v1/clusters?limit=1",
        ),
    ),
)
