"""
Watch, on a keystone node, whether its fernet keys are home's, and as they should be.

.. code-block:: yaml

    beacons:
      keystone_keys_behind:
        - interval: 60

Three things tell that they are behind: the note of what home gave last, home's credentials, which say by which key
they were encrypted, and a token of home's that the region's own keystone does not take, which the beacon
``keystone_reach`` sees. On a node of home's only faults are looked for: a rotation that broke off, a file that is no
key, owner and modes.

What ``openstack_regions:alarms`` of pillar says can be given here for one node: ``times`` and ``remind``. ``interval``
is Salt's, the seconds between two looks, 5 at least. A look goes on beside the minion's work: a call takes a second at
most, and what takes longer is told by the next one.

An event ``salt/beacon/MINION/keystone_keys_behind/`` is sent when ``times`` looks in a row say another thing than was
held before; then, while something is wrong, each ``remind`` seconds; else once an hour. Its data:

id
    The minion's id.

well
    Whether nothing is wrong.

codes
    What is wrong, a word each, the worst first: ``keys_behind`` (error), ``keys_fault`` (warning); or ``unread``,
    where that could not be told.

findings
    The same at length: of each ``code``, ``severity`` (``error`` or ``warning``), ``where`` (the region),
    ``sentence``, ``remedy`` and ``since``.

figures
    The beginning of the digest of each kind of keys.

since, at
    Since when it has been so, and when it was looked at last; in seconds since the epoch, as all times here.

The same lies in ``/run/openstack-regions/alarms`` (``regions_alarms.seen``). No key is in it.
"""

import time
from functools import partial

from osregions import version
from osregions.alarms import operations
from osregions.alarms.node import here

__virtualname__ = "keystone_keys_behind"

_BEACON = operations.Beacon(__virtualname__, part="which keys keystone has", names=("times", "remind"))


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def validate(config):
    """
    Say whether a configuration of this beacon is right, and which key of it is wrong.

    config
        List of dicts, as under ``beacons:keystone_keys_behind``.

    Returns a tuple: whether it is, and a sentence. Keys that are not known, numbers that can't be, and an ``interval``
    below 5 are wrong.
    """
    return _BEACON.valid(config)


def beacon(config):
    """
    Look, and say what is held when it is time to.

    config
        List of dicts, as under ``beacons:keystone_keys_behind``; see there.

    Returns a list with one event's data, or an empty one.
    """
    node = here(__opts__, __grains__, __pillar__, partial(_BEACON.limits, config))
    if node is None:
        return []
    told = operations.call(_BEACON, node.where, node.keys, node.limits, time.time)
    return [] if told is None else [told]
