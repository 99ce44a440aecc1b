"""What a region that replicates home must have in common with it beside the rows: the schema, the charset, the time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timezone

from osregions import clocks
from osregions.database import Session
from osregions.replication.checks import Schema, differing
from osregions.replication.errors_said import SEED

_REMEDIES = {
    "schema": "db_sync is for home alone, and what it does comes by replication. If they differ still when this region"
    " has what home has, somebody ran it here: {seed}",
    "charset": "give it home's: ALTER DATABASE `{database}` CHARACTER SET {charset} COLLATE {collation}",
}


@dataclass(frozen=True)
class Clocks:
    """By how many seconds a region's clocks are ahead of home's; negative: behind."""

    node: float
    server: float

    @property
    def findings(self) -> tuple[str, ...]:
        """What breaks; keystone judges each token, revocation and one-time password by the clock of its own node."""
        both = (("node", self.node), ("database server", self.server))
        off = [(whose, by) for whose, by in both if abs(by) > clocks.MOST_SKEW]
        if not off:
            return ()
        whose, by = off[0]
        far = f"{abs(by):.0f} s"
        harm = (
            f"ahead of home's: a log-out at home leaves a token valid that was issued here less than {far} before it,"
            " and home's tokens end that much too early here"
            if by > 0
            else f"behind home's: a log-out here leaves a token valid that home issued less than {far} before it, and"
            " home's tokens live that much too long here"
        )
        remedy = f"set it right, and keep it so with NTP; {clocks.MOST_SKEW:.0f} s is the most"
        return (f"the clock of this {whose} is {far} {harm}: {remedy}",)


def read_clocks(home: Session, own: Session) -> Clocks:
    """Ask home for the time, between two looks at the clocks here."""
    node, server = time.time(), _moment(own)
    said = _moment(home)
    server_after, node_after = _moment(own), time.time()
    return Clocks(0.0 - clocks.ahead(node, said, node_after), 0.0 - clocks.ahead(server, said, server_after))


def schemas(home: Schema | None, region: Schema | None) -> Iterator[str]:
    """In what home's and a region's keystone database differ, each with its remedy."""
    if home is None or region is None:
        return
    for name, (there, here) in differing(home, region).items():
        remedy = _REMEDIES[name].format(
            database=region.database, charset=home.charset, collation=home.collation, seed=SEED
        )
        yield f"the {name} is {there} at home and {here} here: {remedy}"


def _moment(session: Session) -> float:
    said = session.value("SELECT UTC_TIMESTAMP(6)")
    return float(said.replace(tzinfo=timezone.utc).timestamp())
