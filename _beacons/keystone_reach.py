"""
Watch, from a controller of a region, whether home's keystone still serves it, and go on saying so while it does not.

.. code-block:: yaml

    beacons:
      keystone_reach:
        - interval: 1

Each look is a token validated, by a connection of its own, at home's keystone and at the region's own. The looks go on
beside the minion's work, at the pace that pillar names (``openstack_regions:failover``), and what they show is told at
once when it changes; the beacon itself takes no time. ``interval`` is Salt's, the seconds between two of its calls. The
other numbers of ``openstack_regions:failover`` can be given here for one node. A node of home watches nobody.

An event ``salt/beacon/MINION/keystone_reach/`` is sent when a keystone comes to be held for another thing than before;
then, while one of the two is not up or services are still to follow the switch, each 5 seconds; else once a minute.
Its data:

id, minion
    The minion's id.

region, home_region
    Its region, and the one whose keystone it uses.

at
    When that was seen, in seconds since the epoch, as all times here.

state
    What is held of home's keystone: ``up``, ``down`` or ``unsure``.

home, local
    What is seen of home's keystone, and of the region's own. ``state``: as above. ``kind``: of the newest look, ``ok``,
    ``slow``, ``refused``, ``unreachable``, ``silent``, ``server_error``, ``name`` (not resolved), ``tls``, ``wrong``
    (answered, but not as a keystone does), ``unauthorized`` (the token was not taken) or ``unseen``. ``detail``: that
    in words. ``seconds``: what the newest look took. ``since``: when it came to be held so. ``count``: looks in a row
    that were good, or that were not. ``failing``: when the first look began that failed since the last good one.
    ``good``: when it last did its work.

keys
    Whether the region's own keystone has taken a token that home's had issued.

problem
    Why there is no token to ask about, if there is none.

switch
    ``identity`` (``home`` or ``local``), ``epoch`` (how often it was moved), ``unfinished`` (whether services are still
    to follow it).

The same lies in ``/run/openstack-regions/reach.json`` (``keystone_reach.seen``). No token and no password is in it.
"""

import json
import logging
import time

import salt.utils.event

from osregions import beacon_config, version
from osregions import settings as settings_of
from osregions.errors import RegionsError
from osregions.reach import limits, snapshot, switch, watch, wish
from osregions.reach import sight as sight_of
from osregions.reach.holder import Holder
from osregions.tokens import sockets

log = logging.getLogger(__name__)

__virtualname__ = "keystone_reach"

_OURS = tuple(name for name in limits.NAMES if name != "interval")
_PRESSING, _CALM = 5, 60  # seconds between two events while something is wrong, and else
_PATIENCE = 5  # times that pillar is asked for: a minion may have none
_asked = watch.ASKED
_told = {}  # when an event was last made by a call, by the beacon's name


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def validate(config):
    """
    Say whether a configuration of this beacon is right, and which key of it is wrong.

    config
        List of dicts, as under ``beacons:keystone_reach``.

    Returns a tuple: whether it is, and a sentence. Keys that are not known, an ``interval`` of 0 or below the
    ``timeout`` of one look, and numbers that can't go together are wrong.
    """
    try:
        _checked(config)
    except RegionsError as err:
        return False, str(err)
    return True, "Valid beacon configuration"


def beacon(config):
    """
    Go on watching, and say what is seen when it is time to.

    config
        List of dicts, as under ``beacons:keystone_reach``; see there.

    Returns a list with one event's data, or an empty one; what changes is told in between, without waiting for a call.
    """
    given = _checked(config)
    name = given.get("_beacon_name") or __virtualname__
    _ask_for_pillar(name)
    running = _watch(name, given)
    if running is None:
        return []
    sight = running.sight()
    calm = sight.home.state == sight.local.state == "up" and not switch.unfinished()
    now = time.monotonic()
    if name in _told and now - _told[name] < (_CALM if calm else _PRESSING):
        return []
    _told[name] = now
    return [event_data(sight)]


def event_data(sight):
    """
    Make an event's data of what is seen.

    sight
        What a controller sees, as ``osregions.reach.sight`` has it.

    Returns a dict, as the top of this module describes it.
    """
    try:
        reading = switch.read(sight.region).switch
        moved = {"identity": reading.identity, "epoch": reading.epoch, "unfinished": switch.unfinished()}
    except RegionsError as err:
        moved = {"identity": None, "epoch": None, "unfinished": False, "problem": str(err)}
    return {**sight_of.to_data(sight), "state": sight.home.state, "switch": moved}


def _checked(config):
    where = f"beacons:{__virtualname__}"
    given = beacon_config.read(config, where, _OURS, limits.number)
    timeout = given.get("timeout", limits.Limits.timeout)
    if "interval" in given:
        interval = given["interval"]
        number = isinstance(interval, (int, float)) and not isinstance(interval, bool)
        if not number or interval <= 0 or interval < timeout:
            raise RegionsError(
                f"an interval of {interval!r} can't be",
                f"{where}:interval",
                f"write seconds, no fewer than a look may take (timeout: {timeout:g})",
            )
    limits.read({name: given[name] for name in _OURS if name in given}, where)
    return given


def _ask_for_pillar(name):
    """Have the minion load its beacons anew, where this one was loaded before a master gave it pillar.

    With ``beacons_before_connect`` it was, and the minion does not tell its beacons when pillar comes.
    """
    asked, count = _asked.get(name, (0.0, 0))
    now = time.monotonic()
    if __pillar__ or count >= _PATIENCE or now - asked < _PRESSING:
        return
    if sockets.connected(int(__opts__.get("publish_port") or 4505)):
        _asked[name] = (now, count + 1)
        with salt.utils.event.get_event("minion", opts=dict(__opts__), listen=False) as bus:
            bus.fire_event({}, "beacons_refresh")


def _watch(name, given):
    """The watch of this process, which is kept while what it watches is the same; None where there is none to keep."""
    numbers = {key: given[key] for key in _OURS if key in given}
    ours = snapshot.pillar(__pillar__).get(settings_of.PILLAR)
    pillar = {settings_of.PILLAR: ours}  # Salt's own mapping is empty in another thread, such as signs in
    key = json.dumps([ours, numbers, __grains__.get("region")], sort_keys=True, default=str)
    kept = watch.KEPT.get(name)
    if kept is not None and kept[0] == key and (kept[1] is None or kept[1].running):
        if kept[1] is not None:
            kept[1].renew()
        return kept[1]
    if kept is not None and kept[1] is not None:
        kept[1].stop()
    wanted = None
    try:
        settings = settings_of.read(ours)
        if snapshot.whole(__pillar__):
            # The engine has the pillar of its own start, and on a bad day there is no master to give another.
            snapshot.write(__grains__.get("region") or "", __pillar__)
        wanted = wish.wish(settings, __grains__.get("region"), __opts__["id"], numbers, f"beacons:{__virtualname__}")
    except RegionsError as err:
        log.error("The beacon keystone_reach watches nothing: %s", err)
    if wanted is None:
        watch.KEPT[name] = (key, None)
        return None
    running = watch.Watch(wanted, Holder(lambda: wish.accounts(pillar, settings)), _teller(name))
    if kept is not None and kept[1] is not None and kept[1].same_keystones(wanted):
        running.inherit(kept[1])
    running.start()
    watch.KEPT[name] = (key, running)
    return running


def _teller(name):
    """What a watch does with what it sees: keep it for who asks, and send it at once when it has changed."""
    opts = dict(__opts__)  # the loader's own is not there in another thread

    def tell(sight, changed):
        sight_of.write(sight)
        if not changed:
            return
        one = {
            "tag": f"salt/beacon/{opts['id']}/{name}/",
            "data": {**event_data(sight), "id": opts["id"]},
            "beacon_name": __virtualname__,
        }
        with salt.utils.event.get_event("minion", opts=opts, listen=False) as bus:
            bus.fire_event({"beacons": [one]}, "__beacons_return")

    return tell
