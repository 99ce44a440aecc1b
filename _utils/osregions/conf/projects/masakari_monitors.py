"""masakari's monitors: what watches the hosts, their instances and processes, and tells masakari."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="masakari_monitors",
    folders=("masakarimonitors", "masakari-monitors"),
    files=("masakarimonitors.conf",),
    urls=(Url("api", "auth_url"),),
    regions=(RegionName("api", (Spelling("region"),), ALWAYS),),
    accounts=(Account("api", "masakari"),),
    services=(
        Service(
            "masakari-monitors",
            (r"(openstack-)?masakari-(host|instance|introspective-?instance|process)-?monitor",),
            ("masakarimonitors.conf",),
            60,
        ),
    ),
)
