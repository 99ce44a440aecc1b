"""
Watch, on the server of a region's keystone database, whether it is a whole and fenced replica of home's (K1, P10).

.. code-block:: yaml

    beacons:
      replication_health:
        - interval: 30

Each look reads the state of the replication, of the fence and of the numbers here; where the replication runs, it asks
home's server what it has, and measures how long that takes to be here. A node of home's has no replica to watch.

What ``openstack_regions:alarms`` of pillar says can be given here for one node: ``lag`` (seconds that the replica may
be behind), ``times`` and ``remind``. ``interval`` is Salt's, the seconds between two looks, 5 at least. A look goes on
beside the minion's work: a call takes a second at most, and what takes longer is told by the next one.

An event ``salt/beacon/MINION/replication_health/`` is sent when ``times`` looks in a row say another thing than was
held before; then, while something is wrong, each ``remind`` seconds; else once an hour. Its data:

id
    The minion's id.

well
    Whether nothing is wrong.

codes
    What is wrong, a word each, the worst first: ``replica_stopped``, ``replica_passes``, ``fence_broken``,
    ``numbers_shared``, ``schema_unequal`` (errors); ``replica_none``, ``replica_link``, ``replica_lags``,
    ``clock_apart`` (warnings); or ``unread``, where that could not be told.

findings
    The same at length: of each ``code``, ``severity`` (``error`` or ``warning``), ``where`` (the region),
    ``sentence``, ``remedy`` and ``since``.

figures
    ``replicates``, ``source``, ``io`` and ``sql`` (the threads), ``received`` and ``position`` (GTIDs), ``lag``
    (seconds; none where it was not measured).

since, at
    Since when it has been so, and when it was looked at last; in seconds since the epoch, as all times here.

The same lies in ``/run/openstack-regions/alarms`` (``regions_alarms.seen``). No password is in it.
"""

import time
from functools import partial

from osregions import version
from osregions.alarms import operations
from osregions.alarms.node import here

__virtualname__ = "replication_health"

_BEACON = operations.Beacon(__virtualname__, part="how the replica is", names=("lag", "times", "remind"))


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def validate(config):
    """
    Say whether a configuration of this beacon is right, and which key of it is wrong.

    config
        List of dicts, as under ``beacons:replication_health``.

    Returns a tuple: whether it is, and a sentence. Keys that are not known, numbers that can't be, and an ``interval``
    below 5 are wrong.
    """
    return _BEACON.valid(config)


def beacon(config):
    """
    Look, and say what is held when it is time to.

    config
        List of dicts, as under ``beacons:replication_health``; see there.

    Returns a list with one event's data, or an empty one, as on a node of home's.
    """
    node = here(__opts__, __grains__, __pillar__, partial(_BEACON.limits, config), __salt__["sdb.get"])
    if node is None or node.own.region == node.where.home:
        return []
    told = operations.call(_BEACON, node.where, node.replica, node.limits, time.time)
    return [] if told is None else [told]
