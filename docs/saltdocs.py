"""A Sphinx extension of the guide's own: what is generated from the code, so that it can't say anything else."""

from __future__ import annotations

import importlib
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter
from typing import Any

import folders
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx

NAMESPACE = "saltext.openstack_regions"
# A name in the text is looked for in this order: `regions.failover` alone is the function, not the runner.
_LINKED = ("_modules", "_states", "_runners")
_COMMENT = re.compile(r"\{#-?(.*?)-?#\}", re.S)


def importable() -> None:
    """Make Salt's folders importable under the names that they have where the extension came by pip."""
    sys.path.insert(0, str(folders.ROOT / "_utils"))
    places = {"saltext": [], NAMESPACE: []}
    places |= {f"{NAMESPACE}.{kind}": [str(folders.ROOT / folder)] for folder, kind in folders.KINDS.items()}
    for name, path in places.items():
        package = types.ModuleType(name)
        package.__path__ = path
        sys.modules[name] = package


def _targets() -> dict[str, str]:
    """What a function is called in the text -> its full name in Python."""
    found: dict[str, str] = {}
    for folder in _LINKED:
        for module in folders.modules(folder):
            for one in module.functions:
                full = f"{NAMESPACE}.{folders.KINDS[folder]}.{module.stem}.{one.python}"
                found.setdefault(one.called, full)
    return found


class Loaded(Directive):
    """All files of one of Salt's folders: a section each, out of its docstrings."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for module in folders.modules(self.arguments[0]):
            full = f"{NAMESPACE}.{folders.KINDS[self.arguments[0]]}.{module.stem}"
            label = f".. _{folders.KINDS[self.arguments[0]]}-{module.name}:"
            if label not in lines:  # Salt has the functions of two files under one name where both bear it
                lines += ["", label, "", module.name, "-" * len(module.name), ""]
            lines += [f".. automodule:: {full}", "   :members:", "   :member-order: bysource", ""]
        section = nodes.section()
        section.document = self.state.document
        self.state.nested_parse(StringList(lines, "generated"), 0, section, match_titles=True)
        return section.children


class Formulas(Directive):
    """The SLS files below a name: what the comment on top of each says."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        below = self.arguments[0]
        found = nodes.definition_list()
        for name, path in folders.sls().items():
            if name != below and not name.startswith(f"{below}."):
                continue
            said = _COMMENT.match(path.read_text(encoding="utf-8"))
            if not said:
                raise self.error(f"{path} has no comment on top")
            term = nodes.term("", "", nodes.literal(name, name), ids=[nodes.make_id(f"sls-{name}")])
            found += nodes.definition_list_item("", term, nodes.definition("", *_paragraphs(said[1])))
        return [found]


class Remedies(Directive):
    """What each code means, and what to do: `module:NAME` of the table that the program itself looks into."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].partition(":")
        found = nodes.definition_list()
        for code, says, remedy in _meanings(getattr(importlib.import_module(module), name)):
            term = nodes.term("", "", nodes.literal(code, code))
            said = [nodes.paragraph("", "", *_with_places(says))]
            if remedy:
                said.append(nodes.paragraph("", "", nodes.strong("", "Remedy: "), *_with_places(remedy)))
            found += nodes.definition_list_item("", term, nodes.definition("", *said))
        return [found]


def _meanings(table: Any) -> Iterator[tuple[str, str, str]]:
    """Code, sentence and remedy of a mapping to remedies, or of rows of number, part of the text, and these two."""
    if isinstance(table, Mapping):
        yield from ((code, one.says, one.remedy) for code, one in table.items())
    else:
        # These are as they are said: a brace there is one.
        yield from (
            (f"{number} {part}".strip(), says, remedy.replace("{", "{{").replace("}", "}}"))
            for number, part, says, remedy in table
        )


def _with_places(text: str) -> Iterator[nodes.Node]:
    """A sentence in which `{home}` and its like are set apart from the words, and so is what stands in backquotes."""
    said = ""
    for words, place, _, _ in Formatter().parse(text):
        said += words  # a brace ends the words, though no place follows
        if place is not None:
            yield from _with_code(said)
            yield nodes.emphasis(place, place.upper())
            said = ""
    yield from _with_code(said)


def _with_code(text: str) -> Iterator[nodes.Node]:
    for number, part in enumerate(text.split("`")):
        if part:
            yield nodes.literal(part, part) if number % 2 else nodes.Text(part)


def _paragraphs(text: str) -> Iterator[nodes.Node]:
    """An SLS file's comment: paragraphs, and what stands in from the left is code."""
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines = block.splitlines()
        # A comment's own lines stand in by four: what it shows stands in by more.
        if all(line.startswith(" " * 8) for line in lines):
            code = "\n".join(line[8:] for line in lines)
            yield nodes.literal_block(code, code, language="yaml" if lines[0].endswith(":") else "bash")
        else:
            yield nodes.paragraph("", " ".join(line.strip() for line in lines))


def _as_salt_calls_it(app: Sphinx, domain: str, kind: str, content: addnodes.desc_content) -> None:
    """Above a function stands `regions.failover`, as an operator types it, not where Python finds it."""
    if domain != "py" or kind != "function" or not isinstance(content.parent, addnodes.desc):
        return
    for signature in content.parent.findall(addnodes.desc_signature):
        module, name = signature.get("module", ""), signature.get("fullname", "")
        if not module.startswith(NAMESPACE):
            continue
        found = _by_python().get(f"{module}.{name}", "")
        said, _, own = found.rpartition(".")
        for node in signature.findall(addnodes.desc_addname):
            node[:] = [nodes.Text(f"{said}.")]
        for node in signature.findall(addnodes.desc_name):
            node[:] = [nodes.Text(own)]


def _by_python() -> dict[str, str]:
    return {
        f"{NAMESPACE}.{kind}.{module.stem}.{one.python}": one.called
        for folder, kind in folders.KINDS.items()
        for module in folders.modules(folder)
        for one in module.functions
    }


def _link_names(app: Sphinx, doctree: nodes.document) -> None:
    """Where the text names a function, it leads there."""
    targets = _targets()
    found: Iterable[nodes.literal] = list(doctree.findall(nodes.literal))
    for node in found:
        full = targets.get(node.astext().removesuffix("()"))
        if full and not isinstance(node.parent, (addnodes.pending_xref, nodes.reference, nodes.term)):
            link = addnodes.pending_xref(
                "", refdomain="py", reftype="func", reftarget=full, refexplicit=True, refdoc=app.env.docname
            )
            node.replace_self(link)
            link += node


def setup(app: Sphinx) -> dict[str, Any]:
    importable()
    app.add_directive("loaded", Loaded)
    app.add_directive("formulas", Formulas)
    app.add_directive("remedies", Remedies)
    app.connect("object-description-transform", _as_salt_calls_it)
    app.connect("doctree-read", _link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
