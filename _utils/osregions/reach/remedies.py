"""Every verdict by its code: what it says, and what an operator can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Remedy:
    """What a code means; `{...}` are filled in by the verdict."""

    says: str
    remedy: str = ""


REMEDIES: Mapping[str, Remedy] = {
    # Nothing to do.
    "home_well": Remedy("{home}'s keystone serves {region}"),
    "stays_local": Remedy("{home}'s keystone is down ({why}), and {region} signs people in by its own"),
    "already_local": Remedy("{region} signs people in by its own keystone already"),
    "already_home": Remedy("{region} signs people in at {home} already"),
    "mode_off": Remedy(
        "{home}'s keystone is down ({why}), and pillar says failover: off for {region}",
        "salt-run regions.failover {region}",
    ),
    "back_off": Remedy(
        "{home}'s keystone is back, and pillar says failback: off for {region}", "salt-run regions.failback {region}"
    ),
    # Moves.
    "home_down": Remedy("{home}'s keystone is down for {region} ({why})"),
    "home_back": Remedy("{home}'s keystone has been well for {region} for {limit:g} s, and its rows are all here"),
    "by_hand": Remedy("a person said so"),
    # A person is asked.
    "ask_over": Remedy(
        "{home}'s keystone is down ({why}), and pillar says failover: ask for {region}",
        "salt-run regions.failover {region}",
    ),
    "ask_back": Remedy(
        "{home}'s keystone has been well for {region} for {limit:g} s, and its rows are all here",
        "salt-run regions.failback {region}",
    ),
    "cap": Remedy(
        "{region} has moved {moves} times within an hour, which is as often as it may by itself; it stays where it is",
        "find out what comes and goes ({why}); then salt-run regions.failover {region}, or regions.failback",
    ),
    "diverged": Remedy(
        "{region}'s keystone database holds rows that {home} does not have, past the fence",
        "mysql_replication.compare shows them: carry over what is wanted, then seed the region anew",
    ),
    "nobody": Remedy(
        "neither keystone serves {region}: {home}'s is down ({why}), its own too ({local})",
        "mend the region's own first: see its log, its database and its memcached",
    ),
    # It is waited.
    "unsure": Remedy("it is not certain yet whether {home}'s keystone serves {region} ({why})"),
    "home_answers": Remedy("{home}'s keystone was held to be down for {region}, and answers again"),
    "no_majority": Remedy(
        "{down} of {controllers} controllers of {region} hold {home}'s keystone to be down ({why}); a majority decides"
    ),
    "blind": Remedy(
        "no controller of {region} says what it sees of {home}'s keystone",
        "is the beacon keystone_reach configured there, and the minion running? salt-call keystone_reach.seen",
    ),
    "token": Remedy(
        "{home}'s keystone answers, and does not take our token ({why})",
        "mend the account in the openrc file, or in [keystone_authtoken], of the region's controllers",
    ),
    "local_dead": Remedy(
        "{home}'s keystone is down ({why}), and {region}'s own does not serve either ({local}): it would help nobody",
        "mend the region's own keystone: see its log, its database and its memcached",
    ),
    "stay": Remedy("{region} moved {ago:.0f} s ago, and stays where it is for {limit:g} s"),
    "home_coming": Remedy("{home}'s keystone is not yet held to be back ({why})"),
    "replica_unknown": Remedy(
        "{home}'s keystone is back, and how far {region}'s replica is was not looked at",
        "salt-call mysql_replication.status on the region's controllers",
    ),
    "replica_stands": Remedy(
        "{home}'s keystone is back, and {region}'s replica stands still",
        "salt-call mysql_replication.status says why, and mysql_replication.resume goes on",
    ),
    "replica_behind": Remedy("{home}'s keystone is back, and {region}'s replica does not hold all its rows yet"),
    # It is refused.
    "unknown_region": Remedy("there is no region {region}", "name one of those declared: {regions}"),
    "home_itself": Remedy("{region} is home, and has nobody to leave", "name another region"),
}
