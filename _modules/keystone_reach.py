"""
What this controller sees of home's keystone and of its own region's, and what follows from it for the region (P11).
"""

import time
from dataclasses import asdict

from salt.exceptions import CommandExecutionError

from osregions import settings as settings_of
from osregions import version
from osregions.errors import RegionsError, translated
from osregions.reach import probe as probe_of
from osregions.reach import sight as sight_of
from osregions.reach import snapshot, switch, view, wish
from osregions.reach import verdict as verdict_of
from osregions.reach.holder import Holder

__virtualname__ = "keystone_reach"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def seen():
    """
    Say what the beacon ``keystone_reach`` of this minion sees.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_reach.seen

    Returns a dict: ``minion``, ``region``, ``home_region``, ``at`` (seconds since the epoch), ``home`` and ``local``
    (each with ``state``, ``kind``, ``detail``, ``seconds``, ``since``, ``count``, ``failing``, ``good``), ``keys``,
    ``problem``; the beacon's documentation says what they are. None where no beacon has seen anything since the boot.
    Raises CommandExecutionError when what it kept can't be read.

    Source: ``/run/openstack-regions/reach.json``, which the beacon renews each 10 s, and each second in a fault.
    """

    def act():
        found = sight_of.read()
        return None if found is None else sight_of.to_data(found)

    return _run(act)


def probe(timeout=None):
    """
    Look once at home's keystone and at the region's own, with a token that is got for it.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_reach.probe

    timeout
        Number: the seconds that a look may take. Default: from pillar (``failover:timeout``), else 1.

    Returns a dict, ``home`` and ``local``, each with ``url``, ``kind``, ``seconds``, ``detail``, ``life`` (when in the
    look its host last showed any); and ``problem``, why there is no token to ask about. Raises CommandExecutionError on
    a node of home, and for a pillar that is wrong.

    Source: GET /v3/auth/tokens, with the admin's openrc file or an account of a service of this node.
    """

    def act():
        pillar, settings, region = _cloud()
        wanted = wish.wish(settings, region, __grains__["id"])
        if wanted is None:
            raise RegionsError(f"{region} is home: it has nobody to reach", "", "ask a controller of another region")
        limit = wanted.limits.timeout if timeout is None else float(timeout)
        holder = Holder(lambda: wish.accounts(pillar, settings))
        holder.care((wanted.home, wanted.local))
        holder.wait(30)
        held = holder.held
        found = {"problem": "" if held else holder.problem}
        for name, url in (("home", wanted.home), ("local", wanted.local)):
            look = probe_of.look(url, held and held.id, limit, wanted.limits.slow, held and held.tls)
            found[name] = {"url": url, **asdict(look)}
        return found

    return _run(act)


def verdict(asked=None):
    """
    Say what would be done about this node's region, from what this node alone sees.

    CLI Example:

    .. code-block:: bash

        salt-call keystone_reach.verdict
        salt-call keystone_reach.verdict asked=fail_over

    asked
        Text: ``fail_over`` or ``fail_back``, to know what came of it if a person asked. Default: what would happen by
        itself.

    Returns a dict: ``action`` (none, fail_over, fail_back, ask, wait or refuse), ``code``, ``reason``, ``remedy``,
    ``problems``. The replica is not looked at here, so a way back is never found clear. Raises CommandExecutionError
    for a pillar or a switch that is wrong.

    Source: the beacon's file, the switch, pillar or what was kept of it.
    """

    def act():
        if asked not in (None, verdict_of.FAIL_OVER, verdict_of.FAIL_BACK):
            raise RegionsError(f"{asked!r} can't be asked for", "`asked`", "write fail_over or fail_back")
        _, settings, region = _cloud()
        found = sight_of.read()
        reading = switch.read(region).switch
        picture = view.of(
            region,
            {} if found is None else {__grains__["id"]: sight_of.to_data(found)},
            settings,
            reading.identity,
            reading.epoch,
            view.by_itself(switch.history(region)),
            time.time(),
            alone=True,
            moved=reading.since,
        )
        given = verdict_of.asked_for(picture, asked) if asked else verdict_of.decide(picture)
        return {**asdict(given), "problems": list(picture.problems)}

    return _run(act)


def _cloud():
    # Salt's own mapping is empty in another thread, such as signs in.
    pillar = {settings_of.PILLAR: snapshot.pillar(__pillar__).get(settings_of.PILLAR)}
    settings = settings_of.read(pillar[settings_of.PILLAR])
    return pillar, settings, __grains__.get("region") or (snapshot.read() or {}).get("region") or ""


def _run(act):
    return translated(act, CommandExecutionError)
