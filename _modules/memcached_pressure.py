"""
Tell whether keystone's memcached has the size that it needs, give it another, and see whether that helped (M1).

The functions run on a minion that serves keystone. What is not given is taken from pillar ``openstack_regions``, its
sections ``pressure``, ``memcached``, ``keystone`` and ``backup``.
"""

from salt.exceptions import CommandExecutionError

from osregions import files, keystone_node, version
from osregions import settings as settings_of
from osregions.errors import RegionsError, translated
from osregions.pressure import limits, operations, use, watch
from osregions.pressure import reading as readings

__virtualname__ = "memcached_pressure"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def reading(server=None, config=None, style=None):
    """
    Look once at what memcached says of itself: counters since its start, and levels.

    CLI Example:

    .. code-block:: bash

        salt-call memcached_pressure.reading
        salt-call memcached_pressure.reading 10.213.1.11:11211

    server
        Text: another memcached, ``host:port``. Default: this machine's own.

    config
        Text: the path of its configuration. Default: from pillar, else ``/etc/memcached.conf`` or
        ``/etc/sysconfig/memcached``.

    style
        Text: ``debian`` (arguments, one a line) or ``sysconfig`` (shell variables). Default: by the path.

    Returns a dict: ``server``, ``at`` (seconds since the epoch), ``version``, ``pid``, ``uptime``, ``started``,
    ``counters`` (``touch_misses``, ``evictions`` ...; those that its release does not have yet are left out),
    ``levels`` (bytes and connections, as they are) and ``slabs``. Raises CommandExecutionError when it does not answer.

    Source: memcached's ``stats``, ``stats items`` and ``stats slabs`` (its doc/protocol.txt).
    """
    return _run(lambda: readings.read(server or _place(config, style).server).to_data())


def verdict(interval=10, config=None, style=None):
    """
    Look twice, and say whether memcached is too small, fine, or larger than it need be; changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call memcached_pressure.verdict
        salt-call memcached_pressure.verdict interval=300

    interval
        Number: seconds between the two looks; the longer, the surer, and only while people work. Default: 10.

    config
        Text: the path of memcached's configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    Returns a dict: ``verdict`` (``too small``, ``fine``, ``wasteful`` or ``unknown``), ``code``, ``sentence``,
    ``remedy``, ``figures`` (rates between the two looks), ``size`` and ``proposed`` (megabytes; none where the size is
    to stay). The proposed size is never more than this machine can give. A memcached that does not answer is
    ``unknown``. Raises CommandExecutionError when memcached is not installed.

    Source: memcached's statistics, /proc/meminfo, and keystone's options: whether tokens live in memcached, and for how
    long an item is of use.
    """
    return _run(lambda: _place(config, style).judge(limits.interval(interval), _use(), _limits()).as_dict())


def seen():
    """
    Say what the beacon ``memcached_pressure`` holds of memcached, without looking anew.

    CLI Example:

    .. code-block:: bash

        salt-call memcached_pressure.seen

    Returns a dict: ``held`` (a verdict, as ``memcached_pressure.verdict`` returns it; none so far), ``since`` and
    ``at``, the time of the newest look (seconds since the epoch); None when the beacon has kept nothing. Raises
    CommandExecutionError when what it keeps can't be read.

    Source: ``/run/openstack-regions/pressure.json``.
    """

    def act():
        found = watch.read(watch.PLACE)
        if found is None:
            return None
        held = None if found.held is None else found.held.as_dict()
        at = found.readings[-1].at if found.readings else None
        return {"held": held, "since": found.since or None, "at": at}

    return _run(act)


def size(config=None, style=None):
    """
    Say which size memcached is set to, which one it runs with, and how much memory this machine has.

    CLI Example:

    .. code-block:: bash

        salt-call memcached_pressure.size

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    Returns a dict, sizes in megabytes: ``config``, ``server``, ``configured``, ``running`` (none when it does not
    answer, and the ``problem``), ``restart_due``, ``restart_empties`` (what a restart would cost, in words),
    ``machine`` (``total`` and ``available``) and ``room`` (what memcached may have of it). Raises
    CommandExecutionError when memcached is not installed.

    Source: CACHESIZE in ``/etc/sysconfig/memcached``, or ``-m`` in ``/etc/memcached.conf``; ``limit_maxbytes`` of
    memcached's ``stats``; /proc/meminfo.
    """
    return _run(lambda: _place(config, style).facts(_use()))


def resize(size=None, restart=False, live=True, config=None, style=None, service=None, test=False):
    """
    Give memcached another size: in its file, and as it runs where it can (since 1.4.27), which empties nothing.

    One that can't is restarted only when that is said; till then a restart is due, and it has its old size. A restart
    empties it: up to Newton, where tokens live in memcached, that signs everybody out.

    CLI Example:

    .. code-block:: bash

        salt-call memcached_pressure.resize 256 test=True
        salt-call memcached_pressure.resize 256
        salt-call memcached_pressure.resize 256 restart=True

    size
        Number: the megabytes that it may hold, 8 at least. Default: what its file says, to which it is brought.

    restart
        Whether it may be restarted where it can't take the size as it runs. Default: False.

    live
        Whether it is told the size as it runs. Default: True.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    service
        Text: its systemd unit. Default: from pillar, else ``memcached``.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (``size`` in its file, ``running``; each with ``old`` and ``new``), ``comment``,
    ``backups``, ``restart_due``, ``restart_empties`` and ``restarted`` (whether it was). Raises CommandExecutionError,
    with nothing touched, when this machine has not that much memory; and when memcached does not answer after a
    restart.

    Source: memcached(1), ``-m``; the command ``cache_memlimit`` of its release notes (1.4.27).
    """

    def act():
        again = _restarter(service) if restart else None
        return _place(config, style).resize(size, _use(), live, again, test).as_dict()

    return _run(act)


def undo(restart=False, config=None, style=None, service=None, test=False):
    """
    Put back the size that memcached's file set before this extension first set another.

    A size that somebody set since is left alone.

    CLI Example:

    .. code-block:: bash

        salt-call memcached_pressure.undo test=True

    restart
        Whether memcached may be restarted where it can't take the size as it runs. Default: False.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    service
        Text: its systemd unit. Default: from pillar, else ``memcached``.

    test
        Whether to say only what would change. Default: False.

    Returns what ``memcached_pressure.resize`` returns. Raises CommandExecutionError when the note of what was is
    damaged.

    Source: the note beside the backups, written before each change.
    """

    def act():
        again = _restarter(service) if restart else None
        return _place(config, style).undo(_use(), again, test).as_dict()

    return _run(act)


def verify(interval=10, config=None, style=None):
    """
    Look twice, and say whether the size that was set here last helped.

    CLI Example:

    .. code-block:: bash

        salt-call memcached_pressure.verify interval=60

    interval
        Number: seconds between the two looks, while people work. Default: 10.

    config
        Text: the path of memcached's configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    Returns a dict: ``helped`` (true when fewer items have to go and the hit rate is no lower; none when it can't be
    told), ``sentence``, ``seed`` (how far ``total_items`` and ``total_connections`` went, and ``rises``: both did,
    which is the seed's own sign; a pool of connections that stays open rises no more), ``hit_rate``, ``evictions`` and
    ``touch_misses`` (each ``old`` and ``new``). Raises CommandExecutionError when memcached does not answer.

    Source: memcached's ``stats``, now and as they were when the size was set.
    """
    return _run(lambda: _place(config, style).helped(limits.interval(interval)).as_dict())


def _run(act):
    return translated(act, CommandExecutionError)


def _pillar(section):
    return settings_of.section(__pillar__, section)


def _place(config, style):
    given = _pillar("memcached")
    backups = _pillar("backup").get("directory") or files.BACKUPS
    return operations.Place.find(config or given.get("config"), style or given.get("style"), backups)


def _limits():
    return limits.read(_pillar("pressure"), f"pillar {settings_of.PILLAR}:pressure")


def _use():
    """What keystone keeps in memcached; a node without keystone can't be asked."""
    given = _pillar("keystone")
    try:
        options = keystone_node.options(given.get("config"))
        return use.of(options, lambda: keystone_node.release(given.get("release"), given.get("manage")))
    except RegionsError:
        return use.unknown()


def _restarter(service):
    unit = service or _pillar("memcached").get("service") or "memcached"

    def again():
        if not __salt__["service.restart"](unit):
            raise RegionsError(f"{unit} was not restarted", "systemd", f"see `journalctl -u {unit}`")

    return again
