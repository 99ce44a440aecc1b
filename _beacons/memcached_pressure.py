"""
Watch, on a keystone node, whether its memcached has the size that it needs, and say so when that changes (M1).

.. code-block:: yaml

    beacons:
      memcached_pressure:
        - interval: 60

Each call reads memcached's statistics and compares them with those of ``window`` seconds before. What
``openstack_regions:pressure`` of pillar says can be given here for one node: ``window``, ``times``, ``remind``,
``settled``, ``live``, ``missed``. ``interval`` is Salt's, the seconds between two calls. A node without memcached has
nothing to watch.

An event ``salt/beacon/MINION/memcached_pressure/`` is sent when ``times`` looks in a row say another thing than was
held before; then, while memcached is too small or does not answer, each ``remind`` seconds; else once a day. Its data:

id
    The minion's id.

verdict
    What is held: ``too small``, ``fine``, ``wasteful``, or ``unknown`` (it does not answer).

code, sentence, remedy
    Why, in a word and in words, and what to do about it.

size, proposed
    The megabytes that it may hold, and those that it should; none where its size is to stay.

figures
    What that rests on: ``per_second`` of each counter, ``hit_rate``, ``misses_of_live_keys``, ``missed_for_room``,
    ``evicted_time``, ``held`` and ``limit`` (bytes), ``refused`` (connections) and others, over ``seconds``.

since, at
    Since when it is held, and when it was seen last, in seconds since the epoch.

The same lies in ``/run/openstack-regions/pressure.json`` (``memcached_pressure.seen``). No key, value or token of what
memcached holds is in it.
"""

import logging
import os
import time

from osregions import beacon_config, keystone_node, version
from osregions import settings as settings_of
from osregions.errors import RegionsError
from osregions.pressure import limits, machine, operations, reading, use, verdict, watch

log = logging.getLogger(__name__)

__virtualname__ = "memcached_pressure"

_TIMEOUT = 1  # seconds for memcached to answer: the minion waits meanwhile
_kept = {}  # what is held, by this process
_uses = {}  # what keystone keeps there, by its files as they were


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def validate(config):
    """
    Say whether a configuration of this beacon is right, and which key of it is wrong.

    config
        List of dicts, as under ``beacons:memcached_pressure``.

    Returns a tuple: whether it is, and a sentence. Keys that are not known, numbers that can't be, and an ``interval``
    that is no time or longer than the ``window`` are wrong.
    """
    try:
        _checked(config, {})
    except RegionsError as err:
        return False, str(err)
    return True, "Valid beacon configuration"


def beacon(config):
    """
    Look at memcached once more, and say what is held when it is time to.

    config
        List of dicts, as under ``beacons:memcached_pressure``; see there.

    Returns a list with one event's data, or an empty one.
    """
    given = settings_of.section(__pillar__, "pressure")
    numbers = _checked(config, given)
    memcached = settings_of.section(__pillar__, "memcached")
    try:
        place = operations.Place.find(memcached.get("config"), memcached.get("style"))
    except RegionsError:
        return []
    now = time.time()
    try:
        found = reading.read(place.server, _TIMEOUT)
    except RegionsError as err:
        found = err.problem
    held, told = watch.looked(_remembered(), found, now, _judge(numbers), numbers)
    _kept["it"] = held
    try:
        watch.write(held, watch.PLACE)
    except OSError as err:
        log.warning("What the beacon memcached_pressure holds can't be kept: %s", err)
    return [] if told is None else [event_data(told, held.since, now)]


def event_data(told, since, at):
    """
    Make an event's data of a verdict.

    told
        The verdict, as ``osregions.pressure.verdict`` has it.

    since, at
        Since when it is held, and when it was seen last, in seconds since the epoch.

    Returns a dict, as the top of this module describes it.
    """
    return {**told.as_dict(), "since": since, "at": at}


def _checked(config, pillar):
    where = f"beacons:{__virtualname__}"
    given = beacon_config.read(config, where, limits.NAMES, limits.number)
    ours = {key: value for key, value in given.items() if key in limits.NAMES}
    numbers = limits.read({**pillar, **ours}, where)
    interval = given.get("interval", 1)
    if isinstance(interval, bool) or not isinstance(interval, (int, float)) or not 0 < interval <= numbers.window:
        raise RegionsError(
            f"an interval of {interval!r} can't be",
            f"{where}:interval",
            f"write seconds, no more than lie between the readings that are compared (window: {numbers.window:g})",
        )
    return numbers


def _remembered():
    """What is held; a minion that starts anew has it from the one before."""
    if "it" not in _kept:
        try:
            _kept["it"] = watch.read(watch.PLACE) or watch.Watched()
        except RegionsError as err:
            log.warning("The beacon memcached_pressure begins anew: %s", err)
            _kept["it"] = watch.Watched()
    return _kept["it"]


def _judge(numbers):
    def judge(before, after):
        return verdict.judge(before, after, _use(), machine.memory(), numbers)

    return judge


def _use():
    """What keystone keeps in memcached, read anew when its files change."""
    given = settings_of.section(__pillar__, "keystone")
    try:
        times = tuple((path, os.stat(path).st_mtime) for path in keystone_node.files(given.get("config")))
        if _uses.get("times") != times:
            options = keystone_node.options(given.get("config"))
            found = use.of(options, lambda: keystone_node.release(given.get("release"), given.get("manage")))
            _uses.update(times=times, it=found)
    except (RegionsError, OSError):
        return use.unknown()
    return _uses["it"]
