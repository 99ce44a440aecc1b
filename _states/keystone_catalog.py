"""
States of keystone's catalog: a region is called so, a region's rows are there, and keystone serves what its tables say.

The functions run on a minion that serves keystone; each looks first, and under ``test=True`` shows the very changes
that a real run makes. ``changes`` stay empty on a second run.
"""

from salt.exceptions import CommandExecutionError

from osregions import state_return, version

__virtualname__ = "keystone_catalog"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def region_renamed(name, old, config=None, scope=None):
    """
    A region has this name, wherever keystone's tables name it (P4).

    .. code-block:: yaml

        RegionTwo:
          keystone_catalog.region_renamed:
            - old: RegionOne

    name
        Text: the name that the region is to have.

    old
        Text: the name that it has until then. Undone by the same state with the two exchanged.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    scope
        Text: what to back up first, ``catalog`` or ``database``. Default: from pillar, else ``database``.

    Fails, with nothing touched, where ``keystone_catalog.rename_region`` raises.

    Source: see ``keystone_catalog.rename_region``.
    """
    return _state(
        name,
        lambda test: __salt__["keystone_catalog.rename_region"](old, name, test=test, config=config, scope=scope),
    )


def region_imported(name, rows, identity="follow", services="mapped", config=None, scope=None):
    """
    A region's rows, exported from its own keystone, are in this keystone's catalog (P6).

    .. code-block:: yaml+jinja

        RegionTwo:
          keystone_catalog.region_imported:
            - rows: {{ pillar['rows'] | json }}

    name
        Text: the region's name; the rows must be its own.

    rows
        Dict: what ``keystone_catalog.export_region`` returned.

    identity
        ``follow``, or a dict from interface to URL. Default: ``follow``.

    services
        Text: ``mapped`` or ``verbatim``. Default: ``mapped``.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    scope
        Text: what to back up first, ``catalog`` or ``database``. Default: from pillar, else ``database``.

    Fails, with nothing touched, where ``keystone_catalog.import_region`` raises. Undone by ``region_absent``.

    Source: see ``keystone_catalog.import_region``.
    """

    def act(test):
        come = (rows.get("region") or {}).get("id") if isinstance(rows, dict) else None
        if come != name:
            raise CommandExecutionError(f"the rows are those of {come!r}, not of {name}. Export that region.")
        return __salt__["keystone_catalog.import_region"](
            rows, identity=identity, services=services, test=test, config=config, scope=scope
        )

    return _state(name, act)


def region_absent(name, orphans=(), config=None, scope=None):
    """
    A region and its endpoints are not in this keystone's catalog: the way back from ``region_imported``.

    .. code-block:: yaml

        RegionTwo:
          keystone_catalog.region_absent: []

    name
        Text: the region's name.

    orphans
        List of texts: ids of services that came with it and are to go too. Default: none.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    scope
        Text: what to back up first, ``catalog`` or ``database``. Default: from pillar, else ``database``.

    Fails, with nothing touched, where ``keystone_catalog.remove_region`` raises.

    Source: see ``keystone_catalog.remove_region``.
    """
    return _state(
        name,
        lambda test: __salt__["keystone_catalog.remove_region"](
            name, orphans=list(orphans), test=test, config=config, scope=scope
        ),
    )


def served(name, openrc=None, url=None, config=None):
    """
    Keystone serves the catalog that its tables hold; where it serves an older one, its caches are told.

    .. code-block:: yaml

        the catalog:
          keystone_catalog.served:
            - openrc: /root/keystonerc_admin

    name
        Text: free to choose.

    openrc
        Text: the path of the admin's openrc file. Default: from pillar, else ``/root/keystonerc_admin``.

    url
        Text: the keystone to ask. Default: this node's own.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Fails when nobody can sign in, or when it serves another catalog although the caches were told.

    Source: see ``keystone_catalog.served``.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": "keystone serves what its tables say"}
    try:
        stale = __salt__["keystone_catalog.served"](openrc=openrc, url=url, config=config)
        if not stale:
            return ret
        ret["changes"] = {"keystone's cache": {"old": stale, "new": "invalidated"}}
        if __opts__["test"]:
            return {**ret, "result": None, "comment": f"keystone serves another catalog in {len(stale)} places"}
        told = __salt__["keystone_catalog.invalidate"](config=config)
        still = __salt__["keystone_catalog.served"](openrc=openrc, url=url, config=config)
    except CommandExecutionError as err:
        return {**ret, "result": False, "comment": str(err)}
    if still:
        return {**ret, "result": False, "changes": {}, "comment": "; ".join(still)}
    return {**ret, "comment": told}


def database_known(name, config=None):
    """
    Keystone's caches hold nothing of a database that another one has taken the place of.

    .. code-block:: yaml

        keystone's caches are this database's:
          keystone_catalog.database_known: []

    name
        Text: free to choose.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    On each keystone node of a region, after its database became home's replica or its own again.

    Source: see ``keystone_catalog.know_the_database``.
    """
    return _state(name, lambda test: __salt__["keystone_catalog.know_the_database"](test=test, config=config))


def openrc_region(name, region, backups="/var/backups/openstack-regions"):
    """
    The admin's openrc file names this region, and says else what it said.

    .. code-block:: yaml

        /root/keystonerc_admin:
          keystone_catalog.openrc_region:
            - region: RegionTwo

    name
        Text: the file's path. A file that is not there is left so: not every node has one.

    region
        Text: the region's name.

    backups
        Text: where the earlier text is kept. Default: ``/var/backups/openstack-regions``.

    Fails when the file sets no ``OS_`` variable. Undone by ``regions.restore_file``.

    Source: the clients read ``OS_REGION_NAME``; without it they take the first endpoint of any region.
    """
    words = {"backups": backups, "test": __opts__["test"]}
    return _openrc(name, f"name {region}", lambda: __salt__["regions.openrc_region"](name, region, **words))


def openrc_account(name, backups="/var/backups/openstack-regions"):
    """
    The admin's openrc file signs in by home's account, as pillar has it under ``credentials``.

    .. code-block:: yaml

        /root/keystonerc_admin:
          keystone_catalog.openrc_account: []

    name
        Text: the file's path. A file that is not there is left so: not every node has one.

    backups
        Text: where the earlier text is kept. Default: ``/var/backups/openstack-regions``.

    Fails when the file sets no ``OS_`` variable. Undone by ``regions.restore_file``.

    Source: see ``regions.openrc_account``.
    """
    words = {"backups": backups, "test": __opts__["test"]}
    return _openrc(name, "sign in at home", lambda: __salt__["regions.openrc_account"](name, **words))


def _openrc(name, what, act):
    ret = {"name": name, "result": True, "changes": {}, "comment": f"{name} is to {what}, and does"}
    if not __salt__["file.file_exists"](name):
        return {**ret, "comment": f"there is no {name} here"}
    try:
        ret["changes"] = act()
    except CommandExecutionError as err:
        return {**ret, "result": False, "comment": str(err)}
    if ret["changes"] and __opts__["test"]:
        return {**ret, "result": None, "comment": f"{name} would {what}"}
    return ret


def _state(name, act):
    return state_return.of(name, act, __opts__["test"], CommandExecutionError)
