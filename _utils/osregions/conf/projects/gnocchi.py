"""gnocchi: the store of measures."""

from osregions.conf.catalogue import Project, Service, Url, plain_account

PROJECT = Project(
    name="gnocchi",
    folders=("gnocchi",),
    files=("gnocchi.conf", "*paste.ini"),
    urls=(Url("storage", "swift_authurl"), Url("storage", "swift_auth_url")),
    accounts=(
        plain_account(
            "storage",
            password=("swift_key",),
            project=("swift_project_name", "swift_tenant_name"),
            user_domain=("swift_user_domain_name",),
            project_domain=("swift_project_domain_name",),
            joined="swift_user",
        ),
    ),
    services=(
        Service(
            "gnocchi-api",
            (r"(openstack-)?gnocchi-api",),
            ("gnocchi.conf", "*paste.ini"),
            40,
            site=r"gnocchi",
            type="metric",
            port=8041,
            probe="/v1/metric?limit=1",
        ),
        Service("gnocchi-workers", (r"(openstack-)?gnocchi-(metricd|statsd)",), ("gnocchi.conf",), 50),
    ),
)
