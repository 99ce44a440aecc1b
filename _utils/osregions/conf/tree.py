"""The files under /etc that may name a keystone: found, told apart by what they are, and read.

A file is read once and, unless it belongs to a project, looked at further only when it holds one of a few words: most
of a machine's files are passed over at the speed of reading them.
"""

from __future__ import annotations

import errno
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
    r"~$|\.(?:bak|orig|old|save|saved|backup|rpm[a-z]+|dpkg-[a-z]+|ucf-[a-z]+|sw[a-p])(?=$|[.\-_\d])|[.\-_]20\d{6}"
)
_SAMPLE = re.compile(r"[.\-](?:sample|example|examples|tmpl|j2)(?=$|\.)")
_OWN_KEYSTONE = re.compile(r"^(?:wsgi-|uwsgi-|\d+-)?keystone[-_.]")
_KEYSTONE_FOLDERS = ("keystone",)
_DASHBOARD_FOLDERS = ("openstack-dashboard", "openstack_dashboard", "horizon")
_BACKUP_FOLDERS = ("backup", "backups", "openstack-regions")
_SAMPLE_FOLDERS = ("sample", "samples", "examples")
# Our own unfinished file that a kill left behind (files.py).
_UNFINISHED = re.compile(r"^\..+\.osregions-")
# Every text that names a keystone in a way known here has one of these; each is looked for in every file, so few.
_WORDS = (b":5000", b"35357", b"identity")
_AUTH, _AUTH_OPTIONS = b"auth", re.compile(rb"auth(?:[_-]ur|_host|_address|token)")
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
        folder = os.path.dirname(self.path)
        if folder.endswith(".d") and self.project:
            above = os.path.dirname(folder)
            return os.path.join(above, self.project.files[0])
        return self.path


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

    def run(self, roots: Sequence[str]) -> Survey:
        for root in roots:
            if not os.path.exists(root):
                raise SettingsError(f"there is no {root}", "`roots`", "name folders that exist")
            place = self._place(_Place(), os.path.dirname(os.path.abspath(root)).split("/")[-1])
            if os.path.isdir(root):
                self._folder(root, self._place(place, os.path.basename(os.path.abspath(root))))
            else:
                self._file(root, os.path.basename(root), place)
        for path, name, place in self._links:
            self._link(path, name, place)
        return Survey(tuple(self._files[path] for path in sorted(self._files)), tuple(self._problems))

    def _folder(self, root: str, place: _Place) -> None:
        stack = [(root, place)]
        while stack:
            folder, here = stack.pop()
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
                        # Only what is a project's is followed: a link to / is none.
                        if inner.project and real not in self._followed:
                            self._followed.add(real)
                            stack.append((entry.path, inner))
                    else:
                        self._links.append((entry.path, name, here))
                elif entry.is_dir(follow_symlinks=False):
                    stack.append((entry.path, self._place(here, name)))
                elif entry.is_file(follow_symlinks=False):
                    self._file(entry.path, name, here)

    def _place(self, above: _Place, name: str) -> _Place:
        """What a folder of this name tells, in a folder that told `above`."""
        project = self._known.folders.get(name, above.project)
        kind = above.kind
        if name in _KEYSTONE_FOLDERS:
            kind, project = KEYSTONE, None
        elif name in _DASHBOARD_FOLDERS:
            kind, project = DASHBOARD, None
        elif name in _BACKUP_FOLDERS or _BACKUP.search(name):
            kind = BACKUP
        elif name in _SAMPLE_FOLDERS:
            kind = SAMPLE
        if (project, kind) == (above.project, above.kind):
            return above
        return _Place(project, kind)

    def _link(self, path: str, name: str, place: _Place) -> None:
        real = os.path.realpath(path)
        project = place.project or self._known.main_files.get(name)
        owned = self._owned(path, name, project)
        try:
            regular = os.path.isfile(os.stat(path) and path)
        except OSError as err:
            if owned and not place.kind:
                looping = err.errno == errno.ELOOP
                said = "is a symbolic link that leads back to itself" if looping else "is a link to nothing"
                self._problem(path, said, "mend the link, or remove it")
            return
        if not regular or (real in self._files and (not project or self._files[real].project)):
            return
        self._files.pop(real, None)
        self._file(real, name, place)

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

    def _file(self, path: str, name: str, place: _Place) -> None:
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
        project = place.project or self._known.main_files.get(name)
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
        if self._projects_only and (document is None or not (owned or project or self._middleware(document))):
            return
        self._files[path] = File(path, kind or (TEXT if document is None else CONF), project, data, document)

    def _speaks(self, data: bytes) -> bool:
        """Whether a text may name a keystone."""
        for word in self._words:
            if word in data:
                return True
        return _AUTH in data and _AUTH_OPTIONS.search(data) is not None

    @staticmethod
    def _middleware(document: Document) -> bool:
        return any(section.lower() in ("keystone_authtoken", "filter:authtoken") for section in document.sections)

    def _problem(self, path: str, problem: str, remedy: str) -> None:
        self._problems.append(Problem(f"{path} {problem}", "", remedy))


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
