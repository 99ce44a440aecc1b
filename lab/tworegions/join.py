"""The product at work in the lab: the extension brought to every minion, and the orchestration that joins regions."""

from __future__ import annotations

import json
from typing import Any

from . import machine, saltfiles
from .settings import controller
from .shell import CommandError, LabError


def sync() -> list[str]:
    """Bring modules, states, helpers and runners from the checkout to every minion and both masters."""
    said = []
    for master in saltfiles.master_hosts():
        names = ",".join(saltfiles.minions_of(master)) if master.region == 1 else ""
        if names:
            argv = ["salt", "--static", "--out=json", "-t", "60", "-L", names, "saltutil.sync_all"]
            answers = _json(machine.execute(master, *argv).stdout, argv)
            for minion in saltfiles.minions_of(master):
                if not isinstance(answers.get(minion), dict):
                    raise LabError(f"saltutil.sync_all on {minion} answered {answers.get(minion)!r}")
                said.append(f"{minion}: {_counted(answers[minion])}")
        argv = ["salt-run", "--out=json", "saltutil.sync_all"]
        said.append(f"{master.name} (master): {_counted(_json(machine.execute(master, *argv).stdout, argv))}")
    return said


def ask(target: str, function: str, *words: str) -> dict[str, Any]:
    """What a function returns on each minion of a target, asked by home's master."""
    argv = ["salt", "--static", "--out=json", "-t", "60", target, function, *words]
    return _json(machine.execute(controller(1), *argv).stdout, argv)


def _counted(kinds: dict[str, list[str]]) -> str:
    parts = [f"{len(names)} {kind}" for kind, names in kinds.items() if names]
    return ", ".join(parts) or "nothing new"


def orchestrate(*, test: bool) -> dict[str, Any]:
    """Run orch.join on home's master; the states' results by state id. LabError when the run has no such results."""
    argv = ["salt-run", "--out=json", "state.orchestrate", "orch.join"]
    if test:
        argv.append("test=True")
    done = machine.execute(controller(1), *argv, check=False, timeout=600)
    text = done.stdout[done.stdout.find("{") :] if "{" in done.stdout else done.stdout
    try:
        data = json.loads(text)["data"]
        results = next(iter(data.values()))
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        raise CommandError(argv, done.returncode, done.stdout + done.stderr) from None
    if not isinstance(results, dict):
        raise CommandError(argv, done.returncode, done.stdout + done.stderr)
    failed = {key: one for key, one in results.items() if one.get("result") is False}
    if failed or (done.returncode and not test):
        raise CommandError(argv, done.returncode, describe(results))
    return results


def _json(text: str, argv: list[str]) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        raise CommandError(argv, 0, f"no JSON in its answer:\n{text}") from None
    if not isinstance(value, dict):
        raise CommandError(argv, 0, f"not a JSON object:\n{text}")
    return value


def steps(results: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The orchestration's steps in the order in which they ran: name and result."""
    ordered = sorted(results.items(), key=lambda item: item[1].get("__run_num__", 0))
    return [(str(one.get("__id__") or key), one) for key, one in ordered]


def changes(result: dict[str, Any]) -> list[str]:
    """What one step changed or would change: a line for each state of each minion, in the states' own words."""
    lines = []
    returned = (result.get("changes") or {}).get("ret")
    if not isinstance(returned, dict):
        return [_short(result["changes"])] if result.get("changes") else []
    for minion, states in returned.items():
        if not isinstance(states, dict):
            if states:
                lines.append(f"{minion}: {_short(states)}")
            continue
        for key, state in states.items():
            if not isinstance(state, dict) or "result" not in state:
                lines.append(f"{minion}: {key}: {_short(state)}")
            elif state.get("changes") or state.get("result") is not True:
                name = state.get("__id__") or key
                lines.append(f"{minion}: {name}: {_short(state.get('changes') or state.get('comment'))}")
    return lines


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = " ".join(text.split())
    return text if len(text) <= 160 else f"{text[:157]}..."


def describe(results: dict[str, Any]) -> str:
    """The whole run as text: each step with its result, its comment and its changes."""
    lines = []
    marks = {True: "ok", None: "would change", False: "FAILED"}
    for name, one in steps(results):
        comment, *more = str(one.get("comment", "")).strip().splitlines() or [""]
        lines.append(f"{marks.get(one.get('result'), '?'):>12}  {name}: {comment}")
        lines += [f"{'':14}{line.strip()}" for line in more]
        lines += [f"{'':14}{line}" for line in changes(one)]
    return "\n".join(lines)
