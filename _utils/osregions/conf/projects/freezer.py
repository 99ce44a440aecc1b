"""freezer: backups."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="freezer",
    folders=("freezer",),
    files=("freezer-api.conf", "*paste.ini"),
    services=(
        Service(
            "freezer-api",
            (r"(openstack-)?freezer-api",),
            ("freezer-api.conf", "*paste.ini"),
            40,
            site=r"freezer",
            type="backup",
            port=9090,
            probe="/v1/jobs",
        ),
        Service("freezer-workers", (r"(openstack-)?freezer-scheduler",), ("freezer-api.conf",), 50),
    ),
)
