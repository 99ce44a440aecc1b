"""cyborg: accelerators."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling

PROJECT = Project(
    name="cyborg",
    folders=("cyborg",),
    files=("cyborg.conf", "*paste.ini"),
    regions=tuple(RegionName(section, (Spelling("region_name", 17),)) for section in ("placement", "nova", "glance")),
    services=(
        Service(
            "cyborg-api",
            (r"(openstack-)?cyborg-api",),
            ("cyborg.conf", "*paste.ini"),
            40,
            site=r"cyborg",
            type="accelerator",
            port=6666,
            probe="/v2/devices",
        ),
        Service("cyborg-workers", (r"(openstack-)?cyborg-(conductor|agent)",), ("cyborg.conf",), 50),
    ),
)
