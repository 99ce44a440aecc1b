"""manila: shared file systems."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url, plain_account

_GROUPS = ("nova", "cinder", "neutron", "glance", "barbican")
_OLD = ("nova", "cinder", "neutron")

PROJECT = Project(
    name="manila",
    folders=("manila",),
    files=("manila.conf", "*paste.ini"),
    urls=(
        *(
            Url(
                section,
                f"{name}_admin_auth_url",
                until=13,
                default="http://localhost:5000/v2.0",
                in_use=f"{name}_admin_password",
            )
            for name in _OLD
            for section in ("DEFAULT", name)
        ),
        *(Url(group, "auth_url", since=9) for group in _GROUPS),
    ),
    regions=(
        RegionName("DEFAULT", (Spelling("os_region_name", 8, 8),), ALWAYS),
        *(RegionName(group, (Spelling("region_name", 9),)) for group in _GROUPS),
    ),
    accounts=(
        *(Account(group, group) for group in _GROUPS),
        *(
            plain_account(
                section,
                name,
                user=(f"{name}_admin_username",),
                password=(f"{name}_admin_password",),
                project=(f"{name}_admin_tenant_name", f"{name}_admin_project_name"),
                project_id=(f"{name}_admin_tenant_id",),
                url=(f"{name}_admin_auth_url",),
            )
            for name in _OLD
            for section in ("DEFAULT", name)
        ),
    ),
    services=(
        Service("manila-scheduler", (r"(openstack-)?manila-scheduler",), ("manila.conf",), 30),
        Service(
            "manila-api",
            (r"(openstack-)?manila-api",),
            ("manila.conf", "*paste.ini"),
            40,
            site=r"manila[-_](api|wsgi)",
            type="sharev2",
            port=8786,
            probe="/v2/{project_id}/shares?limit=1",
        ),
        Service("manila-share", (r"(openstack-)?manila-(share|data)",), ("manila.conf",), 50),
    ),
)
