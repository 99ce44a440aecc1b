"""blazar: reservations."""

from osregions.conf.catalogue import ALWAYS, HostPort, Project, RegionName, Service, Spelling, plain_account

PROJECT = Project(
    name="blazar",
    folders=("blazar",),
    files=("blazar.conf", "*paste.ini"),
    hosts=(
        HostPort(
            "DEFAULT",
            "os_auth_host",
            "os_auth_port",
            "os_auth_protocol",
            "os_auth_prefix",
            "internal",
            "5000",
            "http",
            until=30,
        ),
    ),
    regions=(RegionName("DEFAULT", (Spelling("os_region_name"),), ALWAYS),),
    accounts=(
        plain_account(
            "DEFAULT",
            user=("os_admin_username",),
            password=("os_admin_password",),
            project=("os_admin_project_name",),
            user_domain=("os_admin_user_domain_name",),
            project_domain=("os_admin_project_domain_name",),
        ),
    ),
    services=(
        Service(
            "blazar-api",
            (r"(openstack-)?blazar-api",),
            ("blazar.conf", "*paste.ini"),
            40,
            site=r"blazar",
            type="reservation",
            port=1234,
            probe="/v1/leases",
        ),
        Service("blazar-workers", (r"(openstack-)?blazar-manager",), ("blazar.conf",), 50),
    ),
)
