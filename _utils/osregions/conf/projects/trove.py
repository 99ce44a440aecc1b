"""trove: databases, which asks in `RegionOne` unless it is told otherwise."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="trove",
    folders=("trove",),
    files=("trove.conf", "trove-taskmanager.conf", "trove-conductor.conf", "trove-guestagent.conf", "*paste.ini"),
    urls=(
        Url("DEFAULT", "trove_auth_url", until=16),
        Url("DEFAULT", "dns_auth_url"),
        Url("service_credentials", "auth_url", since=16),
    ),
    regions=(
        RegionName("service_credentials", (Spelling("region_name", 16),), ALWAYS),
        RegionName("DEFAULT", (Spelling("os_region_name", 8, 15),), ALWAYS),
        # The other programs' own files: what signs in there asks in a region.
        RegionName("DEFAULT", (Spelling("os_region_name"),), "nova_proxy_admin_*"),
        RegionName("DEFAULT", (Spelling("os_region_name"),), "trove_auth_url"),
        RegionName("DEFAULT", (Spelling("dns_region"),), "dns_auth_url"),
    ),
    accounts=(
        Account("service_credentials"),
        Account(
            "DEFAULT",
            user=("nova_proxy_admin_user",),
            password=("nova_proxy_admin_pass",),
            project=("nova_proxy_admin_tenant_name",),
            project_id=("nova_proxy_admin_tenant_id",),
            user_domain=("nova_proxy_admin_user_domain_name",),
            user_domain_id=(),
            project_domain=("nova_proxy_admin_project_domain_name",),
            project_domain_id=(),
        ),
        Account(
            "DEFAULT",
            "designate",
            user=("dns_username",),
            password=("dns_passkey",),
            project=("dns_tenant_name",),
            project_id=("dns_tenant_id",),
            user_domain=(),
            user_domain_id=("dns_user_domain_id",),
            project_domain=(),
            project_domain_id=("dns_project_domain_id",),
            url=("dns_auth_url",),
        ),
    ),
    services=(
        Service("trove-conductor", (r"(openstack-)?trove-conductor",), ("trove.conf", "trove-conductor.conf"), 30),
        Service(
            "trove-taskmanager", (r"(openstack-)?trove-taskmanager",), ("trove.conf", "trove-taskmanager.conf"), 35
        ),
        Service(
            "trove-api",
            (r"(openstack-)?trove-api",),
            ("trove.conf", "*paste.ini"),
            40,
            site=r"trove",
            type="database",
            port=8779,
            probe="/v1.0/{project_id}/instances?limit=1",
        ),
    ),
)
