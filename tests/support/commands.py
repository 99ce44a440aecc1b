"""The commands that texts tell an operator to type: found in the text, and held against what is there to be run."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docs import folders
from docs.folders import Function
from lab.tworegions import settings as lab
from tests.support import parts

ROOT = parts.ROOT
# What is Salt's own. Anything that is in neither list is a fault, a word that was mistyped among it.
_OF_SALT = ("saltutil.sync_all", "saltutil.refresh_pillar", "test.ping", "sys.doc")
_SLS = ("state.apply", "state.orchestrate", "state.show_sls")
_SALT = ("salt", "salt-call", "salt-run")
_OURS = ("lab/", "bench/", "tests/run")
_ASIDE = ("/opt/saltstack/salt/salt-pip", "salt-pip")
_WITH_VALUE = ("-t", "--timeout", "--out", "-c")
_FENCE = re.compile(
    r"^(?P<in> *)(?P<mark>`{3,})(?P<kind>[\w+-]*)[^\n]*\n(?P<body>.*?)^(?P=in)(?P=mark) *$", re.M | re.S
)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_DOCSTRING = re.compile(r"\.\. code-block:: bash\n\n((?:[ ]+\S[^\n]*\n|\n)+)")
_NAMED = re.compile(r"^([^\W\d]\w*)=(?!=)", re.S)
_SHELL = ("bash", "sh", "shell", "console")


@dataclass(frozen=True)
class Command:
    """One line that somebody is to type, and where it stands."""

    where: str
    line: str

    @property
    def words(self) -> list[str]:
        words = shlex.split(self.line, comments=True)
        end = next((at for at, word in enumerate(words) if word == "|" or word.startswith(">")), None)
        return words[:end]  # what becomes of its output is another program's, or a file's


def in_markdown(path: Path) -> Iterator[Command]:
    """The commands of a page: all of its shell blocks, ours in blocks of no language, and those in a line."""
    text = path.read_text(encoding="utf-8")
    where = str(path.relative_to(ROOT))
    for block in _FENCE.finditer(text):
        for line in _lines(block["body"]):
            if block["kind"] in _SHELL or (not block["kind"] and known(line)):
                yield from _several(where, line)
    for line in _INLINE.findall(_FENCE.sub("", text)):
        # Alone, `salt` is a word; with something behind it, it is to be typed.
        if known(line) and (" " in line or line.startswith(_OURS)):
            yield from _several(where, line)


def in_docstrings(kind: str) -> Iterator[Command]:
    """The commands in the docstrings of one of Salt's folders."""
    for module in folders.modules(kind):
        for said in (module.doc, *(one.doc for one in module.functions)):
            for block in _DOCSTRING.findall(f"{said}\n"):
                yield from (Command(f"{kind}/{module.stem}.py", line) for line in _lines(block))


def in_comments(path: Path) -> Iterator[Command]:
    """The commands that the comments of an SLS or pillar file begin a line with."""
    for line in path.read_text(encoding="utf-8").splitlines():
        said = line.lstrip("# ").removesuffix("#}").strip()
        if known(said) and " " in said and "=" not in said.split()[0]:
            yield Command(str(path.relative_to(ROOT)), said)


def known(line: str) -> bool:
    """Whether a line begins with a program that is looked after here."""
    first = line.split(maxsplit=1)[0] if line.strip() else ""
    # `lab/demo: ...` is what a command said, `bench/README.md` a page.
    return first.rstrip(",") in _SALT or (first.startswith(_OURS) and not set(":.") & set(first))


def faults(command: Command) -> list[str]:
    """What is wrong with a command; a sentence each."""
    try:
        words = command.words
    except ValueError as error:
        return [f"{command.where}: {command.line}: {error}"]
    return [f"{command.where}: {command.line}: {problem}" for problem in _wrong(words)]


def _lines(block: str) -> Iterator[str]:
    """The lines of a block without what is comment alone; one that ends with a backslash goes on in the next."""
    for line in block.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip().removeprefix("$ ")


def _several(where: str, line: str) -> Iterator[Command]:
    """`lab/cut, lab/heal` is two commands."""
    first = line.split(maxsplit=1)[0]
    if not first.endswith(","):
        yield Command(where, line)
        return
    for word in line.partition("#")[0].split(","):
        yield Command(where, word.strip())


def _wrong(words: Sequence[str]) -> Iterator[str]:
    program, rest = words[0], list(words[1:])
    if program in _ASIDE:
        return
    if program == "salt":
        yield from _salt("_modules", _without_options(rest)[1:])
    elif program == "salt-call":
        yield from _salt("_modules", _without_options(rest))
    elif program == "salt-run":
        yield from _salt("_runners", _without_options(rest))
    elif program == "tests/run":
        yield from _tests_run(rest)
    elif program.startswith("lab/"):
        yield from _lab(program, rest)
    elif program.startswith("bench/"):
        yield from _bench(program, rest)
    else:
        yield f"nobody looks after {program}"


def _without_options(words: Sequence[str]) -> list[str]:
    """The words without a program's options; what they take goes with them."""
    found: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-") and not found[1:]:
            skip = word in _WITH_VALUE
        elif not word.startswith("--"):
            found.append(word)
    return found


def _salt(kind: str, words: Sequence[str]) -> Iterator[str]:
    if not words:
        yield "it calls nothing"
        return
    called, given = words[0], words[1:]
    if called in _SLS:
        yield from _states(given)
    elif called not in _OF_SALT:
        function = folders.functions(kind).get(called)
        yield from [f"there is no {called}"] if function is None else _fits(function, given)


def _states(given: Sequence[str]) -> Iterator[str]:
    there = folders.sls()
    for word in given:
        if named := _NAMED.match(word):
            if named[1] not in ("test", "pillar"):
                yield f"{named[1]} is not expected"
        else:
            yield from (f"there is no SLS {name}" for name in word.split(",") if name not in there)


def _fits(function: Function, given: Sequence[str]) -> Iterator[str]:
    """Whether a function takes what it is given, by its signature."""
    args = function.args
    names = [one.arg for one in (*args.posonlyargs, *args.args)]
    keywords = [match[1] for word in given if (match := _NAMED.match(word))]
    positional = len(given) - len(keywords)
    if positional > len(names) and not args.vararg:
        yield f"{function.called} takes {len(names)} at most, not {positional}"
    allowed = {*names, *(one.arg for one in args.kwonlyargs)}
    yield from (f"{function.called} has no {name}" for name in keywords if name not in allowed and not args.kwarg)
    yield from (f"{name} is given twice" for name in keywords if name in names[:positional])
    needed = names[positional : len(names) - len(args.defaults)]
    yield from (f"{function.called} needs {name}" for name in needed if name not in keywords)


def _tests_run(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if not word.startswith("-") and not (ROOT / word.partition("::")[0]).exists():
            yield from (f"there is no part {one}" for one in word.split("|") if one not in parts.PARTS)


def _lab(program: str, words: Sequence[str]) -> Iterator[str]:
    script = ROOT / program
    if not script.is_file():
        yield f"there is no {program}"
    elif program == "lab/exec":
        if words and words[0] not in {one.name for one in lab.HOSTS}:
            yield f"there is no host {words[0]}"
        elif words[1:] and known(words[1]):
            yield from _wrong(words[1:])
    else:
        allowed = _options(script)
        yield from (f"{program} has no {one}" for one in words if one.startswith("-") and one not in allowed)
        for option, ranges in (("--salt", lab.SALT_RANGES), ("--keystone", lab.KEYSTONE_RANGES)):
            if option in words:
                chosen = words[words.index(option) + 1].split("|")
                yield from (f"{option} can't be {one}" for one in chosen if one not in ranges)


def _options(script: Path) -> set[str]:
    """The options of a command of the lab's, read where its parser is made."""
    (name,) = re.findall(r"^from tworegions\.cli import (\w+)$", script.read_text(), re.M)
    tree = ast.parse((ROOT / "lab" / "tworegions" / "cli.py").read_text())
    made: Mapping[str, ast.AST] = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    bodies = [ast.unparse(made[name])] if name in made else []
    for shared in ("_versions", "_horizon"):
        if bodies and f"{shared}(" in bodies[0]:
            bodies.append(ast.unparse(made[shared]))
    return {option for body in bodies for option in re.findall(r"add_argument\('(--[\w-]+)'", body)}


def _bench(program: str, words: Sequence[str]) -> Iterator[str]:
    script = ROOT / program
    if not script.is_file():
        yield f"there is no {program}"
        return
    told = ast.get_docstring(ast.parse(script.read_text())) or ""
    for word in words:
        option = word.partition("=")[0]
        if not option.isdigit() and not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", told):
            yield f"{program} does not tell of {option}"
