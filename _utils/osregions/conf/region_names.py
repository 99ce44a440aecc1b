"""The options that pick endpoints by the name of a region: each says this region's, and none stays unset.

An unset one takes the first endpoint of *any* region in the catalog (keystoneauth; `keystone.md` section 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from osregions.conf import tree
from osregions.conf.accounts import elsewhere
from osregions.conf.catalogue import ALWAYS, ONLY_SET, SECTION, RegionName, Spelling
from osregions.conf.document import section_key
from osregions.conf.group import Group
from osregions.conf.known import Index, fits, normal
from osregions.conf.options import OptionChange, quoted

# What only configurations of an era say, by which the spelling to add is chosen where nothing else tells.
_LEGACY = ("admin_user", "admin_tenant_name", "identity_uri", "auth_plugin", "auth_host", "rpc_backend", "verbose")
_LIBERTY, _PIKE, _NEWEST = 8, 12, 30


def changes(
    group: Group, index: Index, region: str, old_names: Sequence[str], series: int | None = None
) -> Iterator[OptionChange]:
    """What has to be written so that every option of a group that names a region names this one.

    `series` is OpenStack's, where it is known: it tells which spelling an option has that is not set yet.
    """
    for option in index.regions:
        for section in _sections(group, option):
            spellings = [
                name
                for spelling in option.spellings
                for name in dict.fromkeys((spelling.option, spelling.option.replace("_", "-")))
            ]
            places = group.setting(section, spellings)
            for file, spelling in places:
                document = group.document(file)
                before = document.get(section, spelling) or ""
                after = _prefixed(before, region, old_names) if option.prefixed else quoted(region, document)
                yield from group.put(file, section, spelling, after)
            if not places and not option.prefixed and _needed(group, index, option, section):
                holder = group.main if option.when == ALWAYS else group.holding(section)
                spelled = _spelling(group, holder, section, option.spellings, series) if holder else None
                if holder is not None and spelled is not None:
                    yield from group.put(holder, section, spelled, quoted(region, group.document(holder)))


def _sections(group: Group, option: RegionName) -> tuple[str, ...]:
    found = tuple(section for section in group.sections() if fits(option.section, section))
    return found or (() if option.section.endswith("*") else (option.section,))


def _needed(group: Group, index: Index, option: RegionName, section: str) -> bool:
    if option.when == ONLY_SET:
        return False
    if option.when == ALWAYS:
        return group.whole
    if option.when != SECTION:
        used = any(fnmatchcase(name, option.when) for name in _options(group, section))
        return used and not elsewhere(group, index, section)
    if section.startswith("filter:"):
        # A filter that leaves signing in to the service's own file reads its region there as well.
        return any(index.url(section, name) or index.host(section, name) for name in _options(group, section))
    return bool(_options(group, section))


def _options(group: Group, section: str) -> tuple[str, ...]:
    return tuple(name for file in group.files for name in group.document(file).section_options(section))


def _spelling(
    group: Group, holder: tree.File, section: str, spellings: Sequence[Spelling], series: int | None
) -> str | None:
    """The spelling to add: one that the file shows as a comment, else the one of its era; None when that has none."""
    document = group.document(holder)
    for spelling in spellings:
        if document.commented(section, spelling.option) is not None:
            return spelling.option
    era = series or _era(group)
    return next((spelling.option for spelling in spellings if spelling.since <= era <= spelling.until), None)


def _era(group: Group) -> int:
    """The series that a group's files look like."""
    said = {
        normal(entry.option)
        for file in group.files
        for entry in group.document(file).entries
        if section_key(entry.section) in ("DEFAULT", "keystone_authtoken") or entry.section.startswith("filter:")
    }
    if said.intersection(_LEGACY):
        return _LIBERTY
    return _PIKE if "auth_uri" in said and "www_authenticate_uri" not in said else _NEWEST


def _prefixed(value: str, region: str, old_names: Sequence[str]) -> str:
    """A list of `REGION|URL` in which this region's own entries have its present name."""
    if any(item.partition("|")[0].strip() == region for item in value.split(",")):
        return value  # it is named there: an old name beside it is another region's by now
    items = []
    for item in value.split(","):
        name, bar, rest = item.partition("|")
        lead = name[: len(name) - len(name.lstrip())]
        items.append(f"{lead}{region}{bar}{rest}" if bar and name.strip() in old_names else item)
    return ",".join(items)
