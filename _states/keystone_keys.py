"""
States of keystone's fernet keys on one node. How they reach it from home is ``regions_identity.keys_spread``'s.
"""

from salt.exceptions import CommandExecutionError

from osregions import state_return, version

__virtualname__ = "keystone_keys"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def protected(name, kind=None, config=None):
    """
    Keystone's keys are keystone's alone: owner, 0700 and 0600.

    .. code-block:: yaml

        keystone's keys are its own:
          keystone_keys.protected: []

    name
        Text: free to choose.

    kind
        Text: ``fernet_tokens``, ``fernet_receipts`` or ``credential``. Default: all that this keystone has.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    ``changes`` name each path, with old and new owner and mode. Fails where ``keystone_keys.protect`` raises.

    Source: see ``keystone_keys.protect``.
    """
    return _state(name, lambda test: __salt__["keystone_keys.protect"](kind=kind, config=config, test=test))


def whole(name, kind=None, config=None):
    """
    Keystone's key sets are fit for use: a primary and a staged key each, and nothing but keys. Changes nothing.

    .. code-block:: yaml

        keystone's keys are whole:
          keystone_keys.whole:
            - require:
              - keystone_keys: keystone's keys are its own

    name
        Text: free to choose.

    kind
        Text: ``fernet_tokens``, ``fernet_receipts`` or ``credential``. Default: all that this keystone has.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Fails with every fault. Credentials' keys may be missing altogether, as ``keystone-manage credential_setup`` is a
    step that some leave out; that is said. Under ``test=True`` owner and modes, which ``protected`` may still have to
    mend, are told and do not fail it.

    Source: see ``keystone_keys.view``.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        found = __salt__["keystone_keys.view"](kind=kind, config=config)
    except CommandExecutionError as err:
        return {**ret, "result": False, "comment": str(err)}
    wrong, said = [], []
    for each, repository in found["repositories"].items():
        if each == "credential" and repository["primary"] is None and len(repository["faults"]) == 1:
            said.append(f"{each}: {repository['faults'][0]}; keystone encrypts credentials by a key that all know")
            continue
        wrong += [f"{each}: {fault}" for fault in repository["faults"]]
        said.append(f"{each}: keys {', '.join(sorted(repository['keys'], key=int))}, primary {repository['primary']}")
    if wrong:
        return {**ret, "result": None if __opts__["test"] else False, "comment": "\n".join(wrong)}
    return {**ret, "comment": "\n".join(said) or f"a keystone with {found['provider']} tokens has no such keys"}


def own(name, config=None):
    """
    The keys are those that this node had before home's first came; the way back from ``regions_identity.keys_spread``.

    .. code-block:: yaml

        keystone's keys are this region's own:
          keystone_keys.own: []

    name
        Text: free to choose.

    config
        Text: the path of keystone's configuration. Default: from pillar, else ``/etc/keystone/keystone.conf``.

    Nothing changes on a node that had no keys but home's. Fails when the kept keys are gone or damaged.

    Source: see ``keystone_keys.undo``.
    """
    return _state(name, lambda test: __salt__["keystone_keys.undo"](config=config, test=test))


def _state(name, act):
    return state_return.of(name, act, __opts__["test"], CommandExecutionError)
