"""How far a replica is behind that has not applied in time what home had: what can be said for certain; pure."""

from __future__ import annotations

from osregions.replication.gtids import gtids_from, positions
from osregions.replication.server import Server


def at_least(waited: float, home: str, region: Server, channel: str) -> float | None:
    """The seconds that a region is behind at least, by its server's own word and by what was `waited`.

    None where it has not even received what `home` had, a position of its: then nobody knows, for the server reckons
    by the event in its hands, and says 0 when it has none.
    """
    link = region.channel(channel)
    if link is None or not _received(home, link.received, region):
        return None
    return max(waited, link.behind or 0.0)


def _received(home: str, received: str, region: Server) -> bool:
    if not region.dialect.mariadb:
        return not gtids_from(home).minus(gtids_from(f"{received},{region.position}"))
    here = [positions(received), positions(region.position)]
    return all(
        any(domain in one and one[domain][1] >= number for one in here)
        for domain, (_, number) in positions(home).items()
    )
