"""The ways without us: a loop of `openstack endpoint create`, and a script that posts to keystone's API."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from osregions.model import Endpoint
from tests.support.keystone import Keystone

# The clock is the shell's own; the image is entered once, before it starts. The first command is not timed: it brings
# the client's files into memory. `--region` makes the region when it is not there.
_LOOP = """
source "$1/keystonerc_admin"
openstack service list </dev/null >/dev/null
while read -r type interface url; do
    before=$EPOCHREALTIME
    openstack endpoint create --region "$2" "$type" "$interface" "$url" </dev/null >/dev/null
    echo "$before $EPOCHREALTIME"
done <"$1/endpoints"
"""


def loop(keystone: Keystone, region: str, rows: Sequence[tuple[str, Endpoint]]) -> list[float]:
    """Create endpoints, each given with its service's type, by the openstack client; return the seconds per call."""
    lines = "".join(f"{kind} {row.interface} {row.url}\n" for kind, row in rows)
    (keystone.folder / "endpoints").write_text(lines)
    words, environment = keystone.image.command(
        keystone.folder, "bash", "-euc", _LOOP, "loop", str(keystone.folder), region
    )
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openstack endpoint create failed: {done.stderr[-2000:]}")
    took = [float(after) - float(before) for before, after in map(str.split, done.stdout.splitlines())]
    if len(took) != len(rows):
        raise RuntimeError(f"{len(took)} of {len(rows)} calls were timed")
    return took


def script(keystone: Keystone, region: str, rows: Sequence[tuple[str, Endpoint]]) -> float:
    """Create endpoints as a script would, with one token and a request for each; return the seconds of all of it."""
    start = time.perf_counter()
    token = keystone.token()
    services = {row["type"]: row["id"] for row in keystone.api("GET", "/services", token=token)["services"]}
    keystone.api("POST", "/regions", {"region": {"id": region}}, token)
    for kind, row in rows:
        body = {"interface": row.interface, "region_id": region, "service_id": services[kind], "url": row.url}
        keystone.api("POST", "/endpoints", {"endpoint": body}, token)
    return time.perf_counter() - start
