"""placement: its own service since Stein."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="placement",
    folders=("placement",),
    files=("placement.conf", "placement-api.conf"),
    services=(
        Service(
            "placement-api",
            (r"(openstack-)?placement-api", r"devstack@placement-api"),
            ("placement.conf", "placement-api.conf"),
            10,
            site=r"(?<!nova[-_])placement[-_]api|placement\.wsgi|placement_wsgi",
            type="placement",
            port=8778,
            probe="/resource_providers",
        ),
    ),
)
