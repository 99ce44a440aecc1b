"""
Keystone's fernet keys on this node: looked at, taken over from home, rotated at home, put back.

The functions run on a minion that serves keystone. No key is ever an argument, a return or part of an error: what is
shown are fingerprints, and what is sent is sealed for one node (see ``osregions.keys.seal``).
"""

import os

from salt.exceptions import CommandExecutionError

from osregions import files, keystone_node, version
from osregions import settings as settings_of
from osregions.errors import translated
from osregions.identity import Identity
from osregions.keys import act as acts
from osregions.keys import backup, mutual, operations, places
from osregions.keys import seal as seal_of
from osregions.openrc import read as read_openrc

__virtualname__ = "keystone_keys"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def view(kind=None, config=None, release=None):
    """
    Say which keys this keystone has, by fingerprints, and what is wrong with them.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_keys.view
        salt-call keystone_keys.view credential

    kind
        Text: ``fernet_tokens``, ``fernet_receipts`` (Stein and later, where configured apart) or ``credential`` (Newton
        and later). Default: all that this keystone has.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Returns a dict: ``provider``; ``repositories``, of each kind ``path``, ``keys`` (number and beginning of the
    SHA-256), ``primary``, ``digest`` (one for the whole set), ``rotated`` (when, in seconds since 1970),
    ``max_active_keys``, ``lifetime`` (seconds for which what its keys make is asked for), ``unfinished`` (a rotation
    broke off) and ``faults``; ``clock``; ``installed`` (what came from home last); with jws tokens ``jws``, where its
    keys are. Raises CommandExecutionError for a kind that this keystone has not, and for a directory that can't be
    read.

    Source: ``[fernet_tokens]``, ``[fernet_receipts]``, ``[credential]``, ``[jws_tokens]`` and ``[token]``; keystone's
    common/fernet_utils.py takes every file for a key whose name int() takes.
    """
    return _run(lambda: _node(config, release).view(kind))


def request(config=None, release=None):
    """
    Ask for home's keys: make a key pair for one answer, keep its private half here and return the public one, signed.

    CLI Example:

    .. code-block:: bash

        salt two-controller keystone_keys.request

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Returns a dict: ``minion``, ``region``, ``request``, ``public``, ``signature``; no secret. Good for 10 minutes and
    one answer. Raises CommandExecutionError with jws tokens, and where this minion's Salt key can't be read.

    Source: ``osregions.keys.seal`` says what that protects against, and what not. Meant for
    ``regions_identity.keys_spread``.
    """
    return _run(lambda: _node(config, release).request())


def seal(requests, config=None, release=None):
    """
    Seal this node's keys for those who asked, each for itself alone.

    CLI Example:

    .. code-block:: bash

        salt one-controller keystone_keys.seal requests='{"two-controller": {...}}'

    requests
        Dict: what ``keystone_keys.request`` returned, by minion. Who it comes from was checked by the caller, on the
        master: see ``regions_identity.keys_spread``.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Returns a dict, by minion, of what ``keystone_keys.install`` takes: ciphertext, signed. Raises CommandExecutionError
    when there are no keys here, one is damaged, or tokens are jws.

    Source: ``osregions.keys.seal``.
    """
    return _run(lambda: _node(config, release).sealed_for(requests))


def install(sealed, older=False, config=None, release=None):
    """
    Make this keystone's keys those that were sealed for this minion: all of them, deletions included.

    File by file, each whole, in an order in which every token stays valid that is to; the former keys are kept. In a
    region that joins, tokens and credentials that its own keys made end with that. Keystone reads keys anew for each
    token: nothing is restarted.

    CLI Example:

    .. code-block:: bash

        salt two-controller keystone_keys.install sealed='{...}'

    sealed
        Dict: what ``keystone_keys.seal`` returned, or this minion's part of it.

    older
        Whether to take a set whose primary key has a lower number than this node had from home before, as after home
        was restored from a backup. Default: False.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Returns a dict: ``changes`` (by kind and key number, ``old`` and ``new`` fingerprint), ``comment``, ``backups``.
    Raises CommandExecutionError, with nothing written, for what is not for this minion, answers no open request, was
    changed on its way, is older, or has a key that is none.

    Source: keystone's rule that a key is staged everywhere before it is primary anywhere; ``osregions.keys.plan``.
    """
    return _run(lambda: _node(config, release).install(sealed, older).as_dict())


def rotate(expected=None, lifetimes=None, force=False, config=None, release=None, test=False):
    """
    Rotate the keys of tokens and receipts on this node: on one of home's, and when all others have its present ones.

    ``regions_identity.keys_rotated`` sees to that, and spreads the result: rotate by it. Credentials' keys are not
    touched: they are rotated by ``keystone-manage credential_migrate``, ``credential_rotate``,
    ``regions_identity.keys_spread``, and ``credential_migrate`` again, at home.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_keys.rotate test=True

    expected
        Dict: the ``digest`` of each kind that the keys must have now. Default: any.

    lifetimes
        Dict: by kind, the longest ``lifetime`` of any node, in seconds. Default: this node's own.

    force
        Whether to rotate although tokens in use lose their key. Default: False.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (the staged key's new fingerprint is ``a new key``), ``comment``, ``backups``. A
    rotation that broke off, keystone's own too, is gone on with. Raises CommandExecutionError, with nothing written,
    when the last rotation was less than ``lifetime / (max_active_keys - 2)`` ago, or the keys are not those expected.

    Source: keystone's FernetUtils.rotate_keys. That is not called, for killed between its two renamings it leaves no
    staged key and fails ever after, it wants keystone's own Python, and it prunes without asking what tokens are in
    use.
    """
    return _run(lambda: _node(config, release).rotate(expected, lifetimes, force, test).as_dict())


def protect(kind=None, config=None, release=None, test=False):
    """
    Give keystone's keys the owner and the modes that they should have: keystone's, 0700 and 0600.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_keys.protect test=True

    kind
        Text: ``fernet_tokens``, ``fernet_receipts`` or ``credential``. Default: all that this keystone has.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (by path, old and new owner and mode), ``comment``, ``backups`` (none). Raises
    CommandExecutionError when whose they should be can't be told, or they can't be changed.

    Source: what ``keystone-manage fernet_setup --keystone-user --keystone-group`` makes.
    """
    return _run(lambda: _node(config, release).put_right(kind, test).as_dict())


def backups(kind=None, config=None, release=None):
    """
    List the former key sets that are kept, newest first.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_keys.backups

    kind
        Text: ``fernet_tokens``, ``fernet_receipts`` or ``credential``. Default: all that this keystone has.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Returns a list of dicts, each with ``backup``, ``kind``, ``path``, ``at``.

    Source: the notes in the backups.
    """

    def act():
        node = _node(config, release)
        wanted = {place.kind for place in node.places.named(kind)}
        return [entry for entry in backup.listed(node.backups) if entry["kind"] in wanted]

    return _run(act)


def restore(which, config=None, release=None, test=False):
    """
    Give a repository back a set that was kept; the one it has now is kept in turn.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_keys.restore fernet_tokens test=True
        salt-call keystone_keys.restore \\
            /var/backups/openstack-regions/keys/etc--keystone--fernet-keys.20261125T101500.123456Z

    which
        Text: a kind, whose newest backup is meant; or a backup's path, as ``keystone_keys.backups`` lists it.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes``, ``comment``, ``backups``. Raises CommandExecutionError when there is no such backup, it
    is damaged, or the option names another directory now. ``regions_identity.keys_spread`` makes the keys home's again.

    Source: the note in the backup.
    """
    return _run(lambda: _node(config, release).restore(which, test).as_dict())


def undo(config=None, release=None, test=False):
    """
    Give back the keys that this node had of its own before home's first came; it takes part no more.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_keys.undo test=True

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes``, ``comment``, ``backups``. Nothing changes on a node that had no keys but home's.

    Source: the note of what was installed, and the backup that it names.
    """
    return _run(lambda: _node(config, release).undo(test).as_dict())


def prove(at, openrc=None, url=None):
    """
    Prove that this node's keystone and another one, home's, take each other's tokens; changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_keys.prove http://10.213.1.11:5000

    at
        Text: the other keystone's URL, with or without a version.

    openrc
        Text: the path of the admin's openrc file, by which both are signed in at. Default: from pillar, else
        ``/root/keystonerc_admin``.

    url
        Text: this node's own keystone. Default: from pillar, else what listens on its port.

    Returns a sentence. Raises CommandExecutionError where somebody is not let in, or a token is refused.

    Source: a token is valid where its key, its user and its project are known; ``POST`` and ``GET /v3/auth/tokens``.
    """

    def act():
        path = openrc or _pillar("openrc").get("admin") or "/root/keystonerc_admin"
        account = read_openrc(path)
        own = url or _pillar("keystone").get("url") or keystone_node.local_url()
        return mutual.prove(Identity(account, url=own, where=path), Identity(account, url=at, where=path))

    return _run(act)


def _node(config, release):
    keystone, keys, kept = _pillar("keystone"), _pillar("keys"), _pillar("backup")
    found = keystone_node.release(given=release or keystone.get("release"), manage=keystone.get("manage"))
    options = keystone_node.options(config=config or keystone.get("config"))
    return operations.Node(
        minion=__opts__["id"],
        region=__grains__.get("region") or "",
        places=places.of(found, options),
        owner=acts.Owner(keys.get("user"), keys.get("group")),
        backups=kept.get("directory") or files.BACKUPS,
        records=__opts__.get("openstack_regions_records") or operations.RECORDS,
        requests=__opts__.get("openstack_regions_requests") or seal_of.REQUESTS,
        signing_key=os.path.join(__opts__["pki_dir"], "minion.pem"),
        keep=kept.get("keep") or backup.KEEP,
    )


def _pillar(section):
    return settings_of.section(__pillar__, section)


def _run(act):
    return translated(act, CommandExecutionError)
