"""cloudkitty: rating."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling, Url

_SECTIONS = (
    "ks_auth",
    "keystone_fetcher",
    "fetcher_keystone",
    "fetcher_gnocchi",
    "collector_gnocchi",
    "gnocchi_collector",
    "storage_gnocchi",
)

PROJECT = Project(
    name="cloudkitty",
    folders=("cloudkitty",),
    files=("cloudkitty.conf", "*paste.ini"),
    urls=tuple(Url(section, "auth_url") for section in _SECTIONS),
    regions=(
        # Unset, they ask in `RegionOne`. The first was called as the last up to Rocky.
        RegionName("collector_gnocchi", (Spelling("region_name", 15),)),
        RegionName("fetcher_gnocchi", (Spelling("region_name", 15),)),
        RegionName("collector_aetos", (Spelling("region_name", 30),)),
        RegionName("gnocchi_collector", (Spelling("region_name", 14, 14),)),
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
