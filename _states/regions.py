"""
States of a join (P4 to P9), for orchestrations on home's master: they ask minions, decide, and have minions act.
"""

import time

from salt.exceptions import CommandExecutionError

from osregions import join as joining_of
from osregions import preflight, version
from osregions.errors import RegionsError
from osregions.minions import Minions

__virtualname__ = "regions"
_TIMEOUT = 15


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def preflight_passed(name, timeout=_TIMEOUT):
    """
    Nothing stands in the way of a region joining home; changes nothing, ever.

    .. code-block:: yaml

        RegionTwo can join:
          regions.preflight_passed:
            - name: RegionTwo

    name
        Text: the region that is to join, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Fails with every finding that stands in the way, each with its remedy: releases, schemas, one database for both, one
    memcached for both, clocks, unreachable keystones, names. Source: ``osregions.preflight``.
    """

    def act(settings, minions):
        urls = joining_of.keystone_urls(settings, name)
        others = _views(minions, settings.target("region", name), name, "regions.reach", urls=urls[name])
        views, asked = [], time.time()
        for region in urls:
            views += _views(minions, settings.target("keystone", region), region, "regions.view", urls=urls[region])
        keystones = {view.minion for view in views}
        others = [view for view in others if view.minion not in keystones]
        findings = preflight.check(settings, views, asked, time.time(), name, others)
        if findings:
            return {"result": False, "comment": "\n".join(map(str, findings))}
        nodes = ", ".join(view.minion for view in (*views, *others))
        return {"comment": f"nothing stands in the way; looked at {nodes}"}

    return _state(name, timeout, act)


def endpoints_carried(name, timeout=_TIMEOUT):
    """
    A region's rows, read by a minion of its own, are in home's catalog, written by a minion of home's (P5, P6).

    .. code-block:: yaml

        RegionTwo is in home's catalog:
          regions.endpoints_carried:
            - name: RegionTwo

    name
        Text: the region that is to join, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Rows travel as data in Salt's own messages: no shared file system, no ssh. ``changes`` are those of
    ``keystone_catalog.region_imported`` at home. Fails where that does. Source: ``osregions.catalog.merge``.
    """

    def act(settings, minions):
        minion, result = _import(minions, settings, name, test=__opts__["test"])
        changes = {minion: result["changes"]} if result["changes"] else {}
        return {"result": result["result"], "changes": changes, "comment": f"{minion}: {result['comment']}"}

    return _state(name, timeout, act)


def endpoints_fit(name, timeout=_TIMEOUT):
    """
    Home would take a region's rows as they are: what it would refuse is known before the region gets its new name.

    .. code-block:: yaml

        RegionTwo fits:
          regions.endpoints_fit:
            - name: RegionTwo

    name
        Text: the region that is to join, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Changes nothing: it is ``endpoints_carried`` under ``test=True``. Fails where that would. Source:
    ``osregions.catalog.merge``.
    """

    def act(settings, minions):
        minion, result = _import(minions, settings, name, test=True)
        return {"result": result["result"] is not False, "comment": f"{minion}: {result['comment']}"}

    return _state(name, timeout, act)


def joined(name, timeout=_TIMEOUT):
    """
    Home serves both regions as one cloud, and the joined region's tables name its old region no more.

    .. code-block:: yaml

        RegionTwo has joined:
          regions.joined:
            - name: RegionTwo

    name
        Text: the region that has joined, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Changes nothing. Proven by a token that home issues, and by the tables. Under ``test=True``, before the join, it
    says what it would prove. Fails with every sentence that does not hold. Source: ``osregions.join``.
    """

    def act(settings, minions):
        region = settings.regions[name]
        minion, rows = _export(minions, settings, region, __opts__["test"])
        endpoints = joining_of.enabled_endpoints(rows)
        _, catalog = joining_of.one_answer(
            minions.ask(minions.first(settings.target("keystone", settings.home)), "keystone_catalog.catalog"),
            "signing in at home",
        )
        lines = joining_of.missing_endpoints(catalog, settings, name, endpoints)
        # A replica says what home says, of all regions.
        replicates = minions.ask(minion, "mysql_replication.replicates", tgt_type="glob").get(minion, {}).get("ret")
        if region.renamed_from and replicates is not True:
            _, named = joining_of.one_answer(
                minions.ask(minion, "keystone_catalog.still_named", region.renamed_from, tgt_type="glob"),
                "looking for the old name",
            )
            lines += [f"{count} rows of {column} still name {region.renamed_from}" for column, count in named.items()]
        if lines and __opts__["test"]:
            return {"result": None, "comment": "to be true after the join, not yet:\n" + "\n".join(lines)}
        if lines:
            return {"result": False, "comment": "\n".join(lines)}
        served = sum(len(entry["endpoints"]) for entry in catalog)
        return {"comment": f"home serves {served} endpoints, {len(endpoints)} of them {name}'s, in one catalog"}

    return _state(name, timeout, act)


def services_fit(name, timeout=_TIMEOUT):
    """
    The services of both regions could be pointed at home: whatever stands in the way is known before anything changes.

    .. code-block:: yaml

        the services of RegionTwo can follow:
          regions.services_fit:
            - name: RegionTwo

    name
        Text: the region that is to join, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Changes nothing: it is ``oslo_conf.repoint`` under ``test=True`` on every node. Fails with what that refuses: files
    that do not parse, passwords that pillar lacks. Source: ``osregions.conf.repoint``.
    """

    def act(settings, minions):
        wrong, nodes = [], []
        for region in (settings.home, name):
            target = settings.target("region", region)
            for minion, answer in sorted(minions.ask(target, "oslo_conf.repoint", test=True).items()):
                nodes.append(minion)
                if answer.get("retcode") or not isinstance(answer.get("ret"), dict):
                    wrong.append(f"{minion}: {answer.get('ret')}")
        if wrong:
            return {"result": False, "comment": "\n".join(wrong)}
        if not nodes:
            raise RegionsError("no minion answered", remedy="are the grains set, and the minions up?")
        return {"comment": f"the services of {', '.join(nodes)} can follow"}

    return _state(name, timeout, act)


def services_proven(name, timeout=_TIMEOUT):
    """
    Each service of both regions accepts a real token of home's, and validates there.

    .. code-block:: yaml

        the services of RegionTwo follow:
          regions.services_proven:
            - name: RegionTwo

    name
        Text: the region that has joined, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Changes nothing. Under ``test=True`` it says what it would prove. Fails with every proof that does not hold, by node
    and service. Source: ``oslo_conf.prove``.
    """

    def act(settings, minions):
        if __opts__["test"]:
            return {"result": None, "comment": "to be proved after the join, by real tokens, service by service"}
        said, wrong = [], []
        for region in (settings.home, name):
            for minion, answer in sorted(minions.ask(settings.target("region", region), "oslo_conf.prove").items()):
                proof = answer.get("ret")
                if answer.get("retcode") or not isinstance(proof, dict):
                    wrong.append(f"{minion}: {proof}")
                    continue
                for check in proof["checks"]:
                    line = f"{minion}: {check['service']} {check['name']}: {check['evidence']}"
                    (said if check["ok"] else wrong).append(line if check["ok"] else f"{line}. {check['remedy']}")
        if wrong:
            return {"result": False, "comment": "\n".join(wrong)}
        return {"comment": "\n".join(said) or "no service signs in anywhere"}

    return _state(name, timeout, act)


def _views(minions, target, region, fun, **kwargs):
    """What the minions of a target say; one that this master knows to be among them, and is silent, is a problem."""
    answers = minions.ask(target, fun, **kwargs)
    views = [joining_of.node_view(minion, region, answer) for minion, answer in sorted(answers.items())]
    return views + [joining_of.silent(minion, region) for minion in sorted(set(minions.known(target)) - set(answers))]


def _import(minions, settings, name, test):
    """Have one of home's minions take the region's rows in, by its own state; return it, and that state's result."""
    _, rows = _export(minions, settings, settings.regions[name], test)
    answers = minions.ask(
        minions.first(settings.target("keystone", settings.home)),
        "state.single",
        "keystone_catalog.region_imported",
        name=name,
        rows=rows,
        identity="follow" if settings.identity.follow else dict(settings.identity.urls),
        services="verbatim" if settings.verbatim else "mapped",
        test=test,
    )
    # A failed state has a return code of its own, and its result says more than that.
    minion, answer = next(iter(answers.items()), (None, {}))
    return minion, joining_of.state_result(answer.get("ret"))


def _export(minions, settings, region, test):
    answers = minions.ask(
        settings.target("keystone", region.name),
        "keystone_catalog.export_region",
        region.name,
        renamed_from=region.renamed_from if test else None,
    )
    return joining_of.one_answer(answers, f"exporting {region.name}")


def _state(name, timeout, act):
    ask = Minions(__salt__["saltutil.cmd"], __salt__["saltutil.runner"], timeout)
    return joining_of.state(name, __pillar__, CommandExecutionError, lambda settings: act(settings, ask))
