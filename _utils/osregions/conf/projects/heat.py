"""heat: orchestration, which signs in for its stacks' users too."""

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

_CONF = ("heat.conf", "heat-dist.conf")

PROJECT = Project(
    name="heat",
    folders=("heat",),
    files=("heat.conf", "heat-api*.conf", "heat-engine.conf", "*paste.ini"),
    urls=(
        Url("clients_keystone", "auth_uri", PUBLIC),
        Url("ec2authtoken", "auth_uri", PUBLIC),
        Url("ec2authtoken", "allowed_auth_uris", PUBLIC),
        Url("ec2authtoken", "auth_url", since=26),
        Url("auth_password", "allowed_auth_uris", PUBLIC),
        Url("trustee", "auth_url"),
        Url("trustee", "auth_uri", PUBLIC),
        Url("keystone_authtoken", "auth_uri", PUBLIC),
    ),
    regions=(
        RegionName("DEFAULT", (Spelling("region_name_for_services"),), ALWAYS),
        RegionName("DEFAULT", (Spelling("region_name_for_shared_services", 17),), ONLY_SET),
        RegionName("trustee", (Spelling("region_name"),), ONLY_SET),
        RegionName("ec2authtoken", (Spelling("region_name", 26),), "auth_url"),
    ),
    accounts=(
        Account("trustee"),
        Account("ec2authtoken"),
        plain_account(
            "DEFAULT",
            "heat_domain_admin",
            user=("stack_domain_admin",),
            password=("stack_domain_admin_password",),
            user_domain=("stack_user_domain_name",),
            user_domain_id=("stack_user_domain_id", "stack_user_domain"),
        ),
    ),
    services=(
        Service("heat-engine", (r"(openstack-)?heat-engine", r"devstack@h-eng"), _CONF, 30),
        Service(
            "heat-api",
            (r"(openstack-)?heat-api", r"devstack@h-api"),
            (*_CONF, "*paste.ini", "heat-api*.conf"),
            40,
            site=r"heat[-_](wsgi[-_])?api(?![-_](cfn|cloudwatch))",
            type="orchestration",
            port=8004,
            probe="/v1/{project_id}/stacks?limit=1",
        ),
        Service(
            "heat-api-cfn",
            (r"(openstack-)?heat-api-(cfn|cloudwatch)", r"devstack@h-api-(cfn|cw)"),
            (*_CONF, "*paste.ini", "heat-api*.conf"),
            40,
            site=r"heat[-_](wsgi[-_])?api[-_](cfn|cloudwatch)",
        ),
    ),
)
