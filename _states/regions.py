"""
States of the whole cloud, for orchestrations on home's master: they ask minions, decide, and have minions act.
"""

import logging
import time
from functools import partial

from salt.exceptions import CommandExecutionError

from osregions import join as joining_of
from osregions import preflight, state_return, version
from osregions import settings as settings_of
from osregions.errors import RegionsError
from osregions.keys import fleet
from osregions.reach import fleet as move

log = logging.getLogger(__name__)

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

    def act(settings):
        urls = joining_of.keystone_urls(settings, name)
        others = _views(settings.target("region", name), name, "regions.reach", timeout, urls=urls[name])
        views, asked = [], time.time()
        for region in urls:
            views += _views(settings.target("keystone", region), region, "regions.view", timeout, urls=urls[region])
        keystones = {view.minion for view in views}
        others = [view for view in others if view.minion not in keystones]
        findings = preflight.check(settings, views, asked, time.time(), name, others)
        if findings:
            return {"result": False, "comment": "\n".join(map(str, findings))}
        nodes = ", ".join(view.minion for view in (*views, *others))
        return {"comment": f"nothing stands in the way; looked at {nodes}"}

    return _state(name, act)


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

    def act(settings):
        minion, result = _import(settings, name, timeout, test=__opts__["test"])
        changes = {minion: result["changes"]} if result["changes"] else {}
        return {"result": result["result"], "changes": changes, "comment": f"{minion}: {result['comment']}"}

    return _state(name, act)


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

    def act(settings):
        minion, result = _import(settings, name, timeout, test=True)
        return {"result": result["result"] is not False, "comment": f"{minion}: {result['comment']}"}

    return _state(name, act)


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

    def act(settings):
        region = settings.regions[name]
        minion, rows = _export(settings, region, timeout, __opts__["test"])
        endpoints = joining_of.enabled_endpoints(rows)
        _, catalog = joining_of.one_answer(
            _ask(_first(settings.target("keystone", settings.home), timeout), "keystone_catalog.catalog", timeout),
            "signing in at home",
        )
        lines = joining_of.missing_endpoints(catalog, settings, name, endpoints)
        # A replica says what home says, of all regions.
        replicates = _ask(minion, "mysql_replication.replicates", timeout, tgt_type="glob").get(minion, {}).get("ret")
        if region.renamed_from and replicates is not True:
            _, named = joining_of.one_answer(
                _ask(minion, "keystone_catalog.still_named", timeout, region.renamed_from, tgt_type="glob"),
                "looking for the old name",
            )
            lines += [f"{count} rows of {column} still name {region.renamed_from}" for column, count in named.items()]
        if lines and __opts__["test"]:
            return {"result": None, "comment": "to be true after the join, not yet:\n" + "\n".join(lines)}
        if lines:
            return {"result": False, "comment": "\n".join(lines)}
        served = sum(len(entry["endpoints"]) for entry in catalog)
        return {"comment": f"home serves {served} endpoints, {len(endpoints)} of them {name}'s, in one catalog"}

    return _state(name, act)


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

    def act(settings):
        wrong, nodes = [], []
        for region in (settings.home, name):
            target = settings.target("region", region)
            for minion, answer in sorted(_ask(target, "oslo_conf.repoint", timeout, test=True).items()):
                nodes.append(minion)
                if answer.get("retcode") or not isinstance(answer.get("ret"), dict):
                    wrong.append(f"{minion}: {answer.get('ret')}")
        if wrong:
            return {"result": False, "comment": "\n".join(wrong)}
        if not nodes:
            raise RegionsError("no minion answered", remedy="are the grains set, and the minions up?")
        return {"comment": f"the services of {', '.join(nodes)} can follow"}

    return _state(name, act)


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

    def act(settings):
        if __opts__["test"]:
            return {"result": None, "comment": "to be proved after the join, by real tokens, service by service"}
        said, wrong = [], []
        for region in (settings.home, name):
            for minion, answer in sorted(_ask(settings.target("region", region), "oslo_conf.prove", timeout).items()):
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

    return _state(name, act)


def revocations_carried(name, timeout=_TIMEOUT):
    """
    Tokens that a region revoked while it was cut off are revoked at home, too, and so everywhere.

    .. code-block:: yaml

        what RegionTwo revoked is revoked:
          regions.revocations_carried:
            - name: RegionTwo

    name
        Text: the region, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    What home has taken comes back by replication; the region's own rows go then, at this run or the next. Fails when
    either side can't be asked. Source: ``osregions.replication.carrying``.
    """

    def act(settings):
        member = _first(settings.target("keystone", name), timeout)
        home = _first(settings.target("keystone", settings.home), timeout)
        _, replicates = joining_of.one_answer(
            _ask(member, "mysql_replication.replicates", timeout), f"asking whether {name} replicates home"
        )
        if not replicates:
            return {"comment": f"{name} does not replicate home, and has its own"}
        minion, found = joining_of.one_answer(
            _ask(member, "mysql_replication.own_revocations", timeout), f"the revocations of {name}"
        )
        changes, said, test = {}, [], __opts__["test"]
        if found["give"]:
            words = {"rows": found["give"], "test": test}
            taker, done = joining_of.one_answer(
                _ask(home, "mysql_replication.take_revocations", timeout, **words), "giving them home"
            )
            changes[taker] = done["changes"]
            said.append(f"{taker}: {done['comment']}")
        if found["forget"]:
            _, done = joining_of.one_answer(
                _ask(member, "mysql_replication.forget_revocations", timeout, test=test), "forgetting them"
            )
            changes[minion] = done["changes"]
            said.append(f"{minion}: {done['comment']}")
        changes = {key: value for key, value in changes.items() if value}
        comment = "; ".join(said) or f"{name} has no revocation that home lacks"
        return {"result": None if changes and test else True, "changes": changes, "comment": comment}

    return _state(name, act)


def failed_over(name, reason=None, timeout=_TIMEOUT):
    """
    A region whose home can't be reached signs people in by itself, on all its nodes (P11).

    .. code-block:: yaml

        RegionTwo goes on by itself:
          regions.failed_over:
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

    def act(settings):
        return _moved("failover", _region_fleet(settings, name, timeout).over(reason or "by hand"))

    return _state(name, act)


def fit_to_return(name, minion=None, timeout=_TIMEOUT):
    """
    A region that goes on by itself can return to home: home is well, and the region's replica has all of home's rows.

    .. code-block:: yaml

        RegionTwo can return:
          regions.fit_to_return:
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

    def act(settings):
        _home_is_known(settings, name)
        return {"comment": _region_fleet(settings, name, timeout).fit_to_return(by_itself=minion is not None)}

    return _state(name, act)


def failed_back(name, reason=None, timeout=_TIMEOUT):
    """
    A region's nodes use home's keystone again, one after another, so that the region never stops serving.

    .. code-block:: yaml

        RegionTwo is back:
          regions.failed_back:
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

    def act(settings):
        return _moved("failback", _region_fleet(settings, name, timeout).back(reason or "by hand"))

    return _state(name, act)


def _region_fleet(settings, region, timeout):
    def ask(target, fun, **words):
        return _ask(target, fun, timeout, **words)

    return move.Fleet(settings, region, ask, _known, f"salt-run on {__opts__['id']}", bool(__opts__["test"]))


def _home_is_known(settings, region):
    """What a region revoked has to be carried home: that takes a master of home's minions."""
    home = settings.target("keystone", settings.home)
    if not _known(home):
        raise RegionsError(
            f"this master knows no minion of {settings.home}", home, f"run regions.failback {region} on home's master"
        )


def _moved(what, found):
    if found.event:
        log.log(logging.INFO if found.ok else logging.ERROR, "openstack-regions %s: %s", what, found.comment)
        __salt__["saltutil.runner"]("event.send", tag=found.event["tag"], data=found.event["data"])
    result = False if not found.ok else None if found.changes and __opts__["test"] else True
    return {"result": result, "changes": dict(found.changes), "comment": found.comment}


def keys_spread(name, regions=None, joining=None, source=None, older=False, timeout=_TIMEOUT):
    """
    Every keystone node of every region has home's fernet keys, of tokens, receipts and credentials.

    .. code-block:: yaml

        every keystone has the keys of RegionOne:
          regions.keys_spread:
            - joining: RegionTwo

    name
        Text: free to choose.

    regions
        List: the regions whose nodes get them, beside home's own. Default: all that pillar declares.

    joining
        Text: the region whose own keys may be replaced; elsewhere a node that still has some is refused. Default: none.

    source
        Text: the minion of home whose keys count. Default: from pillar ``keys:source``, else home's first by name.

    older
        Whether nodes take a set that is older than what they had from home, as after a restored backup. Default: False.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Nodes that have them already are not written. ``changes``: of each minion, kind and key number the fingerprints. The
    keys travel sealed for one node each, see ``osregions.keys.seal``. Fails, after the others were served, with every
    node that is silent, that refuses, or whose keystone has other repositories. Source: ``osregions.keys.fleet``.
    """

    def act(settings):
        found = _fleet(settings, regions, joining, source, timeout)
        return fleet.spread(found, _asker(timeout), _salt_key, __opts__["test"], older).as_dict()

    return _state(name, act, region=False)


def keys_rotated(name, every=None, regions=None, source=None, force=False, timeout=_TIMEOUT):
    """
    Home's fernet keys, of tokens and receipts, are no older than they should be, and every node has the new ones.

    .. code-block:: yaml

        keystone's keys are young:
          regions.keys_rotated:
            - every: 604800

    name
        Text: free to choose.

    every
        Number: the seconds between two rotations. Default: from pillar ``keys:every``, else the shortest by which no
        token in use loses its key: (expiration + allow_expired_window) / (max_active_keys - 2).

    regions
        List: the regions whose nodes must have the present keys, beside home's. Default: all that pillar declares.

    source
        Text: the minion of home on which keys are rotated. Default: from pillar ``keys:source``, else home's first.

    force
        Whether to rotate now, although it is early; then this state changes something each time. Default: False.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    When it is time and a node is silent, or lacks home's present keys, nothing is rotated and this fails: that node
    would be left behind; run it by the clock. Credentials' keys stay. Source: ``osregions.keys.fleet``.
    """

    def act(settings):
        wish = every or settings_of.section(__pillar__, "keys").get("every")
        look = partial(_fleet, settings, regions, None, source, timeout)
        return fleet.rotated(look, _asker(timeout), _salt_key, __opts__["test"], wish, force).as_dict()

    return _state(name, act, region=False)


def settings_kept(name):
    """
    This node knows, without secrets, what pillar says of the cloud, for the day that no master answers.

    .. code-block:: yaml

        this node knows the cloud without a master:
          regions.settings_kept: []

    name
        Text: free to choose.

    Source: see ``regions.keep_settings``.
    """

    def act(test):
        anew = __salt__["regions.keep_settings"](test=test)
        changes = {"settings": "kept for the day that no master answers"} if anew else {}
        return {"changes": changes, "comment": "" if anew else "it has them"}

    return state_return.of(name, act, __opts__["test"], CommandExecutionError)


def _fleet(settings, regions, joining, source, timeout):
    source = source or settings_of.section(__pillar__, "keys").get("source")
    view = partial(_ask, fun="keystone_keys.view", timeout=timeout)
    return fleet.look(settings, view, _known, regions, joining, source)


def _asker(timeout):
    return lambda minions, fun, **words: _ask(list(minions), fun, timeout, tgt_type="list", **words)


def _salt_key(minion):
    return fleet.salt_key(__salt__["saltutil.wheel"]("key.print", match=minion), minion)


def _known(target):
    """The minions of a target, as this master knows them, whether they answer or not."""
    return __salt__["saltutil.runner"]("cache.grains", tgt=target, tgt_type="compound") or {}


def _views(target, region, fun, timeout, **kwargs):
    """What the minions of a target say; one that this master knows to be among them, and is silent, is a problem."""
    answers = _ask(target, fun, timeout, **kwargs)
    known = _known(target)
    views = [joining_of.node_view(minion, region, answer) for minion, answer in sorted(answers.items())]
    return views + [joining_of.silent(minion, region) for minion in sorted(set(known) - set(answers))]


def _import(settings, name, timeout, test):
    """Have one of home's minions take the region's rows in, by its own state; return it, and that state's result."""
    _, rows = _export(settings, settings.regions[name], timeout, test)
    answers = _ask(
        _first(settings.target("keystone", settings.home), timeout),
        "state.single",
        timeout,
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


def _export(settings, region, timeout, test):
    answers = _ask(
        settings.target("keystone", region.name),
        "keystone_catalog.export_region",
        timeout,
        region.name,
        renamed_from=region.renamed_from if test else None,
    )
    return joining_of.one_answer(answers, f"exporting {region.name}")


def _first(target, timeout):
    """One minion of a target, always the same: writes go through one, for the tables are the same to all."""
    answers = _ask(target, "test.ping", timeout)
    if not answers:
        raise RegionsError(f"no minion answered to {target}", remedy="are the grains set, and the minions up?")
    return f"L@{min(answers)}"


def _ask(target, fun, timeout, *args, tgt_type="compound", **kwargs):
    return __salt__["saltutil.cmd"](target, fun, arg=args, tgt_type=tgt_type, timeout=timeout, kwarg=kwargs)


def _state(name, act, region=True):
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        settings = settings_of.read(__pillar__.get(settings_of.PILLAR))
        # Nothing is named when pillar names nothing, and that is the error to tell.
        if region and (name or settings.joining().name) not in settings.regions:
            raise RegionsError(
                f"there is no region {name} in pillar", remedy=f"declared are {', '.join(settings.regions)}"
            )
        return {**ret, **act(settings)}
    except (RegionsError, CommandExecutionError) as err:
        return {**ret, "result": False, "comment": str(err)}
