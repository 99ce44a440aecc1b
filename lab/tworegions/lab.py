"""The lab as a whole: up from a snapshot or from nothing, down, and what is known about the running one."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from . import cloud, dashboard, hostfiles, image, join, machine, network, saltfiles, snapshot
from .progress import Progress
from .settings import CACHE, HOSTS, RUN, Versions
from .shell import LabError, is_mounted, run, unmount, write

# Free memory below which the hosts write to disk (MiB): they need 3 GiB of memory themselves.
_MEMORY_FOR_TMPFS = 8000


def up(origin: str, versions: Versions, progress: Progress, *, horizon: bool = False) -> None:
    """Have the lab up as `origin` says, replacing the one that may be up; with `horizon` in its controllers."""
    progress.title(f"Lab up: {origin} ({versions})")
    image.build(versions, progress)
    extra = image.build_dashboard(versions, progress) if horizon else None
    if exists():
        with progress.step("the lab that was there is taken down"):
            down()
    wanted = snapshot.find(origin, versions)
    if not wanted.ready:
        _make(wanted, progress)
        if not extra:
            return
        with progress.step("the lab goes down, to start with horizon"):
            down()
    start(wanted, progress, extra)


def _make(wanted: snapshot.Snapshot, progress: Progress) -> None:
    """Bring the lab to where this snapshot is to be taken, and take it."""
    origin, versions = wanted.name, wanted.versions
    if origin not in (snapshot.STANDALONE, snapshot.JOINED):
        raise LabError(f"no snapshot {origin!r} for {versions}; make one of the running lab with lab/freeze {origin}")
    before = snapshot.find(snapshot.STANDALONE, versions)
    if before.ready:
        start(before, progress)
    else:
        create(versions, progress)
        freeze(before, progress)
    if origin == snapshot.JOINED:
        with progress.step("the extension is brought to minions and masters"):
            join.sync()
        with progress.step("orch.join"):
            join.orchestrate(test=False)
        freeze(wanted, progress)


def create(versions: Versions, progress: Progress) -> None:
    """Two standalone clusters from the bare image."""
    built = image.describe(versions)
    layers = [str(one) for one in built.layers]
    with progress.step("network, file systems and configuration of four hosts"):
        _ground()
        keys = saltfiles.draw_keys(built.debian.path)
        secrets = {region: hostfiles.Secrets() for region in network.REGIONS}
        for host in HOSTS:
            machine.mount(host, built.layers)
            hostfiles.prepare(host, secrets[host.region], secrets[1], keys)
    _note(versions, snapshot.STANDALONE, layers)
    with progress.step("systemd starts in four hosts"):
        _boot()
        for host in HOSTS:
            machine.wait_booted(host)
    with ThreadPoolExecutor(len(network.REGIONS)) as pool:
        made = [pool.submit(cloud.make, region, secrets[region], progress) for region in network.REGIONS]
        for one in made:
            one.result()
    cloud.wait_salt(progress)


def start(wanted: snapshot.Snapshot, progress: Progress, extra: image.Part | None = None) -> None:
    """The lab as it was when the snapshot was taken, every service answering; `extra` is horizon's layer."""

    def layers(name: str) -> list[Path]:
        found = wanted.layers(name)
        # Directly over Debian, whose package list it goes on with; no snapshot has written there.
        return [*found[:-1], extra.path, found[-1]] if extra and extra.path not in found else found

    with progress.step(f"network and file systems from snapshot {wanted.name}"):
        _ground()
        for host in HOSTS:
            machine.mount(host, layers(host.name))
        for host in dashboard.CONTROLLERS if extra else ():
            dashboard.prepare(host)
    _boot()
    _note(wanted.versions, wanted.name, [str(one) for one in layers("{host}")])
    waits = [cloud.wait_serving, cloud.wait_salt, *([dashboard.wait_serving] if extra else [])]
    with ThreadPoolExecutor(len(waits)) as pool:
        for one in [pool.submit(wait, progress) for wait in waits]:
            one.result()
    for host in HOSTS:
        machine.wait_booted(host)


def freeze(wanted: snapshot.Snapshot, progress: Progress) -> None:
    """Keep the running lab as this snapshot."""
    with progress.step(f"snapshot {wanted.name} is taken"):
        snapshot.freeze(wanted, known()["layers"])
    cloud.wait_serving(progress)


def _ground() -> None:
    """Room for what the hosts write, and the wires."""
    hosts = RUN / "hosts"
    hosts.mkdir(parents=True, exist_ok=True)
    if _available_memory() >= _MEMORY_FOR_TMPFS:
        run(["mount", "-t", "tmpfs", "-o", "size=8g,mode=755", "regions-lab", hosts])
    else:
        place = CACHE / "written"
        image.remove(place)
        place.mkdir(parents=True)
        run(["mount", "--bind", place, hosts])
    network.up()


def _available_memory() -> int:
    """Memory that can be had without swapping, MiB."""
    for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0


def _boot() -> None:
    for host in HOSTS:
        machine.boot(host)


def _note(versions: Versions, origin: str, layers: list[str]) -> None:
    note = {"versions": asdict(versions), "origin": origin, "layers": layers, "since": time.time()}
    write(RUN / "lab.json", json.dumps(note, indent=2) + "\n")


def known() -> dict:
    """What is noted about the running lab: versions, origin, layers, since when."""
    try:
        note = json.loads((RUN / "lab.json").read_text(encoding="utf-8"))
    except OSError:
        raise LabError("the lab is not up; start it with lab/up") from None
    return dict(note)


def exists() -> bool:
    """True when anything of a lab is there, be it whole or left over."""
    return RUN.exists() or bool(network.existing())


def down() -> None:
    """Take everything away that belongs to a lab, whatever state it is in."""
    machine.kill(HOSTS)
    for host in HOSTS:
        unmount(machine.root(host))
    if is_mounted(RUN / "hosts"):
        unmount(RUN / "hosts")
    if RUN.exists():
        image.remove(RUN)
    if (CACHE / "written").exists():
        image.remove(CACHE / "written")
    if shutil.which("ip"):
        network.down()
    machine.clean_cgroups()


def status() -> list[str]:
    """One line for each host, one for the line between the regions."""
    note = known()
    versions = Versions(**note["versions"])
    lines = [f"{versions}, from {note['origin']}, up for {(time.time() - note['since']) / 60:.0f} min"]
    lines.append(f"line between the regions: {network.state()}")
    for host in HOSTS:
        if not machine.running(host):
            lines.append(f"{host.name:15} {host.address:12} not running")
            continue
        state = machine.execute(host, "systemctl", "is-system-running", check=False).stdout.strip()
        wrote = run(["du", "-sm", machine.written(host)], check=False).stdout.split("\t")[0]
        lines.append(f"{host.name:15} {host.address:12} {state}, {wrote} MB written, {', '.join(host.services)}")
    return lines


def forget() -> None:
    """Empty the cache: image, wheels and snapshots; a running lab, which stands on them, is taken down."""
    down()
    for name in ("image", "snapshots"):
        if (CACHE / name).exists():
            image.remove(CACHE / name)
