"""murano: an application catalog."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="murano",
    folders=("murano",),
    files=("murano.conf", "*paste.ini"),
    urls=(Url("murano_auth", "auth_url", since=12), Url("murano_auth", "auth_uri", "public", since=12)),
    regions=(
        RegionName("DEFAULT", (Spelling("home_region"),), ALWAYS),
        RegionName("engine", (Spelling("region_name"),), "set"),
    ),
    accounts=(Account("murano_auth"),),
    services=(
        Service(
            "murano-api",
            (r"(openstack-)?murano-api",),
            ("murano.conf", "*paste.ini"),
            40,
            site=r"murano",
            type="application-catalog",
            port=8082,
            probe="/v1/environments",
        ),
        Service("murano-workers", (r"(openstack-)?murano-(engine|cfapi)",), ("murano.conf",), 50),
    ),
)
