"""masakari: high availability of instances."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling

PROJECT = Project(
    name="masakari",
    folders=("masakari",),
    files=("masakari.conf", "*paste.ini"),
    regions=(RegionName("DEFAULT", (Spelling("os_region_name"),)),),
    services=(
        Service(
            "masakari-api",
            (r"(openstack-)?masakari-api",),
            ("masakari.conf", "*paste.ini"),
            40,
            site=r"masakari",
            type="instance-ha",
            port=15868,
            probe="/v1/segments?limit=1",
        ),
        Service("masakari-workers", (r"(openstack-)?masakari-engine",), ("masakari.conf",), 50),
    ),
)
