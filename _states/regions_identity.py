"""
States of home's identity in every region (P10, K1), for orchestrations on home's master: database, revocations, keys.
"""

from functools import partial

from salt.exceptions import CommandExecutionError

from osregions import join as joining_of
from osregions import settings as settings_of
from osregions import version
from osregions.keys import fleet
from osregions.minions import Minions
from osregions.replication import prospect

__virtualname__ = "regions_identity"
_TIMEOUT = 15
_SAY, _FORGET = "mysql_replication.prospect", "keystone_catalog.invalidate"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def fits(name, timeout=_TIMEOUT):
    """
    A region can take home's identity: what would refuse it, and who would give way, is known before anything changes.

    .. code-block:: yaml

        RegionTwo can take home's identity:
          regions_identity.fits:
            - name: RegionTwo

    name
        Text: the region that is to replicate home, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Changes nothing: the nodes of both databases say what they are, and home's says what it lacks of the region's
    projects, users, roles and assignments. The comment lists them. Fails with everything that stands in the way of
    replication, each with its remedy; and with that list, unless pillar says ``discard`` for the region's database.
    Source: ``osregions.replication.prospect``.
    """

    def act(settings, minions):
        ends = {}
        for region in (settings.home, name):
            ends[region] = prospect.one_node(region, minions.ask(settings.target("database", region), _SAY))
        (home, theirs), (_, ours) = ends[settings.home], ends[name]
        if ours["replicates"]:
            return {"comment": f"{name} replicates home already"}
        problems = prospect.problems(settings.home, name, theirs, ours)
        if problems:
            return {"result": False, "comment": "\n".join(f"{one.problem}: {one.remedy}" for one in problems)}
        if ours["held"] is None:
            return {"comment": prospect.untold(name, ours)}
        _, found = joining_of.one_answer(
            minions.ask(home, "mysql_replication.lacking", ours["held"], tgt_type="glob"), "asking home what it lacks"
        )
        return {
            "result": not found["lost"] or ours["discard"],
            "comment": prospect.verdict(name, found, ours["discard"]),
        }

    return _state(name, timeout, act)


def proven(name, timeout=_TIMEOUT):
    """
    A token of home's is valid at each keystone of a region, and a token of theirs at home.

    .. code-block:: yaml

        RegionTwo has home's identity:
          regions_identity.proven:
            - name: RegionTwo

    name
        Text: the region that replicates home, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Changes nothing. Under ``test=True`` it says what it would prove. Fails with each node's words when home's admin is
    not let in there, or a token is refused. Source: ``keystone_keys.prove``.
    """

    def act(settings, minions):
        if __opts__["test"]:
            return {"result": None, "comment": "to be proved by real tokens, issued at either keystone"}
        at = settings.regions[settings.home].public_endpoint
        answers = minions.ask(settings.target("keystone", name), "keystone_keys.prove", at)
        wrong = [f"{minion}: {said.get('ret')}" for minion, said in sorted(answers.items()) if said.get("retcode")]
        if wrong or not answers:
            return {"result": False, "comment": "\n".join(wrong) or f"no keystone node of {name} answered"}
        return {"comment": "\n".join(f"{minion}: {said.get('ret')}" for minion, said in sorted(answers.items()))}

    return _state(name, timeout, act)


def revocations_carried(name, timeout=_TIMEOUT):
    """
    Tokens that a region revoked while it was cut off are revoked at home, too, and so everywhere.

    .. code-block:: yaml

        what RegionTwo revoked is revoked:
          regions_identity.revocations_carried:
            - name: RegionTwo

    name
        Text: the region, as pillar declares it.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    What home has taken comes back by replication; the region's own rows go then, at this run or the next. Fails when
    either side can't be asked. Source: ``osregions.replication.carrying``.
    """

    def act(settings, minions):
        member = minions.first(settings.target("database", name))
        home = minions.first(settings.target("database", settings.home))
        _, replicates = joining_of.one_answer(
            minions.ask(member, "mysql_replication.replicates"), f"asking whether {name} replicates home"
        )
        if not replicates:
            return {"comment": f"{name} does not replicate home, and has its own"}
        minion, found = joining_of.one_answer(
            minions.ask(member, "mysql_replication.own_revocations"), f"the revocations of {name}"
        )
        changes, said, test = {}, [], __opts__["test"]
        if found["give"]:
            words = {"rows": found["give"], "test": test}
            taker, done = joining_of.one_answer(
                minions.ask(home, "mysql_replication.take_revocations", **words), "giving them home"
            )
            changes[taker] = done["changes"]
            said.append(f"{taker}: {done['comment']}")
            if done["changes"] and not test:
                # Each of home's keystones may have a memcached of its own, and caches revocations there.
                minions.ask(settings.target("keystone", settings.home), _FORGET, what="revocations")
        if found["forget"]:
            _, done = joining_of.one_answer(
                minions.ask(member, "mysql_replication.forget_revocations", test=test), "forgetting them"
            )
            changes[minion] = done["changes"]
            said.append(f"{minion}: {done['comment']}")
        changes = {key: value for key, value in changes.items() if value}
        comment = "; ".join(said) or f"{name} has no revocation that home lacks"
        return {"result": None if changes and test else True, "changes": changes, "comment": comment}

    return _state(name, timeout, act)


def keys_spread(name, regions=None, joining=None, source=None, older=None, timeout=_TIMEOUT):
    """
    Every keystone node of every region has home's fernet keys, of tokens, receipts and credentials.

    .. code-block:: yaml

        every keystone has the keys of RegionOne:
          regions_identity.keys_spread:
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
        Whether nodes take a set that is older than what they had from home, as after a restored backup. Default: from
        pillar ``keys:older``, where it is given on the command line for once; else False.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    Nodes that have them already are not written. ``changes``: of each minion, kind and key number the fingerprints. The
    keys travel sealed for one node each, see ``osregions.keys.seal``. Fails, after the others were served, with every
    node that is silent, that refuses, or whose keystone has other repositories. Source: ``osregions.keys.fleet``.
    """

    def act(settings, minions):
        found = _fleet(minions, settings, regions, joining, source)
        return fleet.spread(
            found, _by_name(minions), _salt_key, __opts__["test"], bool(_said("older", older))
        ).as_dict()

    return _state(name, timeout, act, region=False)


def keys_rotated(name, every=None, regions=None, source=None, force=None, timeout=_TIMEOUT):
    """
    Home's fernet keys, of tokens and receipts, are no older than they should be, and every node has the new ones.

    .. code-block:: yaml

        keystone's keys are young:
          regions_identity.keys_rotated:
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
        Whether to rotate now, although it is early; then this state changes something each time. Default: from pillar
        ``keys:force``, where it is given on the command line for once; else False.

    timeout
        Seconds of silence after which a minion is asked whether it is still at it. Default: 15.

    When it is time and a node is silent, or lacks home's present keys, nothing is rotated and this fails: that node
    would be left behind; run it by the clock. Credentials' keys stay. Source: ``osregions.keys.fleet``.
    """

    def act(settings, minions):
        wish = _said("every", every)
        look = partial(_fleet, minions, settings, regions, None, source)
        forced = bool(_said("force", force))
        return fleet.rotated(look, _by_name(minions), _salt_key, __opts__["test"], wish, forced).as_dict()

    return _state(name, timeout, act, region=False)


def _fleet(minions, settings, regions, joining, source):
    source = _said("source", source)
    view = partial(minions.ask, fun="keystone_keys.view")
    return fleet.look(settings, view, minions.known, regions, joining, source)


def _said(name, given):
    """What the state was given, else what pillar says under ``keys``."""
    return settings_of.section(__pillar__, "keys").get(name) if given is None else given


def _by_name(minions):
    return lambda names, fun, **words: minions.ask(list(names), fun, tgt_type="list", **words)


def _salt_key(minion):
    return fleet.salt_key(__salt__["saltutil.wheel"]("key.print", match=minion), minion)


def _state(name, timeout, act, region=True):
    ask = Minions(__salt__["saltutil.cmd"], __salt__["saltutil.runner"], timeout)
    return joining_of.state(name, __pillar__, CommandExecutionError, lambda settings: act(settings, ask), region)
