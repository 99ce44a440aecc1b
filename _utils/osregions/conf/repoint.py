"""What has to be written so that a region's services follow identity (P7, P8): a pure function of files and a wish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from osregions.conf import accounts, region_names, tree
from osregions.conf import keystones as ks
from osregions.conf.catalogue import HostPort, Url
from osregions.conf.credentials import Credential
from osregions.conf.document import section_key
from osregions.conf.group import Group, groups
from osregions.conf.known import Known
from osregions.conf.options import OptionChange
from osregions.conf.references import Named, apart, managed
from osregions.errors import Refused


@dataclass(frozen=True)
class Wish:
    """What the services of this machine are to use."""

    region: str  # this machine's
    target: ks.Keystone
    keystones: tuple[ks.Keystone, ...]
    old_names: tuple[str, ...] = ()  # what this region was called before
    series: int | None = None  # OpenStack's, by number, where it is known
    credentials: Mapping[str, Credential] | None = field(default=None, repr=False)  # None: accounts stay as they are
    # What options said before they were first changed, by path, section and option: told again where it is right.
    originals: Mapping[tuple[str, str, str], str] = field(default_factory=dict, repr=False)


def plan(
    files: Iterable[tree.File], problems: Sequence[tree.Problem], known: Known, wish: Wish
) -> tuple[OptionChange, ...]:
    """The options to write, in the order of files and lines; empty when all is as wished.

    Raises Refused with everything that stands in the way, each with file and line; then nothing may be written.
    """
    changes: list[OptionChange] = []
    wrong = list(problems)
    for group in groups(files):
        index = known.index(group.project)
        changes += _urls(group, known, wish, wrong)
        changes += region_names.changes(group, index, wish.region, wish.old_names, wish.series)
        if wish.credentials is not None:
            changes += accounts.changes(group, index, wish.credentials, wrong)
    if wrong:
        refuse(wrong)
    return tuple(sorted(_once(changes), key=lambda change: (change.path, change.line)))


def refuse(problems: Sequence[tree.Problem]) -> None:
    """Raise one error that names all problems, each with its place and remedy."""
    first, *more = [str(Refused(one.problem, one.where, one.remedy)) for one in dict.fromkeys(problems)]
    if not more:
        raise Refused(problems[0].problem, problems[0].where, problems[0].remedy)
    listed = "".join(f"\n- {text}" for text in (first, *more))
    raise Refused(f"{len(more) + 1} things stand in the way, and nothing was written:{listed}")


def _once(changes: Iterable[OptionChange]) -> Iterator[OptionChange]:
    """Each place once: what two entries of the catalogue say of one option is the same."""
    seen = set()
    for change in changes:
        if change.key not in seen:
            seen.add(change.key)
            yield change


def _urls(group: Group, known: Known, wish: Wish, wrong: list[tree.Problem]) -> Iterator[OptionChange]:
    for file in group.files:
        document = group.document(file)
        for named in managed(document, known, file):
            if isinstance(named.option, HostPort):
                yield from _apart(group, file, named, named.option, wish, wrong)
                continue
            if named.commented and group.setting(named.section, (named.name, *named.option.unless)):
                continue  # another file of the same program sets it
            if named.commented and wish.target.region == wish.region:
                continue  # a default that names this machine is right where its own region's keystone is used
            new = _retargeted(file, named, named.option, group.expanded(file, named.section, named.value), wish)
            if new is None:
                wrong.append(_no_host(file, named))
            elif new != named.value or named.commented:
                yield from group.put(file, named.section, named.name, new)


def _retargeted(file: tree.File, named: Named, option: Url, value: str, wish: Wish) -> str | None:
    """What an option is to say; None when what it says is no URL with a host."""
    new = ks.retargeted_list(value, wish.keystones, wish.target, option.interface)
    if new is None or _stays(value, option.interface, wish):
        return named.value if new else None
    original = wish.originals.get((file.path, section_key(named.section), named.name))
    if original is None or "," in original:
        return new
    was = ks.pointed(original, wish.keystones, option.interface, wish.region)
    now = ks.pointed(new, wish.keystones, option.interface)
    same = was and now and (was.region, was.interface, was.tail) == (now.region, now.interface, now.tail)
    return original if same else new


def _stays(value: str, interface: str, wish: Wish) -> bool:
    """Whether a URL stays as it is: where a region uses its own keystone, all but those that name another region's.

    A loopback address, or a name that nobody declared, is then the region's own business.
    """
    if wish.target.region != wish.region:
        return False
    named = [ks.pointed(item, wish.keystones, interface, wish.region) for item in value.split(",")]
    return all(one is None or one.region in (None, wish.region) for one in named)


def _apart(
    group: Group, file: tree.File, named: Named, option: HostPort, wish: Wish, wrong: list[tree.Problem]
) -> Iterator[OptionChange]:
    def get(name: str) -> str | None:
        return group.value(named.section, (name,))

    value = group.expanded(file, named.section, apart(get, option) or "")
    new = ks.retargeted(value, wish.keystones, wish.target, option.interface)
    target = ks.address(new) if new else None
    if target is None:
        wrong.append(_no_host(file, named))
        return
    if _stays(value, option.interface, wish):
        return
    wanted = {
        option.host: f"[{target.host}]" if ":" in target.host and "[" in named.value else target.host,
        option.port: str(target.port),
        option.protocol: target.scheme,
    }
    if option.prefix:
        wanted[option.prefix] = target.path.rstrip("/")
    defaults = {option.port: option.default_port, option.protocol: option.default_protocol, option.prefix: ""}
    for name, text in wanted.items():
        before = get(name)
        before = defaults.get(name) if before is None else before
        if before != text and (name != option.prefix or (before or "").strip("/") != text.strip("/")):
            # A later file may have its own word on a part: there it counts.
            counting = [one for one, _ in group.setting(named.section, (name,))] or [file]
            yield from group.put(counting[-1], named.section, name, text)


def _no_host(file: tree.File, named: Named) -> tree.Problem:
    return tree.Problem(
        f"[{named.section}] {named.name} is no URL with a host",
        f"{file.path}, line {named.line}",
        "write keystone's URL there",
    )
