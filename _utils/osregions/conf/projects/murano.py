"""murano: an application catalog."""

from osregions.conf.catalogue import ALWAYS, PUBLIC, Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="murano",
    folders=("murano",),
    files=("murano.conf", "*paste.ini"),
    urls=(
        Url("murano_auth", "auth_url", since=11),
        Url("murano_auth", "auth_uri", PUBLIC, since=11, until=13),
        Url("murano_auth", "www_authenticate_uri", PUBLIC, since=13),
        # the broker for Cloud Foundry, which has neither scheme nor version by default
        Url("cfapi", "auth_url", PUBLIC),
    ),
    regions=(
        RegionName("DEFAULT", (Spelling("home_region"),), ALWAYS),
        RegionName("murano", (Spelling("region_name_for_services", 8, 8),), ALWAYS),
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
