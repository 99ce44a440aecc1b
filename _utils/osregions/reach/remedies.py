"""Every verdict and every finding by its code: what it says, how bad it is, and what an operator can do about it.

The one table: fail-over decides by it, and the status, its page, its metrics and the alarms tell by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from osregions.model import Finding

# Home's identity, and home's rows, in a region: on home's master.
_IDENTITY = """salt-run state.orchestrate orch.identity pillar='{{"openstack_regions": {{"join": "{region}"}}}}'"""

INFO, WARNING, ERROR = "info", "warning", "error"
SEVERITIES = (INFO, WARNING, ERROR)  # the worst one last


@dataclass(frozen=True)
class Remedy:
    """What a code means; `{...}` are filled in by who finds it. Without a severity it is no finding: all is well."""

    says: str
    remedy: str = ""
    severity: str = ""


# What is decided about a region, see `verdict`.
VERDICTS: Mapping[str, Remedy] = {
    # Nothing to do.
    "home_well": Remedy("{home}'s keystone serves {region}"),
    "stays_local": Remedy("{home}'s keystone is down ({why}), and {region} signs people in by its own"),
    "already_local": Remedy("{region} signs people in by its own keystone already"),
    "already_home": Remedy("{region} signs people in at {home} already"),
    "mode_off": Remedy(
        "{home}'s keystone is down ({why}), and pillar says failover: off for {region}",
        "salt-run regions.failover {region}",
        severity=WARNING,
    ),
    "back_off": Remedy(
        "{home}'s keystone is back, and pillar says failback: off for {region}",
        "salt-run regions.failback {region}",
        severity=INFO,
    ),
    # Moves.
    "home_down": Remedy(
        "{home}'s keystone is down for {region} ({why})",
        "{region} goes over by itself; where it does not, salt-run regions.failover {region}",
        ERROR,
    ),
    "home_back": Remedy("{home}'s keystone has been well for {region} for {limit:g} s, and its rows are all here"),
    "by_hand": Remedy("a person said so"),
    # A person is asked.
    "ask_over": Remedy(
        "{home}'s keystone is down ({why}), and pillar says failover: ask for {region}",
        "salt-run regions.failover {region}",
        severity=ERROR,
    ),
    "ask_back": Remedy(
        "{home}'s keystone has been well for {region} for {limit:g} s, and its rows are all here",
        "salt-run regions.failback {region}",
        severity=INFO,
    ),
    "cap": Remedy(
        "{region} has moved {moves} times within an hour, which is as often as it may by itself; it stays where it is",
        "find out what comes and goes ({why}); then salt-run regions.failover {region}, or regions.failback",
        severity=WARNING,
    ),
    "diverged": Remedy(
        "{region}'s keystone database holds rows that {home} does not have, past the fence",
        "mysql_replication.compare shows them: carry over what is wanted, then seed the region anew:"
        f" mysql_replication.absent there, and on {{home}}'s master {_IDENTITY}",
        severity=ERROR,
    ),
    "nobody": Remedy(
        "neither keystone serves {region}: {home}'s is down ({why}), its own too ({local})",
        "mend the region's own first: see its log, its database and its memcached",
        severity=ERROR,
    ),
    # It is waited.
    "unsure": Remedy("it is not certain yet whether {home}'s keystone serves {region} ({why})"),
    "home_answers": Remedy("{home}'s keystone was held to be down for {region}, and answers again"),
    "no_majority": Remedy(
        "{down} of {controllers} controllers of {region} hold {home}'s keystone to be down ({why}); a majority decides",
        severity=WARNING,
    ),
    "blind": Remedy(
        "no controller of {region} says what it sees of {home}'s keystone",
        "is the beacon keystone_reach configured there, and the minion running? salt-call keystone_reach.seen",
    ),
    "token": Remedy(
        "{home}'s keystone answers, and does not take our token ({why})",
        "mend the account in the openrc file, or in [keystone_authtoken], of the region's controllers",
        severity=WARNING,
    ),
    "local_dead": Remedy(
        "{home}'s keystone is down ({why}), and {region}'s own does not serve either ({local}): it would help nobody",
        "mend the region's own keystone: see its log, its database and its memcached",
        severity=ERROR,
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

# What is wrong with a cloud, see `status.findings`, or with a node, see `alarms.judge`.
FINDINGS: Mapping[str, Remedy] = {
    # Who answers.
    "no_minions": Remedy(
        "this master knows no minion of {region}",
        "give its minions the grain `region` (see `targets` in pillar), and accept their keys",
        ERROR,
    ),
    "own_master": Remedy(
        "this master is {region}'s own: it knows no minion of {others}, and tells nothing of what is there",
        "salt-run regions.status on {home}'s master tells of all regions",
        INFO,
    ),
    "minion_silent": Remedy(
        "{minions} did not answer",
        "is the line whole, and salt-minion running there? On {region}'s own master the same command tells more",
        ERROR,
    ),
    "unread": Remedy(
        "{part} can't be told: {why}", "mend what it says; salt-call -l info regions.facts shows it there", WARNING
    ),
    "clock_apart": Remedy(
        "{what}",
        "set it right, and keep it so with NTP: tokens, revocations and backups are judged by the clock",
        WARNING,
    ),
    "release_unequal": Remedy(
        "{region} has {here}, and {home} {there}",
        "upgrade the older one: a keystone can't serve another release's tables",
        WARNING,
    ),
    # Where identity is.
    "identity_local": Remedy(
        "{region} signs people in by its own keystone since {since} ({reason}; by {by}): nobody can be made or changed",
        "once {home} is well: salt-run regions.failback {region}, on {home}'s master",
        WARNING,
    ),
    "switch_damaged": Remedy(
        "the switch is damaged: {what}",
        "salt-call regions.{verb} there writes it anew from its copy, and moves nothing; then look at the disk",
        ERROR,
    ),
    "services_unfinished": Remedy(
        "services do not follow their switch yet: a move was killed, or failed",
        "salt-call regions.{verb} on that node ends it",
        ERROR,
    ),
    "services_astray": Remedy(
        "this node's switch says {here} (epoch {epoch}), and its region's says {there}",
        "salt-run regions.{verb} {region}",
        ERROR,
    ),
    # Keystones.
    "home_keystone_down": Remedy(
        "{home}'s keystone at {url} does not answer {nodes}: {why}",
        "mend it, or the line to it: see its log, its database and its memcached. Where {region} does not go on by"
        " itself yet: salt-run regions.failover {region}, on its own master",
        ERROR,
    ),
    "own_keystone_down": Remedy(
        "{region}'s own keystone at {url} does not answer {nodes}: {why}",
        "see its log, its database and its memcached: without it {region} can't go on when home is gone",
        ERROR,
    ),
    "sign_in_fails": Remedy(
        "the admin can't sign in at this node's keystone: {why}",
        "see keystone's log, and `openrc: admin` in pillar",
        ERROR,
    ),
    "tokens_stored": Remedy(
        "tokens are kept in {place}: where that can't be written nobody signs in",
        "apply regions.tokens there, then keystone_tokens.verify proves it",
        ERROR,
    ),
    "memcached_silent": Remedy(
        "keystone's memcached {server} does not answer: {why}",
        "start memcached there, or mend the servers that keystone names: up to Newton nobody signs in without it",
        ERROR,
    ),
    "memcached_small": Remedy(
        "keystone's memcached is too small: {what}", "{do}; memcached_pressure.verdict there has the figures", WARNING
    ),
    "memcached_wasteful": Remedy(
        "keystone's memcached has more room than it needs: {what}",
        "{do}; memcached_pressure.verdict there has the figures",
        INFO,
    ),
    "keys_behind": Remedy(
        "keystone's keys here are not {home}'s ({what}): tokens of the one are not valid at the other",
        "on {home}'s master, salt-run state.orchestrate orch.keys",
        ERROR,
    ),
    "keys_fault": Remedy("keys are not as they should be: {what}", "keystone_keys.protect, or .view, there", WARNING),
    # The replica.
    "replica_none": Remedy(
        "{region}'s keystone database is no replica of {home}'s: {region} could not go on by itself",
        f"on {{home}}'s master, {_IDENTITY}",
        WARNING,
    ),
    "replica_stopped": Remedy(
        "the replication of {home}'s identity stands still: {what}",
        "mysql_replication.status there says why; where that loses nothing, this goes on, on {home}'s master:"
        f" {_IDENTITY}",
        ERROR,
    ),
    "replica_link": Remedy(
        "the replication runs otherwise than pillar says: {what}",
        f"on {{home}}'s master, {_IDENTITY}",
        WARNING,
    ),
    "replica_lags": Remedy(
        "the replica is behind: {what}",
        "is the line slow, or the region's server busy? See mysql_replication.status there again",
        WARNING,
    ),
    "replica_passes": Remedy("{what}", "then mysql_replication.compare there shows whether rows differ", ERROR),
    "fence_broken": Remedy(
        "keystone's account may write what is {home}'s alone: {what}",
        "apply regions.replication there (mysql_replication.fence); mysql_replication.compare shows what was written",
        ERROR,
    ),
    "numbers_shared": Remedy(
        "{region}'s own revocations would take {home}'s numbers: {what}",
        "apply regions.replication there (mysql_replication.fence)",
        ERROR,
    ),
    "schema_unequal": Remedy("{what}", "see mysql_replication.status there", ERROR),
    # The catalog.
    "endpoint_missing": Remedy(
        "the catalog has no {interface} endpoint of {type} in {region}",
        "openstack endpoint create --region {region} {type} {interface} URL, at {home}; or keystone_catalog.restore",
        ERROR,
    ),
    "endpoint_silent": Remedy(
        "{type}'s endpoint {url} does not answer: {why}",
        "is its service running there, and the URL right?",
        ERROR,
    ),
    "catalog_stale": Remedy(
        "this node's keystone serves another catalog than its tables hold: {what}",
        "salt-call keystone_catalog.invalidate there",
        WARNING,
    ),
    # Services.
    "service_elsewhere": Remedy(
        "{services} validate tokens at {there}, and the keystone in use is {here}'s",
        "apply regions.services there; oslo_conf.prove proves it",
        ERROR,
    ),
    "reference_elsewhere": Remedy(
        "{places} name the keystone of {there}, and nobody manages them; the one in use is {here}'s",
        "a person's to decide: change it by hand, or declare the option under `projects` in pillar",
        WARNING,
    ),
    "drift": Remedy(
        "{count} options are not as they are to be: {what}",
        "oslo_conf.repoint test=True shows them; apply regions.services there",
        WARNING,
    ),
    # Backups.
    "backup_none": Remedy(
        "there is no backup of {region}'s keystone database", "salt-call keystone_catalog.backup there", WARNING
    ),
    "backup_old": Remedy(
        "the newest backup of {region}'s keystone database is {age} old, and {limit} is the most",
        "salt-call keystone_catalog.backup there, and regularly; or `alarms: backup_days` in pillar",
        WARNING,
    ),
}

REMEDIES: Mapping[str, Remedy] = {**VERDICTS, **FINDINGS}


def of(code: str, where: str, **words: object) -> Finding:
    """A finding, in the words of the table."""
    known = REMEDIES[code]
    return Finding(code, known.severity, where, known.says.format(**words), known.remedy.format(**words))
