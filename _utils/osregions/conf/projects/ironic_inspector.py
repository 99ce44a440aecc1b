"""ironic-inspector: what looks into bare metal."""

from osregions.conf.catalogue import Account, Project, RegionName, Service, Spelling, Url, plain_account

PROJECT = Project(
    name="ironic_inspector",
    folders=("ironic-inspector", "ironic_inspector"),
    files=("inspector.conf", "ironic-inspector.conf"),
    urls=(
        Url("ironic", "auth_url", since=10),
        # up to Liberty, and still read up to Newton, from [discoverd]
        *(Url(section, "os_auth_url", until=11) for section in ("ironic", "discoverd")),
        *(Url(section, "identity_uri", "admin", until=11) for section in ("ironic", "discoverd")),
        Url("swift", "auth_url", since=10),
        Url("service_catalog", "auth_url", since=16),
        Url("swift", "os_auth_url", until=11),
    ),
    regions=(
        RegionName("ironic", (Spelling("region_name", 13), Spelling("os_region", 8, 12))),
        RegionName("swift", (Spelling("region_name", 13), Spelling("os_region", 8, 12))),
        RegionName("service_catalog", (Spelling("region_name", 16),)),
    ),
    accounts=tuple(
        account
        for section in ("ironic", "swift", "discoverd")
        for account in (
            Account(section),
            plain_account(
                section,
                "ironic_inspector",
                user=("os_username", "username"),
                password=("os_password",),
                project=("os_tenant_name", "tenant_name"),
            ),
        )
    ),
    services=(
        Service(
            "ironic-inspector",
            (r"(openstack-)?ironic-inspector(-api|-conductor)?",),
            ("inspector.conf", "ironic-inspector.conf"),
            45,
            site=r"ironic[-_]inspector",
            type="baremetal-introspection",
            port=5050,
            probe="/v1/introspection?limit=1",
        ),
    ),
)
