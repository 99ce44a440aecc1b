"""
The regions as pillar declares them, what a node says of itself before a join, and the files that were changed.
"""

import time

from salt.exceptions import CommandExecutionError

from osregions import files, keystone_node, openrc, version
from osregions import node_view as view_of
from osregions import settings as settings_of
from osregions.errors import RegionsError, translated

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
    not there, or sets no OS_ variable.

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
    Raises CommandExecutionError when the file is not there, sets no OS_ variable, or home's password is not known.

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

        salt-call regions.restore_file /var/backups/openstack-regions/files/root--keystonerc_admin.20261123T034500.1Z

    backup
        Text: the backup's path, as ``regions.file_backups`` lists it.

    directory
        Text: where the present text is kept. Default: ``/var/backups/openstack-regions``.

    Returns the file's ``path`` and the ``backup`` made of its present text. Raises CommandExecutionError when there is
    no such backup.

    Source: the note beside the backup says where it belongs.
    """
    return _run(lambda: files.restore(backup, directory))


def _run(act):
    return translated(act, CommandExecutionError)
