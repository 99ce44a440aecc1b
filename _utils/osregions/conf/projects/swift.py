"""swift: object storage, whose options live in PasteDeploy files. Its own regions are unrelated to keystone's."""

from osregions.conf.catalogue import ADMIN, PUBLIC, Account, HostPort, Project, Service, Url

PROJECT = Project(
    name="swift",
    folders=("swift",),
    files=("proxy-server.conf", "internal-client.conf", "container-reconciler.conf", "object-expirer.conf"),
    urls=(
        Url("filter:s3token", "auth_uri", ADMIN),
        Url("filter:s3token", "auth_url", PUBLIC),
        Url("filter:swift3", "auth_uri", ADMIN, until=14),
        Url("filter:keymaster", "auth_endpoint", PUBLIC, since=13),
        Url("filter:kms_keymaster", "auth_endpoint", PUBLIC, since=13),
        # the file that keymaster_config_path names
        Url("kms_keymaster", "auth_endpoint", PUBLIC, since=13),
        # dispersion.conf, of the tools that look into the cluster
        Url("dispersion", "auth_url", PUBLIC),
    ),
    hosts=(
        # s3token up to Liberty; its protocol's default is http since it had one
        HostPort("filter:s3token", "auth_host", "auth_port", "auth_protocol", "auth_admin_prefix"),
    ),
    accounts=(Account("kms_keymaster"),),
    services=(
        Service(
            "swift-proxy",
            (r"(openstack-)?swift-proxy(-server)?", r"devstack@s-proxy"),
            ("proxy-server.conf", "*.conf"),
            40,
            site=r"swift[-_]proxy|proxy-server",
            type="object-store",
            port=8080,
            probe="/v1/AUTH_{project_id}?limit=1",
        ),
        Service(
            "swift-internal",
            (r"(openstack-)?swift-(object-expirer|container-(reconciler|sync|sharder))(@.*)?",),
            ("internal-client.conf", "container-reconciler.conf", "object-expirer.conf", "keymaster*.conf"),
            50,
        ),
    ),
)
