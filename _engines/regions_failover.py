"""
Fail a node over by itself, when home's keystone is gone and no master does it.

.. code-block:: yaml

    engines:
      - regions_failover: {}

It runs on the minions of a region that watch home's keystone by the beacon ``keystone_reach``, needs no master, and
calls ``regions.failover`` of its own node. Where the minion is connected with a master it leaves that
``openstack_regions:failover:grace`` seconds to act first. What its beacon sees is decided upon as the master would;
modes, minimum stay and cap are kept. It never fails back, but ends what a kill left half done.
"""

import logging
import time

import salt.utils.event

from osregions import version
from osregions.reach import snapshot, verdict
from osregions.reach.mind import Hands, Mind
from osregions.tokens import sockets

log = logging.getLogger(__name__)

__virtualname__ = "regions_failover"

_TAG = "__beacons_return"
_BEACON = "keystone_reach"
_SECOND = 1.0


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def start():
    """
    Listen to the minion's own beacon, decide, and act, until the minion ends.

    Takes no arguments: its numbers are pillar's, ``openstack_regions:failover``. Never returns.
    """
    mind = Mind(__opts__["id"], Hands(_fail_over, _fail_back, _tell, _connected), lambda: snapshot.pillar(__pillar__))
    said = ""
    while True:
        try:
            with salt.utils.event.get_event("minion", opts=__opts__, listen=True) as bus:
                while True:
                    _wait(bus)
                    mind.think()
                    if mind.problem != said:
                        said = mind.problem
                        if said:
                            log.error("regions_failover: %s", said)
        except Exception:  # the bus is gone for a moment, or said what nobody understands: without us nobody acts
            log.exception("regions_failover: listening failed")
            time.sleep(_SECOND)


def _wait(bus):
    """Wait for an event of the beacon's, whatever it says, or for a second."""
    until = time.monotonic() + _SECOND
    while (left := until - time.monotonic()) > 0:
        event = bus.get_event(wait=left, tag=_TAG, match_type="startswith")
        if event is None or _ours(event):
            return


def _ours(event):
    beacons = event.get("beacons") if isinstance(event, dict) else None
    return any(
        isinstance(one, dict) and one.get("beacon_name") == _BEACON
        for one in (beacons if isinstance(beacons, list) else ())
    )


def _fail_over(**named):
    return _act("regions.failover", named)


def _fail_back(**named):
    return _act("regions.failback", named)


def _act(function, named):
    log.warning("regions_failover: %s, for %s", function, named.get("reason"))
    found = __salt__[function](**named)
    log.log(logging.INFO if found.get("ok") else logging.ERROR, "regions_failover: %s", found.get("comment"))
    return found


def _tell(found, region):
    loud = found.moves or found.action in (verdict.ASKS, verdict.REFUSE) or found.code == "local_dead"
    log.log(logging.WARNING if loud else logging.INFO, "regions_failover: %s %s", found.action, found.text)
    if loud:
        data = {"action": found.action, "code": found.code, "reason": found.reason, "remedy": found.remedy}
        __salt__["event.send"](f"openstack_regions/verdict/{region}", data)


def _connected():
    return sockets.connected(int(__opts__.get("publish_port") or 4505))
