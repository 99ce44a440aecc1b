"""
Commands of the whole cloud: a region joins home, goes on without it while it can't be reached, and returns.
"""

from osregions import version

__virtualname__ = "regions"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def preflight(region=None):
    """
    Say what stands in the way of a region joining home; changes nothing.

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
