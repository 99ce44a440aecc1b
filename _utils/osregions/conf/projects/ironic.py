"""ironic: bare metal."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

_GROUPS = ("service_catalog", "glance", "neutron", "nova", "swift", "inspector", "cinder", "json_rpc")

PROJECT = Project(
    name="ironic",
    folders=("ironic",),
    files=("ironic.conf", "*paste.ini"),
    urls=tuple(Url(group, "auth_url", since=10) for group in _GROUPS),
    regions=(
        RegionName("keystone", (Spelling("region_name", 8, 12),), ALWAYS),
        *(RegionName(group, (Spelling("region_name", 12),)) for group in _GROUPS),
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
