"""
Look at and set where keystone keeps its tokens, so that they outlive a database that can't be written (P1, P2).

The functions run on a minion that serves keystone. What is not given is taken from pillar ``openstack_regions``, its
sections ``keystone``, ``tokens``, ``memcached``, ``openrc`` and ``backup``.
"""

from salt.exceptions import CommandExecutionError

from osregions import files, keystone_node, node_view, version
from osregions import settings as settings_of
from osregions.errors import RegionsError, translated
from osregions.pressure import note
from osregions.tokens import memcached_conf, operations, units, wanted

__virtualname__ = "keystone_tokens"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def release():
    """
    Say which release keystone is.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.release

    Returns a dict: ``major``, such as 22, and ``name``. Raises CommandExecutionError when it can't be told, or is none
    of the releases known (8, Liberty, to 30, 2026.2).

    Source: pillar ``keystone:release``, else the metadata of keystone's Python package, else ``keystone-manage
    --version`` (``keystone:manage`` names another than the one in the path).
    """

    def act():
        found = _release()
        return {"major": found.major, "name": str(found)}

    return _run(act)


def store(config=None, release=None):
    """
    Say where this keystone keeps its tokens, and what it caches in.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.store

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Returns a dict: ``release``, ``provider``, ``driver`` (none for tokens that are not stored), ``stored_in`` in words,
    ``survives_a_replica`` (whether tokens can be issued when the database can't be written) and ``cache``. Raises
    CommandExecutionError when keystone's files can't be read.

    Source: ``[token]``, ``[memcache]`` and ``[cache]`` over all the files that keystone reads, the last one winning.
    """
    return _run(lambda: _keystone(config, release).store())


def configure(store=None, servers=None, cache_backend=None, config=None, release=None, test=False):
    """
    Set the options that keep keystone's tokens out of its database, as its release wants them (P1).

    Liberty to Newton: driver ``memcache``, provider ``uuid``, ``[memcache] servers``. Ocata and later have no such
    driver: provider ``fernet`` (``jws`` stays). Both: caching in memcached. An equivalent that works is left as it is:
    the class path of a driver in Liberty, ``memcache_pool``, another memcached backend, servers that are named already.
    Nothing is restarted.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.configure test=True
        salt-call keystone_tokens.configure servers='[10.0.0.11:11211, 10.0.0.12:11211]'

    store
        Text: ``auto``, ``memcache``, ``fernet`` or ``jws``. Default: from pillar, else ``auto``.

    servers
        List: the memcached servers, ``host:port`` each. Default: from pillar, else those that keystone names already,
        else the one on this machine, at the port of its own configuration.

    cache_backend
        Text: ``[cache] backend``. Default: from pillar, else the present one when it uses memcached, else
        ``dogpile.cache.memcached``.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (by option, each with ``old`` and ``new``), ``comment``, ``backups``. Raises
    CommandExecutionError, with nothing touched, when the release can't do what is asked, when there are no fernet keys,
    or when keystone's Python lacks the memcached client.

    Source: keystone's release notes (removed-as-of-ocata, removed-as-of-rocky), conf/token.py and setup.cfg of 8.1.2 to
    30.0.0.
    """

    def act():
        given = _pillar("tokens")
        wish = wanted.Wish(
            store=store or given.get("store") or "auto",
            servers=tuple(servers or given.get("servers") or ()),
            backend=cache_backend or given.get("cache_backend"),
        )
        return _keystone(config, release).configure(wish, test).as_dict()

    return _run(act)


def public_endpoint(url, admin=None, config=None, release=None, test=False):
    """
    Tell keystone its own address, which it puts where an endpoint's URL says ``$(public_endpoint)s``.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.public_endpoint http://10.213.1.11:5000 test=True

    url
        Text: the URL at which the other services reach this keystone, without a version.

    admin
        Text: that of the admin port, ``[DEFAULT] admin_endpoint``; only releases until Stein have it. Default: not set.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes``, ``comment``, ``backups``. Raises CommandExecutionError when the URL can't be one.

    Source: keystone/catalog/core.py of 8.1.2, keystone/common/utils.py of 29.0.2.
    """
    return _run(lambda: _keystone(config, release).set_public_endpoint(url, admin, test).as_dict())


def undo(config=None, test=False):
    """
    Put back what stood in keystone's files before this extension first set an option there.

    An option that somebody changed since is left alone. Nothing is restarted.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.undo test=True

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes``, ``comment``, ``backups``. Raises CommandExecutionError when the notes are damaged.

    Source: the ledger beside the backups, written before each change.
    """
    return _run(lambda: _keystone(config).undo(test).as_dict())


def memcached(config=None, style=None):
    """
    Say how memcached is set up on this machine, and whether it answers.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.memcached

    config
        Text: the path of its configuration. Default: from pillar, else ``/etc/memcached.conf`` or
        ``/etc/sysconfig/memcached``, whichever is there.

    style
        Text: ``debian`` (arguments, one a line) or ``sysconfig`` (shell variables). Default: by the path.

    Returns a dict: ``config``, ``port``, ``size`` (megabytes), ``listen``, ``udp``, ``server`` (where this machine
    reaches it), ``answers``, and ``version`` and ``connections`` or the ``problem``. Raises CommandExecutionError when
    there is no such file.

    Source: the system's own file, and memcached's ``stats``.
    """
    path, kind = _memcached_file(config, style)
    return _run(lambda: operations.memcached_facts(path, kind))


def memcached_listen(addresses=None, port=None, size=None, config=None, style=None, test=False):
    """
    Set where memcached listens, with UDP off; never everywhere unless that is named.

    memcached has no passwords: whoever reaches it can read and forge what keystone keeps there. Nothing is restarted.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.memcached_listen addresses='[127.0.0.1]' test=True

    addresses
        List: what to listen on. Default: from pillar (``memcached:listen``), else what its own file says, else
        ``127.0.0.1``.

    port
        Number: the TCP port. Default: from pillar, else that of its own file.

    size
        Number: the memory to use, in megabytes. Default: that of pillar (``memcached:size``) when anything else changes
        as well; by itself that one is ``memcached_pressure.resize``'s to set, for here a restart follows.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes``, ``comment``, ``backups``. Raises CommandExecutionError when there is no such file, or
    when nobody names addresses, it listens everywhere, and keystone reaches it at one that would be closed.

    Source: memcached(1), ``-l``, ``-p``, ``-m``, ``-U``.
    """
    given = _pillar("memcached")
    path, kind = _memcached_file(config, style)

    def act():
        named = addresses if addresses is not None else given.get("listen")
        wish = memcached_conf.Wish(
            listen=None if named is None else tuple(named),
            port=port or given.get("port"),
            megabytes=size,
        )
        found = operations.memcached_listen(path, kind, wish, test, _backups(), _reached_at(), given.get("size"))
        return found.as_dict()

    return _run(act)


def needs_restart(service=None, config=None):
    """
    Say whether keystone runs with other options than its files hold by now, or does not run.

    It is looked at anew each time, by when the process was started and when the files were written: a run that was
    killed between writing and restarting is made good by the next.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.needs_restart

    service
        Text: the systemd unit that serves keystone. Default: from pillar, else found: keystone's own unit, or the web
        server whose site names keystone.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Returns a dict: ``unit``, ``needed`` and ``because``. Raises CommandExecutionError when no unit serves keystone.

    Source: ``systemctl show``, /proc/PID/stat, the modification times of the files.
    """

    def act():
        unit = keystone_node.service(service or _pillar("keystone").get("service"))
        return _freshness(unit, keystone_node.watched(config or _pillar("keystone").get("config")))

    return _run(act)


def memcached_needs_restart(service=None, config=None, style=None):
    """
    Say whether memcached runs with other arguments than its file holds by now, or does not run.

    Another size alone, set by ``memcached_pressure.resize``, asks for no restart: that has a moment of its own.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.memcached_needs_restart

    service
        Text: its systemd unit. Default: from pillar, else ``memcached``.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    Returns a dict: ``unit``, ``needed`` and ``because``. Raises CommandExecutionError when systemd knows no such unit.

    Source: ``systemctl show``, /proc/PID/stat, the modification time of the file.
    """
    path, kind = _memcached_file(config, style)

    def act():
        unit = keystone_node.service(service or _pillar("memcached").get("service") or "memcached")
        config = operations.memcached_file(path, kind)[0]
        return _freshness(unit, [] if note.only_the_size(config, _backups()) else [config])

    return _run(act)


def memcached_installed(config=None):
    """
    Say whether memcached is installed here, by its configuration.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.memcached_installed

    config
        Text: the path of its configuration. Default: from pillar, else ``/etc/memcached.conf`` or
        ``/etc/sysconfig/memcached``.

    Returns True or False.

    Source: both packages bring that file.
    """
    try:
        operations.memcached_file(*_memcached_file(config, None))
    except RegionsError:
        return False
    return True


def memcached_wait(timeout=10, config=None, style=None):
    """
    Wait until this machine's memcached answers.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.memcached_wait timeout=5

    timeout
        Number: how long to wait, in seconds. Default: 10.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    Returns what ``keystone_tokens.memcached`` returns. Raises CommandExecutionError when it does not answer in time.

    Source: memcached's ``stats``.
    """
    path, kind = _memcached_file(config, style)
    return _run(lambda: operations.memcached_answers(path, kind, timeout))


def restart(service=None, config=None, url=None, timeout=None):
    """
    Restart keystone, have it compute its catalog anew, and wait until it answers.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.restart timeout=120

    service
        Text: the systemd unit that serves keystone. Default: from pillar, else found.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    url
        Text: where it answers. Default: from pillar, else the address on this machine that listens on port 5000.

    timeout
        Number: how long to wait, in seconds. Default: from pillar (``keystone:wait``), else 90.

    Returns a dict: ``unit``, ``url``, ``seconds`` until it answered, and ``cache``: what became of the cached catalog.
    Raises CommandExecutionError when it does not answer in time.

    Source: its unit is of the simple type, so that systemd calls it started seconds before it listens.
    """

    def act():
        unit = keystone_node.service(service or _pillar("keystone").get("service"))
        __salt__["service.restart"](unit.name)
        # The old processes are gone by now, and can't put the old catalog back.
        cached = _keystone(config).forget_catalog()
        where, seconds = _wait(url, timeout)
        return {"unit": unit.name, "url": where, "seconds": seconds, "cache": cached}

    return _run(act)


def wait(url=None, timeout=None):
    """
    Wait until keystone answers.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.wait timeout=30

    url
        Text: where it answers. Default: from pillar, else the address on this machine that listens on port 5000.

    timeout
        Number: how long to wait, in seconds. Default: from pillar (``keystone:wait``), else 90.

    Returns a dict: ``url`` and ``seconds``. Raises CommandExecutionError when it does not answer in time.

    Source: ``GET /`` of keystone answers 300 (or 200) without a token.
    """

    def act():
        where, seconds = _wait(url, timeout)
        return {"url": where, "seconds": seconds}

    return _run(act)


def verify(tokens=None, openrc=None, url=None, service=None, process=None, config=None, release=None):
    """
    Prove that tokens live where they should, by issuing and validating real ones (P2).

    CLI Example:

    .. code-block:: bash

        salt-call keystone_tokens.verify
        salt-call keystone_tokens.verify tokens=10 url=http://10.0.0.11:5000

    tokens
        Number: how many tokens to issue. Default: from pillar (``tokens:verify_tokens``), else 3.

    openrc
        Text: the path of the admin's openrc file. Default: from pillar (``openrc:admin``), else
        ``/root/keystonerc_admin``.

    url
        Text: where this machine's keystone answers. Default: from pillar, else the address that listens on port 5000.

    service
        Text: the systemd unit that serves keystone, whose processes are looked at. Default: from pillar, else found;
        where systemd does not run, all processes of this network with keystone in their command line.

    process
        Text: a part of the command line by which keystone's processes are known, in place of its unit (containers, no
        systemd). Default: none.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Returns a dict: ``ok``, and ``checks``, each with ``name``, ``ok``, ``evidence`` and ``remedy``: ``token_issued``,
    ``memcached_answers``, ``counters_move``, ``keystone_connected`` (its processes by name and number),
    ``token_table_still``. A proof that fails is no exception. Raises CommandExecutionError when keystone's files can't
    be read.

    Source: the seed's four ways; memcached's ``stats``, /proc/PID/fd and /proc/PID/net/tcp, ``SELECT COUNT(*) FROM
    token``.
    """

    def act():
        unit = None
        if process is None and units.booted():
            unit = keystone_node.service(service or _pillar("keystone").get("service")).name
        proofs = _keystone(config, release).prove(
            credentials=openrc or _pillar("openrc").get("admin") or "/root/keystonerc_admin",
            url=url or _pillar("keystone").get("url") or keystone_node.local_url(),
            unit=unit,
            pattern=process,
            tokens=tokens or _pillar("tokens").get("verify_tokens") or 3,
        )
        return proofs.as_dict()

    return _run(act)


def _run(act):
    return translated(act, CommandExecutionError)


def _pillar(section):
    return settings_of.section(__pillar__, section)


def _reached_at():
    """This node's own addresses, but loopback, at which its keystone reaches memcached."""
    own = {*__grains__.get("ipv4", ()), *__grains__.get("ipv6", ())} - {"127.0.0.1", "::1"}
    try:
        options = keystone_node.options(_pillar("keystone").get("config"))
    except RegionsError:
        return []
    named = node_view.memcached_servers(options, sorted(own))["memcached"]
    return [server for server in named if server.rpartition(":")[0] in own]


def _backups():
    return _pillar("backup").get("directory") or files.BACKUPS


def _release(number=None):
    given = _pillar("keystone")
    if number is not None:
        return keystone_node.release(given=number)
    # Where only keystone-manage can tell, asking it takes seconds, and a state run asks often.
    key = f"keystone_tokens.release.{given.get('release')}.{given.get('manage')}"
    if key not in __context__:
        __context__[key] = keystone_node.release(given=given.get("release"), manage=given.get("manage"))
    return __context__[key]


def _keystone(config, release=None):
    given = _pillar("keystone")
    path = config or given.get("config") or keystone_node.CONFIG
    return operations.Keystone(
        release=_release(release),
        config=path,
        options=keystone_node.options(path),
        manage=given.get("manage"),
        backups=_backups(),
        memcached=operations.memcached_present(*_memcached_file(None, None)),
    )


def _memcached_file(config, style):
    given = _pillar("memcached")
    return config or given.get("config"), style or given.get("style")


def _freshness(unit, paths):
    newer = unit.older_than(paths)
    because = f"{newer} was written after it was started" if newer else None if unit.active else "it does not run"
    return {"unit": unit.name, "needed": because is not None, "because": because, "active": unit.active}


def _wait(url, timeout):
    given = _pillar("keystone")
    seconds = timeout or given.get("wait") or 90
    named = url or given.get("url")
    return keystone_node.wait_here(named, seconds)
