"""mistral: workflows."""

from osregions.conf.catalogue import ALWAYS, Project, RegionName, Service, Spelling

PROJECT = Project(
    name="mistral",
    folders=("mistral",),
    files=("mistral.conf", "*paste.ini"),
    # [keycloak_oidc] auth_url is another product's.
    regions=(RegionName("openstack_actions", (Spelling("default_region", 12),), ALWAYS),),
    services=(
        Service(
            "mistral-api",
            (r"(openstack-)?mistral-api",),
            ("mistral.conf", "*paste.ini"),
            40,
            site=r"mistral",
            type="workflowv2",
            port=8989,
            probe="/v2/workflows?limit=1",
        ),
        Service(
            "mistral-workers", (r"(openstack-)?mistral-(engine|executor|event-engine|notifier)",), ("mistral.conf",), 50
        ),
    ),
)
