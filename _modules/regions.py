"""
The regions as pillar declares them, what a node says of itself before a join, and the files that were changed.
"""

import logging
import time
from dataclasses import asdict

from salt.exceptions import CommandExecutionError

from osregions import files, keystone_node, openrc, version
from osregions import node_view as view_of
from osregions import settings as settings_of
from osregions.catalog.cache import all_keys, cache_from, invalidate
from osregions.errors import RegionsError, translated
from osregions.keys.operations import RECORDS
from osregions.own_node import OwnNode
from osregions.reach import node as node_of
from osregions.reach import outcomes, sight, snapshot
from osregions.reach import switch as switches
from osregions.reach import view as picture
from osregions.status import node as status_of

log = logging.getLogger(__name__)
_FRESH = 15  # seconds for which what the beacon saw last counts

__virtualname__ = "regions"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def settings(strict=True):
    """
    Check the pillar ``openstack_regions`` and return what it declares.

    CLI Example:

    .. code-block:: bash

        salt-call regions.settings

    strict
        Whether a pillar that is wrong raises. Otherwise the answer is a dict with ``error`` alone. Default: True.

    Returns a dict: ``home``, ``join``, ``region`` (this minion's, by its grain), ``regions``, ``targets``. Raises
    CommandExecutionError for a key that is not known (and says which was meant), an unknown region, or home as member.

    Source: the grains ``region`` and ``roles`` of the minion, and pillar.example.
    """
    try:
        found = settings_of.read(__pillar__.get(settings_of.PILLAR))
    except RegionsError as err:
        if not strict:
            return {"error": str(err)}
        raise CommandExecutionError(str(err)) from err
    return {
        "error": None,
        "home": found.home,
        "join": found.join,
        "region": __grains__.get("region"),
        "regions": {name: vars(region) for name, region in found.regions.items()},
        "targets": dict(found.targets),
    }


def view(urls=(), config=None):
    """
    Say of this keystone node what matters before a join: release, schema, database, regions, caches, clock, reach.

    CLI Example:

    .. code-block:: bash

        salt-call regions.view urls='["http://10.213.1.11:5000/v3"]'

    urls
        List of texts: keystones that this node must reach. Default: none.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns a dict without secrets; what could not be read stands under ``problems``, each as a sentence.

    Source: keystone's configuration, its database, and an HTTP request to each URL.
    """
    wanted = settings_of.section(__pillar__, "keystone")
    found = view_of.view(
        options=lambda: keystone_node.options(config=config or wanted.get("config")),
        release=lambda: keystone_node.release(given=wanted.get("release"), manage=wanted.get("manage")),
        urls=list(urls),
        addresses=[*__grains__.get("ipv4", ()), *__grains__.get("ipv6", ())],
    )
    return {**found, "clock": time.time()}


def reach(urls):
    """
    Say whether this node reaches some keystones.

    CLI Example:

    .. code-block:: bash

        salt '*' regions.reach urls='["http://10.213.1.11:5000"]'

    urls
        List of texts: their URLs.

    Returns a dict with ``reach``: for each URL ``ok``, or what went wrong.

    Source: an HTTP request for keystone's versions, which needs no signing in.
    """
    return {"reach": {url: keystone_node.answer(url) or "ok" for url in urls}}


def openrc_region(path, region, backups=files.BACKUPS, test=False):
    """
    Make the admin's openrc file name a region.

    CLI Example:

    .. code-block:: bash

        salt-call regions.openrc_region /root/keystonerc_admin RegionTwo

    path
        Text: the file's path.

    region
        Text: the region's name.

    backups
        Text: where the earlier text is kept (0600). Default: ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns the changes, empty when the file names that region already. Raises CommandExecutionError when the file is
    not there, or sets no ``OS_`` variable.

    Source: the clients read ``OS_REGION_NAME``; without it they take the first endpoint of any region.
    """
    return _run(lambda: openrc.name_region(path, region, backups, dry=test))


def openrc_account(path, backups=files.BACKUPS, test=False):
    """
    Have an admin's openrc file sign in by home's account, as pillar has it under ``credentials``.

    CLI Example:

    .. code-block:: bash

        salt-call regions.openrc_account /root/keystonerc_admin test=True

    path
        Text: the file's path.

    backups
        Text: where the earlier text is kept (0600). Default: ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns the changes, secrets masked; empty when it signs in so already, or as somebody that pillar does not name.
    Raises CommandExecutionError when the file is not there, sets no ``OS_`` variable, or home's password is not known.

    Source: a region whose keystone database is home's has home's admin, with home's password.
    """

    def act():
        pillar = __pillar__.get(settings_of.PILLAR) or {}
        found = settings_of.credentials_of(pillar, settings_of.read(pillar).known, __salt__["sdb.get"])
        user = openrc.read(path).get("OS_USERNAME", "")
        account = next((one for one in found.values() if one.is_user(user)), None)
        return openrc.sign_in(path, account, backups, dry=test) if account else {}

    return _run(act)


def file_backups(path=None, directory=files.BACKUPS):
    """
    List the earlier texts of files that were changed, newest first.

    CLI Example:

    .. code-block:: bash

        salt-call regions.file_backups
        salt-call regions.file_backups /etc/keystone/keystone.conf

    path
        Text: the file in question. Default: all.

    directory
        Text: where they are kept. Default: ``/var/backups/openstack-regions``.

    Returns a list of dicts, each with ``backup`` and ``path``.

    Source: the notes beside the backups.
    """
    return _run(lambda: files.backups(path, directory))


def restore_file(backup, directory=files.BACKUPS):
    """
    Give a file back the text that a backup kept; what it says now is kept in turn.

    CLI Example:

    .. code-block:: bash

        salt-call regions.restore_file \\
            /var/backups/openstack-regions/files/root--keystonerc_admin.20261123T034500.123456Z

    backup
        Text: the backup's path, as ``regions.file_backups`` lists it.

    directory
        Text: where the present text is kept. Default: ``/var/backups/openstack-regions``.

    Returns the file's ``path`` and the ``backup`` made of its present text. Raises CommandExecutionError when there is
    no such backup.

    Source: the note beside the backup says where it belongs.
    """
    return _run(lambda: files.restore(backup, directory))


def keep_settings(test=False):
    """
    Keep what pillar says of the cloud on this node, without its secrets, for the day that no master answers.

    CLI Example:

    .. code-block:: bash

        salt '*' regions.keep_settings

    test
        Whether to say only whether something would be written. Default: False.

    Returns whether it was (or would be) written anew. Raises CommandExecutionError for a pillar that is wrong.

    Source: ``/var/lib/openstack-regions/settings.json`` (0600).
    """

    def act():
        settings_of.read(__pillar__.get(settings_of.PILLAR))
        return snapshot.write(__grains__.get("region") or "", __pillar__, dry=test)

    return _run(act)


def switch():
    """
    Say where this node's services find identity: at home, or at the region's own keystone.

    CLI Example:

    .. code-block:: bash

        salt '*' regions.switch

    Returns a dict: ``identity`` (home or local), ``at`` (the region whose keystone that is), ``epoch`` (how often it
    was moved), ``reason``, ``by``, ``since`` (seconds since the epoch), ``region``, ``moves`` (when it last moved by
    itself, the newest last), ``unfinished`` (whether services are still to follow it), ``last`` (what came of the last
    move here: ``what``, failover or failback, ``epoch``, ``ok``, ``comment``, ``timeline``, ``problems``; None when
    there was none), ``problem`` (a damaged file that was taken as its copy; else empty). Raises CommandExecutionError
    when the file and its copy are both damaged.

    Source: ``/var/lib/openstack-regions/switch``; a node that was never moved is at home.
    """

    return _run(lambda: _switch(settings_of.read(_pillar()[settings_of.PILLAR]), _region()))


def standing(controllers=0):
    """
    Say in one answer where this node's switch is, and what its beacon sees of home's keystone and the region's own.

    CLI Example:

    .. code-block:: bash

        salt '*' regions.standing

    controllers
        Number: how many controllers the region has, from the master that decides by what all of them say. This node
        then knows for some seconds that one does, and where it is one of several it leaves it to that. Default: 0,
        nobody who decides.

    Returns a dict: ``switch`` (see ``regions.switch``) and ``seen`` (see ``keystone_reach.seen``; None where no beacon
    watches). Raises CommandExecutionError when the switch can't be read.

    Source: the switch, and what the beacon ``keystone_reach`` wrote last.
    """

    def act():
        if controllers:
            sight.note_master(int(controllers))
        found = sight.read()
        return {"switch": switch(), "seen": sight.to_data(found) if found else None}

    return _run(act)


def facts(timeout=2):
    """
    Say all that matters of this node for ``salt-run regions.status``, and nothing that is secret. Changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call regions.facts

    timeout
        Number: the seconds that all of it may take together. Default: 2.

    Returns a dict: ``minion``, ``region``, ``keystone`` and ``database`` (whether this node has them), ``clock``, and
    ``parts``, each with ``seconds`` and either its ``value`` or the ``problem`` that kept it from being told in time:
    ``switch`` (see ``regions.switch``), ``seen`` (see ``keystone_reach.seen``), ``keystones`` (whether home's and its
    own answer), ``conf`` (whom its services validate with, what is not as it is to be); of a keystone ``tokens``,
    ``keys`` (digests), ``catalog`` (what is served, what answers of it, how long signing in takes), ``backups``; of a
    replica ``replication``, and ``behind``, the same with home asked. Raises CommandExecutionError for a pillar that is
    wrong.

    Source: all parts are asked at once, each in a thread of its own; see ``osregions.status.node``.
    """

    def act():
        pillar = _pillar()[settings_of.PILLAR]
        settings, region = settings_of.read(pillar), _region()
        records = __opts__.get("openstack_regions_records") or RECORDS
        place = status_of.Place(
            OwnNode(__grains__["id"], region, pillar, __salt__["sdb.get"], records),
            switch=lambda: _switch(settings, region),
            keystone=bool(__salt__["match.compound"](settings.target("keystone", region))),
            database=bool(__salt__["match.compound"](settings.target("database", region))),
        )
        return place.say(float(timeout))

    return _run(act)


def failover(reason="", by="", epoch=None, moments=None, wait=None, test=False):
    """
    Have this node's services use the region's own keystone, without a master and without home (P11).

    CLI Example:

    .. code-block:: bash

        salt-call --local regions.failover test=True
        salt-call --local regions.failover reason='the line is being mended'

    reason
        Text: why; it stands in the switch and in every outcome. Default: by hand.

    by
        Text: who moves it. Default: salt-call and this minion's id.

    epoch
        Number: the newest epoch that the mover has seen. A node with a newer one was moved since, and stays where it
        is; any other gets the next one. Default: this node's own.

    moments
        Dict: when the fault began (``fault``), was ``seen`` and ``decided``, in seconds since the epoch, for the
        timeline. Default: none.

    wait
        Number: how long to wait for each service, in seconds. Default: from pillar, else 90.

    test
        Whether to say only what would be done. Default: False.

    Looks first: the local keystone answers, and lets this node's services in. Then the switch is moved, and what points
    at home is repointed, restarted and proved by real tokens. Run it again as often as you like: what was done is not
    done twice, and what a kill left undone is.

    Returns a dict: ``ok``, ``moved``, ``switch``, ``comment``, ``changes`` (``switch``, ``options``, ``units``),
    ``timeline``, ``checks``, ``problems``. Raises CommandExecutionError, with nothing moved, for home itself, a region
    that pillar does not know, a local keystone that does not answer or does not know the services' accounts, a damaged
    switch or ledger; and, the switch moved, for a service that does not come back.

    Source: ``osregions.reach.node``. The region's database stays read-only: this promotes nothing.
    """
    cause = _cause(reason, by, epoch, moments)
    return _told("failover", _run(lambda: _node(wait).fail_over(cause, dry=test)), test)


def failback(reason="", by="", epoch=None, moments=None, wait=None, test=False):
    """
    Have this node's services use home's keystone again.

    CLI Example:

    .. code-block:: bash

        salt-call regions.failback test=True

    reason
        Text: why. Default: by hand.

    by
        Text: who moves it. Default: salt-call and this minion's id.

    epoch
        Number: as for ``regions.failover``.

    moments
        Dict: as for ``regions.failover``.

    wait
        Number: how long to wait for each service, in seconds. Default: from pillar, else 90.

    test
        Whether to say only what would be done. Default: False.

    This is one node's part: whether the region has all of home's identity, and home all of the region's revocations, is
    ``salt-run regions.failback``'s to look at, which also takes one node after another.

    Returns what ``regions.failover`` does. Raises CommandExecutionError, with nothing moved, when home does not answer,
    or does not let this node's services in.

    Source: ``osregions.reach.node``.
    """
    cause = _cause(reason, by, epoch, moments)
    return _told("failback", _run(lambda: _node(wait).fail_back(cause, dry=test)), test)


def _switch(settings, region):
    if region not in settings.regions or region == settings.home:
        found = switches.Reading(switches.Switch(region))
    else:
        found = switches.read(region)
    at = region if found.switch.local else settings.home
    moves = list(picture.by_itself(switches.history(region)))
    unfinished = switches.unfinished()
    more = {"moves": moves, "unfinished": unfinished, "last": outcomes.last(), "problem": found.problem}
    return {**asdict(found.switch), "at": at, **more}


def _cause(reason, by, epoch, moments):
    return node_of.Cause(reason or "by hand", by or f"salt-call on {__grains__['id']}", epoch, dict(moments or {}))


def _node(wait):
    pillar = _pillar()
    repoint, keystone = settings_of.section(pillar, "repoint"), settings_of.section(pillar, "keystone")
    machine = OwnNode(__grains__["id"], _region(), pillar[settings_of.PILLAR]).machine()
    return node_of.Node(machine, lambda: _forget(keystone), _vouched, wait or repoint.get("wait") or 90)


def _vouched():
    """How the beacon has just seen the region's own keystone take a token of home's: rows and keys are there."""
    try:
        found = sight.read()
    except RegionsError:
        return ""
    ago = time.time() - found.at if found else _FRESH
    if abs(ago) >= _FRESH or not found.keys or found.local.state != "up":
        return ""
    return f"the beacon keystone_reach had it validated {max(ago, 0):.0f} s ago"


def _forget(given):
    """Have a keystone on this node forget what it read before home's rows came: they never told its cache."""
    try:
        options = keystone_node.options(given.get("config"))
    except RegionsError:
        return "no keystone is here"
    return invalidate(cache_from(options), all_keys(keystone_node.release(given.get("release"), given.get("manage"))))


def _told(what, outcome, test):
    """Tell the outcome in the log and on the minion's own bus: with no master there is no other."""
    found = outcome.as_dict()
    if not test and (outcome.changes or not outcome.ok):
        log.log(logging.INFO if outcome.ok else logging.ERROR, "openstack-regions %s: %s", what, outcome.comment)
        data = {key: found[key] for key in ("ok", "switch", "comment", "timeline", "problems")}
        __salt__["event.fire"](data, f"openstack_regions/{what}/{outcome.switch.region}")
    return found


def _region():
    return __grains__.get("region") or (snapshot.read() or {}).get("region") or ""


def _pillar():
    found = snapshot.pillar(__pillar__)
    if not found.get(settings_of.PILLAR):
        raise RegionsError(
            f"there is no pillar {settings_of.PILLAR}, and none was kept",
            "",
            "apply regions.services where a master answers; it keeps what this needs",
        )
    return found


def _run(act):
    return translated(act, CommandExecutionError)
