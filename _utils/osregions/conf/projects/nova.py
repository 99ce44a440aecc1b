"""nova: the compute service, and what it asks of the others."""

from osregions.conf.catalogue import (
    ALWAYS,
    ONLY_SET,
    PUBLIC,
    Account,
    Project,
    RegionName,
    Service,
    Spelling,
    Url,
    plain_account,
)

_REGION = (Spelling("region_name", 13),)
_CONF = ("nova.conf",)

PROJECT = Project(
    name="nova",
    folders=("nova",),
    files=("nova.conf", "nova-compute.conf", "nova-cpu.conf", "nova-cell*.conf", "*paste.ini"),
    urls=(
        Url("DEFAULT", "keystone_ec2_url", PUBLIC, until=9),
        Url("neutron", "auth_url"),
        Url("neutron", "admin_auth_url", until=9, default="http://localhost:5000/v2.0", in_use="admin_password"),
        Url("DEFAULT", "neutron_admin_auth_url", until=8),
        Url("placement", "auth_url", since=10),
        Url("cinder", "auth_url", since=13),
        Url("keystone", "auth_url", since=24, until=26),
        Url("ironic", "auth_url"),
        Url("ironic", "admin_url", "admin", until=12),
        Url("manila", "auth_url", since=27),
    ),
    regions=(
        RegionName("neutron", (Spelling("region_name"),), ALWAYS),
        RegionName("cinder", (Spelling("os_region_name"),), ALWAYS),
        RegionName("glance", _REGION, ALWAYS),
        RegionName("placement", (Spelling("region_name", 13), Spelling("os_region_name", 10, 12)), ALWAYS),
        RegionName("keystone", (Spelling("region_name", 12),), ALWAYS),
        # where these were before they had sections of their own
        RegionName("DEFAULT", (Spelling("neutron_region_name", 8, 8),), ONLY_SET),
        RegionName("DEFAULT", (Spelling("os_region_name", 8, 8),), ONLY_SET),
        RegionName("barbican", (Spelling("os_region_name", 8, 9),)),
        RegionName("ironic", _REGION),
        RegionName("cyborg", (Spelling("region_name", 17),)),
        RegionName("manila", (Spelling("region_name", 27),)),
    ),
    accounts=(
        Account("neutron", "neutron"),
        Account(
            "neutron",
            "neutron",
            user=("admin_username",),
            user_id=("admin_user_id",),
            password=("admin_password",),
            project=("admin_tenant_name",),
            project_id=("admin_tenant_id",),
        ),
        plain_account(
            "DEFAULT",
            "neutron",
            user=("neutron_admin_username",),
            password=("neutron_admin_password",),
            project=("neutron_admin_tenant_name",),
            project_id=("neutron_admin_tenant_id",),
        ),
        Account("placement", "placement"),
        Account("keystone"),
        Account("cinder", "cinder"),
        Account("glance", "glance"),
        Account("ironic", "ironic"),
        Account(
            "ironic",
            "ironic",
            user=("admin_username",),
            password=("admin_password",),
            project=("admin_tenant_name",),
            project_id=(),
        ),
        Account("manila", "manila"),
    ),
    services=(
        # placement before it was a project of its own (Newton to Rocky)
        Service(
            "nova-placement-api",
            (r"(openstack-)?nova-placement-api",),
            _CONF,
            10,
            site=r"nova[-_]placement",
            type="placement",
            port=8778,
            probe="/resource_providers /placement/resource_providers",
        ),
        Service(
            "nova-conductor", (r"(openstack-)?nova-(conductor|super-conductor)", r"devstack@n-.*cond.*"), _CONF, 30
        ),
        Service("nova-scheduler", (r"(openstack-)?nova-scheduler", r"devstack@n-sch"), _CONF, 30),
        Service(
            "nova-consoleauth", (r"(openstack-)?nova-(consoleauth|cert|cells|network|console|objectstore)",), _CONF, 35
        ),
        Service(
            "nova-api",
            (r"(openstack-)?nova-(api|os-compute-api|api-os-compute)", r"devstack@n-api"),
            ("nova.conf", "*paste.ini"),
            40,
            site=r"nova[-_]api|nova_wsgi|nova\.wsgi",
            type="compute",
            port=8774,
            probe="/v2.1/flavors?limit=1",
        ),
        Service(
            "nova-metadata",
            (r"(openstack-)?nova-(api-metadata|metadata-api)", r"devstack@n-api-meta"),
            ("nova.conf", "*paste.ini"),
            45,
            site=r"nova[-_](api[-_])?metadata",
        ),
        Service(
            "nova-novncproxy",
            (r"(openstack-)?nova-(novncproxy|spicehtml5proxy|spiceproxy|xvpvncproxy|serialproxy)",),
            _CONF,
            50,
        ),
        Service(
            "nova-compute",
            (r"(openstack-)?nova-compute", r"devstack@n-cpu"),
            ("nova.conf", "nova-compute.conf", "nova-cpu.conf"),
            60,
        ),
    ),
)
