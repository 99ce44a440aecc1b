"""
States of a region that goes on without home, and returns (P11): what its nodes keep for that, and the moves.
"""

import logging

from salt.exceptions import CommandExecutionError

from osregions import join as joining_of
from osregions import state_return, version
from osregions.errors import RegionsError
from osregions.minions import Minions
from osregions.reach import fleet

log = logging.getLogger(__name__)

__virtualname__ = "regions_failover"
_TIMEOUT = 15


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def settings_kept(name):
    """
    This node knows, without secrets, what pillar says of the cloud, for the day that no master answers.

    .. code-block:: yaml

        this node knows the cloud without a master:
          regions_failover.settings_kept: []

    name
        Text: free to choose.

    Source: see ``regions.keep_settings``.
    """

    def act(test):
        anew = __salt__["regions.keep_settings"](test=test)
        changes = {"settings": "kept for the day that no master answers"} if anew else {}
        return {"changes": changes, "comment": "" if anew else "it has them"}

    return state_return.of(name, act, __opts__["test"], CommandExecutionError)


def failed_over(name, reason=None, timeout=_TIMEOUT):
    """
    A region whose home can't be reached signs people in by itself, on all its nodes (P11).

    .. code-block:: yaml

        RegionTwo goes on by itself:
          regions_failover.failed_over:
            - name: RegionTwo
            - reason: the line is being mended

    name
        Text: the region, as pillar declares it.

    reason
        Text: why. Default: by hand.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    All nodes move at once; one that is silent follows when it is back. Run it again, or on two masters at a time: it
    happens once. The outcome goes to the log and to the event bus, ``openstack_regions/failover/REGION``. Fails with
    what a node refuses. Source: ``osregions.reach.fleet``, ``regions.failover``.
    """

    def act(settings, minions):
        return _moved("failover", _fleet(settings, name, minions).over(reason or "by hand"))

    return _state(name, timeout, act)


def fit_to_return(name, minion=None, timeout=_TIMEOUT):
    """
    A region that goes on by itself can return to home: home is well, and the region's replica has all of home's rows.

    .. code-block:: yaml

        RegionTwo can return:
          regions_failover.fit_to_return:
            - name: RegionTwo

    name
        Text: the region, as pillar declares it.

    minion
        Text: the id of the minion whose event started this; then pillar's ``failback`` mode, the minimum stay and the
        cap count too. Default: none, a person wants it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Replication that stopped at revocations which both sides pruned goes on; nothing else changes. Fails with what
    speaks against it: home that does not answer, or not yet for long enough, replication that stands still, rows that
    were written past the fence, each with the choices. Source: ``mysql_replication.status`` and ``compare``.
    """

    def act(settings, minions):
        home = settings.target("keystone", settings.home)
        if not minions.known(home):
            # What a region revoked has to be carried home: that takes a master of home's minions.
            raise RegionsError(
                f"this master knows no minion of {settings.home}", home, f"run regions.failback {name} on home's master"
            )
        return {"comment": _fleet(settings, name, minions).fit_to_return(by_itself=minion is not None)}

    return _state(name, timeout, act)


def failed_back(name, reason=None, timeout=_TIMEOUT):
    """
    A region's nodes use home's keystone again, one after another, so that the region never stops serving.

    .. code-block:: yaml

        RegionTwo is back:
          regions_failover.failed_back:
            - name: RegionTwo

    name
        Text: the region, as pillar declares it.

    reason
        Text: why. Default: by hand.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Stops at the first node that can't; the others go on by themselves. The outcome goes to the log and to the event
    bus, ``openstack_regions/failback/REGION``. Source: ``osregions.reach.fleet``, ``regions.failback``.
    """

    def act(settings, minions):
        return _moved("failback", _fleet(settings, name, minions).back(reason or "by hand"))

    return _state(name, timeout, act)


def _fleet(settings, region, minions):
    return fleet.Fleet(
        settings, region, minions.ask, minions.known, f"salt-run on {__opts__['id']}", bool(__opts__["test"])
    )


def _moved(what, found):
    if found.event:
        log.log(logging.INFO if found.ok else logging.ERROR, "openstack-regions %s: %s", what, found.comment)
        __salt__["saltutil.runner"]("event.send", tag=found.event["tag"], data=found.event["data"])
    result = False if not found.ok else None if found.changes and __opts__["test"] else True
    return {"result": result, "changes": dict(found.changes), "comment": found.comment}


def _state(name, timeout, act):
    ask = Minions(__salt__["saltutil.cmd"], __salt__["saltutil.runner"], timeout)
    return joining_of.state(name, __pillar__, CommandExecutionError, lambda settings: act(settings, ask))
