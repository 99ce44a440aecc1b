"""
States of memcached's size: set, at a moment of the operator's choosing, and seen to help (M1).

The functions run on a minion that serves keystone; each looks first, and under ``test=True`` shows the very changes
that a real run makes. ``changes`` stay empty on a second run.
"""

from salt.exceptions import CommandExecutionError

from osregions import state_return, version

__virtualname__ = "memcached_pressure"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def sized(name, size=None, restart=False, live=True, verify=None, config=None, style=None, service=None):
    """
    memcached has this size: in its file, and as it runs where it can (since 1.4.27), which empties nothing.

    One that can't take it as it runs keeps its old size until it is restarted. That is done only with ``restart:
    true``; else it is said that a restart is due, and what it empties: up to Newton, where tokens live in memcached,
    everybody is signed out by it.

    .. code-block:: yaml

        memcached is large enough:
          memcached_pressure.sized:
            - size: 256

    name
        Text: free to choose.

    size
        Number: the megabytes that it may hold, 8 at least. Default: what its own file says.

    restart
        Whether it may be restarted where it can't take the size as it runs. Default: False.

    live
        Whether it is told the size as it runs. Default: True.

    verify
        Number: seconds for which it is watched after its restart, to say whether that helped, by what
        ``memcached_pressure.verify`` looks at; nothing is waited for where it was not restarted. Default: not at all.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    service
        Text: its systemd unit. Default: from pillar, else ``memcached``.

    Fails, with nothing touched, when this machine has not that much memory, or memcached is not installed (under
    ``test=True`` it may be about to be, and that is said); and when it does not answer after a restart, or while it is
    watched. Whether the size helped is said, and fails nothing. Undone by ``memcached_pressure.restored``, or
    ``regions.restore_file``.

    Source: see ``memcached_pressure.resize`` and ``memcached_pressure.verify``.
    """
    if __opts__["test"] and not __salt__["keystone_tokens.memcached_installed"](config=config):
        comment = "memcached is not installed; once it is, it would be given its size"
        return {"name": name, "result": None, "changes": {}, "comment": comment}

    done = {}

    def act(test):
        done.update(
            __salt__["memcached_pressure.resize"](
                size, restart=restart, live=live, config=config, style=style, service=service, test=test
            )
        )
        return done

    ret = state_return.of(name, act, __opts__["test"], CommandExecutionError)
    if not verify or not done.get("restarted"):
        return ret
    try:
        found = __salt__["memcached_pressure.verify"](interval=verify, config=config, style=style)
    except CommandExecutionError as err:
        # What changed has changed all the same.
        return {**ret, "result": False, "comment": f"{ret['comment']} Whether that helped can't be seen: {err}"}
    return {**ret, "comment": f"{ret['comment']} Looked at for {verify} s: {found['sentence']}."}


def restored(name, restart=False, config=None, style=None, service=None):
    """
    memcached has the size that its file set before this extension first set another.

    .. code-block:: yaml

        memcached is as large as it was:
          memcached_pressure.restored: []

    name
        Text: free to choose.

    restart
        Whether it may be restarted where it can't take the size as it runs. Default: False.

    config
        Text: the path of its configuration. Default: from pillar, else by what is there.

    style
        Text: ``debian`` or ``sysconfig``. Default: by the path.

    service
        Text: its systemd unit. Default: from pillar, else ``memcached``.

    A size that somebody set since is left alone; where memcached is not installed, there is nothing to do. Fails when
    the note of what was is damaged.

    Source: see ``memcached_pressure.undo``.
    """
    if not __salt__["keystone_tokens.memcached_installed"](config=config):
        return {"name": name, "result": True, "changes": {}, "comment": "memcached is not installed"}
    return state_return.of(
        name,
        lambda test: __salt__["memcached_pressure.undo"](
            restart=restart, config=config, style=style, service=service, test=test
        ),
        __opts__["test"],
        CommandExecutionError,
    )
