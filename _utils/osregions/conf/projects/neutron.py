"""neutron: the network service, its agents, and its load balancers of old."""

from osregions.conf.catalogue import Account, Project, RegionName, Service, Spelling, Url, plain_account

PROJECT = Project(
    name="neutron",
    folders=("neutron", "neutron-vpnaas", "neutron-lbaas"),
    files=(
        "neutron.conf",
        "*_agent.ini",
        "*agent*.ini",
        "*paste.ini",
        "services_lbaas.conf",
        "neutron_lbaas.conf",
        "neutron_vpnaas.conf",
        "neutron_fwaas.conf",
        "ml2_conf*.ini",
        "plugin.ini",
        "ovn.ini",
    ),
    urls=(
        Url("nova", "auth_url"),
        Url(
            "DEFAULT",
            "nova_admin_auth_url",
            "admin",
            until=9,
            default="http://localhost:5000/v2.0",
            in_use="nova_admin_password",
        ),
        Url("placement", "auth_url", since=11),
        Url("ironic", "auth_url", since=16),
        Url("designate", "auth_url", since=9),
        Url("designate", "admin_auth_url", since=9, until=14),
        # metadata_agent.ini
        Url("DEFAULT", "auth_url", until=8),
        # services_lbaas.conf
        Url("service_auth", "auth_url", "admin", until=15),
    ),
    regions=(
        RegionName("nova", (Spelling("region_name"),)),
        RegionName("DEFAULT", (Spelling("nova_region_name", 8, 8),), "nova_admin_auth_url"),
        RegionName("placement", (Spelling("region_name", 11),)),
        RegionName("ironic", (Spelling("region_name", 16),)),
        RegionName("DEFAULT", (Spelling("auth_region", 8, 8),), "auth_url"),
        RegionName("service_auth", (Spelling("region", 8, 15),), "auth_url"),
    ),
    accounts=(
        Account("nova", "nova"),
        Account("placement", "placement"),
        Account("ironic", "ironic"),
        Account("designate", "designate"),
        Account(
            "designate",
            "designate",
            user=("admin_username",),
            password=("admin_password",),
            project=("admin_tenant_name",),
            project_id=("admin_tenant_id",),
        ),
        plain_account(
            "DEFAULT",
            "nova",
            user=("nova_admin_username",),
            password=("nova_admin_password",),
            project=("nova_admin_tenant_name",),
            project_id=("nova_admin_tenant_id",),
        ),
        plain_account(
            "DEFAULT",
            user=("admin_user",),
            password=("admin_password",),
            project=("admin_tenant_name",),
        ),
    ),
    services=(
        Service(
            "neutron-server",
            (r"neutron-(server|api)", r"openstack-neutron-server", r"devstack@(q-svc|neutron-api)"),
            (
                "neutron.conf",
                "ml2_conf*.ini",
                "plugin.ini",
                "*paste.ini",
                "services_lbaas.conf",
                "neutron_*.conf",
                "ovn.ini",
            ),
            20,
            site=r"neutron[-_]api",
            type="network",
            port=9696,
            probe="/v2.0/networks?limit=1",
        ),
        Service(
            "neutron-rpc-server",
            (r"neutron-(rpc-server|periodic-workers|ovn-maintenance-worker)", r"devstack@neutron-(rpc|periodic).*"),
            ("neutron.conf", "ml2_conf*.ini", "plugin.ini", "ovn.ini"),
            25,
        ),
        Service(
            "neutron-metadata-agent",
            (r"neutron-(ovn-)?metadata-agent", r"networking-ovn-metadata-agent", r"devstack@q-meta"),
            ("neutron.conf", "metadata_agent.ini", "*ovn_metadata_agent.ini"),
            60,
        ),
        Service(
            "neutron-agents",
            (
                r"neutron-(dhcp|l3|linuxbridge|openvswitch|sriov|macvtap|bgp-dragent|bgp|metering|lbaas|lbaasv2|vpn|vpnaas|ovn-vpn|ovn)"
                r"(-nic)?(-agent|-dragent)?",
                r"neutron-(mlnx|cisco-cfg|l2gateway|l2gw|taas-openvswitch|plugin-nec|vyatta|vpnaas-vyatta)-agent",
                r"ironic-neutron-agent",
                r"devstack@q-(agt|dhcp|l3)",
            ),
            ("neutron.conf", "*agent*.ini", "services_lbaas.conf", "neutron_lbaas.conf"),
            60,
        ),
    ),
)
