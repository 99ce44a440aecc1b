"""The files that one program reads as one: a main file, those of its `.d` folder, and the distribution's defaults."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from osregions.conf import tree
from osregions.conf.catalogue import Project
from osregions.conf.document import Document, section_key
from osregions.conf.options import OptionChange, Options


@dataclass(frozen=True)
class Group:
    """Files in the order in which they are read: of an option that several set, the last one counts."""

    files: tuple[tree.File, ...]

    @property
    def project(self) -> Project | None:
        """The project that the files belong to."""
        return self.files[0].project

    @property
    def writable(self) -> tuple[tree.File, ...]:
        """The files that may be changed: the distribution's own are not."""
        return tuple(file for file in self.files if file.kind == tree.CONF)

    @property
    def main(self) -> tree.File | None:
        """The file that takes what none has yet."""
        return next(iter(self.writable), None)

    @property
    def whole(self) -> bool:
        """Whether this is the project's main file with all that belongs to it, and not some agent's own."""
        return self.main is not None and self.project is not None and self.main.name == self.project.files[0]

    @staticmethod
    def document(file: tree.File) -> Document:
        """A file's document: there is one, or it would not be here."""
        assert file.document is not None
        return file.document

    @cached_property
    def _options(self) -> Options:
        documents = [(file.path, self.document(file)) for file in self.files]
        return Options([(path, document) for path, document in documents if document.dollar])

    def expanded(self, file: tree.File, section: str, value: str) -> str:
        """A value as the program has it: what it names may stand in another file."""
        return self._options.expanded(section, value) if self.document(file).dollar else value

    def sections(self) -> tuple[str, ...]:
        """The names of all sections, each as it is first written."""
        names = {section_key(name): name for file in reversed(self.files) for name in self.document(file).sections}
        return tuple(names.values())

    def setting(self, section: str, options: Iterable[str]) -> list[tuple[tree.File, str]]:
        """Where any of these options is set: the file, and the option's spelling."""
        return [
            (file, spelled)
            for option in options
            for file in self.files
            # PasteDeploy's `set` gives an option to the whole of what is loaded; the section's own goes before it.
            for spelled in ((f"set {option}", option) if self.document(file).paste else (option,))
            if self.document(file).get(section, spelled) is not None
        ]

    def value(self, section: str, options: Iterable[str]) -> str | None:
        """The value that counts of an option with several spellings; the newest spelling is named first, and wins."""
        for option in options:
            if found := self.setting(section, (option,)):
                file, spelled = found[-1]
                return self.document(file).get(section, spelled)
        return None

    def holding(self, section: str) -> tree.File | None:
        """The file that takes a new option of a section: the first that has options in it, else the main one."""
        for file in self.writable:
            if self.document(file).section_options(section):
                return file
        return self.main

    def put(
        self, file: tree.File, section: str, option: str, after: str, replaces: str | None = None
    ) -> Iterator[OptionChange]:
        """The change that makes an option say `after` (as written) in a file, if it does not.

        What only a file of the distribution says is said in the main one, unless that has its own word on it.
        """
        if file.kind == tree.DISTRIBUTION:
            if self.document(file).get(section, option) == after or self.main is None:
                return
            if any(one.kind == tree.CONF for one, _ in self.setting(section, (option,))):
                return
            file = self.main
        document = self.document(file)
        before = document.get(section, replaces or option)
        if before == after and not replaces:
            return
        line = document.line_of(section, replaces or option) or document.place_of(section, option)
        yield OptionChange(file.path, section, option, before, after, line, replaces)


def groups(files: Iterable[tree.File]) -> list[Group]:
    """Sort files into groups, those that are read as one together."""
    found: dict[str, list[tree.File]] = {}
    defaults: list[tree.File] = []
    for file in files:
        if file.document is None:
            continue
        if file.kind == tree.DISTRIBUTION:
            defaults.append(file)
        elif file.kind == tree.CONF:
            found.setdefault(file.group, []).append(file)
    for file in defaults:
        if file.project is None:
            continue
        own = file.name.replace("-dist.conf", ".conf")  # glance-registry-dist.conf is the registry's
        if not any(fnmatch.fnmatchcase(own, pattern) for pattern in file.project.files):
            own = file.project.files[0]
        for name, members in found.items():
            if members[0].project is file.project and name.rpartition("/")[2] == own:
                members.insert(0, file)
    # A `.d` file comes after the main file whatever their names; among themselves they are read by name.
    return [
        Group(tuple(sorted(members, key=lambda file: (file.kind != tree.DISTRIBUTION, file.path != name, file.path))))
        for name, members in sorted(found.items())
    ]
