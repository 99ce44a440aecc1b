"""cyborg: accelerators."""

from osregions.conf.catalogue import Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="cyborg",
    folders=("cyborg",),
    files=("cyborg.conf", "*paste.ini"),
    urls=(Url("placement", "auth_url"), Url("nova", "auth_url", since=17)),
    regions=(
        RegionName("placement", (Spelling("region_name"),)),
        RegionName("nova", (Spelling("region_name", 17),)),
        RegionName("glance", (Spelling("region_name", 16),)),
        RegionName("keystone", (Spelling("region_name", 16),)),
    ),
    accounts=(Account("placement", "placement"), Account("nova", "nova")),
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
