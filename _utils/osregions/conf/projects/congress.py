"""congress: policies."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="congress",
    folders=("congress",),
    files=("congress.conf", "*paste.ini"),
    services=(
        Service(
            "congress-server",
            (r"(openstack-)?congress-server",),
            ("congress.conf", "*paste.ini"),
            40,
            site=r"congress",
            type="policy",
            port=1789,
            probe="/v1/policies",
        ),
    ),
)
