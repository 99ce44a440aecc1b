"""masakari: high availability of instances."""

from osregions.conf.catalogue import ALWAYS, Project, RegionName, Service, Spelling, Url, plain_account

PROJECT = Project(
    name="masakari",
    folders=("masakari",),
    files=("masakari.conf", "*paste.ini"),
    urls=(Url("DEFAULT", "os_privileged_user_auth_url"),),
    regions=(RegionName("DEFAULT", (Spelling("os_region_name"),), ALWAYS),),
    accounts=(
        plain_account(
            "DEFAULT",
            user=("os_privileged_user_name",),
            password=("os_privileged_user_password",),
            project=("os_privileged_user_tenant",),
            user_domain=("os_user_domain_name",),
            project_domain=("os_project_domain_name",),
        ),
    ),
    services=(
        Service(
            "masakari-api",
            (r"(openstack-)?masakari-api",),
            ("masakari.conf", "*paste.ini"),
            40,
            site=r"masakari",
            type="instance-ha",
            port=15868,
            probe="/v1/segments?limit=1",
        ),
        Service("masakari-workers", (r"(openstack-)?masakari-engine",), ("masakari.conf",), 50),
    ),
)
