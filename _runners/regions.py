"""
Commands of the whole cloud: a region joins home, goes on without it while it can't be reached, and returns.
"""

import contextlib
import fcntl
import json
import logging
import os

import salt.client
import salt.utils.minions
from salt.exceptions import CommandExecutionError, SaltClientError

from osregions import apart, minion_ids, version
from osregions import settings as settings_of
from osregions.errors import RegionsError
from osregions.reach import fleet

log = logging.getLogger(__name__)

__virtualname__ = "regions"
_TIMEOUT = 15
_LONGEST, _LOADED = 600, 10  # seconds that one reaction may take (services are waited for), and loading pillar
_ANEW = "OPENSTACK_REGIONS_ANEW"  # set where a process was started because another could not load


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def preflight(region=None):
    """
    Say what stands in the way of a region joining home, and who would give way to home's identity; changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-run regions.preflight
        salt-run regions.preflight RegionThree

    region
        Text: the region that is to join. Default: ``openstack_regions:join`` of pillar.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences; what pillar says wrongly
    is among them.

    Source: the orchestration ``orch.preflight``.
    """
    return _orchestrate("orch.preflight", _joining(region), test=None)


def join(region=None, test=False):
    """
    Take a region into the cloud: the orchestration ``orch.join``, with each step's outcome in a line.

    CLI Example:

    .. code-block:: bash

        salt-run regions.join RegionTwo test=True
        salt-run regions.join RegionTwo

    region
        Text: the region that is to join. Default: ``openstack_regions:join`` of pillar.

    test
        Whether to show the plan only. Default: False.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences. A step that failed says
    what to do; mend that, and run this again: what was done already is not done twice.

    Source: the orchestration ``orch.join``.
    """
    return _orchestrate("orch.join", _joining(region), test=test or None)


def plan(region=None):
    """
    Show what joining a region would do, step by step: ``salt-run regions.join REGION test=True``. Changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-run regions.plan RegionTwo

    region
        Text: the region that is to join. Default: ``openstack_regions:join`` of pillar.

    Returns what ``regions.join`` does.

    Source: the orchestration ``orch.join``, under ``test=True``.
    """
    return join(region, test=True)


def failover(region, reason=None, test=False):
    """
    Have a region sign people in by itself, for its home can't be reached: the orchestration ``orch.failover``.

    CLI Example:

    .. code-block:: bash

        salt-run regions.failover RegionTwo test=True
        salt-run regions.failover RegionTwo

    region
        Text: the region, as pillar declares it.

    reason
        Text: why; it stands in the switch of each node. Default: by hand.

    test
        Whether to show the plan only. Default: False.

    On the region's own master, for home's can't reach its minions then. With no master left, on each node:
    ``salt-call --local regions.failover``.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences. Run it again as often as
    you like.

    Source: the orchestration ``orch.failover``.
    """
    return _orchestrate("orch.failover", _moving(region, reason), test=test or None)


def failback(region, reason=None, minion=None, test=False):
    """
    Have a region use home's keystone again: the orchestration ``orch.failback``.

    CLI Example:

    .. code-block:: bash

        salt-run regions.failback RegionTwo test=True
        salt-run regions.failback RegionTwo

    region
        Text: the region, as pillar declares it.

    reason
        Text: why. Default: by hand.

    minion
        Text: for a reactor: the minion whose event started this; then the mode, the minimum stay and the cap of pillar
        count. Default: none, a person wants it.

    test
        Whether to show the plan only. Default: False.

    On home's master: what the region revoked meanwhile is carried home first.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences: what speaks against it is
    told, with the choices, before anything moves.

    Source: the orchestration ``orch.failback``.
    """
    return _orchestrate("orch.failback", _moving(region, reason, minion), test=test or None)


def react(minion, timeout=_TIMEOUT):
    """
    Look into what some event told of a minion, and do what follows from that for its region (P11). For a reactor.

    CLI Example:

    .. code-block:: bash

        salt-run regions.react two-controller

    minion
        Text: the minion's id, as the event's tag has it. Nothing else of an event is worth believing.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    The region is the one whose node it is by this master's own targets. Its nodes are asked where their switch is, its
    controllers what they see of home; and ``osregions.reach.verdict`` decides: the region fails over, stays, returns
    (where pillar says ``failback: auto``, on a master of home's), or a person is asked, on the event bus under
    ``openstack_regions/verdict/REGION``. Nodes that a kill, or an outage, left behind are brought to where their region
    is. While this master is at it already, a second run does nothing: the next event will tell what is left. Where
    the process of the reactor can't load pillar any more, it is done by a new one.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences. The outcome also goes to
    the log and to the event bus, ``openstack_regions/failover/REGION``.

    Source: ``osregions.reach.fleet``.
    """
    try:
        minion = minion_ids.checked(minion)
        # Whatever an event names: only who is known here may leave a lock, or cost more than this.
        if not _known(minion, "list"):
            return _said(True, f"this master knows no minion {minion}")
        with _alone(f"of-{minion}") as alone:
            if not alone:
                return _said(True, f"{minion} is being looked after already")
            settings = _settings()
            if settings is not None:
                return _react(minion, settings, timeout)
        return _anew(minion, timeout)
    except (RegionsError, CommandExecutionError, SaltClientError) as err:
        log.error("openstack-regions: %s was not looked into: %s", minion, err)
        return _said(False, str(err))


def _settings():
    """What this master's own pillar declares; None when this process can't load it any more."""
    anew = _ANEW in os.environ
    try:
        pillar = apart.within(lambda: __salt__["pillar.show_pillar"](__opts__["id"]), _LOADED)
    except Exception as err:  # of Salt's loaders, in whatever state they are; its words may hold anything of pillar
        log.warning("openstack-regions: pillar was not to be had in this process: %s", type(err).__name__)
        pillar = None
    if not anew and (pillar is None or pillar.get("_errors")):
        return None
    return settings_of.read((pillar or {}).get(settings_of.PILLAR))


def _anew(minion, timeout):
    """Do it in a process that has just been started."""
    words = ["regions.react", minion, f"timeout={timeout}"]
    text = apart.salt_run(__opts__["conf_file"], words, _LONGEST, **{_ANEW: "1"})
    try:
        return json.loads(text[text.index("{") :])
    except ValueError as err:
        raise RegionsError("salt-run said something else than it should", text[-200:], "see the master's log") from err


def _react(minion, settings, timeout):
    region = fleet.region_of(minion, settings, _known)
    if region is None:
        return _said(True, f"{minion} is no node of a region that home serves, as this master knows it")
    with _alone(region) as alone:
        if not alone:
            return _said(True, f"{region} is being looked after already")
        by = f"the beacon of {minion}, {__opts__['id']}"
        found = fleet.Fleet(settings, region, _asker(timeout), _known, by).react()
        if found.event:
            log.log(logging.INFO if found.ok else logging.ERROR, "openstack-regions: %s", found.comment)
            __salt__["event.send"](found.event["tag"], found.event["data"])
        if found.returns:
            done = failback(region, minion=minion)
            return {**done, "steps": [found.comment, *done["steps"]]}
        return _said(found.ok, found.comment)


def _said(ok, line):
    return {"ok": ok, "steps": [line], "retcode": 0 if ok else 1}


@contextlib.contextmanager
def _alone(what):
    """Whether nobody else on this master looks after a region, or into what a minion's event told, now."""
    path = os.path.join(__opts__["cachedir"], f"openstack-regions-{what}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _known(target, kind="compound"):
    """The minions of a target, as this master knows them, whether they answer or not."""
    return salt.utils.minions.CkMinions(__opts__).check_minions(target, kind)["minions"]


def _asker(timeout):
    def ask(target, fun, **words):
        answers = {}
        with salt.client.get_local_client(mopts=__opts__) as client:
            for one in client.cmd_iter(target, fun, timeout=timeout, tgt_type="compound", kwarg=words):
                answers.update(one)
        return {minion: answer for minion, answer in answers.items() if isinstance(answer, dict)}

    return ask


def _joining(region):
    return {"openstack_regions": {"join": region}} if region else None


def _moving(region, reason, minion=None):
    return {"regions_move": {"region": region, "reason": reason, "minion": minion}}


def _orchestrate(mods, pillar, test):
    found = __salt__["state.orchestrate"](mods, pillar=pillar, test=test)
    results = next(iter((found or {}).get("data", {}).values()), [])
    if not isinstance(results, dict):
        return {"ok": False, "steps": [str(line) for line in results], "retcode": 1}
    steps = []
    for key, result in sorted(results.items(), key=lambda item: item[1].get("__run_num__", 0)):
        word = {True: "done" if result.get("changes") else "holds", None: "would change"}.get(
            result["result"], "FAILED"
        )
        steps.append(f"{word}: {result.get('__id__') or key}: {result.get('comment', '')}")
    ok = all(result["result"] is not False for result in results.values())
    # salt-run's own exit status is the `retcode` of what a runner returns.
    return {"ok": ok, "steps": steps, "retcode": 0 if ok else 1}
