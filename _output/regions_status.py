"""
What ``salt-run regions.status`` prints by itself: the cloud in lines for people, what is wrong first.

CLI Example:

.. code-block:: bash

    salt-run regions.status
    salt-run regions.status --out=json
"""

from osregions import version
from osregions.reach.remedies import ERROR, INFO, WARNING
from osregions.status import table

__virtualname__ = "regions_status"

# Without a severity all is well.
_COLOURS = {ERROR: "\x1b[1;31m", WARNING: "\x1b[1;33m", INFO: "\x1b[36m", "": "\x1b[32m"}
_END = "\x1b[0m"


def __virtual__():
    return version.loadable(__virtualname__, __file__)


def output(data, **_kwargs):
    """
    Return the text; in colours where Salt has them.
    """
    if not isinstance(data, dict):
        return str(data)
    coloured = __opts__.get("color")
    return table.told(data, _painted if coloured else table.plain)


def _painted(text, severity):
    return f"{_COLOURS[severity]}{text}{_END}"
