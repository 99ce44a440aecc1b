"""kuryr: the networks of containers, out of neutron."""

from osregions.conf.catalogue import ALWAYS, Account, Project, RegionName, Service, Spelling, Url

PROJECT = Project(
    name="kuryr",
    folders=("kuryr",),
    files=("kuryr.conf",),
    urls=(Url("neutron", "auth_url"),),
    regions=(RegionName("neutron", (Spelling("region_name", 12),), ALWAYS),),
    accounts=(Account("neutron"),),
    services=(Service("kuryr", (r"(openstack-)?kuryr-(libnetwork|controller|daemon)",), ("kuryr.conf",), 60),),
)
