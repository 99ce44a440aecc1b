"""What the folders that Salt loads hold, read without importing them: for the guide's reference, and for its test."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Salt's folder here, and the package that it is in where the extension came by pip.
KINDS: Mapping[str, str] = {
    "_modules": "modules",
    "_states": "states",
    "_runners": "runners",
    "_beacons": "beacons",
    "_engines": "engines",
}


@dataclass(frozen=True)
class Function:
    """A function that Salt offers, by the name that Salt calls it."""

    module: str
    name: str
    python: str  # what it is called in Python, where that name is taken
    args: ast.arguments
    doc: str

    @property
    def called(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Module:
    """A file that Salt loads."""

    stem: str
    name: str
    doc: str
    functions: tuple[Function, ...]


@cache
def modules(kind: str) -> tuple[Module, ...]:
    """The files of one of Salt's folders, by name."""
    return tuple(_module(path) for path in sorted((ROOT / kind).glob("[a-z]*.py")))


@cache
def functions(kind: str) -> dict[str, Function]:
    """The functions of one of Salt's folders, by the name that Salt calls them."""
    return {one.called: one for module in modules(kind) for one in module.functions}


@cache
def sls() -> dict[str, Path]:
    """The formula's and the orchestrations' files, by the name that `state.apply` knows them by."""
    top = ROOT / "salt"
    found = {".".join(path.relative_to(top).with_suffix("").parts): path for path in sorted(top.rglob("*.sls"))}
    return {name.removesuffix(".init"): path for name, path in found.items()}


def _module(path: Path) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    given = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("__virtualname__", "__func_alias__")
    }
    name = given.get("__virtualname__", path.stem)
    alias = given.get("__func_alias__", {})
    found = tuple(
        Function(name, alias.get(node.name, node.name), node.name, node.args, ast.get_docstring(node) or "")
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    )
    return Module(path.stem, name, ast.get_docstring(tree) or "", found)
