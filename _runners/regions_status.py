"""
How the whole cloud is: to read, as a page, and as metrics. These are functions of ``regions``, which moves it.
"""

import contextlib
import logging
import os
import time

import salt.client
import salt.utils.minions
from salt.exceptions import CommandExecutionError, SaltClientError

from osregions import files, ranges, version
from osregions import settings as settings_of
from osregions.alarms.limits import Limits
from osregions.errors import RegionsError
from osregions.status import cloud, findings, history, page
from osregions.status import metrics as metrics_of

log = logging.getLogger(__name__)

__virtualname__ = "regions"
_RANGE = (2, 300)  # seconds that may be asked for, as in pillar
_PATIENCE = 3.5  # seconds in which all nodes are to say how they are
_WAY = 1.5  # seconds that a job may take to a minion and back
_PAUSE = 0.02
_ASKED_AGAIN = 15  # seconds beyond all patience, after which Salt itself would ask the silent ones


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def status(timeout=None):
    """
    Say how the whole cloud is: what is wrong first, each with its code and its remedy, then every region.

    CLI Example:

    .. code-block:: bash

        salt-run regions.status
        salt-run regions.status --out=json

    timeout
        Number: the seconds, 2 to 300, after which minions that have not answered are a finding. Default: from pillar
        (``status:timeout``), else 3.5.

    One job asks all nodes of all regions at once; a region that is cut off is told, and not waited for. It is read on
    any master: home's shows the cloud as home sees it, a region's own what is left of it when the line is cut.

    Returns a dict: ``ok``; ``retcode``, the exit status: 2 with an error, 1 with a warning, else 0; ``findings``, the
    worst first, each with ``code``, ``severity`` (error, warning, info), ``where``, ``sentence`` and ``remedy``;
    ``regions``, with all that was seen of each; ``home``; ``at``, when; ``seconds``, how long that took without
    Salt's own start. Nothing of it is secret.

    Source: ``regions.facts`` on each minion; ``osregions.status.findings`` decides, by the table in
    ``osregions.reach.remedies``.
    """
    try:
        found = _status(timeout)
    except (RegionsError, CommandExecutionError, SaltClientError) as err:
        log.error("openstack-regions: the status was not read: %s", err)
        found = _unread(err)
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
    except ValueError as err:
        raise CommandExecutionError(f"{mode!r} is no mode of a file: write one in octal, as 0644") from err
    try:
        found = _status(timeout)
        if not path:
            files.private_directory(os.path.dirname(place))
        files.sweep(place)
        files.write(place, page.render(found, history.read(_kept("history.jsonl"))).encode(), mode=octal)
    except (RegionsError, SaltClientError) as err:
        return _unread(err)
    except OSError as err:
        raise CommandExecutionError(f"{place} can't be written: {err}") from err
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
        return _unread(err)
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
    began = time.monotonic()
    if timeout is not None:
        ranges.checked(timeout, *_RANGE, "timeout", remedy="write seconds")
    pillar = __salt__["pillar.show_pillar"](__opts__["id"])
    settings, wanted = settings_of.read(pillar.get(settings_of.PILLAR)), settings_of.section(pillar, "status")
    days = settings_of.section(pillar, "alarms").get("backup_days") or Limits.backup_days
    known, controllers = (
        {name: _known(settings.target(role, name)) for name in settings.regions} for role in ("region", "keystone")
    )
    minions = sorted(set().union(*known.values()))
    asked = time.time()
    answers = _answers(minions, "regions.facts", float(timeout or wanted.get("timeout") or _PATIENCE))
    seen = cloud.assemble(settings.home, known, answers, asked, time.monotonic() - began, controllers)
    return cloud.shown(seen, findings.find(seen, settings, days))


def _answers(minions, fun, timeout):
    """What these minions return, by their ids; those that have not within the time are left out."""
    answers = {}
    if not minions:
        return answers
    until = time.monotonic() + timeout
    # Beyond its own time-out Salt would ask the silent ones whether they are still at it; that is not waited for.
    words = {"timeout": int(timeout) + _ASKED_AGAIN, "tgt_type": "list", "kwarg": {"timeout": _share(timeout)}}
    with (
        salt.client.get_local_client(mopts=__opts__) as client,
        contextlib.closing(client.cmd_iter_no_block(minions, fun, **words)) as told,
    ):
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
    """The seconds that a node may take of those: the job's way to it and back needs the others.

    Who asks for more has a slow machine, on which the way is longer, too. A node takes all of its time where home's
    database is silent.
    """
    return max(timeout - max(_WAY, timeout * 0.3), timeout / 2)


def _unread(err):
    return {"ok": False, "steps": [str(err)], "retcode": 2}


def _known(target):
    """The minions of a target, as this master knows them, whether they answer or not."""
    return salt.utils.minions.CkMinions(__opts__).check_minions(target, "compound")["minions"]
