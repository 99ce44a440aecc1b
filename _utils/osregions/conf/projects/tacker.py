"""tacker: network functions."""

from osregions.conf.catalogue import Project, Service

PROJECT = Project(
    name="tacker",
    folders=("tacker",),
    files=("tacker.conf", "*paste.ini"),
    services=(
        Service(
            "tacker",
            (r"(openstack-)?tacker(-server)?",),
            ("tacker.conf", "*paste.ini"),
            40,
            site=r"tacker",
            type="nfv-orchestration",
            port=9890,
            probe="/v1.0/vims",
        ),
        Service("tacker-workers", (r"(openstack-)?tacker-conductor",), ("tacker.conf",), 50),
    ),
)
