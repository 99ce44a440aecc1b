"""ceilometer: telemetry."""

from osregions.conf.catalogue import ONLY_SET, Account, Project, RegionName, Service, Spelling, Url, plain_account

_CONF = ("ceilometer.conf",)

PROJECT = Project(
    name="ceilometer",
    folders=("ceilometer",),
    files=("ceilometer.conf", "*paste.ini"),
    urls=(
        Url(
            "service_credentials",
            "os_auth_url",
            until=9,
            default="http://localhost:5000/v2.0",
            in_use="os_password",
        ),
        Url("service_credentials", "auth_url", since=9),
        Url("DEFAULT", "os_auth_url", until=8),
    ),
    regions=(
        RegionName("service_credentials", (Spelling("region_name", 9), Spelling("os_region_name", 8, 8))),
        RegionName("DEFAULT", (Spelling("os_region_name"),), ONLY_SET),
        # These sign in as [service_credentials] does, unless they have their own account.
        RegionName("gnocchi", (Spelling("region_name", 12),), "auth_url"),
        RegionName("zaqar", (Spelling("region_name", 12),), "auth_url"),
        RegionName("dispatcher_gnocchi", (Spelling("region_name", 11, 11),), "auth_url"),
    ),
    accounts=(
        Account("service_credentials"),
        plain_account(
            "service_credentials",
            user=("os_username",),
            password=("os_password",),
            project=("os_tenant_name",),
            project_id=("os_tenant_id",),
            user_domain_id=("os_user_domain_id",),
            project_domain_id=("os_project_domain_id",),
        ),
    ),
    services=(
        Service(
            "ceilometer-api",
            (r"(openstack-)?ceilometer-api",),
            ("ceilometer.conf", "*paste.ini"),
            40,
            site=r"ceilometer",
            type="metering",
            port=8777,
            probe="/v2/meters?limit=1",
        ),
        Service(
            "ceilometer-agents",
            (
                r"(openstack-)?ceilometer-(agent-)?(central|compute|ipmi|notification|collector|polling)(-agent)?",
                r"(openstack-)?ceilometer-alarm-.*",
            ),
            _CONF,
            60,
        ),
    ),
)
