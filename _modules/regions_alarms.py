"""
What the beacons of this node hold to be wrong: the replica, keys, the services' files, backups.
"""

from salt.exceptions import CommandExecutionError

from osregions import version
from osregions.alarms import held, telling
from osregions.errors import translated

__virtualname__ = "regions_alarms"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def seen(beacon=None):
    """
    Say what the beacons ``replication_health``, ``keystone_keys_behind``, ``regions_drift`` and ``regions_backup_age``
    of this minion hold, without looking anew.

    CLI Example:

    .. code-block:: bash

        salt '*' regions_alarms.seen
        salt-call regions_alarms.seen replication_health

    beacon
        Text: one of them. Default: all.

    Returns a dict, by beacon: the data of its events (``well``, ``codes``, ``findings``, ``figures``, ``since``,
    ``at``), as the beacon's documentation has it; None for one that has not looked since the boot. Raises
    CommandExecutionError for another name, and when what is kept can't be read.

    Source: ``/run/openstack-regions/alarms``.
    """

    def act():
        names = telling.BEACONS if beacon is None else (telling.beacon(beacon),)
        found = {name: held.read(held.place(name)) for name in names}
        return {name: None if one is None else held.event_data(one) for name, one in found.items()}

    return translated(act, CommandExecutionError)
