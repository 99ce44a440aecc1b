"""How the services of this machine sign in, out of their files: where, as whom, and which region they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from osregions.conf import tree
from osregions.conf.accounts import sections as account_sections
from osregions.conf.catalogue import Account, HostPort
from osregions.conf.group import Group, groups
from osregions.conf.known import Known
from osregions.conf.options import expanded
from osregions.conf.references import apart

# keystonemiddleware's own sections; the others sign in for what a service asks of others.
_VALIDATES = ("keystone_authtoken", "filter:authtoken", "filter:keystone_authtoken")
_URLS = ("auth_url", "identity_uri", "os_auth_url", "auth_endpoint", "auth_address")


@dataclass(frozen=True)
class SignIn:
    """One account in one file."""

    project: str
    path: str
    section: str
    url: str
    user: str
    credentials: Mapping[str, str] = field(repr=False)  # as an openrc file has them
    region: str | None
    interface: str | None
    validates: bool  # whether tokens that others send are validated by it

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.path} [{self.section}]"


def read(files: Iterable[tree.File], known: Known) -> tuple[SignIn, ...]:
    """Every account in these files that has a password and a URL to sign in at."""
    found = []
    for group in groups(files):
        index = known.index(group.project)
        for section, account in account_sections(group, index):
            one = _sign_in(group, section, account)
            if one is not None:
                found.append(one)
    return tuple({(one.path, one.section, one.url, one.user): one for one in found}.values())


def _sign_in(group: Group, section: str, account: Account) -> SignIn | None:
    user, password = _value(group, section, account.user), _value(group, section, account.password)
    url = _value(group, section, _URLS) or _apart(group, section)
    if not user or not password or not url:
        return None
    credentials = {
        "OS_USERNAME": user,
        "OS_PASSWORD": password,
        "OS_PROJECT_NAME": _value(group, section, account.project),
        "OS_PROJECT_ID": _value(group, section, account.project_id),
        "OS_USER_DOMAIN_NAME": _value(group, section, account.user_domain),
        "OS_USER_DOMAIN_ID": _value(group, section, account.user_domain_id),
        "OS_PROJECT_DOMAIN_NAME": _value(group, section, account.project_domain),
        "OS_PROJECT_DOMAIN_ID": _value(group, section, account.project_domain_id),
        "OS_CACERT": _value(group, section, ("cafile",)),
        "OS_INSECURE": _value(group, section, ("insecure",)),
    }
    holder = group.setting(section, account.password)[-1][0]
    return SignIn(
        project=group.project.name if group.project else "",
        path=holder.path,
        section=section,
        url=url,
        user=user,
        credentials={name: value for name, value in credentials.items() if value},
        region=_value(group, section, ("region_name",)),
        interface=_value(group, section, ("interface", "valid_interfaces")),
        validates=section.lower() in _VALIDATES,
    )


def _value(group: Group, section: str, options: Iterable[str]) -> str | None:
    for option in options:
        value = group.value(section, (option,))
        if value:
            document = group.document(group.setting(section, (option,))[-1][0])
            return expanded(document, section, value)
    return None


def _apart(group: Group, section: str) -> str | None:
    host = HostPort(section, "auth_host", "auth_port", "auth_protocol", "auth_admin_prefix")
    return apart(lambda option: group.value(section, (option,)), host)
