"""zun: containers."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

_ALWAYS = ("neutron", "cinder", "placement")

PROJECT = Project(
    name="zun",
    folders=("zun",),
    files=("zun.conf", "*paste.ini"),
    urls=(Url("keystone_auth", "auth_url"),),
    regions=(
        *(RegionName(f"{client}_client", (Spelling("region_name", 16),), ALWAYS) for client in _ALWAYS),
        *(RegionName(f"{client}_client", (Spelling("region_name"),)) for client in ("glance", "zun")),
    ),
    accounts=(Account("keystone_auth"),),
    services=(
        Service(
            "zun-api",
            (r"(openstack-)?zun-api",),
            ("zun.conf", "*paste.ini"),
            40,
            site=r"zun",
            type="container",
            port=9517,
            probe="/v1/containers",
        ),
        Service("zun-workers", (r"(openstack-)?zun-(compute|cni-daemon|wsproxy)",), ("zun.conf",), 50),
    ),
)
