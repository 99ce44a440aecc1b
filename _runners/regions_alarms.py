"""
What a master does when a minion's beacon says that something is wrong: it asks, tells, and where told to, mends.
"""

import logging

import salt.client
import salt.utils.minions
from salt.exceptions import SaltClientError

from osregions import apart, minion_ids, version
from osregions.alarms import telling
from osregions.errors import RegionsError

log = logging.getLogger(__name__)

__virtualname__ = "regions_alarms"
_TIMEOUT = 15
_LONGEST = 600  # seconds that mending may take


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def tell(minion, beacon, timeout=_TIMEOUT):
    """
    Ask a minion what one of its beacons holds, and tell it in the log and on the event bus. For a reactor.

    CLI Example:

    .. code-block:: bash

        salt-run regions_alarms.tell two-controller replication_health

    minion
        Text: the minion's id, as the event's tag has it. Nothing else of an event is worth believing.

    beacon
        Text: ``replication_health``, ``keystone_keys_behind``, ``regions_drift`` or ``regions_backup_age``.

    timeout
        Seconds of silence after which the minion is asked whether it is still at it. Default: 15.

    Nothing is changed. The event is ``openstack_regions/alarm/MINION/BEACON``, with the data of the beacon's; in the
    log is a line for each finding, an error or a warning by its severity.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences.

    Source: ``regions_alarms.seen`` on that minion.
    """
    try:
        said = _asked(minion, beacon, timeout)
    except (RegionsError, SaltClientError) as err:
        return _failed(minion, err)
    if said is None:
        return _unknown(minion)
    lines = said.lines(minion)
    levels = [logging.ERROR if one.severity == "error" else logging.WARNING for one in said.findings] or [logging.INFO]
    for level, line in zip(levels, lines, strict=True):
        log.log(level, "openstack-regions: %s", line)
    __salt__["event.send"](f"openstack_regions/alarm/{minion}/{beacon}", said.data)
    return {"ok": True, "steps": lines, "retcode": 0}


def mend(minion, beacon, timeout=_TIMEOUT):
    """
    Ask a minion what one of its beacons holds, and do what mends it without a person. For a reactor.

    CLI Example:

    .. code-block:: bash

        salt-run regions_alarms.mend two-controller replication_health

    minion
        Text: the minion's id, as the event's tag has it.

    beacon
        Text: ``replication_health`` (a broken fence, or shared numbers: ``mysql_replication.fence``; a replication that
        stands: ``mysql_replication.resume``, which refuses what would lose anything), ``keystone_keys_behind`` (the
        orchestration ``orch.keys``, on a master of home's), ``regions_drift`` (``state.apply regions.services``, which
        restarts what it changes) or ``regions_backup_age`` (``keystone_catalog.backup``).

    timeout
        Seconds of silence after which the minion is asked whether it is still at it. Default: 15.

    Each of these does nothing where nothing is wrong, and may be run as often as you like. What came of it goes to the
    log and to the event bus, ``openstack_regions/mended/MINION/BEACON``.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences.

    Source: ``regions_alarms.seen`` on that minion: its codes decide.
    """
    try:
        said = _asked(minion, beacon, timeout)
        if said is None:
            return _unknown(minion)
        steps, ok = [], True
        for one in said.mendings():
            done, words = _orchestrated(one.orchestration) if one.orchestration else _called(minion, one, timeout)
            ok = ok and done
            steps.append(f"{minion}, {one.orchestration or one.function}: {words}")
    except (RegionsError, SaltClientError) as err:
        return _failed(minion, err)
    if steps:
        for step in steps:
            log.log(logging.WARNING if ok else logging.ERROR, "openstack-regions: %s", step)
        __salt__["event.send"](f"openstack_regions/mended/{minion}/{beacon}", {"ok": ok, "steps": steps})
    return {"ok": ok, "steps": steps or [f"{minion}, {beacon}: there is nothing to mend"], "retcode": 0 if ok else 1}


def _asked(minion, beacon, timeout):
    """What a minion says of one of its beacons; None for one that is not known here, whatever an event names."""
    telling.beacon(beacon)
    minion_ids.checked(minion)
    if not salt.utils.minions.CkMinions(__opts__).check_minions(minion, "list")["minions"]:
        return None
    return telling.said(minion, beacon, _ask(minion, "regions_alarms.seen", (beacon,), timeout))


def _ask(minion, function, arguments, timeout):
    with salt.client.get_local_client(mopts=__opts__) as client:
        answers = {}
        for one in client.cmd_iter([minion], function, arguments, timeout=timeout, tgt_type="list"):
            answers.update(one)
    return answers.get(minion)


def _called(minion, mending, timeout):
    """Whether a function on the minion did its work, and what it said."""
    return telling.done(_ask(minion, mending.function, mending.arguments, timeout))


def _orchestrated(name):
    """The same of an orchestration, in a new process: one that reacts for weeks may not load pillar any more."""
    return telling.orchestrated(apart.salt_run(__opts__["conf_file"], ["state.orchestrate", name], _LONGEST))


def _unknown(minion):
    return {"ok": True, "steps": [f"this master knows no minion {minion}"], "retcode": 0}


def _failed(minion, err):
    log.error("openstack-regions: the alarms of %s were not looked into: %s", minion, err)
    return {"ok": False, "steps": [str(err)], "retcode": 1}
