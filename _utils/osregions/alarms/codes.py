"""Every alarm by its code: what it says, how bad it is, and what an operator can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from osregions.model import Finding

WARNING, ERROR = "warning", "error"
SEVERITIES = (WARNING, ERROR)  # the worst one last


@dataclass(frozen=True)
class Remedy:
    """What a code means; `{...}` are filled in by who finds it."""

    says: str
    remedy: str
    severity: str


ALARMS: Mapping[str, Remedy] = {
    "unread": Remedy("{part} can't be told: {why}", "mend what it says; the minion's log may say more", WARNING),
    # The replica.
    "replica_none": Remedy(
        "{region}'s keystone database is no replica of {home}'s: {region} could not go on by itself",
        "on {home}'s master, salt-run state.orchestrate orch.identity",
        WARNING,
    ),
    "replica_stopped": Remedy(
        "the replication of {home}'s identity stands still: {what}",
        "mysql_replication.status there says why; mysql_replication.resume goes on where that loses nothing",
        ERROR,
    ),
    "replica_link": Remedy(
        "the replication runs otherwise than pillar says: {what}",
        "on {home}'s master, salt-run state.orchestrate orch.identity",
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
        "mysql_replication.fence there; then mysql_replication.compare shows what was written",
        ERROR,
    ),
    "numbers_shared": Remedy(
        "{region}'s own revocations would take {home}'s numbers: {what}", "mysql_replication.fence there", ERROR
    ),
    "schema_unequal": Remedy("{what}", "see mysql_replication.status there", ERROR),
    "clock_apart": Remedy(
        "{what}",
        "set it right, and keep it so with NTP: tokens, revocations and backups are judged by the clock",
        WARNING,
    ),
    # Keys.
    "keys_behind": Remedy(
        "keystone's keys here are not {home}'s ({what}): tokens of the one are not valid at the other",
        "on {home}'s master, salt-run state.orchestrate orch.keys",
        ERROR,
    ),
    "keys_fault": Remedy("keys are not as they should be: {what}", "keystone_keys.protect, or .view, there", WARNING),
    # The configuration of services.
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
        "there is no backup of {region}'s keystone database here", "salt-call keystone_catalog.backup there", WARNING
    ),
    "backup_old": Remedy(
        "the newest backup of {region}'s keystone database here is {age} old, and {limit} is the most",
        "salt-call keystone_catalog.backup there, and regularly; or `alarms: backup_days` in pillar",
        WARNING,
    ),
}


def of(code: str, where: str, **words: object) -> Finding:
    """A finding, in the words of the table."""
    known = ALARMS[code]
    return Finding(code, known.severity, where, known.says.format(**words), known.remedy.format(**words))
