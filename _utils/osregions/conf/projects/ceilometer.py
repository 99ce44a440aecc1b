"""ceilometer: telemetry."""

from osregions.conf.catalogue import Account, Project, RegionName, Service, Spelling, Url, plain_account

_CONF = ("ceilometer.conf",)

PROJECT = Project(
    name="ceilometer",
    folders=("ceilometer",),
    files=("ceilometer.conf", "*paste.ini"),
    urls=(Url("service_credentials", "os_auth_url", until=9), Url("service_credentials", "auth_url", since=9)),
    regions=(RegionName("service_credentials", (Spelling("region_name", 9), Spelling("os_region_name", 8, 8))),),
    accounts=(
        Account("service_credentials"),
        plain_account(
            "service_credentials",
            user=("os_username",),
            password=("os_password",),
            project=("os_tenant_name",),
            project_id=("os_tenant_id",),
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
