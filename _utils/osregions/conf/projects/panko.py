"""panko: events of telemetry."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="panko",
    folders=("panko",),
    files=("panko.conf", "*paste.ini"),
    services=(
        Service(
            "panko-api",
            (r"(openstack-)?panko-api",),
            ("panko.conf", "*paste.ini"),
            40,
            site=r"panko",
            type="event",
            port=8977,
            probe="/v2/events?limit=1",
        ),
    ),
)
