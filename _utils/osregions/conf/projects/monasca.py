"""monasca: monitoring."""

from osregions.conf.catalogue import ONLY_SET, Project, RegionName, Service, Spelling

PROJECT = Project(
    name="monasca",
    folders=("monasca",),
    files=("monasca-api.conf", "api-config.conf", "*paste.ini"),
    regions=(RegionName("DEFAULT", (Spelling("region"),), ONLY_SET),),
    services=(
        Service(
            "monasca-api", (r"(openstack-)?monasca-api",), ("monasca-api.conf", "api-config.conf"), 40, site=r"monasca"
        ),
    ),
)
