"""
Look at and change keystone's catalog in its own tables: rename a region, carry it elsewhere, back up, restore.

The functions run on a minion that serves keystone. They enter its database as keystone itself does, by
``[database] connection`` of its configuration, so that no other copy of that password is kept anywhere.
"""

from salt.exceptions import CommandExecutionError

from osregions import keystone_node, version
from osregions import settings as settings_of
from osregions.catalog import backup as backups_of
from osregions.catalog import served as served_by
from osregions.catalog.identity_urls import wish_from
from osregions.catalog.operations import Catalog
from osregions.errors import RegionsError, translated
from osregions.identity import Identity
from osregions.model import Export
from osregions.openrc import read as read_openrc

__virtualname__ = "keystone_catalog"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def rename_region(old, new, test=False, config=None, scope=None):
    """
    Give a region another name wherever keystone's tables name it, in one transaction, after a backup (P4).

    Every column that refers to a region is found at run time: by keystone's source (parents, endpoints, limits,
    registered limits, policy associations), by foreign keys, and in the JSON of endpoint groups. Afterwards keystone's
    caches are told, by key.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.rename_region RegionOne RegionTwo
        salt-call keystone_catalog.rename_region RegionOne RegionTwo test=True

    old
        Text: the name that the region has.

    new
        Text: the name that it is to get, of at most 255 letters, digits, ``_``, ``.`` and ``-``.

    test
        Whether to say only what would change. Default: False.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    scope
        Text: what to back up first, ``catalog`` or ``database``. Default: from pillar, else ``database``.

    Returns ``changes`` (by column or row, each with ``old`` and ``new``; empty when nothing names ``old``), ``comment``
    and the path of the ``backup``. Raises CommandExecutionError, before anything is touched, when there is no region
    ``old``, when both are in use, or when a column that no known keystone has names it.

    Source: keystone refuses it (``PATCH /v3/regions``: "Cannot change ID"); the tables of 8.1.2, 22.0.2 and 30.0.0.
    """
    return _run(lambda: _catalog(config, scope).rename(old, new, dry=test).as_dict())


def export_region(region, renamed_from=None, config=None):
    """
    Read the rows that a region brings into another keystone's catalog: itself, its endpoints, the services (P5).

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.export_region RegionTwo --out=json | jq .local >region-two.json

    region
        Text: the region's name.

    renamed_from
        Text: the name that it still may have; its rows are then given as they will be called. Default: none.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns a dict of plain data: ``region``, ``services``, ``endpoints``, ``schema`` and ``release``; no secrets.
    Raises CommandExecutionError when there is no such region.

    Source: the columns of ``region``, ``service`` and ``endpoint``, the same from Liberty to 2026.2.
    """
    return _run(lambda: _catalog(config).export(region, renamed_from).as_dict())


def import_region(rows, identity="follow", services="mapped", test=False, config=None, scope=None):
    """
    Take an exported region into this keystone's catalog, in one transaction, after a backup (P6).

    Endpoints keep their ids. Services become the ones that are here by type and name, so that the catalog has one entry
    for each type. Doing it again changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.import_region "$(cat region-two.json)" test=True

    rows
        Dict: what ``keystone_catalog.export_region`` returned, without the ``local`` that Salt's output puts around it.

    identity
        ``follow``, or a dict from interface to URL. ``follow`` makes the region's identity endpoints
        ``$(public_endpoint)s/v3``: the keystone that serves them fills in its own address. Default: ``follow``.

    services
        Text: ``mapped``, or ``verbatim`` to bring the region's service rows in as they are. Default: ``mapped``.

    test
        Whether to say only what would change. Default: False.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    scope
        Text: what to back up first, ``catalog`` or ``database``. Default: from pillar, else ``database``.

    Returns ``changes``, ``comment`` and the path of the ``backup``. Raises CommandExecutionError, before the first
    write and with the rows named, for another schema, rows of the same id and other content, endpoints that are here
    under other ids, or a service that could be several.

    Source: catalog/core.py for the URL (Liberty to 2026.2); Horizon uses only the first service of a type.
    """

    def act():
        export = Export.from_dict(rows)
        if services not in ("mapped", "verbatim"):
            raise RegionsError(f"{services!r} can't be chosen", "services", "one of mapped, verbatim")
        return _catalog(config, scope).bring_in(export, wish_from(identity), services == "verbatim", dry=test).as_dict()

    return _run(act)


def remove_region(region, orphans=(), test=False, config=None, scope=None):
    """
    Take a region and its endpoints out of this keystone's catalog again, in one transaction, after a backup.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.remove_region RegionTwo test=True

    region
        Text: the region's name.

    orphans
        List of texts: ids of services that came with it and are to go too. Default: none.

    test
        Whether to say only what would change. Default: False.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    scope
        Text: what to back up first, ``catalog`` or ``database``. Default: from pillar, else ``database``.

    Returns ``changes`` (empty when there is no such region), ``comment`` and the path of the ``backup``. Raises
    CommandExecutionError when limits, policies or child regions still refer to it.

    Source: the references between keystone's tables, read from information_schema at run time.
    """
    return _run(lambda: _catalog(config, scope).remove(region, list(orphans), dry=test).as_dict())


def still_named(region, config=None):
    """
    Prove that nothing in keystone's tables names a region any more.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.still_named RegionOne

    region
        Text: the name that should be gone.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns a dict from column to the number of rows that name it; empty is the proof. Raises CommandExecutionError when
    the database can't be read.

    Source: information_schema's columns and foreign keys, and the JSON in ``endpoint_group.filters``.
    """
    return _run(lambda: _catalog(config).still_named(region))


def served(openrc=None, url=None, config=None):
    """
    Compare the catalog that this node's keystone serves with its tables, by a token of its own.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.served

    openrc
        Text: the path of the admin's openrc file. Default: from pillar, else ``/root/keystonerc_admin``.

    url
        Text: the keystone to ask. Default: this node's own.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns a list of sentences, one for each difference; empty when keystone serves what its tables say. Raises
    CommandExecutionError when nobody can sign in.

    Source: keystone caches the computed catalog from Mitaka on, and does not see what is written behind its back.
    """
    return _run(lambda: served_by.differences(_catalog(config), openrc or _openrc(), url or _local_url()))


def catalog(openrc=None, url=None):
    """
    Sign in as the admin and return the catalog that keystone serves.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.catalog

    openrc
        Text: the path of the admin's openrc file. Default: from pillar, else ``/root/keystonerc_admin``.

    url
        Text: the keystone to ask. Default: the file's ``OS_AUTH_URL``.

    Returns a list with a dict for each service: ``type``, ``name``, ``id`` and ``endpoints``. Raises
    CommandExecutionError when nobody can sign in; never shows the token.

    Source: the ``catalog`` in keystone's answer to ``POST /v3/auth/tokens``.
    """
    path = openrc or _openrc()
    return _run(lambda: list(Identity(read_openrc(path), url=url, where=path).issue().catalog))


def invalidate(config=None, what="catalog"):
    """
    Tell keystone's caches that something changed, by deleting just the keys behind which the old state stands.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.invalidate
        salt-call keystone_catalog.invalidate what=revocations

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    what
        Text: ``catalog``, ``revocations`` or ``all``. Default: ``catalog``.

    Returns one line on what was done. Raises CommandExecutionError when a memcached does not answer.

    Source: common/cache/core.py of keystone 8 and 9 to 30; never flush_all, which would sign Liberty's users out.
    """
    return _run(lambda: _catalog(config).invalidate(what))


def know_the_database(test=False, config=None):
    """
    Have keystone's caches forget everything when another database has taken the place of the one they were filled from.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.know_the_database test=True

    test
        Whether to say only what would change. Default: False.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns ``changes`` (empty when the caches are this database's) and ``comment``. Raises CommandExecutionError when
    the database or a memcached does not answer.

    Source: when the tables were created (information_schema), and a note of it on this node; rows that come by
    replication or by a seed never invalidate the cache of the keystone that serves them.
    """
    return _run(lambda: _catalog(config).know_the_database(dry=test).as_dict())


def backup(reason="by hand", scope="database", config=None):
    """
    Back up keystone's database, or its catalog alone, and check that the backup is whole (P3).

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.backup
        salt-call keystone_catalog.backup 'before the upgrade' scope=catalog

    reason
        Text: what it is made for; it stands in the backup's name and note. Default: ``by hand``.

    scope
        Text: ``database`` (all but the tokens), or ``catalog``. Default: ``database``.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns the backup's note: its path, database, moment, scope, schema and the rows of each table. Raises
    CommandExecutionError when there is no room, or the dump is not whole.

    Source: mysqldump ends a whole dump with "-- Dump completed"; rows are counted as written and as read back.
    """
    return _run(lambda: vars(_catalog(config).back_up(reason, scope)))


def backups(config=None):
    """
    List the backups of keystone's database that are whole, newest first.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.backups

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns a list of notes, as ``keystone_catalog.backup`` returns them.

    Source: the notes beside the backups, under ``/var/backups/openstack-regions`` unless pillar says otherwise.
    """

    def act():
        catalog = _catalog(config)
        return [vars(item) for item in backups_of.backups(catalog.account.database, catalog.backups)]

    return _run(act)


def restore(backup="latest", tables=None, test=False, config=None):
    """
    Put back what a backup holds, in one transaction, after the present state was backed up in turn.

    All that was changed since in the restored tables is lost: with a backup of the whole database also users, passwords
    and projects made since. ``tables`` narrows it down. Backups lie on the node that made them.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.restore latest tables='[region, service, endpoint]'

    backup
        Text: the path of a backup, or ``latest``, which is the newest that no restore made. Default: ``latest``.

    tables
        List of texts: the tables to restore. Default: all that the backup holds.

    test
        Whether to say only what would change. Default: False.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns ``changes`` (rows of each table before and after), ``comment`` and the path of the ``backup`` made before.
    Raises CommandExecutionError when the schema is another by now, or the backup is not what it was.

    Source: rows alone are loaded, so that no statement commits before the last row is in.
    """
    return _run(lambda: _catalog(config).restore(backup, tables, dry=test).as_dict())


def prune(keep=None, config=None):
    """
    Delete all but the newest backups of keystone's database, and what killed runs left of others.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_catalog.prune keep=10

    keep
        Number of backups to keep. Default: from pillar, else 30.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns the paths that were deleted. Raises CommandExecutionError when ``keep`` is less than 1.

    Source: every change makes a backup, and prunes by the same rule.
    """

    def act():
        catalog = _catalog(config)
        most = catalog.keep if keep is None else keep
        return backups_of.prune(most, catalog.account.database, catalog.backups)

    return _run(act)


def _run(act):
    return translated(act, CommandExecutionError)


def _pillar(section):
    return settings_of.section(__pillar__, section)


def _openrc():
    return _pillar("openrc").get("admin", "/root/keystonerc_admin")


def _release(config):
    given = _pillar("keystone").get("release")
    # Asking keystone-manage takes seconds, and a state run asks often.
    key = f"openstack_regions.release.{config}.{given}"
    if key not in __context__:
        __context__[key] = keystone_node.release(given=given, manage=_pillar("keystone").get("manage"))
    return __context__[key]


def _local_url():
    return _pillar("keystone").get("url") or keystone_node.local_url()


def _catalog(config=None, scope=None):
    wanted = _pillar("backup")
    given = {
        "backups": wanted.get("directory"),
        "scope": scope or wanted.get("scope") or "database",
        "keep": wanted.get("keep"),
    }
    options = keystone_node.options(config=config or _pillar("keystone").get("config"))
    return Catalog(options, _release(config), **{name: value for name, value in given.items() if value})
