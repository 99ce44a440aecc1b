"""Replication on this machine's server: look, plan, act. What Salt's modules call; nothing here knows Salt."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osregions import database, files
from osregions.catalog.cache import Cache
from osregions.database import Account, Session
from osregions.errors import DatabaseError, Refused
from osregions.releases import Release
from osregions.replication import accounts, checks, fence_act, link, numbers, people, resume, resume_act, seed, swap
from osregions.replication.server import Server, logged, view
from osregions.replication.wishes import Replication
from osregions.settings import PILLAR


@dataclass(frozen=True)
class Outcome:
    """What changed, or would, and in a line what that comes to."""

    changes: Mapping[str, Any]
    comment: str

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"changes": dict(self.changes), "comment": self.comment}


@dataclass(frozen=True)
class Here:
    """This machine's server, in its region, and the keystone database that it holds."""

    wishes: Replication
    region: str
    database: str
    release: Release
    user: str  # as whom keystone enters it
    backups: str | Path = files.BACKUPS
    cache: Cache | None = None  # keystone's; None: nobody caches
    expiration: int = 3600  # seconds for which keystone's tokens are good
    buffer: int = 1800  # for which keystone keeps a revocation beyond that

    # ---- home ----

    def primary(self, dry: bool) -> Outcome:
        """Have home's server let the other regions' read its log: an account each, with the least rights."""
        wanted = self.wishes.accounts(self.database)
        with self.own() as session:
            server = view(session)
            checks.refuse(checks.log(checks.End(self.region, server, None)), f"database of {self.region}")
            if self.wishes.logs_keystone_alone:
                checks.refuse(checks.logged(logged(session, server), self.database), "replication:filter")
            present = accounts.view(session, server.dialect, [one.user for one in wanted])
            steps = [step for one in wanted for step in accounts.plan(present, one, server.dialect)]
            if steps and not dry:
                accounts.act(session, steps)
        return _accounts(steps, dry, f"{len(wanted)} regions can replicate home's {self.database}")

    def primary_absent(self, dry: bool) -> Outcome:
        """Take the other regions' accounts away from home's server."""
        users = [self.wishes.user(name) for name in self.wishes.settings.regions if name != self.wishes.settings.home]
        with self.own() as session:
            present = accounts.view(session, view(session).dialect, users)
            steps = [step for user in users for step in accounts.gone(present, user)]
            if steps and not dry:
                accounts.act(session, steps)
        return _accounts(steps, dry, "no region has an account here")

    # ---- a region ----

    def problems(self) -> tuple[checks.Problem, ...]:
        """What stands in the way of replicating home here."""
        with self.own() as own, self.home() as home:
            theirs = checks.End(
                self.wishes.settings.home, view(home, whole=False), checks.schema_of(home, self.database), None
            )
            mine = view(own)
            ours = checks.End(self.region, mine, checks.schema_of(own, self.database))
            return checks.check(theirs, ours, free_bytes(mine))

    def lost(self) -> people.Comparison:
        """What this region's own database holds that home lacks. Changes nothing."""
        return seed.compared(self.account_at_home(), self.wishes.account_here(), self.database)

    def replica(self, dry: bool, discard: bool = False) -> Outcome:
        """Have this region's server replicate home's keystone: fenced, seeded where it never was, and linked.

        The fence stands before home's rows are served here: what a keystone wrote into them would be nowhere else.
        Raises Refused for whatever stands in the way; and, unless `discard`, when tenants would be lost.
        """
        wish = self.wishes.link(self.region, self.database)
        with self.own() as session:
            server = view(session)
            # A connection of ours is made behind a seed alone: where there is one, there are home's rows.
            channel = server.channel(link.name_for(server))
            seeded = channel is not None
            there = checks.schema_of(session, self.database) is not None
            steps = link.plan(server, wish)
        changes: dict[str, Any] = {}
        giving_way = ""
        if channel is not None and channel.sql_error[0]:
            # Starting it would stop at the same place: what can be passed is passed, and all else is explained.
            return self.resumed(dry)
        if not seeded:
            giving_way = f"; gives way: {self._giving_way(dry, discard)}"
            changes["seeded"] = {"from": f"{wish.host}:{wish.port}"}
        changes |= self.fenced(dry=True).changes if there else {"rights": ["reads all, writes its bookkeeping alone"]}
        if steps:
            changes["replication"] = [step.told for step in steps]
        if dry or not changes:
            otherwise = f"{self.database} replicates {wish.host}:{wish.port}"
            return Outcome(changes, f"{_told(changes, otherwise, dry)}{giving_way}")
        if there:
            self.fenced(dry=False)
        comment = "replication runs as it is to"
        if not seeded:
            # With home's old tokens, worthless as they are: their deletion at home would stop a replica without them.
            done = seed.seed(
                self.account_at_home(),
                self.wishes.account_here(),
                self.database,
                discard=True,
                without_rows=(),
                told=self._let_go,
            )
            comment = f"seeded with {sum(done.rows.values())} rows as of {done.position}"
            comment += f"; the old one is {done.kept}{giving_way}"
            self.fenced(dry=False)  # home's tables count from home's numbers
        with self.own() as session:
            link.act(session, wish, steps, self.wishes.wait)
        return Outcome(changes, comment)

    def _let_go(self, step: str) -> None:
        """End keystone's sessions before the swap: one that was left in a transaction would keep the tables from it."""
        if step == seed.POSITIONED:
            with self.own() as session:
                fence_act.end_sessions(session, fence_act.sessions(session, self.database, self.user))

    def _giving_way(self, dry: bool, discard: bool) -> str:
        """What is lost here by being seeded, in words. Raises Refused for what stands in the way."""
        try:
            checks.refuse(self.problems(), f"database of {self.region}")
            found = self.lost()
        except DatabaseError as err:
            if dry and err.where.startswith(f"database {self.database} at {self.account_at_home().place}"):
                return f"to be seen when home lets this region in: {err.problem}"
            raise
        people.refuse(found, f"{self.database} of {self.region}", discard or self.wishes.discard(self.region))
        return found.text()

    def resumed(self, dry: bool) -> Outcome:
        """Let a replication go on past revocations that both sides pruned; anything else is refused, and explained."""
        with self.own() as session:
            name = link.name_for(view(session))
            verdict = resume_act.look(session, self.database, name)
            if verdict.act == resume.RUNS:
                return Outcome({}, "replication runs")
            if verdict.act == resume.REFUSE:
                raise Refused(f"replication stands still: {verdict.sentence}", self.database, verdict.remedy)
            told = {"replication": f"goes on past {verdict.gtid or verdict.key}: {verdict.sentence}"}
            if dry:
                return Outcome(told, "would go on")
            passed = resume_act.resume(session, self.database, numbers.base(self.wishes.number(self.region)), name)
        return Outcome(told, f"went on past {len(passed)} transactions")

    def absent(self, dry: bool) -> Outcome:
        """Stop replicating home here, and forget it; the rows stay as they are."""
        with self.own() as session:
            server = view(session)
            there = server.channel(link.name_for(server)) is not None
            if there and not dry:
                link.remove(session)
        changes = {"replication": ["stops, and is forgotten"]} if there else {}
        return Outcome(changes, _told(changes, f"{self.database} replicates nobody here", dry))

    def replicates(self) -> bool:
        """Whether this server has a connection of ours to home, running or not."""
        with self.own() as session:
            server = view(session)
            return server.channel(link.name_for(server)) is not None

    # ---- the fence ----

    def fenced(self, dry: bool) -> Outcome:
        """Let keystone read everything here and write its bookkeeping alone, under numbers of this region's own."""
        start = numbers.base(self.wishes.number(self.region))
        with self.own() as session:
            # Rights first: what is written before they stand would be numbered like home's rows.
            done = fence_act.fence(session, self.database, self.user, self.release, self.backups, test=dry)
            apart = numbers.keep_apart(session, self.database, start, anchor=True, test=dry)
        changes: dict[str, Any] = {}
        if done.changes:
            changes["rights"] = list(done.changes)
        if apart.shown:
            changes["numbers"] = list(apart.shown)
        told = _told(changes, f"{self.user} reads {self.database}, and writes its bookkeeping alone", dry)
        return Outcome(changes, "; ".join([told, *done.findings]))

    def unfenced(self, dry: bool) -> Outcome:
        """Give keystone's account back what it could do before the fence: an operator's decision."""
        with self.own() as session:
            done = fence_act.unfence(session, self.database, self.user, self.backups, test=dry)
        changes = {"rights": list(done.changes)} if done.changes else {}
        return Outcome(changes, _told(changes, f"{self.user} has what it had before the fence", dry))

    def option_file(self) -> str:
        """What the server's option file is to say, so that its restart changes nothing."""
        with self.own() as session:
            server = view(session)
        return server.dialect.option_file(link.name_for(server), self.database)

    # ---- what was kept ----

    def kept(self) -> tuple[swap.Kept, ...]:
        """The databases that gave way here, the oldest first."""
        return seed.kept(self.wishes.account_here(), self.database)

    def restore(self, name: str) -> dict[str, str]:
        """Put a kept database back (`latest`: the newest that a seed replaced); refused while home is replicated."""
        if name == "latest":
            before = [one.name for one in self.kept() if one.kind == "before"]
            if not before:
                raise Refused("no database was kept here", self.database, "see mysql_replication.kept")
            name = before[-1]
        return {"restored": name, "kept": seed.restore_seeded(self.wishes.account_here(), name, self.database)}

    @contextmanager
    def own(self) -> Iterator[Session]:
        """An administrator's session at this machine's server."""
        with database.session(self.wishes.account_here()) as session:
            yield session

    @contextmanager
    def home(self) -> Iterator[Session]:
        """This region's own session at home's server."""
        with database.session(self.account_at_home()) as session:
            yield session

    def account_at_home(self) -> Account:
        """The account by which this region's server enters home's."""
        wish = self.wishes.link(self.region, self.database)
        tls = wish.tls
        pairs = (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key)) if tls else ()
        return Account(
            wish.user,
            wish.password,
            wish.database,
            wish.host,
            wish.port,
            tls=tuple((name, path) for name, path in pairs if path),
            told_in=f"pillar {PILLAR}:replication:passwords:{self.region} (orch.identity sets it at home)",
            found_in=f"pillar {PILLAR}:regions:{self.wishes.settings.home}:database:host",
        )


def _accounts(steps: list[accounts.Step], dry: bool, otherwise: str) -> Outcome:
    told = [step.told for step in steps]
    if not told:
        return Outcome({}, otherwise)
    return Outcome({"accounts": told}, f"{len(told)} rights and accounts {'would be' if dry else 'were'} made right")


def _told(changes: Mapping[str, Any], otherwise: str, dry: bool) -> str:
    return f"{'would be done' if dry else 'done'}: {', '.join(changes)}" if changes else otherwise


def free_bytes(server: Server) -> int | None:
    """Bytes free where the server keeps its data; None when that is on another machine."""
    folder = server.variables.get("datadir", "")
    if not os.path.isdir(folder):
        return None
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize
