"""
Commands of the whole cloud, on home's master: whether a region can join, and the joining itself.
"""

from osregions import version

__virtualname__ = "regions"


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
    return _orchestrate("orch.preflight", region, test=None)


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
    return _orchestrate("orch.join", region, test=test or None)


def _orchestrate(mods, region, test):
    pillar = {"openstack_regions": {"join": region}} if region else None
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
