"""What the errors of a replication mean to an operator, and what to do about each."""

from __future__ import annotations

from osregions.errors import RegionsError

SEED = (
    "seed this region anew: mysql_replication.absent here, then, on home's master and by this region's name, `salt-run"
    """ state.orchestrate orch.identity pillar='{"openstack_regions": {"join": "REGION"}}'`"""
)
# By the name of our connection, see `dialect`.
_START = (
    "`START SLAVE 'openstack_regions'` on this server (MySQL: `START REPLICA FOR CHANNEL 'openstack_regions'`; before"
    " 8.0.22 `START SLAVE`)"
)
_COMPARE = (
    "somebody wrote here: run mysql_replication.compare to see what else differs, and make at home what is to stay;"
    f" then {SEED}"
)

# By number; for 1236, which says many things, by a part of its text as well. The first that fits is taken.
_MEANINGS: tuple[tuple[int, str, str, str], ...] = (
    (1032, "", "home changed or deleted a row that is not here", _COMPARE),
    (1062, "", "home wrote a row whose key is taken here by another row", _COMPARE),
    (1236, "more GTIDs than", "home has gone back: it was restored, and lacks what this region has", SEED),
    (1236, "not in the master's binlog", "home has gone back, or its binary logs were reset", SEED),
    (1236, "purged", "home no longer has the binary logs that this region still needs", SEED),
    (1236, "too old", "home no longer has the binary logs that this region still needs", SEED),
    (1236, "Could not find first log file", "home's binary logs were deleted or reset", SEED),
    (1236, "server_uuid/server_id", "another replica has this server's id", "give each server a server_id of its own"),
    (1236, "binary logging is not enabled", "home writes no binary log", "set log_bin at home and restart its server"),
    (1236, "max_allowed_packet", "a change of home's is larger than may be sent", "raise max_allowed_packet on both"),
    (1236, "", "home can't send what this region asks for", f"read the error's text; if it names positions, {SEED}"),
    (
        1045,
        "",
        "home refuses the replication account's password",
        "run orch.identity on home's master for this region: it sets the password on both",
    ),
    (1044, "", "the replication account may not replicate", "grant it REPLICATION SLAVE at home"),
    (1227, "", "the replication account may not replicate", "grant it REPLICATION SLAVE at home"),
    (1130, "", "home lets no account in from this address", "bind the replication account to this region's addresses"),
    (1129, "", "home has blocked this address after too many failures", "run FLUSH HOSTS at home"),
    (1040, "", "home has no connections left", "raise max_connections at home, or look who holds them"),
    (2002, "", "home's server can't be reached", "is it running, and the line up? It is tried again by itself"),
    (2003, "", "home's server can't be reached", "is it running, and the line up? It is tried again by itself"),
    (2005, "", "home's name is not known here", "mend the name, or name its address"),
    (2013, "", "the connection to home was lost", "is the line up? It is tried again by itself"),
    (2026, "", "home and this region agree on no encryption", "mend the certificates of the replication's TLS"),
    (1593, "", "both servers have the same server_id, or the same uuid", "give each one its own (auto.cnf on MySQL)"),
    (1594, "", "a relay log is damaged", f"{_START}, after the same with STOP: by GTID, it fetches them anew"),
    (1595, "", "a relay log can't be written", "make room on this server's disk"),
    (1872, "", "what this server noted of its replication is damaged", SEED),
    (1950, "", "something was written here under home's own domain of GTIDs", "give each server its gtid_domain_id"),
    (1146, "", "a table of home's is not here", f"the schemas differ: run compare, then {SEED}"),
    (1054, "", "a column of home's is not here", f"the schemas differ: run compare, then {SEED}"),
    (
        1677,
        "",
        "a column has another type here than at home",
        f"the schemas differ: upgrade keystone on both, then {SEED}",
    ),
    (
        1535,
        "",
        "a table has other columns here than at home",
        f"the schemas differ: upgrade keystone on both, then {SEED}",
    ),
    (1451, "", "home deleted what a row of this region refers to", _COMPARE),
    (1452, "", "home wrote a row that refers to one that is not here", _COMPARE),
    (1290, "", "this server is read-only even to its replication", "look at read_only and super_read_only"),
    (1114, "", "a table is full here: is the disk?", f"make room on this server's disk, then {_START}"),
    (
        1205,
        "",
        "rows stayed locked by a session of this server",
        f"look at SHOW PROCESSLIST, then {_START}",
    ),
)


class Stopped(RegionsError):
    """Replication stands still, and nothing here may make it go on by itself."""

    def __init__(self, problem: str, where: str = "", remedy: str = "", number: int = 0) -> None:
        super().__init__(problem, where, remedy)
        self.number = number


def meaning(number: int, text: str = "") -> tuple[str, str]:
    """What an error of a replication's threads means, and what to do about it."""
    for code, part, sentence, remedy in _MEANINGS:
        if code == number and part.lower() in text.lower():
            return sentence, remedy
    return f"replication stopped with error {number}", f"read the server's text, mend the cause, then {_START}"
