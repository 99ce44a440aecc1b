"""cinder: the block storage service."""

from osregions.conf.catalogue import (
    ALWAYS,
    ONLY_SET,
    Account,
    Project,
    RegionName,
    Service,
    Spelling,
    Url,
    plain_account,
)

_CONF = ("cinder.conf",)

PROJECT = Project(
    name="cinder",
    folders=("cinder",),
    files=("cinder.conf", "*paste.ini"),
    urls=(
        # P7: horizon's quota page fails where this default is left as it is.
        Url("keymgr", "encryption_auth_url", until=9, default="http://localhost:5000/v3"),
        Url("DEFAULT", "os_privileged_user_auth_url", until=12),
        Url("DEFAULT", "backup_swift_auth_url"),
        Url("nova", "auth_url", since=12),
        Url("nova", "token_auth_url", since=12),
        Url("glance", "auth_url", since=29),
    ),
    regions=(
        RegionName("DEFAULT", (Spelling("os_region_name", 8, 11),), ALWAYS),
        RegionName("nova", (Spelling("region_name", 12),), ALWAYS),
        RegionName("glance", (Spelling("region_name", 29),)),
        RegionName("DEFAULT", (Spelling("backup_swift_region_name", 29),), ONLY_SET),
    ),
    accounts=(
        plain_account(
            "DEFAULT",
            "nova",
            user=("os_privileged_user_name",),
            password=("os_privileged_user_password",),
            project=("os_privileged_user_tenant",),
            url=("os_privileged_user_auth_url",),
        ),
        plain_account(
            "DEFAULT",
            user=("backup_swift_user",),
            password=("backup_swift_key",),
            project=("backup_swift_tenant", "backup_swift_project"),
            user_domain=("backup_swift_user_domain",),
            project_domain=("backup_swift_project_domain",),
            url=("backup_swift_auth_url",),
        ),
        Account("nova", "nova"),
        Account("glance", "glance"),
    ),
    services=(
        Service("cinder-scheduler", (r"(openstack-)?cinder-scheduler", r"devstack@c-sch"), _CONF, 30),
        Service(
            "cinder-api",
            (r"(openstack-)?cinder-api", r"devstack@c-api"),
            ("cinder.conf", "*paste.ini"),
            40,
            site=r"cinder[-_](api|wsgi)",
            type="volumev3",
            port=8776,
            probe="/v3/{project_id}/types /v2/{project_id}/types",
        ),
        Service("cinder-volume", (r"(openstack-)?cinder-(volume|backup)", r"devstack@c-(vol|bak)"), _CONF, 50),
    ),
)
