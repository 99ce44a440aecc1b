"""sahara: data processing."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="sahara",
    folders=("sahara",),
    files=("sahara.conf", "*paste.ini"),
    urls=(Url("trustee", "auth_url", since=12),),
    regions=(RegionName("DEFAULT", (Spelling("os_region_name"),), ALWAYS),),
    accounts=(Account("trustee"),),
    services=(
        Service("sahara-engine", (r"(openstack-)?sahara-(engine|all)",), ("sahara.conf",), 30),
        Service(
            "sahara-api",
            (r"(openstack-)?sahara-api",),
            ("sahara.conf", "*paste.ini"),
            40,
            site=r"sahara",
            type="data-processing",
            port=8386,
            probe="/v1.1/{project_id}/clusters?limit=1",
        ),
    ),
)
