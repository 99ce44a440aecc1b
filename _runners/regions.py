"""
Commands of the whole cloud: a region joins home, goes on without it while it can't be reached, and returns.
"""

import contextlib
import fcntl
import logging
import os
import re
import time

import salt.client
import salt.utils.minions
from salt.exceptions import CommandExecutionError, SaltClientError

from osregions import apart, files, version
from osregions import settings as settings_of
from osregions.errors import RegionsError
from osregions.reach import fleet
from osregions.status import cloud, findings, history, page
from osregions.status import metrics as metrics_of

log = logging.getLogger(__name__)

__virtualname__ = "regions"
_TIMEOUT = 15
_LONGEST = 600  # seconds that one reaction may take: services are waited for
_ID = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_PATIENCE = 3.5  # seconds in which all nodes are to say how they are
_WAY = 1.5  # seconds that a job may take to a minion and back
_PAUSE = 0.02
_BACKUP_DAYS = 7


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


def status(timeout=None):
    """
    Say how the whole cloud is: what is wrong first, each with its code and its remedy, then every region.

    CLI Example:

    .. code-block:: bash

        salt-run regions.status
        salt-run regions.status --out=json

    timeout
        Number: the seconds after which minions that have not answered are a finding. Default: from pillar
        (``status:timeout``), else 3.5.

    One job asks all nodes of all regions at once; a region that is cut off is told, and not waited for. It is read on
    any master: home's shows the cloud as home sees it, a region's own what is left of it when the line is cut.

    Returns a dict: ``ok``; ``retcode``, the exit status: 2 with an error, 1 with a warning, else 0; ``findings``, the
    worst first, each with ``code``, ``severity`` (error, warning, info), ``where``, ``sentence`` and ``remedy``;
    ``regions``, with all that was seen of each; ``home``, ``at``, ``seconds``. Nothing of it is secret.

    Source: ``regions.facts`` on each minion; ``osregions.status.findings`` decides, by the table in
    ``osregions.reach.remedies``.
    """
    try:
        found = _status(timeout)
    except (RegionsError, CommandExecutionError, SaltClientError) as err:
        log.error("openstack-regions: the status was not read: %s", err)
        found = _said(False, str(err), 2)
    # Salt takes these two keys apart: what is printed by, where --out names nothing else.
    return {"data": found, "outputter": "regions_status"}


def report(path=None, mode="0600", timeout=None):
    """
    Write the status as a page to look at: one HTML file that needs no network, no script and no other file.

    CLI Example:

    .. code-block:: bash

        salt-run regions.report
        salt-run regions.report /var/www/html/cloud.html mode=0644

    path
        Text: the file. Default: ``openstack-regions/report.html`` in the master's cache directory.

    mode
        Text: its mode, in octal; it names addresses and minions, though no secret. Default: ``0600``, for its owner.

    timeout
        Number: as for ``regions.status``. Default: as there.

    Shown are the regions as a picture, who uses whose keystone and how far replicas are behind, what is wrong with its
    remedy, tables, and how lag, sign-in and the region's place were before: each reading of the status is kept beside
    the default path, two thousand at most.

    Returns a dict: ``ok``, ``path``, ``retcode`` (as ``regions.status`` has it) and ``steps``, a sentence. The file is
    replaced whole. Raises CommandExecutionError when it can't be written.

    Source: ``osregions.status.page``.
    """
    place = str(path or _kept("report.html"))
    try:
        octal = int(str(mode), 8)
        found = _status(timeout)
        if not path:
            files.private_directory(os.path.dirname(place))
        files.sweep(place)
        files.write(place, page.render(found, history.read(_kept("history.jsonl"))).encode(), mode=octal)
    except (RegionsError, SaltClientError) as err:
        return _said(False, str(err), 2)
    except (OSError, ValueError) as err:
        raise CommandExecutionError(f"{place} (mode {mode}) can't be written: {err}") from err
    return {"ok": found["ok"], "path": place, "retcode": found["retcode"], "steps": [f"{place} was written"]}


def metrics(path, timeout=None):
    """
    Write the status as metrics of Prometheus, into a file of node_exporter's textfile collector.

    CLI Example:

    .. code-block:: bash

        salt-run regions.metrics /var/lib/prometheus/node-exporter/openstack_regions.prom

    path
        Text: the file; it is replaced whole, and anybody may read it (0644).

    timeout
        Number: as for ``regions.status``. Default: as there.

    Returns a dict: ``ok``, whether it was written, whatever is wrong with the cloud; ``path``, ``retcode`` and
    ``steps``, a sentence. Raises CommandExecutionError when it can't be written. Where the status can't be read the
    file stays as it is, and its age tells.

    Source: ``osregions.status.metrics``; the formula ``regions.metrics`` runs it by a timer.
    """
    try:
        found = _status(timeout)
        files.sweep(path)
        files.write(path, metrics_of.told(found).encode(), mode=0o644)
    except (RegionsError, SaltClientError) as err:
        return _said(False, str(err), 2)
    except OSError as err:
        raise CommandExecutionError(f"{path} can't be written: {err}") from err
    return {"ok": True, "path": path, "retcode": 0, "steps": [f"{path} was written"]}


def _status(timeout):
    found = _looked(timeout)
    try:
        history.keep(found, _kept("history.jsonl"))
    except OSError as err:  # what is so now counts more than what was
        log.warning("openstack-regions: the status was not kept: %s", err)
    return found


def _kept(name):
    return os.path.join(__opts__["cachedir"], "openstack-regions", name)


def _looked(timeout):
    pillar = __salt__["pillar.show_pillar"](__opts__["id"])
    settings, wanted = settings_of.read(pillar.get(settings_of.PILLAR)), settings_of.section(pillar, "status")
    known, controllers = (
        {name: _known(settings.target(role, name)) for name in settings.regions} for role in ("region", "keystone")
    )
    minions = sorted(set().union(*known.values()))
    asked = time.time()
    answers = _answers(minions, "regions.facts", float(timeout or wanted.get("timeout") or _PATIENCE))
    seen = cloud.assemble(settings.home, known, answers, asked, time.time(), controllers)
    return cloud.shown(seen, findings.find(seen, settings, wanted.get("backup_days") or _BACKUP_DAYS))


def _answers(minions, fun, timeout):
    """What these minions return, by their ids; those that have not within the time are left out."""
    answers = {}
    if not minions:
        return answers
    until = time.monotonic() + timeout
    with salt.client.get_local_client(mopts=__opts__) as client:
        # Beyond its own time-out Salt would ask the silent ones whether they are still at it; that is not waited for.
        told = client.cmd_iter_no_block(
            minions, fun, timeout=int(timeout) + _TIMEOUT, tgt_type="list", kwarg={"timeout": _share(timeout)}
        )
        for one in told:
            for minion, answer in (one or {}).items():
                if isinstance(answer, dict) and "ret" in answer:
                    answers[minion] = cloud.Answer(answer["ret"], time.time())
            if len(answers) >= len(minions) or time.monotonic() > until:
                break
            if one is None:
                time.sleep(_PAUSE)
    return answers


def _share(timeout):
    """The seconds that a node may take of those: the job's way to it and back needs the others."""
    return max(timeout - _WAY, timeout / 2)


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
    is. While this master is at it already, a second run does nothing: the next event will tell what is left. All of it
    is done in a process of its own: a reactor's lives long, and runs many at once.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences. The outcome also goes to
    the log and to the event bus, ``openstack_regions/failover/REGION``.

    Source: ``osregions.reach.fleet``.
    """
    try:
        if not re.fullmatch(_ID, minion):
            raise RegionsError(f"{minion!r} is no minion's id", "`minion`", "give it as the event's tag has it")
        with _alone(f"of-{minion}") as alone:
            if not alone:
                return _said(True, f"{minion} is being looked after already")
            return apart.run(lambda: _react(minion, timeout), _LONGEST)
    except RegionsError as err:
        log.error("openstack-regions: %s was not looked into: %s", minion, err)
        return _said(False, str(err))


def _react(minion, timeout):
    try:
        pillar = __salt__["pillar.show_pillar"](__opts__["id"])
        settings = settings_of.read(pillar.get(settings_of.PILLAR))
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
    except (CommandExecutionError, SaltClientError) as err:
        raise RegionsError(str(err)) from err


def _said(ok, line, retcode=1):
    return {"ok": ok, "steps": [line], "retcode": 0 if ok else retcode}


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


def _known(target):
    """The minions of a target, as this master knows them, whether they answer or not."""
    return salt.utils.minions.CkMinions(__opts__).check_minions(target, "compound")["minions"]


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
