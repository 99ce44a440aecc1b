"""glance: the image service, its registry of old, and its stores in swift and cinder."""

from osregions.conf.catalogue import Project, RegionName, Service, Spelling, Url, plain_account

PROJECT = Project(
    name="glance",
    folders=("glance",),
    files=(
        "glance-api.conf",
        "glance-registry.conf",
        "glance-cache.conf",
        "glance-scrubber.conf",
        "glance-manage.conf",
        "glance-swift*.conf",
        "*paste.ini",
    ),
    urls=(
        # the client of the registry, which glance-cache and glance-scrubber use too
        Url("DEFAULT", "auth_url", "admin", until=17),
        Url("glance_store", "swift_store_auth_address"),
        Url("DEFAULT", "swift_store_auth_address", until=9),
        # the files that swift_store_config_file names: any section
        Url("*", "auth_address"),
        Url("*", "swift_store_auth_address", since=18),
        Url("*", "cinder_store_auth_address"),
    ),
    regions=(
        RegionName("DEFAULT", (Spelling("auth_region", 8, 17),), "auth_url"),
        # The accounts may stand in another file, which swift_store_config_file names; their region stands here.
        RegionName("glance_store", (Spelling("swift_store_region"),), "swift_store_*"),
        RegionName("DEFAULT", (Spelling("swift_store_region", 8, 9),), "swift_store_auth_address"),
        RegionName(
            "glance_store", (Spelling("cinder_os_region_name", 10), Spelling("os_region_name", 8, 9)), "cinder_*"
        ),
        # Since Rocky each store may have a section of its own, named as one likes.
        RegionName("*", (Spelling("swift_store_region", 14),), "swift_store_*"),
        RegionName("*", (Spelling("cinder_os_region_name", 14), Spelling("os_region_name", 8, 9)), "cinder_*"),
    ),
    accounts=(
        plain_account(
            "DEFAULT",
            user=("admin_user",),
            password=("admin_password",),
            project=("admin_tenant_name",),
        ),
        plain_account(
            "*",
            password=("swift_store_key",),
            joined="swift_store_user",
            url=("swift_store_auth_address",),
        ),
        plain_account(
            "*",
            user=("cinder_store_user_name",),
            password=("cinder_store_password",),
            project=("cinder_store_project_name",),
            user_domain=("cinder_store_user_domain_name",),
            project_domain=("cinder_store_project_domain_name",),
            url=("cinder_store_auth_address",),
        ),
        # a section of swift_store_config_file
        plain_account(
            "*",
            password=("key",),
            user_domain=("user_domain_name",),
            user_domain_id=("user_domain_id",),
            project_domain=("project_domain_name",),
            project_domain_id=("project_domain_id",),
            joined="user",
            known=True,
            url=("auth_address",),
        ),
    ),
    services=(
        Service(
            "glance-registry",
            (r"(openstack-)?glance-registry", r"devstack@g-reg"),
            ("glance-registry*", "*paste.ini"),
            10,
        ),
        Service(
            "glance-api",
            (r"(openstack-)?glance-api", r"devstack@g-api"),
            ("glance-api*", "glance-swift*.conf", "glance-cache.conf", "*paste.ini"),
            15,
            site=r"glance[-_]api|glance[-_]wsgi",
            type="image",
            port=9292,
            probe="/v2/images?limit=1",
        ),
        Service("glance-scrubber", (r"(openstack-)?glance-scrubber",), ("glance-scrubber.conf",), 50),
    ),
)
