"""zaqar: messages."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="zaqar",
    folders=("zaqar",),
    files=("zaqar.conf", "*paste.ini"),
    services=(
        Service(
            "zaqar",
            (r"(openstack-)?zaqar(-server|-wsgi)?(@.*)?",),
            ("zaqar.conf", "*paste.ini"),
            40,
            site=r"zaqar",
            type="messaging",
            port=8888,
            probe="/v2/queues?limit=1",
        ),
    ),
)
