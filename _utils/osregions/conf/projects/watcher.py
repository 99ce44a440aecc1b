"""watcher: optimisation."""

from osregions.conf.catalogue import ALWAYS, SECTION, Account, Project, RegionName, Service, Spelling, Url

# Those that it works with everywhere, and those that are but one of several sources.
_ALWAYS = ("nova", "glance", "cinder", "neutron")
_SOURCES = ("ceilometer", "gnocchi", "ironic", "monasca", "aetos")
# By keystoneauth's own options, which take the place of [*_client] since 2026.2.
_SECTIONS = ("nova", "cinder", "placement", "keystone")

PROJECT = Project(
    name="watcher",
    folders=("watcher",),
    files=("watcher.conf", "*paste.ini"),
    urls=(
        Url("watcher_clients_auth", "auth_url", since=10),
        *(Url(section, "auth_url", since=30) for section in _SECTIONS),
    ),
    regions=(
        *(RegionName(f"{client}_client", (Spelling("region_name", 14),), ALWAYS) for client in _ALWAYS),
        RegionName("placement_client", (Spelling("region_name", 16),), ALWAYS),
        RegionName("keystone_client", (Spelling("region_name", 16),), ALWAYS),
        *(RegionName(f"{client}_client", (Spelling("region_name", 14),), SECTION) for client in _SOURCES),
        *(RegionName(section, (Spelling("region_name", 30),), "auth_*") for section in _SECTIONS),
    ),
    accounts=(Account("watcher_clients_auth"), *(Account(section) for section in _SECTIONS)),
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
