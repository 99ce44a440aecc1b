"""vitrage: root causes."""

from osregions.conf.catalogue import Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="vitrage",
    folders=("vitrage",),
    files=("vitrage.conf", "*paste.ini"),
    urls=(Url("service_credentials", "auth_url"),),
    regions=(RegionName("service_credentials", (Spelling("region_name"),)),),
    accounts=(Account("service_credentials"),),
    services=(
        Service(
            "vitrage-api",
            (r"(openstack-)?vitrage-api",),
            ("vitrage.conf", "*paste.ini"),
            40,
            site=r"vitrage",
            type="rca",
            port=8999,
            probe="/v1/template",
        ),
        Service(
            "vitrage-workers",
            (r"(openstack-)?vitrage-(graph|notifier|ml|collector|persistor|snmp-parsing)",),
            ("vitrage.conf",),
            50,
        ),
    ),
)
