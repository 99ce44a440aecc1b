"""glance: the image service, its registry of old, and its stores in swift and cinder."""

from osregions.conf.catalogue import ONLY_SET, Project, RegionName, Service, Spelling, Url, plain_account

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
        RegionName("glance_store", (Spelling("swift_store_region"),), "swift_store_auth_address"),
        RegionName("DEFAULT", (Spelling("swift_store_region", 8, 9),), "swift_store_auth_address"),
        RegionName(
            "glance_store", (Spelling("cinder_os_region_name"), Spelling("os_region_name", 8, 9)), "cinder_catalog_info"
        ),
        RegionName("*", (Spelling("swift_store_region", 18), Spelling("cinder_os_region_name", 18)), ONLY_SET),
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
        ),
        plain_account(
            "*",
            user=("cinder_store_user_name",),
            password=("cinder_store_password",),
            project=("cinder_store_project_name",),
        ),
        # a section of swift_store_config_file
        plain_account("*", password=("key",), joined="user", known=True),
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
