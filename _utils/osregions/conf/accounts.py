"""Each section that signs in does so as home's account of the same service (P8)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from osregions.conf import tree
from osregions.conf.catalogue import Account
from osregions.conf.credentials import Credential
from osregions.conf.document import section_key
from osregions.conf.group import Group
from osregions.conf.keystones import other_product
from osregions.conf.known import Index, fits
from osregions.conf.options import OptionChange, quoted
from osregions.conf.references import plugin_sections

_APPLICATION = ("application_credential_id", "application_credential_secret")
_BY_NAME = "application_credential_name"
# What keystoneauth also signs in with, though not at a keystone: ironic's parts among themselves, say.
_NO_KEYSTONE = ("http_basic", "none", "noauth", "admin_token")


def changes(
    group: Group, index: Index, credentials: Mapping[str, Credential], wrong: list[tree.Problem]
) -> Iterator[OptionChange]:
    """What has to be written so that every account of a group is home's; adds to `wrong` where one is not known."""
    for section, account in sections(group, index):
        application = group.setting(section, _APPLICATION)
        signing = group.setting(section, (*account.password, *(option for _, option in application)))
        if not signing:
            continue
        file, option = signing[0]
        user = _user(group, section, account)
        found = _credential(group, account, credentials, user)
        line = group.document(file).line_of(section, option)
        place = f"{file.path}, line {line}"
        if found is None and account.known:
            continue
        if found is None:
            wanted = account.name or (group.project.name if group.project else user or "this account")
            wrong.append(_missing(section, user, wanted, place, "password"))
            continue
        yield from _aligned(group, section, account, found, place, wrong)


def sections(group: Group, index: Index) -> Iterator[tuple[str, Account]]:
    """Each section that signs in, with its options; those of the catalogue first, then any plugin of keystoneauth's."""
    taken = set()
    for section in group.sections():
        for account in index.accounts:
            if not fits(account.section, section):
                continue
            if account.section.endswith("*") and not _names_keystone(group, index, section):
                continue  # passwords of another kind, a TempAuth filter's say
            if elsewhere(group, index, section, account.url):
                continue
            taken.add((section_key(section), account.password))
            yield section, account
    for file in group.files:
        for section in sorted(plugin_sections(group.document(file))):
            account = Account(section)
            if (section, account.password) not in taken:
                taken.add((section, account.password))
                yield section, account


def elsewhere(group: Group, index: Index, section: str, options: Collection[str] = ()) -> bool:
    """Whether a section signs in, but at no keystone: by HTTP's own authentication, or at Swift's TempAuth.

    `options` are those that say where; left out, all of the section's URLs.
    """
    if (group.value(section, ("auth_type", "auth_plugin")) or "").strip() in _NO_KEYSTONE:
        return True
    urls = [
        group.expanded(file, section, value)
        for file in group.files
        for name in group.document(file).section_options(section)
        if (name in options if options else index.url(section, name))
        and (value := group.document(file).get(section, name))
    ]
    return bool(urls) and all(other_product(url) for url in urls)


def _names_keystone(group: Group, index: Index, section: str) -> bool:
    return any(
        index.url(section, name) or index.host(section, name)
        for file in group.files
        for name in group.document(file).section_options(section)
    )


def _user(group: Group, section: str, account: Account) -> str | None:
    """The name that the section signs in with now."""
    user = group.value(section, account.user)
    if user is None and account.joined and (both := group.value(section, (account.joined,))):
        user = both.rpartition(":")[2]
    holder = next((file for file in group.files if group.document(file).section_options(section)), None)
    return group.expanded(holder, section, user) if user and holder else user


def _credential(
    group: Group, account: Account, credentials: Mapping[str, Credential], user: str | None
) -> Credential | None:
    """Home's account for a section: by the name that it signs in with, else by what the catalogue takes it for."""
    if user:
        for credential in credentials.values():
            if credential.is_user(user):
                return credential
    if account.known:
        return None
    return credentials.get(account.name or (group.project.name if group.project else ""))


def _aligned(
    group: Group, section: str, account: Account, wanted: Credential, place: str, wrong: list[tree.Problem]
) -> Iterator[OptionChange]:
    secrets = [
        (account.password, wanted.password, "password"),
        ((_APPLICATION[0],), wanted.application_credential_id, _APPLICATION[0]),
        ((_APPLICATION[1],), wanted.application_credential_secret, _APPLICATION[1]),
    ]
    for spellings, value, key in secrets:
        for file, option in group.setting(section, spellings):
            if value is None:
                wrong.append(_missing(section, wanted.username, wanted.name, place, key))
                continue
            yield from group.put(file, section, option, quoted(value, group.document(file)))
    for file, option in group.setting(section, (_BY_NAME,)):
        # A name goes with a user; the id says it all.
        if wanted.application_credential_id is None:
            wrong.append(_missing(section, wanted.username, wanted.name, place, _APPLICATION[0]))
        else:
            identifier = quoted(wanted.application_credential_id, group.document(file))
            yield from group.put(file, section, _APPLICATION[0], identifier, replaces=option)
    by_id = [(file, option) for file, option in group.setting(section, account.user_id) if wanted.user_id is None]
    if by_id and not account.renamed:
        file, option = by_id[0]
        line = group.document(file).line_of(section, option)
        wrong.append(_missing(section, None, wanted.name, f"{file.path}, line {line}", "user_id"))
    else:
        yield from _named(group, section, account.user, account.user_id, wanted.username, wanted.user_id)
    if account.joined:
        for file, option in group.setting(section, (account.joined,)):
            both = f"{wanted.project_name}:{wanted.username}"
            yield from group.put(file, section, option, quoted(both, group.document(file)))
    yield from _named(group, section, account.project, account.project_id, wanted.project_name, wanted.project_id)
    yield from _named(
        group, section, account.user_domain, account.user_domain_id, wanted.user_domain_name, wanted.user_domain_id
    )
    yield from _named(
        group,
        section,
        account.project_domain,
        account.project_domain_id,
        wanted.project_domain_name,
        wanted.project_domain_id,
    )
    # A name that took the place of an id says nothing without its domain.
    if "username" not in account.user:
        return  # no plugin of keystoneauth's, and without domains
    yield from _placed(group, section, account.user_domain, account.user_domain_id, by_id, wanted.user_domain_name)
    if by_id or group.setting(section, (*account.user_domain, *account.user_domain_id)):
        ids = group.setting(section, account.project_id) if wanted.project_id is None else []
        domain = wanted.project_domain_name
        yield from _placed(group, section, account.project_domain, account.project_domain_id, ids, domain)


def _placed(
    group: Group,
    section: str,
    by_name: tuple[str, ...],
    by_id: tuple[str, ...],
    ids: Sequence[tuple[tree.File, str]],
    name: str,
) -> Iterator[OptionChange]:
    """The domain of what was known by an id until now, where none is said."""
    if ids and by_name and not group.setting(section, (*by_name, *by_id)):
        file = ids[0][0]
        yield from group.put(file, section, by_name[0], quoted(name, group.document(file)))


def _named(
    group: Group, section: str, by_name: tuple[str, ...], by_id: tuple[str, ...], name: str, identifier: str | None
) -> Iterator[OptionChange]:
    """A project or a domain, by name or by id as the section says it; an id that is not known gives way to the name."""
    named = group.setting(section, by_name)
    for file, option in named:
        yield from group.put(file, section, option, quoted(name, group.document(file)))
    for file, option in group.setting(section, by_id):
        document = group.document(file)
        if identifier is not None:
            yield from group.put(file, section, option, quoted(identifier, document))
        elif named:
            # Beside a name the id would win; an empty one counts as none, and its line stays in its place.
            yield from group.put(file, section, option, "")
        elif by_name and (file.kind == tree.DISTRIBUTION or len(document.get_all(section, option)) > 1):
            yield from group.put(file, section, by_name[0], quoted(name, document))
            yield from group.put(file, section, option, "")
            named = [(file, by_name[0])]
        elif by_name:
            yield from group.put(file, section, by_name[0], quoted(name, document), replaces=option)
            named = [(file, by_name[0])]


def _missing(section: str, user: str | None, name: str, place: str, key: str) -> tree.Problem:
    as_whom = f" as {user}" if user else ""
    return tree.Problem(
        f"[{section}] signs in{as_whom}, and home's {key} for {name} is not known",
        place,
        f"write it in pillar, openstack_regions:credentials:{name}:{key}",
    )
