"""
Configuration files of OpenStack, read as the services read them and edited without touching another byte (P7 to P9).

A region's services are pointed at the keystone in use, sign in there by home's accounts, and ask for their own region's
endpoints. Every change keeps the earlier text (0600) and can be taken back.
"""

from salt.exceptions import CommandExecutionError

from osregions import files, version
from osregions import settings as settings_of
from osregions.conf import operations, tree
from osregions.conf.document import Document
from osregions.conf.options import masked
from osregions.errors import translated
from osregions.reach import snapshot
from osregions.reach import switch as switches
from osregions.services import operations as serving

__virtualname__ = "oslo_conf"
__func_alias__ = {"set_": "set"}


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def get(path, section, option, multi=False, default=None):
    """
    Return what an option of a file says, as oslo.config reads it.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.get /etc/nova/nova.conf DEFAULT transport_url
        salt-call oslo_conf.get /etc/nova/nova.conf pci alias multi=True

    path
        Text: the file's path.

    section
        Text: the section's name, without brackets.

    option
        Text: the option's name; upper and lower case differ.

    multi
        Whether to return all values of an option that may be given several times, as a list. Default: False, the last.

    default
        What is returned where the option is not set. Default: None.

    A secret is masked. Raises CommandExecutionError, naming file and line, when oslo.config would refuse the file.

    Source: oslo.config's parser; sections that occur twice are one, the last of repeated values counts.
    """

    def act():
        values = [masked(option, value) for value in Document.read(path).get_all(section, option)]
        if multi:
            return values
        return values[-1] if values else default

    return _run(act)


def set_(path, section, option, value=None, values=None, backups=None, test=False):
    """
    Give an option of a file a value, or the whole list of its values.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.set /etc/nova/nova.conf DEFAULT debug true test=True
        salt-call oslo_conf.set /etc/nova/nova.conf pci alias values='["{...}", "{...}"]'

    path
        Text: the file's path.

    section
        Text: the section's name, without brackets. One that is not there comes at the file's end.

    option
        Text: the option's name. One that is not set comes below its commented default, else at its section's end.

    value
        Text, number or truth value: of a repeated option the last one is changed, which is the one that counts.
        Salt reads a command line as YAML: what looks like a dict or a list there wants quotes of its own, within the
        shell's.

    values
        List: all the values that the option is to have, in place of ``value``.

    backups
        Text: where the earlier text is kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns a dict: ``changes`` (by file and option: line, old, new; secrets masked), ``comment``, ``backups``. Raises
    CommandExecutionError, with nothing written, for a file that does not parse or can't be written, or a value that no
    INI file can hold. A secret is better set by the state, from pillar: a command line is seen by all.

    Source: oslo.config's parser, which the tests take for the judge.
    """
    if (value is None) == (values is None):
        raise CommandExecutionError("Give either `value` or `values`.")

    def edit(document):
        if values is not None:
            return document.set_all(section, option, [_text(one) for one in values])
        return document.set(section, option, _text(value))

    return _edit(path, edit, backups, test)


def add(path, section, option, value, backups=None, test=False):
    """
    Add a value to an option that may be given several times; nothing changes where it has that value.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.add /etc/nova/nova.conf pci alias "'{\\"name\\": \\"gpu\\"}'"

    path
        Text: the file's path.

    section
        Text: the section's name, without brackets.

    option
        Text: the option's name.

    value
        Text: the value, which comes after those that are there; quoted as for ``oslo_conf.set``.

    backups
        Text: where the earlier text is kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns what ``oslo_conf.set`` does, and raises as it does.

    Source: oslo.config's MultiStrOpt.
    """
    return _edit(path, lambda document: document.add(section, option, _text(value)), backups, test)


def remove(path, section, option, value=None, backups=None, test=False):
    """
    Take a value of an option out, or the option as a whole; comments stay.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.remove /etc/nova/nova.conf DEFAULT debug
        salt-call oslo_conf.remove /etc/nova/nova.conf pci alias "'{\\"name\\": \\"gpu\\"}'"

    path
        Text: the file's path.

    section
        Text: the section's name, without brackets.

    option
        Text: the option's name.

    value
        Text: the one value to take out; quoted as for ``oslo_conf.set``. Default: all of them.

    backups
        Text: where the earlier text is kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns what ``oslo_conf.set`` does, and raises as it does.

    Source: oslo.config's parser.
    """

    def edit(document):
        return document.unset(section, option) if value is None else document.remove(section, option, _text(value))

    return _edit(path, edit, backups, test)


def edit(path, sections, absent=False, backups=None, test=False):
    """
    Set many options of a file in one step, or take them out.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.edit /etc/nova/nova.conf '{"DEFAULT": {"debug": true}, "pci": {"alias": ["a", "b"]}}'

    path
        Text: the file's path.

    sections
        Dict: of each section a dict of options, with a value, or a list of all values, each; with ``absent`` a list of
        the options' names.

    absent
        Whether the options are to go. Default: False.

    backups
        Text: where the earlier text is kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns what ``oslo_conf.set`` does, and raises as it does.

    Source: oslo.config's parser.
    """

    def change(document):
        edits = {}
        for section, options in sections.items():
            for option in options:
                if absent:
                    edits[section, option] = ()
                elif isinstance(options[option], list):
                    edits[section, option] = tuple(_text(one) for one in options[option])
                else:
                    edits[section, option] = (*document.get_all(section, option)[:-1], _text(options[option]))
        return document.with_values(edits)

    return _edit(path, change, backups, test)


def restore(path, directory=None):
    """
    Give a file back the text that its newest backup kept; what it says now is kept in turn.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.restore /etc/nova/nova.conf

    path
        Text: the configuration file; or a backup's own path, as ``regions.file_backups`` lists it.

    directory
        Text: where backups are kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    Returns the file's ``path`` and the ``backup`` made of its present text, so that a second call takes the first back.
    Raises CommandExecutionError when there is no backup of it.

    Source: the notes beside the backups.
    """

    def act():
        found = files.backups(path, _backups(directory))
        return files.restore(found[0]["backup"] if found else path, _backups(directory))

    return _run(act)


def references(roots=None, region=None, unmanaged=False):
    """
    List every place where a file names a keystone, and whether it can be managed (P7). Changes nothing.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.references
        salt-call oslo_conf.references unmanaged=True
        salt-call oslo_conf.references roots='[/etc/nova]'

    roots
        List: the folders to look through. Default: from pillar, else ``/etc`` and the distribution's defaults.

    region
        Text: the region whose keystone a loopback address names. Default: this minion's grain ``region``.

    unmanaged
        Whether to list those alone that no table knows. Default: False.

    Returns a dict: ``references``, a list of dicts with ``path``, ``line``, ``section``, ``option``, ``form`` (option,
    commented default, paste filter, host and port apart, text), ``value``, ``region`` and ``interface`` (what it points
    at; None where nobody declared that keystone), ``managed`` and ``why``; and ``problems``, the files that could not
    be looked at, each as a sentence.

    Source: the tables in ``osregions.conf.projects``, and pillar ``openstack_regions:projects``.
    """

    def act():
        found = _machine(region, roots).references()
        if unmanaged:
            found["references"] = [one for one in found["references"] if not one["managed"]]
        return found

    return _run(act)


def repoint(at=None, region=None, roots=None, credentials=True, backups=None, test=False):
    """
    Point every service of this node at one keystone, by home's accounts, and at its own region's endpoints (P7, P8).

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.repoint test=True
        salt-call oslo_conf.repoint at=RegionTwo

    at
        Text: the region whose keystone is to be used. Default: what this node's switch says, see ``regions.switch``.

    region
        Text: the region of this node. Default: its grain ``region``.

    roots
        List: the folders to work on. Default: from pillar, else ``/etc`` and the distribution's defaults.

    credentials
        Whether services sign in by home's accounts, as pillar has them under ``credentials``. Default: True; a node of
        home's own keeps its accounts.

    backups
        Text: where earlier texts are kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns what ``oslo_conf.set`` does. Version, path and interface of each URL stay. Raises CommandExecutionError,
    with nothing written, naming each file and line that stands in the way: one that does not parse, can't be read or
    written, is binary, is a link to nothing, has a URL without a host; or an account whose password is not known.

    Source: ``osregions.conf.projects``; keystonemiddleware and keystoneauth (an option that names no region takes the
    first endpoint of any).
    """

    def act():
        return _machine(region, roots, backups).repoint(*_wish(at, region, credentials), dry=test).as_dict()

    return _run(act)


def undo(backups=None, test=False):
    """
    Take back what ``oslo_conf.repoint`` set on this node, to the byte; what somebody changed since stays.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.undo test=True

    backups
        Text: where earlier texts are kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    test
        Whether to say only what would change. Default: False.

    Returns what ``oslo_conf.set`` does. Raises CommandExecutionError when a file can't be written, or the notes of what
    was are damaged.

    Source: the ledger beside the backups.
    """
    return _run(lambda: operations.undo(_backups(backups), dry=test).as_dict())


def restart(at=None, region=None, roots=None, credentials=True, undone=False, wait=None, backups=None, test=False):
    """
    Restart the units whose configuration changed since they were started, and wait until each answers (P9).

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.restart test=True

    at
        Text: as for ``oslo_conf.repoint``; it matters with ``test`` alone, to tell what that would bring about.

    region
        Text: the region of this node. Default: its grain ``region``.

    roots
        List: the folders that are worked on. Default: from pillar, else ``/etc`` and the distribution's defaults.

    credentials
        Whether services sign in by home's accounts. Default: True.

    undone
        Whether ``oslo_conf.undo`` came before in place of ``oslo_conf.repoint``. Default: False.

    wait
        Number: how long to wait for each, in seconds. Default: from pillar, else 90.

    backups
        Text: where earlier texts are kept. Default: from pillar, else ``/var/backups/openstack-regions``.

    test
        Whether to say only what would be restarted. Default: False.

    Returns a dict: ``changes`` (by unit: ``restarted`` or ``started``), ``comment``. Only files that this project wrote
    count, and only units that run, or should. Raises CommandExecutionError, with its last journal lines, for a unit
    that does not come back.

    Source: systemd; the moments in the ledger beside the backups.
    """

    def act():
        machine = _machine(region, roots, backups)
        planned = ()
        if test:
            plan = operations.undo_plan(_backups(backups)) if undone else machine.plan(*_wish(at, region, credentials))
            planned = tuple(change.path for change in plan)
        return serving.follow(machine, planned, wait or _pillar("repoint").get("wait") or 90, dry=test)

    return _run(act)


def prove(at=None, region=None, roots=None):
    """
    Prove, by real tokens, that each service of this node accepts them and validates at the keystone intended.

    CLI Example:

    .. code-block:: bash

        salt-call oslo_conf.prove

    at
        Text: the region whose keystone is meant. Default: what this node's switch says, see ``regions.switch``.

    region
        Text: the region of this node. Default: its grain ``region``.

    roots
        List: the folders in which the services' files are. Default: from pillar, else ``/etc``.

    Returns a dict: ``ok`` and ``checks``, a list of dicts with ``service``, ``name``, ``ok``, ``evidence``, ``remedy``:
    that each account in a service's files signs in at the keystone meant; that the endpoint at which the service
    validates is that keystone's; that each API of this node refuses a made-up token and accepts a real one, and whom it
    asked meanwhile. Changes nothing. Raises CommandExecutionError where the files can't be read.

    Source: keystonemiddleware takes the endpoint at which it validates from the catalog, not from auth_url.
    """

    def act():
        machine = _machine(region, roots)
        meant = at or _at(machine.settings, machine.region)
        # A region that has gone over to its own keystone does not wait for home's.
        return serving.prove(machine, meant, alone=meant == machine.region != machine.settings.home)

    return _run(act)


def _edit(path, change, backups, test):
    return _run(lambda: operations.edit(path, change, _backups(backups), dry=test).as_dict())


def _wish(at, region, credentials):
    """The keystone to use, and the accounts to sign in by: home's own nodes have theirs already."""
    settings = _settings()
    here = region or __grains__.get("region")
    wanted = credentials and here != settings.home
    pillar = __pillar__.get(settings_of.PILLAR)
    # No pillar, no passwords: accounts stay as they are.
    found = settings_of.credentials_of(pillar, settings.known, _sdb) if wanted and pillar else None
    return at or _at(settings, here), found


def _at(settings, region):
    """The region whose keystone this node's switch says is to be used."""
    if region not in settings.regions or region == settings.home:
        return settings.home
    return region if switches.read(region).switch.local else settings.home


def _sdb(uri):
    return __salt__["sdb.get"](uri)


def _machine(region, roots, backups=None):
    return operations.Machine(
        settings=_settings(),
        region=region or __grains__.get("region") or "",
        roots=tuple(roots or _pillar("repoint").get("roots") or tree.default_roots()),
        backups=_backups(backups),
        series=_pillar("keystone").get("release"),
    )


def _settings():
    return settings_of.read(snapshot.pillar(__pillar__).get(settings_of.PILLAR))


def _pillar(section):
    return settings_of.section(snapshot.pillar(__pillar__), section)


def _backups(given):
    return given or _pillar("backup").get("directory") or files.BACKUPS


def _text(value):
    """A value as an INI file has it: YAML made a truth value of `true`; a dict or a list is none."""
    if isinstance(value, (dict, list)):
        raise CommandExecutionError(
            # Not the value itself: it may be a password.
            f"`value` came as a {type(value).__name__}, which is no text. Salt reads a command line as YAML: give it in"
            """ quotes of its own, within the shell's, as in "'{\\"name\\": \\"gpu\\"}'\"; a list of all"""
            " values is `values`."
        )
    return str(value).lower() if isinstance(value, bool) else str(value)


def _run(act):
    return translated(act, CommandExecutionError)
