"""
Home's keystone database in every region: its replication, looked at, set up and taken down (K1, P10).

Works on the database server of the minion's own node, as its administrator; everything else in that server is left as
it is. MariaDB and MySQL are served, each to its own kind.
"""

import dataclasses

from salt.exceptions import CommandExecutionError

from osregions import files, keystone_node, version
from osregions import settings as settings_of
from osregions.catalog.cache import cache_from
from osregions.database import account_from
from osregions.errors import translated
from osregions.keys import operations as keys
from osregions.keys import places
from osregions.replication import carrying, observe, operations, people, wishes
from osregions.replication import prospect as prospects

__virtualname__ = "mysql_replication"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def primary(database=None, test=False):
    """
    Let the other regions' servers read home's log: an account for each, bound to its addresses, with the least rights.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.primary test=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (``accounts``: a sentence for each right or account) and ``comment``. Accounts of
    regions whose password pillar does not give are left alone. Raises CommandExecutionError when the server writes no
    binary log by rows.

    Source: ``REPLICATION SLAVE`` lets a server read the log, ``SELECT`` on keystone's tables lets it be seeded.
    """
    return _run(lambda: _here(database).primary(dry=test).as_dict())


def primary_absent(database=None, test=False):
    """
    Take the other regions' accounts away from home's server.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.primary_absent test=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    test
        Whether to say only what would change. Default: False.

    Returns what ``mysql_replication.primary`` does.

    Source: mysql.user.
    """
    return _run(lambda: _here(database).primary_absent(dry=test).as_dict())


def check(database=None, region=None):
    """
    Say what stands in the way of replicating home's keystone here. Changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.check

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    Returns a list of dicts with ``problem`` and ``remedy``; empty when it can. Raises CommandExecutionError when home's
    server can't be entered.

    Source: both servers' variables, and the schema's version in both databases.
    """

    return _run(lambda: [dataclasses.asdict(one) for one in _here(database, region).problems()])


def lost(database=None, region=None):
    """
    List what this region's own keystone database holds that home lacks, and would lose by replicating home.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.lost

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    Returns a dict: ``lost`` and ``accounts`` (the deployment's own, which home has by the same names), each a list of
    dicts with ``kind``, ``name``, ``domain``, ``id`` and ``home_id``; ``text`` and ``accounts_text``, both in words.
    Changes nothing.

    Source: the tables of both databases.
    """

    return _run(lambda: _listed(_here(database, region).lost()))


def prospect(database=None, region=None):
    """
    Say what matters before this node's keystone database is replicated, or becomes a replica. Changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.prospect

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    Returns a dict without secrets: ``server``, ``schema``, ``free`` (bytes), ``release``, ``replicates``, ``discard``,
    ``accounts``, ``problems``; ``count`` and, where they are 5000 at most, ``held``: the names and ids of a region's
    domains, projects, users, groups, roles and assignments.

    Source: the server's variables, information_schema and keystone's tables. Meant for ``regions_identity.fits``.
    """
    return _run(lambda: prospects.say(_here(database, region)))


def lacking(held, database=None):
    """
    List what a region's keystone database holds that this one, home's, lacks. Changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.lacking '{...}'

    held
        Dict: what ``mysql_replication.prospect`` returned as ``held`` in that region.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Returns what ``mysql_replication.lost`` does, and ``accounts_text``.

    Source: the tables of this database.
    """
    return _run(lambda: _listed(prospects.lacking(_here(database), held)))


def replica(database=None, region=None, discard=False, test=False):
    """
    Have this region's server replicate home's keystone database: seeded first, where it never was.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.replica test=True
        salt-call mysql_replication.replica discard=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    discard
        Whether projects, users, roles and assignments that home lacks may go. Default: False: that is refused. The old
        database is kept in any case, see ``mysql_replication.kept``.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (``seeded``, ``rights``, ``numbers``, ``replication``) and ``comment``. A link that
    stands and runs is not touched. Raises CommandExecutionError with everything that stands in the way, each with its
    remedy.

    Source: GTIDs; MariaDB's named connections, MySQL's channels.
    """
    return _run(lambda: _here(database, region).replica(dry=test, discard=discard).as_dict())


def absent(database=None, test=False):
    """
    Stop replicating home here, and forget it; the rows stay as they are.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.absent test=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    test
        Whether to say only what would change. Default: False.

    Returns what ``mysql_replication.replica`` does. The region's own database comes back by
    ``mysql_replication.restore``.

    Source: RESET SLAVE ALL.
    """
    return _run(lambda: _here(database).absent(dry=test).as_dict())


def replicates(database=None):
    """
    Say whether this node's server replicates home's keystone, running or stopped. Changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.replicates

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Returns a truth value. Source: SHOW SLAVE STATUS, and its like.
    """
    return _run(lambda: _here(database).replicates())


def fence(database=None, region=None, test=False):
    """
    Let keystone read everything in the replica and write its bookkeeping alone, under this region's own numbers.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.fence test=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (``rights``, ``numbers``) and ``comment``. Sessions that keystone had open end, for they
    would keep their rights. Raises CommandExecutionError when the account's rights reach further than its database, or
    when SHOW GRANTS does not say afterwards what was wished.

    Source: keystone since Newton writes while people sign in; its rights are told by SHOW GRANTS.
    """
    return _run(lambda: _here(database, region).fenced(dry=test).as_dict())


def unfence(database=None, test=False):
    """
    Give keystone's account back what it could do before the fence. An operator's decision, and nobody else's.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.unfence test=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    test
        Whether to say only what would change. Default: False.

    Returns what ``mysql_replication.fence`` does. While home is replicated, what is written here is nowhere else.

    Source: the note that ``mysql_replication.fence`` keeps beside the backups.
    """
    return _run(lambda: _here(database).unfenced(dry=test).as_dict())


def status(database=None, region=None):
    """
    Tell how this region's replica is: threads, errors, positions, measured lag, filter, numbers, TLS, fence, schema,
    clocks, and whether keystone's keys are home's.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.status

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    Returns a dict: ``ok``, ``replicates`` (where that is False, these four alone), ``findings`` (sentences, with their
    remedies) and ``told`` (the same by kind: link, stands, passes, behind, fence, numbers, schema, clock, keys), and
    what was seen: ``source``, ``threads``, ``errors``, ``received`` and ``position`` (GTIDs), ``lag`` (seconds until
    what home had when asked was here; None when it was not within five), ``tls``, ``filters``; ``schema`` (``home`` and
    ``here``: versions and charset), ``clock`` (by how many seconds those of ``node`` and ``server`` are ahead of
    home's; 0 while the way there can explain it), ``keys`` (``digests`` by kind, ``from_home``). While replication does
    not run, nothing is known of home: None. Changes nothing.

    Source: SHOW SLAVE STATUS and its like, SHOW GRANTS, information_schema; lag by waiting for home's present GTID;
    UTC_TIMESTAMP at home between two looks at the clocks here; the note of the keys that came from home, and
    ``credential.key_hash``.
    """
    return _run(lambda: observe.status(_here(database, region), _keys))


def compare(database=None, region=None, chunk=5000, expiration=None):
    """
    Find every row that differs between home's keystone and this region's, without locking either.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.compare

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    chunk
        Number: how many rows are summed up at a time. Default: 5000.

    expiration
        Number: seconds for which tokens are good: what was revoked before may be pruned by either side. Default:
        keystone's ``[token] expiration``.

    Returns a dict: ``clean``, ``divergence`` and ``bookkeeping`` (a sentence for each row, with its key and the
    columns' names, never their values), ``schema``, ``beyond`` (tables with more differing rows than are told),
    ``tables``, ``rows``, ``settled``, ``remedy``. Changes nothing.

    Source: checksums of ranges of the primary key, taken on both sides, and again before they count.
    """
    return _run(lambda: observe.differences(_here(database, region), chunk, expiration))


def resume(database=None, region=None, test=False):
    """
    Let replication go on past revocations that both sides pruned; whatever else stopped it is explained and left alone.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.resume test=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    test
        Whether to say only what would be done. Default: False.

    Returns a dict: ``changes`` and ``comment``. Raises CommandExecutionError with the cause and its remedy when it is
    another one.

    Source: keystone prunes expired revocations with each new one, on whichever side it runs.
    """
    return _run(lambda: _here(database, region).resumed(dry=test).as_dict())


def own_revocations(database=None, region=None):
    """
    List the revocations that this region made while it was cut off, and that home lacks.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.own_revocations

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    Returns a dict: ``give`` (rows of ``revocation_event``, for ``mysql_replication.take_revocations`` at home),
    ``forget`` and ``waiting`` (how many are home's by now, and how many are on their way back). Changes nothing.

    Source: rows whose numbers are this region's own, matched with home's by what they say.
    """
    return _run(lambda: carrying.own(_here(database, region)))


def take_revocations(rows, database=None, test=False):
    """
    Write a region's revocations at home, under home's numbers, so that those tokens are revoked everywhere.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.take_revocations '[...]' test=True

    rows
        List: what ``mysql_replication.own_revocations`` returned as ``give`` in that region.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` and ``comment``. Home's keystones are told to look: they cache revocations.

    Source: a revocation names a token by its audit id, which is no secret.
    """
    return _run(lambda: carrying.take(_here(database), rows, dry=test).as_dict())


def forget_revocations(database=None, region=None, test=False):
    """
    Delete this region's own revocations that have come back as home's, or have expired; on this server alone.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.forget_revocations test=True

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    region
        Text: this node's region. Default: its grain ``region``.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` and ``comment``.

    Source: see ``mysql_replication.own_revocations``.
    """
    return _run(lambda: carrying.forget(_here(database, region), dry=test).as_dict())


def option_file(database=None):
    """
    Return what the server's option file is to say, so that its restart changes nothing about what it applies.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.option_file

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Returns the file's text. Source: filters that are set while a server runs are gone after its restart.
    """
    return _run(lambda: _here(database).option_file())


def kept(database=None):
    """
    List the databases that gave way to a seeded one, or were put aside by a restore, the oldest first.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.kept

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Returns a list of dicts with ``name``, ``kind`` (before, seeded), ``made`` (UTC), ``tables`` and ``bytes``.

    Source: the server's databases.
    """

    return _run(lambda: [dataclasses.asdict(one) for one in _here(database).kept()])


def restore(name, database=None):
    """
    Put a kept database back into keystone's place; the present one is kept in turn. Replication must be absent.

    CLI Example:

    .. code-block:: bash

        salt-call mysql_replication.restore keystone_before_20261125_101500

    name
        Text: its name, as ``mysql_replication.kept`` lists it; ``latest`` is the newest that a seed replaced.

    database
        Text: the keystone database's name. Default: as keystone.conf has it.

    Returns a dict: ``restored``, and ``kept``, the name under which the database is that was there until now. Raises
    CommandExecutionError while home is replicated.

    Source: RENAME TABLE, all tables in one statement.
    """
    return _run(lambda: _here(database).restore(name))


def _listed(found):
    return {
        **dataclasses.asdict(found),
        "text": found.text(),
        "accounts_text": people.text(found.accounts, namesakes=False),
    }


def _here(database=None, region=None):
    pillar = __pillar__.get(settings_of.PILLAR) or {}
    settings = settings_of.read(pillar)
    options, release = _keystone()
    account = account_from(options)
    return operations.Here(
        wishes=wishes.read(pillar, settings, _sdb),
        region=region or __grains__.get("region") or "",
        database=database or account.database,
        release=release,
        user=account.user,
        backups=settings_of.section(__pillar__, "backup").get("directory") or files.BACKUPS,
        cache=cache_from(options),
        expiration=options.number("token", "expiration", 3600),
        buffer=options.number("revoke", "expiration_buffer", 1800),
    )


def _keys():
    options, release = _keystone()
    node = keys.Node(
        minion=__opts__["id"],
        region=__grains__.get("region") or "",
        places=places.of(release, options),
        records=__opts__.get("openstack_regions_records") or keys.RECORDS,
    )
    return node.view()


def _keystone():
    given = settings_of.section(__pillar__, "keystone")
    options = keystone_node.options(given.get("config"))
    return options, keystone_node.release(given=given.get("release"), manage=given.get("manage"))


def _sdb(uri):
    return __salt__["sdb.get"](uri)


def _run(act):
    return translated(act, CommandExecutionError)
