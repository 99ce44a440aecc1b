"""cloudkitty: rating."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="cloudkitty",
    folders=("cloudkitty",),
    files=("cloudkitty.conf", "*paste.ini"),
    urls=tuple(Url(section, "auth_url") for section in ("ks_auth", "keystone_fetcher", "fetcher_keystone")),
    regions=tuple(
        RegionName(section, (Spelling("region_name"),))
        for section in ("gnocchi_collector", "collector_gnocchi", "fetcher_gnocchi", "tenant_fetcher")
    ),
    services=(
        Service(
            "cloudkitty-api",
            (r"(openstack-)?cloudkitty-api",),
            ("cloudkitty.conf", "*paste.ini"),
            40,
            site=r"cloudkitty",
            type="rating",
            port=8889,
            probe="/v1/info/config",
        ),
        Service("cloudkitty-workers", (r"(openstack-)?cloudkitty-(processor|storage)",), ("cloudkitty.conf",), 50),
    ),
)
