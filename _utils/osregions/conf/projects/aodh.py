"""aodh: alarms."""

from osregions.conf.catalogue import Account, Project, RegionName, Service, Spelling, Url, plain_account

PROJECT = Project(
    name="aodh",
    folders=("aodh",),
    files=("aodh.conf", "*paste.ini"),
    urls=(
        Url(
            "service_credentials",
            "os_auth_url",
            until=9,
            default="http://localhost:5000/v2.0",
            in_use="os_password",
        ),
        Url("service_credentials", "auth_url", since=9),
    ),
    regions=(RegionName("service_credentials", (Spelling("region_name", 9), Spelling("os_region_name", 8, 8))),),
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
            "aodh-api",
            (r"(openstack-)?aodh-api",),
            ("aodh.conf", "*paste.ini"),
            40,
            site=r"aodh",
            type="alarming",
            port=8042,
            probe="/v2/alarms?limit=1",
        ),
        Service("aodh-workers", (r"(openstack-)?aodh-(evaluator|listener|notifier|expirer)",), ("aodh.conf",), 50),
    ),
)
