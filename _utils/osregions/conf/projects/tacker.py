"""tacker: network functions."""

from osregions.conf.catalogue import (
    ADMIN,
    ONLY_SET,
    Account,
    Project,
    RegionName,
    Service,
    Spelling,
    Url,
    plain_account,
)

PROJECT = Project(
    name="tacker",
    folders=("tacker",),
    files=("tacker.conf", "*paste.ini"),
    urls=(
        # what a VIM's monitor signed in with up to Newton, and with what alarms are told
        Url("DEFAULT", "nova_admin_auth_url", ADMIN, until=10),
        Url("alarm_auth", "auth_url", since=11),
    ),
    regions=(RegionName("DEFAULT", (Spelling("nova_region_name", 8, 10),), ONLY_SET),),
    accounts=(
        Account("alarm_auth", known=True),
        plain_account(
            "DEFAULT",
            "nova",
            user=("nova_admin_username", "nova_admin_user_name"),
            password=("nova_admin_password",),
            project=("nova_admin_tenant_name",),
            project_id=("nova_admin_tenant_id",),
        ),
    ),
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
