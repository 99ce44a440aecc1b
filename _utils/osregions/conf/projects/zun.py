"""zun: containers."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="zun",
    folders=("zun",),
    files=("zun.conf", "*paste.ini"),
    urls=(Url("keystone_auth", "auth_url"),),
    regions=tuple(
        RegionName(f"{client}_client", (Spelling("region_name"),))
        for client in ("glance", "neutron", "cinder", "placement", "zun")
    ),
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
