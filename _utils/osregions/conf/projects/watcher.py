"""watcher: optimisation."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling

PROJECT = Project(
    name="watcher",
    folders=("watcher",),
    files=("watcher.conf", "*paste.ini"),
    regions=tuple(
        RegionName(f"{client}_client", (Spelling("region_name", 16),), "section")
        for client in ("nova", "glance", "cinder", "neutron")
    ),
    services=(
        Service(
            "watcher-api",
            (r"(openstack-)?watcher-api",),
            ("watcher.conf", "*paste.ini"),
            40,
            site=r"watcher",
            type="infra-optim",
            port=9322,
            probe="/v1/goals?limit=1",
        ),
        Service("watcher-workers", (r"(openstack-)?watcher-(decision-engine|applier)",), ("watcher.conf",), 50),
    ),
)
