"""ec2-api: Amazon's API, which hands keys to keystone."""

from osregions.conf.catalogue import PUBLIC, Project, Service, Url

PROJECT = Project(
    name="ec2api",
    folders=("ec2api", "ec2-api"),
    files=("ec2api.conf", "*paste.ini"),
    urls=(
        Url("DEFAULT", "keystone_url", PUBLIC),
        Url("DEFAULT", "keystone_ec2_tokens_url", PUBLIC, default="http://localhost:5000/v3/ec2tokens"),
        Url("DEFAULT", "keystone_sig_url", PUBLIC),
        Url("metadata", "keystone_url", PUBLIC),
    ),
    services=(
        Service("ec2-api", (r"(openstack-)?(ec2-api|ec2api)(-metadata|-s3)?",), ("ec2api.conf", "*paste.ini"), 45),
    ),
)
