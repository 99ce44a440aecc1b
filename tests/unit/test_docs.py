"""The guide tells nobody to type what is not there, and what is generated from the code is all there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from docs import folders
from tests.support import commands, guide
from tests.support.commands import Command

ROOT = commands.ROOT
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SLS = sorted([*(ROOT / "salt").rglob("*.sls"), *(ROOT / "pillar.example").glob("*.sls")])
FINDINGS = (ROOT / "docs" / "operator" / "findings.md").read_text()


def _faults(found):
    found = list(found)
    assert found, "no command was found"
    return [fault for command in found for fault in commands.faults(command)]


def test_every_command_of_the_guide_and_the_readme_is_there():
    assert _faults(command for path in PAGES for command in commands.in_markdown(path)) == []


@pytest.mark.parametrize("kind", ["_modules", "_runners"])
def test_every_example_of_a_docstring_is_there(kind):
    assert _faults(commands.in_docstrings(kind)) == []


def test_every_command_in_the_comments_of_formula_and_pillar_is_there():
    assert _faults(command for path in SLS for command in commands.in_comments(path)) == []


def test_every_name_of_a_function_in_the_text_is_one():
    modules = {module.name for kind in folders.KINDS for module in folders.modules(kind)}
    there = {name for kind in folders.KINDS for name in folders.functions(kind)} | set(folders.sls())
    wrong = []
    for path in PAGES:
        for said in re.findall(r"(?<!`)`([a-z_]+)\.([a-z_.]+)`(?!`)", path.read_text()):
            name = ".".join(said)
            if said[0] in modules and said[1] not in ("py", "sls") and name not in there:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


def test_every_code_of_the_preflight_is_explained():
    tree = ast.parse((ROOT / "_utils" / "osregions" / "preflight.py").read_text())
    said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    codes = {text for text in said if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}
    assert "clock-skew" in codes
    assert {code for code in codes if f"`{code}`" not in FINDINGS} == set()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("salt-call regions.swich", "there is no regions.swich"),
        ("salt-run regions.switch", "there is no regions.switch"),
        ("salt '*' regions.failover RegionTwo now please 1 2 3 4", "takes"),
        ("salt-call mysql_replication.restore latest test=True", "has no test"),
        ("salt-call keystone_catalog.rename_region RegionOne", "needs new"),
        ("salt-call keystone_catalog.rename_region A B old=C", "given twice"),
        ("salt -C 'G@region:RegionTwo' state.apply regions.nothing", "there is no SLS regions.nothing"),
        ("salt-run state.orchestrate orch.join tst=True", "tst is not expected"),
        ("salt-run", "it calls nothing"),
        ("lab/raise", "there is no lab/raise"),
        ("lab/up --of joined", "has no --of"),
        ("lab/up --keystone 21", "can't be 21"),
        ("lab/cut --now", "has no --now"),
        ("lab/exec three-controller true", "there is no host three-controller"),
        ("lab/exec one-node salt-call regions.swich", "there is no regions.swich"),
        ("tests/run linth", "there is no part linth"),
        ("bench/nothing", "there is no bench/nothing"),
        ("bench/replication seeding --often", "does not tell of --often"),
        ("slat '*' test.ping", "nobody looks after slat"),
        ("salt-call regions.openrc_region 'open", "closing quotation"),
    ],
)
def test_a_command_that_is_wrong_is_told(line, said):
    (fault,) = commands.faults(Command("here", line))
    assert said in fault.replace("No closing", "closing")


@pytest.mark.parametrize(
    "line",
    [
        "salt-call --local regions.failover reason='the line is being mended' test=True",
        "salt -C 'G@region:RegionTwo and G@roles:keystone' state.apply regions.services,regions.failover test=True",
        "salt 'two-controller' -t 60 mysql_replication.status --out=json",
        "lab/up --from joined --keystone 22|30 --salt 3006",
        "lab/lose 30",
        "tests/run lint|unit tests/unit/test_docs.py -q",
        "bench/failover ours --runs 20",
    ],
)
def test_a_command_that_is_right_is_let_be(line):
    assert commands.faults(Command("here", line)) == []


def test_shell_blocks_and_lines_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "Type `salt-run regions.preflight`, not `salt`.\n"
        "1. Then:\n\n"
        "   ```bash\n   # a comment\n   salt '*' test.ping   # and another\n   ```\n"
        "```\nlab/cut, lab/heal     # one or the other\n+---picture---+\nlab/demo: every step held\n```\n"
        "```text\nsalt-run said.this\n```\n"
    )
    found = [command.words for command in commands.in_markdown(page)]
    assert found == [["salt", "*", "test.ping"], ["lab/cut"], ["lab/heal"], ["salt-run", "regions.preflight"]]


def test_what_a_page_fetches_from_elsewhere_is_told(tmp_path):
    assert list(guide.fetched(tmp_path)) == [f"there is no page in {tmp_path}"]
    (tmp_path / "page.html").write_text(
        '<a href="https://example.org/followed">x</a><script async src="//cdn.example.org/a.js"></script>'
        '<link rel="stylesheet" href="_static/own.css">'
    )
    (tmp_path / "own.css").write_text('@import "https://fonts.example.org/b.css"; a { background: url(own.png) }')
    assert list(guide.fetched(tmp_path)) == [
        "page.html fetches //cdn.example.org/a.js",
        "own.css fetches https://fonts.example.org/b.css",
    ]


def test_pictures_take_their_colour_from_the_page():
    """A picture with ink of its own can't be read on the other of light and dark."""
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
    assert pictures
    for path in pictures:
        text = Path(path).read_text()
        assert "currentColor" in text and "<title" in text and "<desc" in text, path.name
        assert set(re.findall(r"#[0-9a-fA-F]{3,6}\b", text)) <= {"#d9483b"}, path.name
