"""adjutant: tasks of admins."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="adjutant",
    folders=("adjutant",),
    files=("adjutant.conf", "*paste.ini"),
    services=(
        Service(
            "adjutant-api",
            (r"(openstack-)?adjutant-api",),
            ("adjutant.conf", "*paste.ini"),
            40,
            site=r"adjutant",
        ),
    ),
)
