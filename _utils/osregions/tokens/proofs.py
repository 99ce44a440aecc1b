"""P2: the proofs that tokens live where they should, each with what was seen.

A keystone with a wrong driver starts up silently and fails only when it is asked for a token: so real tokens are
issued, and everything else is watched meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from osregions.errors import RegionsError
from osregions.identity import Identity
from osregions.tokens import memcached, sockets


@dataclass(frozen=True)
class Check:
    """One proof: whether it holds, what was seen, and what to do when it does not hold."""

    name: str
    ok: bool
    evidence: str
    remedy: str = ""


@dataclass(frozen=True)
class Proofs:
    """All of them."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every one holds."""
        return all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"ok": self.ok, "checks": [asdict(check) for check in self.checks]}

    def failures(self) -> str:
        """One line on those that do not hold."""
        return "; ".join(
            f"{check.name}: {check.evidence}{f' ({check.remedy})' if check.remedy else ''}"
            for check in self.checks
            if not check.ok
        )


_Counters = dict[str, "dict[str, int] | str"]


def prove(
    identity: Callable[[], Identity],
    servers: Sequence[str],
    processes: Callable[[], Iterable[int]],
    rows: Callable[[], int | None],
    tokens: int = 3,
) -> Proofs:
    """Issue and validate `tokens` tokens at a keystone, and watch memcached, its connections and the token table.

    `rows` counts keystone's token table (None: there is none), `processes` gives keystone's own processes.
    """
    before, rows_before = _counters(servers), _counted(rows)
    issued = _issue(identity, tokens)
    after, rows_after = _counters(servers), _counted(rows)
    return Proofs(
        (
            issued,
            _answers(servers, after),
            _moved(before, after, tokens, issued.ok),
            _connected(servers, processes),
            _still(rows_before, rows_after, tokens, issued.ok),
        )
    )


def _issue(identity: Callable[[], Identity], tokens: int) -> Check:
    done = 0
    try:
        client = identity()
        for _ in range(tokens):
            client.validate(client.issue())
            done += 1
    except RegionsError as err:
        seen = f"{done} of {tokens} tokens issued and validated, then: {err.problem} ({err.where})"
        return Check("token_issued", False, seen, err.remedy)
    return Check("token_issued", True, f"{done} tokens issued and validated at {client.url}")


def _counters(servers: Sequence[str]) -> _Counters:
    found: _Counters = {}
    for server in servers:
        try:
            found[server] = memcached.counters(server)
        except RegionsError as err:
            found[server] = err.problem
    return found


def _answers(servers: Sequence[str], seen: _Counters) -> Check:
    name = "memcached_answers"
    if not servers:
        return Check(
            name, False, "keystone names no memcached", "set [cache] backend and memcache_servers: regions.tokens does"
        )
    wrong = [f"{server}: {said}" for server, said in seen.items() if isinstance(said, str)]
    if wrong:
        return Check(name, False, "; ".join(wrong), "start memcached there, or mend the servers keystone names")
    return Check(name, True, f"{', '.join(servers)} answered")


def _moved(before: _Counters, after: _Counters, tokens: int, issued: bool) -> Check:
    name = "counters_move"
    if not issued:
        return Check(name, False, "no token could be issued to move them", "see token_issued")
    sums = {"cmd_get": 0, "cmd_set": 0, "get_hits": 0}
    for server, now in after.items():
        then = before.get(server)
        if isinstance(now, str) or not isinstance(then, dict):
            continue
        # A memcached that was restarted meanwhile counts from nought.
        base = then if then["pid"] == now["pid"] else dict.fromkeys(now, 0)
        for counter in sums:
            sums[counter] += now[counter] - base[counter]
    seen = f"while {tokens} tokens were issued and validated: " + ", ".join(f"{k} +{v}" for k, v in sums.items())
    # Each token is another key, whether it is stored or its validation is cached: that many are set at least.
    if sums["cmd_get"] > 0 and sums["cmd_set"] >= tokens:
        return Check(name, True, seen)
    return Check(
        name,
        False,
        seen,
        "keystone does not use this memcached: was it restarted since it was configured? And memcached since? A process"
        " of keystone's that met it away leaves it alone for memcache_dead_retry (300 s by default)",
    )


def _connected(servers: Sequence[str], processes: Callable[[], Iterable[int]]) -> Check:
    name = "keystone_connected"
    try:
        pids = tuple(processes())
    except RegionsError as err:
        return Check(name, False, err.problem, err.remedy)
    if not pids:
        return Check(name, False, "no process of keystone was found", "name its systemd unit as `service`")
    held = sockets.connections(pids, servers)
    if not held:
        names = ", ".join(sorted({str(sockets.Process(pid, sockets.name(pid))) for pid in pids})[:5])
        return Check(
            name,
            False,
            f"none of {names} holds a connection to {', '.join(servers) or 'a memcached'}",
            "keystone does not use this memcached: restart it, and look at [cache] and [token]",
        )
    lines = sorted({f"{link.process} to {link.remote}" for link in held})
    more = f", and {len(lines) - 8} more" if len(lines) > 8 else ""
    return Check(name, True, f"{', '.join(lines[:8])}{more}")


def _counted(rows: Callable[[], int | None]) -> int | str | None:
    try:
        return rows()
    except RegionsError as err:
        return err.problem


def _still(before: int | str | None, after: int | str | None, tokens: int, issued: bool) -> Check:
    name = "token_table_still"
    for count in (before, after):
        if isinstance(count, str):
            return Check(name, False, f"the token table can't be counted: {count}", "see [database] connection")
    if not issued:
        return Check(name, False, "no token could be issued to try it", "see token_issued")
    if before is None or after is None:
        return Check(name, True, "this database has no table token")
    if isinstance(before, int) and isinstance(after, int) and after > before:
        return Check(
            name,
            False,
            f"{before} rows, then {after} after {tokens} tokens: they are stored in the database",
            "set the token store (regions.tokens) and restart keystone",
        )
    return Check(name, True, f"{before} rows before, {after} after {tokens} tokens")
