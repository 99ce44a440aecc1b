"""
Watch, on any node of a region, whether its services' files still say what they are to say (P7).

.. code-block:: yaml

    beacons:
      regions_drift:
        - interval: 600

Each look reads the files of all services and plans as the state ``regions.services`` would, for the keystone that this
node's switch names; passwords are not compared. It also finds accounts that validate tokens elsewhere, and places that
name another region's keystone and that nobody manages.

What ``openstack_regions:alarms`` of pillar says can be given here for one node: ``times`` and ``remind``. ``interval``
is Salt's, the seconds between two looks, 5 at least. A look goes on beside the minion's work: a call takes a second
at most, and what takes longer is told by the next one.

An event ``salt/beacon/MINION/regions_drift/`` is sent when ``times`` looks in a row say another thing than was held
before; then, while something is wrong, each ``remind`` seconds; else once an hour. Its data:

id
    The minion's id.

well
    Whether nothing is wrong.

codes
    What is wrong, a word each, the worst first: ``service_elsewhere`` (error), ``drift``, ``reference_elsewhere``
    (warnings); or ``unread``, where that could not be told.

findings
    The same at length: of each ``code``, ``severity`` (``error`` or ``warning``), ``where`` (the region),
    ``sentence``, ``remedy`` and ``since``.

figures
    ``at`` (the region whose keystone is in use), ``options`` (how many are not as they are to be).

since, at
    Since when it has been so, and when it was looked at last; in seconds since the epoch, as all times here.

The same lies in ``/run/openstack-regions/alarms`` (``regions_alarms.seen``). Options are named, their values are not.
"""

import time
from functools import partial

from osregions import version
from osregions.alarms import operations
from osregions.alarms.node import here

__virtualname__ = "regions_drift"

_BEACON = operations.Beacon(__virtualname__, part="the configuration of its services", names=("times", "remind"))


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def validate(config):
    """
    Say whether a configuration of this beacon is right, and which key of it is wrong.

    config
        List of dicts, as under ``beacons:regions_drift``.

    Returns a tuple: whether it is, and a sentence. Keys that are not known, numbers that can't be, and an ``interval``
    below 5 are wrong.
    """
    return _BEACON.valid(config)


def beacon(config):
    """
    Look, and say what is held when it is time to.

    config
        List of dicts, as under ``beacons:regions_drift``; see there.

    Returns a list with one event's data, or an empty one.
    """
    node = here(__opts__, __grains__, __pillar__, partial(_BEACON.limits, config))
    if node is None:
        return []
    told = operations.call(_BEACON, node.where, node.drift, node.limits, time.time)
    return [] if told is None else [told]
