"""What is known of all projects together, looked up by folder, section and option; pillar may add to it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache

from osregions.conf.catalogue import Account, HostPort, Project, RegionName, Url
from osregions.conf.projects import COMMON, PROJECTS


@lru_cache(maxsize=4096)
def normal(option: str) -> str:
    """The form in which option names are looked up: `project-name` is `project_name`, and PasteDeploy's `set` goes."""
    return option.removeprefix("set ").strip().replace("-", "_")


def fits(pattern: str, section: str) -> bool:
    """Whether a section is the one that the catalogue means; `filter:*` is any filter of a PasteDeploy file."""
    if pattern.endswith("*"):
        return section.lower().startswith(pattern[:-1].lower())
    return pattern == section if "DEFAULT" in (pattern, section) else pattern.lower() == section.lower()


class Known:
    """The catalogue of options, ready to be asked."""

    def __init__(self, projects: Iterable[Project] = PROJECTS, more: Iterable[Project] = ()) -> None:
        merged = {project.name: project for project in projects}
        for project in more:
            known = merged.get(project.name)
            merged[project.name] = _joined(known, project) if known else project
        self.projects = tuple(merged.values())
        self._options: dict[str, Index] = {}

    @cached_property
    def folders(self) -> Mapping[str, Project]:
        """Each project by the names of its folders under /etc."""
        return {folder: project for project in self.projects for folder in project.folders}

    @cached_property
    def main_files(self) -> Mapping[str, Project]:
        """Each project by the name of its main file, for trees laid out otherwise (kolla's nova-api/nova.conf)."""
        return {project.files[0]: project for project in self.projects if project.files}

    @cached_property
    def accounts(self) -> frozenset[str]:
        """The names that accounts may have in pillar: those of projects, and of the accounts that they use beside."""
        extra = {account.name for project in (COMMON, *self.projects) for account in project.accounts}
        return frozenset({project.name for project in self.projects} | extra | {"admin"}) - {""}

    @cached_property
    def _prefixes(self) -> re.Pattern[str]:
        longest = sorted(self.folders, key=len, reverse=True)
        return re.compile(rf"({'|'.join(map(re.escape, longest))})[-_]")

    def prefixed(self, folder: str) -> Project | None:
        """The project that a folder's name begins with: kolla's neutron-metadata-agent, glance-registry."""
        match = self._prefixes.match(folder)
        return self.folders[match[1]] if match else None

    def project_of(self, path: str) -> Project | None:
        """The project that a file belongs to: by the nearest folder that is a project's, else by its name."""
        *folders, name = path.split("/")
        found = next((self.folders[folder] for folder in reversed(folders) if folder in self.folders), None)
        if found or name in self.main_files:
            return found or self.main_files[name]
        return next((guess for folder in reversed(folders) if (guess := self.prefixed(folder))), None)

    def owns(self, project: Project, folder: str, name: str) -> bool:
        """Whether a file in a project's folder is its own configuration, which must be readable."""
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in project.files):
            return True
        if not name.endswith(".conf"):
            return False
        above = folder.split("/")
        if len(above) > 2 and above[-2] == "conf.d":
            above.pop()  # RDO's /etc/neutron/conf.d/common
        if len(above) < 2 or not above[-1].endswith(".d"):
            return False
        # Right in the project's folder: further down a container's files may lie, its web server's among them.
        return project in (self.folders.get(above[-2]), self.prefixed(above[-2]))

    def index(self, project: Project | None) -> Index:
        """The options of a project and those that all share; of no known project, the shared ones alone."""
        key = project.name if project else ""
        if key not in self._options:
            self._options[key] = Index(project)
        return self._options[key]


class Index:
    """One project's options by section and name."""

    def __init__(self, project: Project | None) -> None:
        own = (project,) if project else ()
        # A project's own word on an option goes before what is common to all.
        self.urls: tuple[Url, ...] = tuple(url for one in (*own, COMMON) for url in one.urls)
        self.hosts: tuple[HostPort, ...] = tuple(host for one in (*own, COMMON) for host in one.hosts)
        self.regions: tuple[RegionName, ...] = tuple(region for one in (*own, COMMON) for region in one.regions)
        self.accounts: tuple[Account, ...] = tuple(account for one in (*own, COMMON) for account in one.accounts)
        self._by_option: dict[str, list[Url]] = {}
        for url in self.urls:
            self._by_option.setdefault(normal(url.option), []).append(url)
        self._host_options = {
            normal(name): host
            for host in reversed(self.hosts)
            for name in (host.host, host.port, host.protocol, host.prefix)
            if name
        }

    def url(self, section: str, option: str) -> Url | None:
        """The URL option of that name in that section, if it is one."""
        for url in self._by_option.get(normal(option), ()):
            if fits(url.section, section):
                return url
        return None

    def host(self, section: str, option: str) -> HostPort | None:
        """The host-and-port group that an option of a section belongs to, if it belongs to one."""
        if normal(option) not in self._host_options:
            return None
        for host in self.hosts:
            names = {normal(name) for name in (host.host, host.port, host.protocol, host.prefix) if name}
            if normal(option) in names and fits(host.section, section):
                return host
        return None


def _joined(known: Project, more: Project) -> Project:
    """A project with what pillar adds; what pillar says goes first."""
    return replace(
        known,
        folders=tuple(dict.fromkeys((*known.folders, *more.folders))),
        files=tuple(dict.fromkeys((*known.files, *more.files))),
        urls=more.urls + known.urls,
        hosts=more.hosts + known.hosts,
        regions=more.regions + known.regions,
        accounts=more.accounts + known.accounts,
        services=more.services + known.services,
    )
