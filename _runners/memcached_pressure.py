"""
What a master does when a minion says that its memcached is too small, or no longer: it looks, and tells (M1).
"""

import logging

import salt.client
from salt.exceptions import SaltClientError

from osregions import version
from osregions.errors import RegionsError
from osregions.pressure import telling

log = logging.getLogger(__name__)

__virtualname__ = "memcached_pressure"
_TIMEOUT = 15


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def tell(minion, timeout=_TIMEOUT):
    """
    Ask a minion what it holds of its memcached, and tell it in the log and on the event bus. For a reactor.

    CLI Example:

    .. code-block:: bash

        salt-run memcached_pressure.tell one-controller

    minion
        Text: the minion's id, as the event's tag has it. Nothing else of an event is worth believing.

    timeout
        Seconds of silence after which the minion is asked whether it is still at it. Default: 15.

    Nothing is changed. The event is ``openstack_regions/pressure/MINION``, with the data of the beacon's; the log's
    line is a warning where memcached is too small or does not answer.

    Returns a dict: ``ok``, ``retcode`` (the exit status) and ``steps``, a list of sentences.

    Source: ``memcached_pressure.seen`` on that minion.
    """
    try:
        with salt.client.get_local_client(mopts=__opts__) as client:
            answers = {}
            for one in client.cmd_iter([minion], "memcached_pressure.seen", timeout=timeout, tgt_type="list"):
                answers.update(one)
        said = telling.said(minion, answers.get(minion))
    except (RegionsError, SaltClientError) as err:
        log.error("openstack-regions: memcached of %s was not looked into: %s", minion, err)
        return {"ok": False, "steps": [str(err)], "retcode": 1}
    log.log(logging.WARNING if said.wrong else logging.INFO, "openstack-regions: %s", said.line)
    __salt__["event.send"](f"openstack_regions/pressure/{minion}", said.data)
    return {"ok": True, "steps": [said.line], "retcode": 0}
