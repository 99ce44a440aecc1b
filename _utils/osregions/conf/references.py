"""Every place where a file names a keystone (P7): what it points at, and whether it is one that can be managed.

What is in the catalogue of options is managed. What merely looks like a keystone is told as unmanaged: it is a
person's to decide, and nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from osregions.conf import keystones as ks
from osregions.conf import tree
from osregions.conf.catalogue import ADMIN, HostPort, Url
from osregions.conf.document import Document, Entry, section_key
from osregions.conf.known import Known, normal
from osregions.conf.options import expanded, masked

# An address in running text: with a scheme, or bare at one of keystone's ports.
_ADDRESS = re.compile(
    r"https?://(?:[^\s\"'<>,;|)\]}@/]*@)?[^\s\"'<>,;|)}]+"
    r"|(?<![\w.:/-])(?:[\w.*-]+|\[[0-9a-f:.]+\]):(?:5000|35357)(?!\d)[^\s\"'<>,;|)}]*",
    re.IGNORECASE,
)
# Options that say by their names that they hold a keystone's URL, or its host, wherever that is.
_BY_NAME = re.compile(
    r"(?:(?P<host>auth[_-]host)|auth[_-]?ur[li]s?|identity[_-]ur[li]|auth[_-]address|auth[_-]endpoint"
    r"|keystone[\w-]*[_-](?:ur[li]|endpoint))$",
    re.IGNORECASE,
)
_PLUGIN = ("auth_type", "auth_plugin", "username", "user_name", "user_id", "application_credential_id")
_UNSET = ("", "None", "<None>")  # as people write that an option names nothing
_PORT_VALUES = tuple(str(port) for port in ks.PORTS)

OPTION, COMMENTED, FILTER, APART, LINE = (
    "option",
    "commented default",
    "paste filter",
    "host and port apart",
    "text",
)


@dataclass(frozen=True)
class Reference:
    """One place that names a keystone; `line` counts from 1."""

    path: str
    line: int
    section: str
    option: str
    form: str  # how it is named: an option, a commented default, a paste filter, host and port apart, text
    value: str  # fit to be seen
    region: str | None
    interface: str | None
    managed: bool
    why: str  # why it is managed or is not


def view(
    roots: Sequence[str], known: Known, cloud: Iterable[ks.Keystone], here: str | None = None
) -> tuple[tuple[Reference, ...], tuple[tree.Problem, ...]]:
    """Read the roots and return every reference, and the files that could not be looked at; `here` is this region."""
    keystones = tuple(cloud)
    urls = [url for keystone in keystones for url in (keystone.public, keystone.internal, keystone.admin)]
    found = tree.survey(roots, known, urls)
    finder = _Finder(known, keystones, here)
    return tuple(reference for file in found.files for reference in finder.of(file)), found.problems


@dataclass(frozen=True)
class Named:
    """A managed place in a document, as repointing takes it up."""

    option: Url | HostPort
    section: str
    name: str
    value: str
    line: int
    commented: bool = False


def managed(document: Document, known: Known, file: tree.File) -> Iterator[Named]:
    """Every place of a document that the catalogue manages: options, options apart, commented defaults that count."""
    index = known.index(file.project)
    plugins = plugin_sections(document)
    live = set()
    for (section, option), entry in document.counting.items():
        live.add((section_key(section), normal(option)))
        url = index.url(section, option)
        if url is None and section in plugins and normal(option) == "auth_url":
            url = Url(entry.section, entry.option)
        if url is not None:
            # An empty value names nothing; and Swift's TempAuth has auth URLs that are no keystone's.
            if entry.value.strip() not in _UNSET and not ks.other_product(
                expanded(document, entry.section, entry.value)
            ):
                yield Named(url, entry.section, entry.option, entry.value, entry.line)
            continue
        host = index.host(entry.section, entry.option)
        if host is not None and normal(host.host) == normal(entry.option):
            yield Named(host, entry.section, entry.option, entry.value, entry.line)
    for url in index.urls:
        if url.default is None or (section_key(url.section), normal(url.option)) in live:
            continue
        if url.in_use and not _in_use(document, url):
            continue
        shown = document.commented(url.section, url.option)
        if shown is not None or isinstance(url.in_use, str):
            line = document.place_of(url.section, url.option) - (shown is not None)
            value = shown if shown and ks.address(shown) else url.default
            yield Named(url, url.section, url.option, value, line, commented=True)


def _in_use(document: Document, url: Url) -> bool:
    """Whether a default counts that does so only where its section is used."""
    options = document.section_options(url.section)
    if isinstance(url.in_use, str):
        return url.in_use in options and not set(url.unless).intersection(options)
    return bool(options)


def plugin_sections(document: Document) -> frozenset[str]:
    """The sections that sign in by a plugin of keystoneauth's: they say where, and as whom or how."""
    said: dict[str, set[str]] = {}
    for section, option in document.counting:
        said.setdefault(section, set()).add(normal(option))
    return frozenset(name for name, those in said.items() if "auth_url" in those and those.intersection(_PLUGIN))


def apart(get: Callable[[str], str | None], host: HostPort) -> str | None:
    """The URL that options apart make up, each as `get` has it; None where no host is named."""
    name = get(host.host)
    if not name or not name.strip():
        return None
    protocol = get(host.protocol) or host.default_protocol
    port = get(host.port) or host.default_port
    prefix = (get(host.prefix) or "").strip("/") if host.prefix else ""
    shown = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return f"{protocol}://{shown}:{port}" + (f"/{prefix}" if prefix else "")


class _Finder:
    def __init__(self, known: Known, keystones: Sequence[ks.Keystone], here: str | None) -> None:
        self._known, self._keystones, self._here = known, keystones, here

    def of(self, file: tree.File) -> Iterator[Reference]:
        if file.document is None:
            yield from self._text(file)
            return
        document, seen = file.document, set()
        left, why = False, "in the catalogue"
        if file.kind == tree.DISTRIBUTION:
            left, why = True, "a default of the distribution: what it says is set in the project's own file"
        elif not file.taken:
            left, why = True, "in a file of no known project: declare its folder under `projects`"
        for named in managed(document, self._known, file):
            seen.add((section_key(named.section), normal(named.name)))
            host = named.option if isinstance(named.option, HostPort) else None
            value = (apart(partial(document.get, named.section), host) if host else named.value) or ""
            form = APART if host else COMMENTED if named.commented else FILTER if document.paste else OPTION
            text = expanded(document, named.section, value)
            first = text.split(",")[0]
            found = ks.pointed(first, self._keystones, named.option.interface, self._here)
            yield Reference(
                file.path,
                named.line,
                named.section,
                named.name,
                form,
                masked(named.name, value) or "",
                found.region if found else None,
                found.interface if found else None,
                not left,
                why if found else "in the catalogue, but no URL with a host",
            )
        yield from self._unmanaged(file, document, seen)

    def _unmanaged(self, file: tree.File, document: Document, seen: set[tuple[str, str]]) -> Iterator[Reference]:
        index = self._known.index(file.project)
        form = FILTER if document.paste else OPTION
        for entry in document.entries:
            addresses = list(self._addresses(entry.value)) or list(self._by_name(entry, document))
            if entry.value in _PORT_VALUES and "port" in entry.option.lower():
                addresses.append(entry.value)
            if not addresses or (section_key(entry.section), normal(entry.option)) in seen:
                continue
            if index.host(entry.section, entry.option):
                continue
            for text in addresses:
                yield self._left(file, entry.line, entry.section, entry.option, form, text, "in no table")

    @staticmethod
    def _by_name(entry: Entry, document: Document) -> Iterator[str]:
        if not (match := _BY_NAME.search(entry.option)):
            return
        for item in entry.value.split(","):
            text = expanded(document, entry.section, item.strip())
            if text if match["host"] else "://" in text and not ks.other_product(text):
                yield text

    def _text(self, file: tree.File) -> Iterator[Reference]:
        why = {
            tree.TEXT: "in no table: this file is no INI",
            tree.DASHBOARD: "the dashboard's own, left alone (P7)",
            tree.KEYSTONE: "keystone's own file",
            tree.BACKUP: "a backup, which nobody reads",
            tree.SAMPLE: "a sample, which nobody reads",
        }[file.kind]
        text = file.data.decode("utf-8", "surrogateescape")
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip()[:1] in ("#", ";"):
                continue
            for found in self._addresses(line):
                yield self._left(file, number, "", "", LINE, found, why)

    def _left(self, file: tree.File, line: int, section: str, option: str, form: str, text: str, why: str) -> Reference:
        found = ks.pointed(text, self._keystones, ADMIN, self._here)
        region, interface = (found.region, found.interface) if found else (None, None)
        return Reference(file.path, line, section, option, form, masked("", text) or "", region, interface, False, why)

    def _addresses(self, text: str) -> Iterator[str]:
        if ":" not in text:
            return
        for match in _ADDRESS.finditer(text):
            if ks.looks_like(re.sub(r"//[^/@]*@", "//", match[0]), self._keystones):
                yield match[0]
