"""The faults that a status tells, each by the code of its finding: made in the lab, and taken back."""

from __future__ import annotations

import contextlib

from tests.lab import cloud, failing
from tests.lab.failing import HOME, MEMBER, NODE

SWITCH = "/var/lib/openstack-regions/switch"
_OWN_FILE = "/etc/own-application.yaml"
_PLACEMENT = "/etc/placement/placement.conf"
_BACKUPS = "/var/backups/openstack-regions/database"
_NO_LOG = "SET sql_log_bin = 0; "
_ACCOUNTS = "SELECT CONCAT(user, '@''', host, '''') FROM mysql.user WHERE user = 'keystone'"
_CHANNEL = "'openstack_regions'"
_DELAY = f"STOP SLAVE {_CHANNEL}; CHANGE MASTER {_CHANNEL} TO MASTER_DELAY = %d; START SLAVE {_CHANNEL}"
_ADMIN = ". /root/keystonerc_admin; openstack endpoint"


def sql(lab, host, *statements):
    """The lines that these statements print."""
    return lab.exec(host, "mariadb", "-N", "keystone", input="; ".join(statements)).stdout.splitlines()


def _fault(function):
    """A fault of a generator: what follows its `yield` is done whatever comes between."""

    @contextlib.contextmanager
    def made(lab):
        steps = function(lab)
        next(steps)
        try:
            yield
        finally:
            next(steps, None)

    return made


def _sh(host, break_it, mend_it):
    """A fault that a shell script makes, and another takes back."""

    @_fault
    def fault(lab):
        lab.shell(host, break_it)
        yield
        lab.shell(host, mend_it)

    return fault


def _unit(host, name):
    return _sh(host, f"systemctl stop {name}", f"systemctl start {name}")


@_fault
def stopped(lab):
    sql(lab, MEMBER, "STOP ALL SLAVES")
    yield
    sql(lab, MEMBER, "START ALL SLAVES")


@_fault
def pruned(lab):
    """Both sides pruned an expired revocation: the replication stops at the second deletion, and loses nothing."""
    one = "revocation_event WHERE audit_id = 'pruned'"
    there = "(issued_before, revoked_at, audit_id) VALUES ('2020-01-01', '2020-01-01', 'pruned')"
    sql(lab, HOME, f"INSERT INTO revocation_event {there}")
    failing.until(lambda: sql(lab, MEMBER, f"SELECT COUNT(*) FROM {one}") == ["1"], "the revocation", 30)
    sql(lab, MEMBER, f"{_NO_LOG}DELETE FROM {one}")
    sql(lab, HOME, f"DELETE FROM {one}")
    yield
    cloud.orchestrate(lab, "orch.identity")


@_fault
def lagging(lab):
    sql(lab, MEMBER, _DELAY % 3600)
    # It says that it is of ten minutes ago: the replica need not be left behind for longer than it may be.
    change = "UPDATE region SET description = 'late' WHERE id = 'RegionTwo'"
    sql(lab, HOME, f"SET timestamp = UNIX_TIMESTAMP() - 600; {change}")
    yield
    sql(lab, MEMBER, _DELAY % 0)


@_fault
def fence(lab):
    sql(lab, MEMBER, *(f"GRANT INSERT ON keystone.project TO {one}" for one in sql(lab, MEMBER, _ACCOUNTS)))
    yield
    lab.exec(MEMBER, "salt-call", "mysql_replication.fence")


@_fault
def _numbers(lab):
    sql(lab, MEMBER, f"{_NO_LOG}ALTER TABLE revocation_event AUTO_INCREMENT = 5")
    yield
    lab.exec(MEMBER, "salt-call", "mysql_replication.fence")


@_fault
def _schema(lab):
    """Somebody ran db_sync here."""
    sql(lab, MEMBER, f"{_NO_LOG}INSERT INTO alembic_version VALUES ('another')")
    yield
    sql(lab, MEMBER, f"{_NO_LOG}DELETE FROM alembic_version WHERE version_num = 'another'")


@_fault
def keys(lab):
    lab.shell(MEMBER, "head -c 32 /dev/urandom | base64 | tr '+/' '-_' >/etc/keystone/fernet-keys/1")
    yield
    cloud.orchestrate(lab, "orch.keys")


@_fault
def _endpoint(lab):
    """An administrator deletes one, and makes it anew."""
    (one,) = [
        row
        for row in cloud.endpoints(lab)
        if (row["Region"], row["Service Type"], row["Interface"]) == ("RegionTwo", "image", "public")
    ]
    lab.shell(HOME, f"{_ADMIN} delete {one['ID']}")
    yield
    lab.shell(HOME, f"{_ADMIN} create --region RegionTwo image public {one['URL']}")
    # What is replicated tells no cache: for ten minutes RegionTwo's would be found stale, and rightly.
    lab.exec(MEMBER, "salt-call", "keystone_catalog.invalidate")


@_fault
def _catalog(lab):
    """A row is changed behind keystone's back."""
    change = "UPDATE endpoint SET url = CONCAT(url, '/') WHERE region_id = 'RegionOne' AND interface = 'admin'"
    sql(lab, HOME, change)
    yield
    sql(lab, HOME, "UPDATE endpoint SET url = TRIM(TRAILING '/' FROM url)")


@_fault
def _elsewhere(lab):
    lab.shell(NODE, f"sed -i 's#^auth_url *=.*#auth_url = {failing.SELF[NODE]}#' {_PLACEMENT}")
    yield
    cloud.applied(lab, NODE, "regions.services")


backups_gone = _sh(HOME, f"mv {_BACKUPS} /root/kept", f"rm -rf {_BACKUPS}; mv /root/kept {_BACKUPS}")
FAULTS = {
    "home_keystone_down": _unit(HOME, "keystone"),
    "own_keystone_down": _unit(MEMBER, "keystone"),
    "replica_stopped": stopped,
    "replica_lags": lagging,
    "fence_broken": fence,
    "numbers_shared": _numbers,
    "schema_unequal": _schema,
    "memcached_silent": _unit(MEMBER, "memcached"),
    "keys_behind": keys,
    "endpoint_missing": _endpoint,
    "endpoint_silent": _unit(MEMBER, "glance-api"),
    "catalog_stale": _catalog,
    "sign_in_fails": _sh(
        MEMBER,
        "cp -p /root/keystonerc_admin /root/kept; sed -i 's/^export OS_PASSWORD=.*/export OS_PASSWORD=wrong/'"
        " /root/keystonerc_admin",
        "mv /root/kept /root/keystonerc_admin",
    ),
    "service_elsewhere": _elsewhere,
    "reference_elsewhere": _sh(NODE, f"echo 'identity: {failing.SELF[NODE]}/v3' >{_OWN_FILE}", f"rm {_OWN_FILE}"),
    "backup_none": backups_gone,
    "minion_silent": _unit(NODE, "salt-minion"),
}
# These can be seen side by side: none of a group hides another of it.
TOGETHER = (
    ("fence_broken", "numbers_shared", "schema_unequal", "memcached_silent", "catalog_stale", "service_elsewhere"),
    ("replica_lags", "keys_behind", "reference_elsewhere", "sign_in_fails", "backup_none"),
    # What is deleted by keystone's own API ends what its cache holds, and a stale catalog with it.
    ("endpoint_missing", "endpoint_silent", "minion_silent"),
    ("replica_stopped", "own_keystone_down"),
    ("home_keystone_down",),
)
assert sorted(code for group in TOGETHER for code in group) == sorted(FAULTS)
