"""barbican: the keeper of keys, whose filter stands in its PasteDeploy file."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="barbican",
    folders=("barbican",),
    files=("barbican.conf", "barbican-api.conf", "*paste.ini", "barbican-functional.conf"),
    services=(
        Service(
            "barbican-api",
            (r"(openstack-)?barbican-api",),
            ("barbican.conf", "barbican-api.conf", "*paste.ini"),
            40,
            site=r"barbican",
            type="key-manager",
            port=9311,
            probe="/v1/secrets?limit=1",
        ),
        Service(
            "barbican-workers", (r"(openstack-)?barbican-(worker|retry|keystone-listener)",), ("barbican.conf",), 50
        ),
    ),
)
