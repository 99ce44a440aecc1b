"""What every project shares: keystonemiddleware's section and filter, and the sections of the common libraries."""

from osregions.conf.catalogue import (
    ADMIN,
    ONLY_SET,
    PUBLIC,
    Account,
    HostPort,
    Project,
    RegionName,
    Spelling,
    Url,
    plain_account,
)


def _legacy(section: str, user_domain: tuple[str, ...] = (), project_domain: tuple[str, ...] = ()) -> Account:
    """How keystonemiddleware up to 12 (Xena) signs in without a plugin of keystoneauth's."""
    return plain_account(
        section,
        user=("admin_user",),
        password=("admin_password",),
        project=("admin_tenant_name",),
        user_domain=user_domain,
        project_domain=project_domain,
    )


def _middleware(section: str) -> tuple[Url, ...]:
    """What keystonemiddleware reads from its section, or from its filter in a PasteDeploy file, which wins."""
    return (
        Url(section, "auth_url"),
        Url(section, "auth_uri", PUBLIC, until=30),
        Url(section, "www_authenticate_uri", PUBLIC, since=13),
        Url(
            section,
            "identity_uri",
            ADMIN,
            until=16,
            default="https://127.0.0.1:35357",
            in_use="admin_password",
            unless=("auth_url", "auth_host", "auth_port"),
        ),
    )


COMMON = Project(
    name="",
    folders=(),
    files=(),
    urls=(
        *_middleware("keystone_authtoken"),
        *_middleware("filter:*"),
        Url("service_user", "auth_url", since=11),
        Url("service_auth", "auth_url"),
        Url("keystone_auth", "auth_url"),
        Url("keystone_auth", "auth_uri", PUBLIC),
        Url("keystone_auth", "www_authenticate_uri", PUBLIC, since=13),
        Url("oslo_limit", "auth_url", since=17),
        # keystonemiddleware's own filter for EC2's signatures, up to Liberty
        Url("keystone_ec2_token", "url", PUBLIC, until=8),
        # castellan: its default names a keystone of this machine, and counts where barbican is used at all.
        Url("barbican", "auth_endpoint", PUBLIC, since=10, default="http://localhost/identity/v3", in_use=True),
        Url("key_manager", "auth_url", since=10),
        Url("barbican_service_user", "auth_url", since=23),
        Url("vendordata_dynamic_auth", "auth_url", since=11),
    ),
    hosts=(
        HostPort("keystone_authtoken", "auth_host", "auth_port", "auth_protocol", "auth_admin_prefix"),
        HostPort("filter:*", "auth_host", "auth_port", "auth_protocol", "auth_admin_prefix"),
    ),
    regions=(
        RegionName("keystone_authtoken", (Spelling("region_name"),)),
        RegionName("filter:authtoken", (Spelling("region_name"),)),
        RegionName("filter:keystone_authtoken", (Spelling("region_name"),)),
        RegionName("service_user", (Spelling("region_name", 11),), ONLY_SET),
        RegionName("keystone_auth", (Spelling("region_name"),), ONLY_SET),
        # Two things: where keystone's own endpoint is looked up, and whose limits are asked for.
        RegionName("oslo_limit", (Spelling("region_name", 17),), "auth_url"),
        RegionName("oslo_limit", (Spelling("endpoint_region_name", 27),), "endpoint_service_type"),
        RegionName("barbican", (Spelling("barbican_region_name", 20),)),
        RegionName("key_manager", (Spelling("barbican_region_name", 20),), ONLY_SET),
    ),
    accounts=(
        _legacy("keystone_authtoken"),
        Account("keystone_authtoken"),
        _legacy("filter:*"),
        Account("filter:*"),
        Account("service_user"),
        Account("service_auth"),
        _legacy("service_auth", user_domain=("admin_user_domain",), project_domain=("admin_project_domain",)),
        Account("keystone_auth"),
        Account("oslo_limit"),
        Account("key_manager"),
        Account("barbican_service_user"),
        Account("vendordata_dynamic_auth"),
    ),
)
