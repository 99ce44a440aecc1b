"""
States of keystone's tokens: kept where a read-only database does no harm, with memcached closed and keystone serving.

The functions run on a minion that serves keystone; each looks first, and under ``test=True`` shows the very changes
that a real run makes. ``changes`` stay empty on a second run, and nothing is restarted then.
"""

from salt.exceptions import CommandExecutionError

from osregions import state_return, version

__virtualname__ = "keystone_tokens"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def configured(name, store=None, servers=None, cache_backend=None, config=None, release=None):
    """
    Keystone's options keep its tokens out of its database, as its release wants them (P1).

    .. code-block:: yaml

        tokens are kept out of the database:
          keystone_tokens.configured:
            - store: auto

    name
        Text: free to choose.

    store
        Text: ``auto``, ``memcache``, ``fernet`` or ``jws``. Default: from pillar, else ``auto``.

    servers
        List: the memcached servers, ``host:port`` each. Default: from pillar, else those named already, else this
        machine's own.

    cache_backend
        Text: ``[cache] backend``. Default: from pillar, else the present one when it uses memcached, else
        ``dogpile.cache.memcached``.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Fails, with nothing touched, where ``keystone_tokens.configure`` raises. Undone by ``keystone_tokens.restored``.

    Source: see ``keystone_tokens.configure``.
    """
    return _state(
        name,
        lambda test: __salt__["keystone_tokens.configure"](
            store=store, servers=servers, cache_backend=cache_backend, config=config, release=release, test=test
        ),
    )


def public_endpoint(name, url=None, admin=None, config=None, release=None):
    """
    Keystone knows its own address, which it puts where an endpoint's URL says ``$(public_endpoint)s``.

    .. code-block:: yaml

        http://10.213.1.11:5000:
          keystone_tokens.public_endpoint: []

    name
        Text: the URL at which the other services reach this keystone, without a version; or free, when ``url`` has it.

    url
        Text: that URL. Default: ``name``.

    admin
        Text: the URL of the admin port, which only releases until Stein have. Default: not set.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Fails, with nothing touched, when the URL can't be one. Undone by ``keystone_tokens.restored``.

    Source: see ``keystone_tokens.public_endpoint``.
    """
    return _state(
        name,
        lambda test: __salt__["keystone_tokens.public_endpoint"](
            url or name, admin=admin, config=config, release=release, test=test
        ),
    )


def restored(name, config=None):
    """
    Keystone's files say what they said before this extension first set an option there.

    .. code-block:: yaml

        keystone is as it was:
          keystone_tokens.restored: []

    name
        Text: free to choose.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    An option that somebody changed since is left alone. Fails when the notes of what was are damaged.

    Source: see ``keystone_tokens.undo``.
    """
    return _state(name, lambda test: __salt__["keystone_tokens.undo"](config=config, test=test))


def memcached_listens(name, addresses=None, port=None, size=None, config=None, style=None):
    """
    memcached's configuration says where it listens, with UDP off; never everywhere unless that is named.

    .. code-block:: yaml

        memcached listens here alone:
          keystone_tokens.memcached_listens:
            - addresses: [127.0.0.1]

    name
        Text: free to choose.

    addresses
        List: the addresses. Default: from pillar, else those of its own file, else ``127.0.0.1``.

    port
        Number: the TCP port. Default: from pillar, else that of its own file.

    size
        Number: the memory to use, in megabytes. Default: as for ``keystone_tokens.memcached_listen``.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    Fails when memcached is not installed; under ``test=True`` it may be about to be, and that is said. Undone by the
    same state with the earlier values, or ``regions.restore_file``.

    Source: see ``keystone_tokens.memcached_listen``.
    """
    present = __salt__["keystone_tokens.memcached_installed"](config=config)
    if __opts__["test"] and not present:
        comment = "memcached is not installed; once it is, it would be told where to listen"
        return {"name": name, "result": None, "changes": {}, "comment": comment}
    return _state(
        name,
        lambda test: __salt__["keystone_tokens.memcached_listen"](
            addresses=addresses, port=port, size=size, config=config, style=style, test=test
        ),
    )


def memcached_serving(name, service=None, config=None, style=None, enable=True):
    """
    memcached runs, with the arguments that its file holds, and is started with the machine.

    It is restarted only when its file was written after it was started, or when a state that this one watches changed.

    .. code-block:: yaml

        memcached runs:
          keystone_tokens.memcached_serving:
            - watch:
              - keystone_tokens: memcached listens here alone

    name
        Text: free to choose.

    service
        Text: its systemd unit. Default: from pillar, else ``memcached``.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    enable
        Whether it is to start with the machine. Default: True.

    Fails when it does not answer afterwards. A restart empties it: a Liberty's stored tokens end with it.

    Source: see ``keystone_tokens.memcached_needs_restart``.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    if __opts__["test"] and not __salt__["keystone_tokens.memcached_installed"](config=config):
        ret["changes"] = {service or "memcached": "started"}
        return {**ret, "result": None, "comment": "memcached is not installed; once it is, it would be started"}
    try:
        found = __salt__["keystone_tokens.memcached_needs_restart"](service=service, config=config, style=style)
        unit = found["unit"]
        if enable and not __salt__["service.enabled"](unit):
            ret["changes"][f"{unit} at boot"] = "enabled"
        if found["needed"]:
            ret["changes"][unit] = "restarted" if found["active"] else "started"
        if __opts__["test"] and ret["changes"]:
            return {**ret, "result": None, "comment": f"{unit} would be {_words(ret['changes'])}"}
        if f"{unit} at boot" in ret["changes"]:
            __salt__["service.enable"](unit)
        if unit in ret["changes"]:
            __salt__["service.restart"](unit)
        facts = __salt__["keystone_tokens.memcached_wait"](config=config, style=style)
    except CommandExecutionError as err:
        return {**ret, "result": False, "changes": {}, "comment": str(err)}
    because = f"; {found['because']}" if found["needed"] else ""
    return {**ret, "comment": f"memcached {facts['version']} answers at {facts['server']}{because}"}


def serving(name, service=None, config=None, url=None, timeout=None):
    """
    Keystone runs with the options that its files hold, and answers.

    It is restarted only when one of its files was written after it was started, so that a run that was killed in
    between is made good by the next; or when a state that this one watches changed. Then it is waited for.

    .. code-block:: yaml

        keystone serves:
          keystone_tokens.serving:
            - timeout: 120
            - watch:
              - keystone_tokens: tokens are kept out of the database

    name
        Text: free to choose.

    service
        Text: the systemd unit that serves keystone. Default: from pillar, else found.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    url
        Text: where it answers. Default: from pillar, else the address on this machine that listens on port 5000.

    timeout
        Number: how long to wait for it, in seconds. Default: from pillar, else 90.

    Fails when no unit serves keystone, or when it does not answer in time.

    Source: see ``keystone_tokens.needs_restart`` and ``keystone_tokens.restart``.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        found = __salt__["keystone_tokens.needs_restart"](service=service, config=config)
        if not found["needed"]:
            answered = __salt__["keystone_tokens.wait"](url=url, timeout=timeout)
            return {**ret, "comment": f"keystone ({found['unit']}) answers at {answered['url']}"}
    except CommandExecutionError as err:
        return {**ret, "result": False, "comment": str(err)}
    return _restarted(ret, found, service, config, url, timeout)


def mod_watch(name, sfun=None, service=None, config=None, style=None, url=None, timeout=None, **_):
    """
    Restart what a state of this module looks after, since a state that it watches changed.

    Salt calls it; it is not for SLS files. Parameters as those of ``serving`` and ``memcached_serving``.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    if sfun == "serving":
        try:
            found = __salt__["keystone_tokens.needs_restart"](service=service, config=config)
        except CommandExecutionError as err:
            return {**ret, "result": False, "comment": str(err)}
        return _restarted(ret, {**found, "because": "what it watches changed"}, service, config, url, timeout)
    if sfun == "memcached_serving":
        try:
            found = __salt__["keystone_tokens.memcached_needs_restart"](service=service, config=config, style=style)
            ret["changes"] = {found["unit"]: "restarted"}
            if __opts__["test"]:
                return {
                    **ret,
                    "result": None,
                    "comment": f"{found['unit']} would be restarted: what it watches changed",
                }
            __salt__["service.restart"](found["unit"])
            facts = __salt__["keystone_tokens.memcached_wait"](config=config, style=style)
        except CommandExecutionError as err:
            return {**ret, "result": False, "changes": {}, "comment": str(err)}
        return {**ret, "comment": f"memcached was restarted and answers at {facts['server']}"}
    return {**ret, "comment": f"keystone_tokens.{sfun} has nothing to do when what it watches changes"}


def verified(name, tokens=None, openrc=None, url=None, service=None, process=None, config=None, release=None):
    """
    Tokens live where they should, proved by real ones (P2). Changes nothing.

    .. code-block:: yaml

        tokens live where they should:
          keystone_tokens.verified:
            - tokens: 3

    name
        Text: free to choose.

    tokens
        Number: how many tokens to issue. Default: from pillar (``tokens:verify_tokens``), else 3.

    openrc
        Text: the path of the admin's openrc file. Default: from pillar, else ``/root/keystonerc_admin``.

    url
        Text: where this machine's keystone answers. Default: from pillar, else the address that listens on port 5000.

    service
        Text: the systemd unit that serves keystone. Default: from pillar, else found.

    process
        Text: a part of the command line by which keystone's processes are known, in place of its unit. Default: none.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    release
        Number: keystone's release, such as 8 or 22. Default: from pillar, else what is installed.

    Fails when one of the proofs does. Under ``test=True``, when the store is still to be set up or keystone to be
    restarted, nothing is tried, and that is said.

    Source: see ``keystone_tokens.verify``.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        if __opts__["test"] and _to_come(service, process, config, release):
            return {**ret, "result": None, "comment": "would be proved once the token store is set up"}
        proofs = __salt__["keystone_tokens.verify"](
            tokens=tokens,
            openrc=openrc,
            url=url,
            service=service,
            process=process,
            config=config,
            release=release,
        )
    except CommandExecutionError as err:
        return {**ret, "result": False, "comment": str(err)}
    seen = "; ".join(
        f"{check['name']}: {check['evidence']}" + ("" if check["ok"] else f" ({check['remedy']})")
        for check in proofs["checks"]
        if check["ok"] == proofs["ok"]
    )
    return {**ret, "result": proofs["ok"], "comment": seen}


def _to_come(service, process, config, release):
    """Whether an earlier state of the same run would change what is to be proved."""
    if not __salt__["keystone_tokens.memcached_installed"]():
        return True
    if __salt__["keystone_tokens.configure"](config=config, release=release, test=True)["changes"]:
        return True
    return process is None and __salt__["keystone_tokens.needs_restart"](service=service, config=config)["needed"]


def _state(name, act):
    return state_return.of(name, act, __opts__["test"], CommandExecutionError)


def _restarted(ret, found, service, config, url, timeout):
    unit = found["unit"]
    verb = "restarted" if found["active"] else "started"
    changes = {unit: verb}
    if __opts__["test"]:
        return {**ret, "result": None, "changes": changes, "comment": f"{unit} would be {verb}: {found['because']}"}
    try:
        done = __salt__["keystone_tokens.restart"](service=service, config=config, url=url, timeout=timeout)
    except CommandExecutionError as err:
        return {**ret, "result": False, "comment": str(err)}
    comment = f"{unit} was {verb} ({found['because']}) and answered after {done['seconds']} s; {done['cache']}"
    return {**ret, "changes": changes, "comment": comment}


def _words(changes):
    return " and ".join(sorted(set(changes.values())))
