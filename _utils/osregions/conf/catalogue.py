"""The words in which `conf/projects` says which options of a project name a keystone, a region, an account or a unit.

Sections are named as in the file; those of PasteDeploy files as `filter:authtoken`, and `filter:*` for any filter.
Series are OpenStack's, by number: 8 is Liberty, 13 Queens, 30 is 2026.2, as in `osregions.releases.NAMES`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PUBLIC, INTERNAL, ADMIN = "public", "internal", "admin"

# When a region's name is set where no spelling of the option is set yet.
ALWAYS = "always"  # every deployment uses it, section or not: unset, it takes the first endpoint of any region
SECTION = "section"  # where the section holds any option at all
ONLY_SET = "set"  # never: it is made right only where it is set


@dataclass(frozen=True)
class Url:
    """An option whose value is, or lists, URLs of a keystone.

    `interface` is meant where the value itself does not tell. `default` is the default that names a keystone by
    itself: it counts where the file shows it commented (cinder's `#encryption_auth_url`), and is set there;
    with `in_use` only where its section has other options. Where `in_use` names an option, the default counts wherever
    that one is set, shown or not, and none of `unless` is.
    """

    section: str
    option: str
    interface: str = INTERNAL
    since: int = 8
    until: int = 30
    default: str | None = None
    in_use: bool | str = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostPort:
    """A keystone that is named by options apart: host, port, protocol, and a prefix of the path."""

    section: str
    host: str
    port: str
    protocol: str
    prefix: str | None = None
    interface: str = ADMIN
    default_port: str = "35357"
    default_protocol: str = "https"
    since: int = 8
    until: int = 12


@dataclass(frozen=True)
class Spelling:
    """One name of an option, and the series that read it."""

    option: str
    since: int = 8
    until: int = 30


@dataclass(frozen=True)
class RegionName:
    """An option that picks endpoints by the name of a region, in all its spellings, the newest first.

    `when`: ALWAYS, SECTION, ONLY_SET, or a glob of the options of the same section of which one must be set.
    A spelling stands for its form with dashes, too: keystoneauth and telemetry read `region-name` as well.
    `prefixed`: the value is a list of `REGION|URL` (designate's network_api), whose regions are made right.
    """

    section: str
    spellings: tuple[Spelling, ...]
    when: str = SECTION
    prefixed: bool = False


@dataclass(frozen=True)
class Account:
    """The options by which a section signs in; each a tuple of spellings, of which the one that is set is changed.

    `name` is the key in pillar's credentials when the present user's name is none of them; empty: the project itself.
    `joined` names an option that holds `project:user` in one (glance's swift_store_user). `known`: only where
    the present user's name is one that pillar's credentials know, since packages bring such sections as samples.
    `url` names the options that say where it signs in, where its section has other URLs, too.
    `renamed`: a user's id that is not known at home gives way to the user's name.
    """

    section: str
    name: str = ""
    user: tuple[str, ...] = ("username", "user_name", "user-name")
    user_id: tuple[str, ...] = ("user_id", "user-id")
    password: tuple[str, ...] = ("password",)
    project: tuple[str, ...] = ("project_name", "project-name", "tenant_name", "tenant-name")
    project_id: tuple[str, ...] = ("project_id", "project-id", "tenant_id", "tenant-id")
    user_domain: tuple[str, ...] = ("user_domain_name", "user-domain-name")
    user_domain_id: tuple[str, ...] = ("user_domain_id", "user-domain-id")
    project_domain: tuple[str, ...] = ("project_domain_name", "project-domain-name")
    project_domain_id: tuple[str, ...] = ("project_domain_id", "project-domain-id")
    joined: str | None = None
    known: bool = False
    url: tuple[str, ...] = ()
    renamed: bool = True


def plain_account(
    section: str,
    name: str = "",
    *,
    password: tuple[str, ...],
    user: tuple[str, ...] = (),
    user_id: tuple[str, ...] = (),
    project: tuple[str, ...] = (),
    project_id: tuple[str, ...] = (),
    user_domain: tuple[str, ...] = (),
    user_domain_id: tuple[str, ...] = (),
    project_domain: tuple[str, ...] = (),
    project_domain_id: tuple[str, ...] = (),
    joined: str | None = None,
    known: bool = False,
    url: tuple[str, ...] = (),
    renamed: bool = True,
) -> Account:
    """An account with options of its own, and none of those that keystoneauth's plugins have."""
    return Account(
        section,
        name,
        user,
        user_id,
        password,
        project,
        project_id,
        user_domain,
        user_domain_id,
        project_domain,
        project_domain_id,
        joined,
        known,
        url,
        renamed,
    )


@dataclass(frozen=True)
class Service:
    """Systemd units that run one program of a project.

    `units` are regular expressions for whole unit names without `.service`. `files` are the names of the files that
    the program reads (globs); a change in one of them restarts it. Lower `rank` restarts first. `site` is what a web
    server's site file says when it runs this program there (a regular expression). `type` is the service type in the
    catalog of a program that validates tokens itself, `port` its usual port and `probe` a path that needs a token;
    of several, set apart by spaces and the newest first, the first one that the program has.
    """

    name: str
    units: tuple[str, ...]
    files: tuple[str, ...]
    rank: int = 50
    site: str | None = None
    type: str | None = None
    port: int | None = None
    probe: str | None = None


@dataclass(frozen=True)
class Project:
    """All that is known of one project's configuration.

    `folders` are its folders' names under /etc. `files` are globs of the names of its own configuration files there:
    one of them that can't be read or parsed stops everything; other files of the folders are only searched.
    """

    name: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    urls: tuple[Url, ...] = ()
    hosts: tuple[HostPort, ...] = ()
    regions: tuple[RegionName, ...] = ()
    accounts: tuple[Account, ...] = ()
    services: tuple[Service, ...] = field(default=())
