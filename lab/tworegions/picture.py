"""The closing picture of the demo."""

from __future__ import annotations

from .settings import Versions

JOIN = "orch.join"

_CLOUD = """
        one cloud of two regions: one catalog, served by home's keystone

  +---------------------------------+          +---------------------------------+
  | RegionOne (home)                |          | RegionTwo                       |
  +---------------------------------+          +---------------------------------+
  | one-controller    10.213.1.11   |          | two-controller    10.213.2.11   |
  |   keystone  :5000  for both     |          |   keystone  :5000  its own      |
  |   MariaDB, memcached            |          |   MariaDB, memcached            |
  |   glance    :9292               |--router--|   glance    :9292               |
  |   Salt master, Salt minion      |          |   Salt master, Salt minion      |
  | one-node          10.213.1.12   |          | two-node          10.213.2.12   |
  |   placement :8778               |          |   placement :8778               |
  |   Salt minion                   |          |   Salt minion                   |
  +---------------------------------+          +---------------------------------+
"""


def draw(versions: Versions, timings: dict[str, float]) -> str:
    """The cloud as it stands now, and where the time went."""
    lines = [_CLOUD, f"  {versions}", ""]
    for text, seconds in timings.items():
        if seconds >= 1:
            lines.append(f"  {seconds:7.1f} s  {text}")
    lines += [
        "",
        "  look around:  lab/exec one-controller bash -c '. /root/keystonerc_admin; openstack catalog list'",
        "  break it:     lab/cut, lab/hole, lab/heal        take it away:  lab/down",
    ]
    return "\n".join(lines)
