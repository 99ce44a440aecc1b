"""
States of OpenStack's configuration files: options set and taken out losslessly; a region's services following identity.

Each looks first, and under ``test=True`` shows the very changes that a real run makes, secrets masked.
"""

from salt.exceptions import CommandExecutionError

from osregions import state_return, version

__virtualname__ = "oslo_conf"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def options_present(name, sections, backups=None):
    """
    A file's options say what they are to say; not a byte else changes.

    .. code-block:: yaml

        /etc/nova/nova.conf:
          oslo_conf.options_present:
            - sections:
                DEFAULT:
                  debug: true
                pci:
                  alias: ['{"name": "a"}', '{"name": "b"}']

    name
        Text: the file's path.

    sections
        Dict: of each section a dict of options, with a value each, or a list of all values of a repeated one.

    backups
        Text: where the earlier text is kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    Fails, with nothing written, where ``oslo_conf.edit`` raises. Undone by ``oslo_conf.restore``.

    Source: see ``oslo_conf.edit``.
    """
    return _state(name, lambda test: __salt__["oslo_conf.edit"](name, sections, backups=backups, test=test))


def options_absent(name, sections, backups=None):
    """
    A file does not set some options; their comments stay.

    .. code-block:: yaml

        /etc/nova/nova.conf:
          oslo_conf.options_absent:
            - sections:
                DEFAULT: [debug, verbose]

    name
        Text: the file's path.

    sections
        Dict: of each section a list of options.

    backups
        Text: where the earlier text is kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    Fails, with nothing written, where ``oslo_conf.edit`` raises. Undone by ``oslo_conf.restore``.

    Source: see ``oslo_conf.edit``.
    """
    return _state(
        name, lambda test: __salt__["oslo_conf.edit"](name, sections, absent=True, backups=backups, test=test)
    )


def repointed(name, at=None, region=None, roots=None, credentials=True, backups=None):
    """
    Every service of this node uses one keystone, by home's accounts, and its own region's endpoints (P7, P8).

    .. code-block:: yaml

        services follow identity:
          oslo_conf.repointed:
            - at: RegionOne

    name
        Text: free to choose.

    at
        Text: the region whose keystone is to be used. Default: what this node's switch says, see ``regions.switch``.

    region
        Text: the region of this node. Default: its grain ``region``.

    roots
        List: the folders to work on. Default: from pillar, else ``/etc`` and the distribution's defaults.

    credentials
        Whether services sign in by home's accounts, as pillar has them: no secret is an argument. Default: True.

    backups
        Text: where earlier texts are kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    ``changes`` name each file, option and line, old and new, secrets masked. Fails, with nothing written, where
    ``oslo_conf.repoint`` raises. Undone by ``oslo_conf.restored``.

    Source: see ``oslo_conf.repoint``.
    """
    return _state(
        name,
        lambda test: __salt__["oslo_conf.repoint"](
            at=at, region=region, roots=roots, credentials=credentials, backups=backups, test=test
        ),
    )


def restored(name, backups=None):
    """
    The services' files say what they said before ``repointed`` first changed them; what somebody changed since stays.

    .. code-block:: yaml

        services' options are what they were:
          oslo_conf.restored: []

    name
        Text: free to choose.

    backups
        Text: where earlier texts are kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    Fails when the notes of what was are damaged, or a file can't be written.

    Source: see ``oslo_conf.undo``.
    """
    return _state(name, lambda test: __salt__["oslo_conf.undo"](backups=backups, test=test))


def serving(name, at=None, region=None, roots=None, credentials=True, undone=False, wait=None, backups=None):
    """
    The units whose configuration this project changed since they were started run with it, and answer (P9).

    Each is restarted once, in an order that works; a run that was killed before is made good by the next.

    .. code-block:: yaml

        services serve:
          oslo_conf.serving:
            - require:
              - oslo_conf: services follow identity

    name
        Text: free to choose.

    at
        Text: as for ``repointed``, to tell beforehand, under ``test=True``, what that would restart.

    region
        Text: the region of this node. Default: its grain ``region``.

    roots
        List: the folders that are worked on. Default: from pillar, else ``/etc`` and the distribution's defaults.

    credentials
        Whether services sign in by home's accounts. Default: True.

    undone
        Whether ``restored`` came before in place of ``repointed``. Default: False.

    wait
        Number: how long to wait for each unit, in seconds. Default: from pillar, else 90.

    backups
        Text: where earlier texts are kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    Fails, with its last journal lines, for a unit that does not come back.

    Source: see ``oslo_conf.restart``.
    """
    return _state(
        name,
        lambda test: __salt__["oslo_conf.restart"](
            at=at,
            region=region,
            roots=roots,
            credentials=credentials,
            undone=undone,
            wait=wait,
            backups=backups,
            test=test,
        ),
    )


def proven(name, at=None, region=None, roots=None):
    """
    Each service of this node accepts a real token and validates at the keystone intended. Changes nothing.

    .. code-block:: yaml

        services validate at home:
          oslo_conf.proven: []

    name
        Text: free to choose.

    at
        Text: the region whose keystone is meant. Default: what this node's switch says, see ``regions.switch``.

    region
        Text: the region of this node. Default: its grain ``region``.

    roots
        List: the folders in which the services' files are. Default: from pillar, else ``/etc``.

    Fails when a proof does. Under ``test=True``, when services are still to be repointed or restarted, nothing is
    tried, and that is said.

    Source: see ``oslo_conf.prove``.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        if __opts__["test"] and (
            __salt__["oslo_conf.repoint"](at=at, region=region, roots=roots, test=True)["changes"]
            or __salt__["oslo_conf.restart"](at=at, region=region, roots=roots, test=True)["changes"]
        ):
            return {**ret, "result": None, "comment": "would be proved once the services follow"}
        proof = __salt__["oslo_conf.prove"](at=at, region=region, roots=roots)
    except CommandExecutionError as err:
        return {**ret, "result": False, "comment": str(err)}
    seen = "\n".join(
        f"{check['service']}: {check['name']}: {check['evidence']}" + ("" if check["ok"] else f" ({check['remedy']})")
        for check in proof["checks"]
        if check["ok"] == proof["ok"]
    )
    return {**ret, "result": proof["ok"], "comment": seen or "no service of this node signs in anywhere"}


def _state(name, act):
    return state_return.of(name, act, __opts__["test"], CommandExecutionError)
