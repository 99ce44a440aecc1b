"""The files under /etc that may name a keystone: found, told apart by what they are, and read.

A file is read once and, unless it belongs to a project, looked at further only when it holds one of a few words: most
of a machine's files are passed over at the speed of reading them.
"""

from __future__ import annotations

import errno
import fnmatch
import glob
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from osregions.conf.catalogue import Project
from osregions.conf.document import Document, DocumentError
from osregions.conf.known import Known
from osregions.errors import SettingsError

DEFAULT_ROOT = "/etc"
# RDO's own defaults, which its units name before the files under /etc.
_DISTRIBUTION = "/usr/share/*/*-dist.conf"

CONF, TEXT, DASHBOARD, KEYSTONE, BACKUP, SAMPLE, DISTRIBUTION = (
    "configuration",
    "text",
    "dashboard",
    "keystone's own",
    "backup",
    "sample",
    "distribution default",
)
_BACKUP = re.compile(
    r"~$|\.(?:rpm[a-z]+|dpkg-[a-z]+|ucf-[a-z]+|sw[a-p])(?=$|[.\-_\d])"
    r"|[.\-_](?:bak|orig|old|save|saved|backup)(?=$|[.\-_\d])|[.\-_]20\d{6}"
)
_SAMPLE = re.compile(r"[.\-](?:sample|example|examples|tmpl|j2)(?=$|\.)")
_OWN_KEYSTONE = re.compile(r"^(?:wsgi-|uwsgi-|\d+-)?keystone[-_.]")
_KEYSTONE_FOLDERS = ("keystone",)
_DASHBOARD_FOLDERS = ("openstack-dashboard", "openstack_dashboard", "horizon")
_DEPLOYERS = ("kolla", "puppet-generated")  # folders that hold projects'
_BACKUP_FOLDERS = ("backup", "backups", "openstack-regions")
_SAMPLE_FOLDERS = ("sample", "samples", "examples")
# Our own unfinished file that a kill left behind (files.py).
_UNFINISHED = re.compile(r"^\..+\.osregions-")
# Every text that names a keystone in a way known here has one of these; each is looked for in every file, so few.
_WORDS = (b":5000", b"35357", b"identity", b"keystone")
_AUTH, _AUTH_OPTIONS = b"auth", re.compile(rb"auth(?:[_-]?ur|_host|_address|_endpoint)")
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Problem:
    """Why a file that counts can't be worked on."""

    problem: str
    where: str
    remedy: str


@dataclass(frozen=True)
class File:
    """One file that may name a keystone; `document` is None for a text that is no INI."""

    path: str
    kind: str
    project: Project | None
    data: bytes = field(repr=False)
    document: Document | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The file's own name."""
        return os.path.basename(self.path)

    @property
    def group(self) -> str:
        """The program's files that are read as one: a main file and those in its `.d` folder share this."""
        above, last = os.path.split(os.path.dirname(self.path))
        if os.path.basename(above) == "conf.d" and (last == "common" or last.endswith("-server")):
            above, last = os.path.split(above)  # RDO's neutron-server reads them after neutron.conf
        if last.endswith(".d") and self.project:
            # glance-registry.conf.d is the registry's own; conf.d and nova.d go with the project's main file.
            own = any(fnmatch.fnmatchcase(last[:-2], pattern) for pattern in self.project.files)
            return os.path.join(above, last[:-2] if own else self.project.files[0])
        return self.path

    @property
    def taken(self) -> bool:
        """Whether repointing takes it up: it is a project's, or has a section of keystonemiddleware's."""
        return self.document is not None and (self.project is not None or _middleware(self.document))


@dataclass(frozen=True)
class Survey:
    """What a walk over the roots found."""

    files: tuple[File, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Place:
    """What a folder tells of the files in it."""

    project: Project | None = None
    kind: str | None = None
    guess: Project | None = None  # by how a folder's name begins; a file's own name knows better


def default_roots() -> tuple[str, ...]:
    """/etc, and the distribution's defaults."""
    return (DEFAULT_ROOT, *sorted(glob.glob(_DISTRIBUTION)))


def survey(roots: Sequence[str], known: Known, urls: Iterable[str] = (), projects_only: bool = False) -> Survey:
    """Read everything under the roots that may name a keystone.

    `urls` are keystones that are looked for by their hosts, too. `projects_only`: every configuration file of a known
    project, and others only when they have a section of keystonemiddleware's. Raises SettingsError for a root that
    is not there.
    """
    hosts = {re.sub(r"^\w+:/*", "//", url).split("/")[2].encode() for url in urls if "//" in url}
    words = _WORDS + tuple(host for host in sorted(hosts) if not any(word in host for word in _WORDS))
    return _Walk(known, words, projects_only).run(roots)


class _Walk:
    def __init__(self, known: Known, words: tuple[bytes, ...], projects_only: bool) -> None:
        self._known, self._words, self._projects_only = known, words, projects_only
        self._files: dict[str, File] = {}
        self._problems: list[Problem] = []
        self._links: list[tuple[str, str, _Place]] = []
        self._followed: set[str] = set()
        self._roots: set[str] = set()

    def run(self, roots: Sequence[str]) -> Survey:
        self._roots.update(os.path.abspath(root) for root in roots)
        for root in roots:
            if not os.path.exists(root):
                raise SettingsError(f"there is no {root}", "`roots`", "name folders that exist")
            place = self._place(_Place(), os.path.dirname(os.path.abspath(root)).split("/")[-1])
            if os.path.isdir(root):
                self._folder(root, self._place(place, os.path.basename(os.path.abspath(root))))
            else:
                self._file(root, os.path.basename(root), place)
        # Of several links to one file that which a main file goes by tells most.
        for path, name, place in sorted(self._links, key=lambda link: link[1] not in self._known.main_files):
            self._link(path, name, place)
        found = sorted(self._files.values(), key=lambda file: file.path)
        return Survey(tuple(found), tuple(self._problems))

    def _folder(self, root: str, place: _Place) -> None:
        folders = [(root, place, False)]
        while folders:
            folder, here, linked = folders.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError as err:
                if here.project:
                    self._problem(folder, f"can't be read: {err.strerror}", "give this user the right to read it")
                continue
            for entry in entries:
                name = entry.name
                if entry.is_symlink():
                    if os.path.isdir(entry.path):
                        inner = self._place(here, name)
                        real = os.path.realpath(entry.path)
                        # Only what is a project's, or a deployer's, is followed: a link to / is none.
                        if (inner.project or inner.guess or name in _DEPLOYERS) and real not in self._followed:
                            self._followed.add(real)
                            folders.append((entry.path, inner, True))
                    else:
                        self._links.append((entry.path, name, here))
                elif entry.is_dir(follow_symlinks=False):
                    folders.append((entry.path, self._place(here, name), linked))
                elif entry.is_file(follow_symlinks=False):
                    if linked:
                        self._links.append((entry.path, name, here))  # the walk may come by its real place as well
                    else:
                        self._file(entry.path, name, here)

    def _place(self, above: _Place, name: str) -> _Place:
        """What a folder of this name tells, in a folder that told `above`."""
        project = self._known.folders.get(name, above.project)
        guess = self._known.prefixed(name) or above.guess
        kind = above.kind
        if name in _KEYSTONE_FOLDERS:
            kind, project, guess = KEYSTONE, None, None
        elif name in _DASHBOARD_FOLDERS:
            kind, project, guess = DASHBOARD, None, None
        elif name in _BACKUP_FOLDERS or _BACKUP.search(name):
            kind = BACKUP
        elif name in _SAMPLE_FOLDERS:
            kind = SAMPLE
        if (project, kind, guess) == (above.project, above.kind, above.guess):
            return above
        return _Place(project, kind, guess)

    def _project(self, name: str, place: _Place) -> Project | None:
        return place.project or self._known.main_files.get(name) or place.guess

    def _link(self, path: str, name: str, place: _Place) -> None:
        real = os.path.realpath(path)
        project = self._project(name, place)
        folder = name in self._known.folders and os.path.dirname(path) in self._roots
        owned = folder or self._owned(path, name, project)
        try:
            regular = os.path.isfile(os.stat(path) and path)
        except OSError as err:
            if owned and not place.kind:
                looping = err.errno == errno.ELOOP
                said = "is a symbolic link that leads back to itself" if looping else "is a link to nothing"
                self._problem(path, said, "mend the link, or remove it")
            return
        known = self._files.get(real)
        if not regular or (known and not self._better(known, project, owned)):
            return
        self._files.pop(real, None)
        # It goes by the link's name, which tells whose it is; writing finds what that points at.
        self._file(path, name, place, real)

    def _better(self, known: File, project: Project | None, owned: bool) -> bool:
        """Whether a link tells more of a file than its own place does."""
        if project is None or known.project is None:
            return project is not None
        return owned and not self._owned(known.path, known.name, known.project)

    def _owned(self, path: str, name: str, project: Project | None) -> bool:
        return project is not None and self._known.owns(project, os.path.dirname(path), name)

    def _kind(self, name: str, place: _Place) -> str | None:
        """What a file is apart from its content; None: by its content."""
        if _BACKUP.search(name):
            return BACKUP
        if _SAMPLE.search(name):
            return SAMPLE
        if place.kind:
            return place.kind
        if name.endswith("-dist.conf"):
            return DISTRIBUTION
        if name.startswith("local_settings"):
            return DASHBOARD
        return KEYSTONE if _OWN_KEYSTONE.match(name) else None

    def _file(self, path: str, name: str, place: _Place, real: str | None = None) -> None:
        if name.startswith(".") and _UNFINISHED.match(name):
            return
        failed, data = None, b""
        try:
            data = _read(path)
        except OSError as err:
            failed = err
        else:
            if not self._projects_only and not self._speaks(data):
                return
        project = self._project(name, place)
        kind = self._kind(name, place)
        owned = kind is None and self._owned(path, name, project)
        if failed is not None:
            if owned:
                self._problem(path, f"can't be read: {failed.strerror}", "give this user the right to read it")
            return
        if self._projects_only and (kind not in (None, DISTRIBUTION) or not (owned or self._speaks(data))):
            return
        if b"\0" in data:
            if owned:
                self._problem(path, "is binary", "put the configuration back, or remove it")
            return
        document = None
        if kind in (None, DISTRIBUTION):
            try:
                document = Document.parse(data, path)
            except DocumentError as err:
                if owned or (kind is None and b"[keystone_authtoken]" in data):
                    self._problems.append(Problem(err.problem, err.where, err.remedy))
                    return
        found = File(path, kind or (TEXT if document is None else CONF), project, data, document)
        if found.taken or not self._projects_only:
            self._files[real or path] = found

    def _speaks(self, data: bytes) -> bool:
        """Whether a text may name a keystone."""
        for word in self._words:
            if word in data:
                return True
        return _AUTH in data and _AUTH_OPTIONS.search(data) is not None

    def _problem(self, path: str, problem: str, remedy: str) -> None:
        self._problems.append(Problem(f"{path} {problem}", "", remedy))


def _middleware(document: Document) -> bool:
    return any(section.lower() in ("keystone_authtoken", "filter:authtoken") for section in document.sections)


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, _CHUNK)
        if len(data) < _CHUNK:
            return data
        parts = [data]
        while chunk := os.read(descriptor, _CHUNK):
            parts.append(chunk)
        return b"".join(parts)
    finally:
        os.close(descriptor)
