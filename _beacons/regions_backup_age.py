"""
Watch, on a keystone node of home's, whether there is a backup of keystone's database that is new enough (P3).

.. code-block:: yaml

    beacons:
      regions_backup_age:
        - interval: 3600

Only home has rows of its own: the others' are its. Where home has several keystone nodes it belongs on those that keep
backups.

What ``openstack_regions:alarms`` of pillar says can be given here for one node: ``backup_days`` (how old the newest
may be), ``times`` and ``remind``. ``interval`` is Salt's, the seconds between two looks, 5 at least. A look goes on
beside the minion's work: a call takes a second at most, and what takes longer is told by the next one.

An event ``salt/beacon/MINION/regions_backup_age/`` is sent when ``times`` looks in a row say another thing than was
held before; then, while something is wrong, each ``remind`` seconds; else once an hour. Its data:

id
    The minion's id.

well
    Whether nothing is wrong.

codes
    What is wrong, a word each, the worst first: ``backup_none``, ``backup_old`` (warnings); or ``unread``, where that
    could not be told.

findings
    The same at length: of each ``code``, ``severity`` (``error`` or ``warning``), ``where`` (the region),
    ``sentence``, ``remedy`` and ``since``.

figures
    ``count``, ``newest`` (when it was made), ``age`` (seconds).

since, at
    Since when it has been so, and when it was looked at last; in seconds since the epoch, as all times here.

The same lies in ``/run/openstack-regions/alarms`` (``regions_alarms.seen``). No row of a backup is in it.
"""

import time
from functools import partial

from osregions import version
from osregions.alarms import operations
from osregions.alarms.node import here

__virtualname__ = "regions_backup_age"

_BEACON = operations.Beacon(__virtualname__, part="which backups there are", names=("backup_days", "times", "remind"))


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def validate(config):
    """
    Say whether a configuration of this beacon is right, and which key of it is wrong.

    config
        List of dicts, as under ``beacons:regions_backup_age``.

    Returns a tuple: whether it is, and a sentence. Keys that are not known, numbers that can't be, and an ``interval``
    below 5 are wrong.
    """
    return _BEACON.valid(config)


def beacon(config):
    """
    Look, and say what is held when it is time to.

    config
        List of dicts, as under ``beacons:regions_backup_age``; see there.

    Returns a list with one event's data, or an empty one, as on a node of another region.
    """
    node = here(__opts__, __grains__, __pillar__, partial(_BEACON.limits, config))
    if node is None or node.own.region != node.where.home:
        return []
    told = operations.call(_BEACON, node.where, node.backups, node.limits, time.time)
    return [] if told is None else [told]
