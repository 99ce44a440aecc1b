"""gnocchi: the store of measures."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling, Url, plain_account

# What is stored and, since Ocata, what is yet to be stored, with the same options.
_SECTIONS = ("storage", "incoming")

PROJECT = Project(
    name="gnocchi",
    folders=("gnocchi",),
    files=("gnocchi.conf", "*paste.ini"),
    urls=tuple(Url(section, "swift_authurl") for section in _SECTIONS),
    regions=tuple(RegionName(section, (Spelling("swift_region", 12),), "swift_authurl") for section in _SECTIONS),
    accounts=tuple(
        plain_account(
            section,
            password=("swift_key",),
            project=("swift_project_name", "swift_tenant_name"),
            user_domain=("swift_user_domain_name",),
            project_domain=("swift_project_domain_name",),
            joined="swift_user",
        )
        for section in _SECTIONS
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
