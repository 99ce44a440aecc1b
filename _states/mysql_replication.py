"""
States of the replication of home's keystone database (P10): home lets itself be read, a region is its replica.

Each looks first, and under ``test=True`` shows the very changes that a real run makes.
"""

from salt.exceptions import CommandExecutionError

from osregions import state_return, version

__virtualname__ = "mysql_replication"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def primary(name, database=None):
    """
    The other regions' servers may read home's log: an account each, bound to its addresses, with the least rights.

    .. code-block:: yaml

        home's keystone can be replicated:
          mysql_replication.primary: []

    name
        Text: free to choose.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Fails where ``mysql_replication.primary``, the function, raises. Undone by ``mysql_replication.primary_absent``.

    Source: see ``mysql_replication.primary``.
    """
    return _state(name, lambda test: __salt__["mysql_replication.primary"](database=database, test=test))


def primary_absent(name, database=None):
    """
    No other region has an account at home's server.

    .. code-block:: yaml

        nobody replicates home:
          mysql_replication.primary_absent: []

    name
        Text: free to choose.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Source: see ``mysql_replication.primary_absent``.
    """
    return _state(name, lambda test: __salt__["mysql_replication.primary_absent"](database=database, test=test))


def replica(name, database=None, region=None, discard=False):
    """
    This region's keystone database is a replica of home's: fenced, seeded where it never was, and replication runs.

    .. code-block:: yaml

        home's identity is here:
          mysql_replication.replica:
            - discard: false

    name
        Text: free to choose.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    discard
        Whether what home lacks may go. Default: False, which refuses to lose anybody's project, user, role or
        assignment. The old database is kept in any case.

    Fails, with nothing changed, with everything that stands in the way. Undone by ``mysql_replication.absent`` and
    ``mysql_replication.restore``.

    Source: see ``mysql_replication.replica``.
    """
    return _state(
        name,
        lambda test: __salt__["mysql_replication.replica"](
            database=database, region=region, discard=discard, test=test
        ),
    )


def fenced(name, database=None, region=None):
    """
    Keystone reads everything in the replica and writes its bookkeeping alone, under this region's own numbers.

    .. code-block:: yaml

        identity can't be written here:
          mysql_replication.fenced: []

    name
        Text: free to choose.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    Part of ``replica`` already; by itself it keeps the fence up while replication is looked after by hand. Undone by
    the function ``mysql_replication.unfence``.

    Source: see ``mysql_replication.fence``.
    """
    return _state(name, lambda test: __salt__["mysql_replication.fence"](database=database, region=region, test=test))


def unfenced(name, database=None):
    """
    Keystone's account can do what it could before the fence.

    .. code-block:: yaml

        identity can be written here:
          mysql_replication.unfenced: []

    name
        Text: free to choose.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Source: see ``mysql_replication.unfence``.
    """
    return _state(name, lambda test: __salt__["mysql_replication.unfence"](database=database, test=test))


def absent(name, database=None):
    """
    This region's server replicates home's keystone no longer; the rows stay.

    .. code-block:: yaml

        home is not replicated here:
          mysql_replication.absent: []

    name
        Text: free to choose.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Source: see ``mysql_replication.absent``.
    """
    return _state(name, lambda test: __salt__["mysql_replication.absent"](database=database, test=test))


def _state(name, act):
    return state_return.of(name, act, __opts__["test"], CommandExecutionError)
