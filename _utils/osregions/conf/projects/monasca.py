"""monasca: monitoring."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling

PROJECT = Project(
    name="monasca",
    folders=("monasca",),
    files=("monasca-api.conf", "api-config.conf", "*paste.ini"),
    regions=(RegionName("DEFAULT", (Spelling("region"),), "set"),),
    services=(
        Service(
            "monasca-api", (r"(openstack-)?monasca-api",), ("monasca-api.conf", "api-config.conf"), 40, site=r"monasca"
        ),
    ),
)
