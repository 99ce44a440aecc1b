"""ironic: bare metal."""

from osregions.conf.catalogue import ALWAYS, ONLY_SET, Account, Project, RegionName, Service, Spelling, Url

_GROUPS = ("service_catalog", "glance", "neutron", "nova", "swift", "inspector", "cinder", "json_rpc")

PROJECT = Project(
    name="ironic",
    folders=("ironic",),
    files=("ironic.conf", "*paste.ini"),
    urls=tuple(Url(group, "auth_url", since=10) for group in _GROUPS),
    regions=(
        RegionName("keystone", (Spelling("region_name", 8, 12),), ALWAYS),
        *(RegionName(group, (Spelling("region_name", 13),)) for group in _GROUPS if group != "json_rpc"),
        # The conductors are called at addresses that they tell themselves: no region is asked for.
        RegionName("json_rpc", (Spelling("region_name", 16),), ONLY_SET),
    ),
    accounts=tuple(Account(group) for group in _GROUPS),
    services=(
        Service("ironic-conductor", (r"(openstack-)?ironic-conductor", r"devstack@ir-cond"), ("ironic.conf",), 30),
        Service(
            "ironic-api",
            (r"(openstack-)?ironic(-api)?", r"devstack@ir-api"),
            ("ironic.conf", "*paste.ini"),
            40,
            site=r"ironic[-_](api|wsgi)",
            type="baremetal",
            port=6385,
            probe="/v1/nodes?limit=1",
        ),
    ),
)
