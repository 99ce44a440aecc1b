"""Horizon in both controllers, as each cluster was deployed: under Apache, at its own keystone, knowing no other."""

from __future__ import annotations

from . import machine
from .cloud import wait_http
from .progress import Progress
from .settings import HOSTS, Host
from .shell import run, write

CONTROLLERS = tuple(one for one in HOSTS if one.controller)

# What whoever deploys a horizon writes behind the packaged settings.
_SETTINGS = """
# --- the lab's cluster
OPENSTACK_HOST = "{address}"
OPENSTACK_KEYSTONE_URL = "http://%s:5000/v3" % OPENSTACK_HOST
ALLOWED_HOSTS = ["{address}", "localhost"]
# The usual first page is nova's overview, and there is no nova here.
HORIZON_CONFIG["user_home"] = "/horizon/project/images/"
"""
# The packaged site starts a process of horizon's own and then leaves it idle.
_APACHE = """ServerName {name}
WSGIProcessGroup horizon
WSGIApplicationGroup %{{GLOBAL}}
"""


def url(host: Host) -> str:
    """Where a controller's horizon is."""
    return f"http://{host.address}/horizon/"


def prepare(host: Host) -> None:
    """Write what makes the layer's horizon this cluster's own, before the host starts."""
    top = machine.root(host)
    path = top / "etc/openstack-dashboard/local_settings.py"
    said = path.read_text(encoding="utf-8")
    if _SETTINGS.splitlines()[1] not in said:
        write(path, said + _SETTINGS.format(address=host.address))
    # Debian's site for https is enabled without the module that it needs.
    (top / "etc/apache2/sites-enabled/default-ssl.conf").unlink(missing_ok=True)
    write(top / "etc/apache2/conf-enabled/lab.conf", _APACHE.format(name=host.name))
    run(["chroot", top, "systemctl", "--quiet", "enable", "apache2"])


def wait_serving(progress: Progress) -> None:
    """Until both dashboards show their sign-in page."""
    with progress.step("horizon of both clusters answers"):
        for host in CONTROLLERS:
            wait_http(host, f"{url(host)}auth/login/")
