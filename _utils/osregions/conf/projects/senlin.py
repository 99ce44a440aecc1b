"""senlin: clusters."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="senlin",
    folders=("senlin",),
    files=("senlin.conf", "*paste.ini"),
    urls=(Url("authentication", "auth_url"), Url("zaqar", "auth_url", since=12)),
    regions=(RegionName("DEFAULT", (Spelling("default_region_name"),), ALWAYS),),
    accounts=(
        Account("zaqar", "zaqar"),
        Account(
            "authentication",
            user=("service_username",),
            password=("service_password",),
            project=("service_project_name",),
            user_domain=("service_user_domain",),
            project_domain=("service_project_domain",),
        ),
    ),
    services=(
        Service(
            "senlin-api",
            (r"(openstack-)?senlin-api",),
            ("senlin.conf", "*paste.ini"),
            40,
            site=r"senlin",
            type="clustering",
            port=8778,
            probe="/v1/clusters?limit=1",
        ),
        Service("senlin-workers", (r"(openstack-)?senlin-(engine|conductor|health-manager)",), ("senlin.conf",), 50),
    ),
)
