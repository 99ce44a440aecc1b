"""zaqar: messages."""

from osregions.conf.catalogue import PUBLIC, Account, Project, RegionName, Service, Spelling, Url

_SWIFT = "drivers:message_store:swift"

PROJECT = Project(
    name="zaqar",
    folders=("zaqar",),
    files=("zaqar.conf", "*paste.ini"),
    urls=(
        Url("trustee", "auth_url", since=11),
        Url(_SWIFT, "auth_url", PUBLIC, since=12, default="http://127.0.0.1:5000/v3/", in_use="uri"),
    ),
    regions=(RegionName(_SWIFT, (Spelling("region_name", 15),), "uri"),),
    accounts=(Account("trustee"),),
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
