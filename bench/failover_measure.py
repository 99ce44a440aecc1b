"""The measurement of `bench/failover`: the line fails, and requests are counted until they are answered again."""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import failover_theirs as theirs
from osregions.reach import sight
from tests.lab import cloud, failing
from tests.lab.conftest import Lab
from tests.lab.failing import HOME, IMAGES, MEMBER, NODE, PLACES

_PAUSE, _PATIENCE = 0.2, 2.0  # seconds between two requests, and until one of them is given up
_LIMIT = 60  # seconds after which a way has failed
_UNITS = {IMAGES: (MEMBER, "glance-api"), PLACES: (NODE, "placement-api")}
_ENOUGH = 10  # good answers in a row that end the asking
_BLIP, _AFTER = 2, 8  # seconds that the line is gone in a blip, and in which whoever takes it for more has moved
_STEPS = ("seen", "decided", "switched", "written", "started", "first answer")


@dataclass(frozen=True)
class Run:
    """One fault: seconds from it to each step, of the later of two services, and the requests that failed."""

    steps: dict[str, float]
    failed: int
    asked: int


class Requests(threading.Thread):
    """Requests to one service, with one token, until both services answer again or it takes too long."""

    def __init__(self, lab: Lab, url: str, token: str, count: int) -> None:
        super().__init__(daemon=True)
        self._lab, self._url, self._token, self._count = lab, url, token, count
        self.said: list[list[object]] = []

    def run(self) -> None:
        those = [self._token] * self._count
        self.said = failing.ask(self._lab, self._url, those, _PAUSE, _PATIENCE, enough=_ENOUGH)

    def first(self, since: float) -> float | None:
        """When the first request was answered of those sent after the last that failed, if any was."""
        bad = [sent for sent, _, status in self.said if sent > since and status != 200]
        good = [answered for sent, answered, status in self.said if status == 200 and bad and sent > max(bad)]
        return min(good, default=None)


@dataclass(frozen=True)
class Way:
    """One way of failing over: what is prepared for it once, and what a person does when the line has failed."""

    name: str
    says: str
    prepare: Callable[[Lab], None]
    act: Callable[[Lab], None]
    back: Callable[[Lab], None]
    watches: bool = True


def _ours(lab: Lab) -> None:
    """One fault comes after another here: nobody waits until the region may move again, or may not any more."""
    failing.numbers(lab, minimum_stay=0, cap_per_hour=1000)
    failing.watched(lab)


def _back(lab: Lab) -> None:
    """As fast as it goes: by each node's own call, while nobody watches."""
    back = ("salt-call", "--local", "regions.failback", "reason=the next measurement")
    _on_both(lab, "systemctl", "stop", "salt-minion")
    _on_both(lab, "rm", "-f", sight.PLACE)
    _masters(lab, "start")
    _on_both(lab, *back)
    _on_both(lab, "systemctl", "start", "salt-minion")
    failing.answering(lab)
    failing.seen(lab, "up")


def _on_both(lab: Lab, *words: str) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda host: lab.exec(host, *words), (MEMBER, NODE)))


def _masters(lab: Lab, what: str) -> None:
    for host in cloud.CONTROLLERS:
        lab.exec(host, "systemctl", what, "--no-block", "salt-master")


def _none(lab: Lab) -> None:
    return


WAYS = (
    Way("ours", "ours, by the region's own master", _ours, _none, _back),
    Way("alone", "ours, no master left", _ours, _none, _back),
    Way("stock", "Salt's own: salt_monitor, reactor, ini, service", theirs.stock, _none, theirs.stock_back),
    Way("playbook", "an Ansible playbook, started at once", theirs.nobody, theirs.play, theirs.play_back, False),
)


def once(lab: Lab, way: Way, fault: str) -> Run:
    """Let the line fail once, and see what follows."""
    assert failing.places(lab) == failing.TO_HOME, "it has moved already"
    token = failing.tokens(lab, 1)[0]
    lab.exec(HOME, "systemctl", "stop", "--no-block", "salt-master")
    if way.name == "alone":
        lab.exec(MEMBER, "systemctl", "stop", "salt-master")
    time.sleep(2)
    asking = [Requests(lab, url, token, int(_LIMIT / _PAUSE)) for url in _UNITS]
    for one in asking:
        one.start()
    time.sleep(3)
    began = time.time()
    lab.command(fault)
    way.act(lab)
    for one in asking:
        one.join()
    firsts = [one.first(began) for one in asking]
    assert None not in firsts, f"{way.name}: no answer within {_LIMIT} s"
    offset = time.time() - time.monotonic()
    started = [_started(lab, *unit) + offset for unit in _UNITS.values()]
    steps = {"started": max(started) - began, "first answer": max(one for one in firsts if one) - began}
    if way.name in ("ours", "alone"):
        steps |= {name: at - began for name, at in failing.timeline(lab).items() if name in _STEPS}
    after = [status for one in asking for sent, _, status in one.said if float(str(sent)) > began]
    return Run(steps, sum(status != 200 for status in after), len(after))


def blip(lab: Lab, way: Way, fault: str) -> bool:
    """Let the line be gone for a moment; whether the region moved for that."""
    lab.command(fault, "--seconds", str(_BLIP))
    time.sleep(_AFTER)
    moved = failing.places(lab) != failing.TO_HOME
    if moved:
        way.back(lab)
    return moved


def _started(lab: Lab, host: str, unit: str) -> float:
    """When a unit's present process was started, by the machine's own clock since its boot."""
    said = lab.exec(host, "systemctl", "show", "--value", "--property=ExecMainStartTimestampMonotonic", unit).stdout
    return int(said) / 1e6


@contextlib.contextmanager
def _region(lab: Lab, keystone: str) -> Iterator[Lab]:
    failing.ready(lab, keystone)
    failing.unbelieving(lab)
    try:
        yield lab
    finally:
        lab.command("heal")


def _told(way: Way, runs: list[Run]) -> str:
    words = []
    for step in _STEPS:
        values = [run.steps[step] for run in runs if step in run.steps]
        if values:
            words.append(f"{step} {statistics.median(values):.1f} ({max(values):.1f})")
    lost = statistics.median(run.failed for run in runs)
    return f"{way.says:50} {', '.join(words)}; {lost:.0f} of {runs[0].asked} requests failed; {len(runs)} runs"


def main(words: list[str]) -> None:
    """Measure, and print as it goes."""
    parser = argparse.ArgumentParser(prog="bench/failover")
    parser.add_argument("ways", nargs="*", help=f"of {', '.join(way.name for way in WAYS)} (all when left out)")
    parser.add_argument("--runs", type=int, default=20, help="faults for each way (default %(default)s)")
    parser.add_argument("--blips", type=int, default=5, help="for each that watches (default %(default)s)")
    parser.add_argument(
        "--fault", choices=("cut", "hole", "both"), default="both", help="how the line fails (%(default)s)"
    )
    parser.add_argument("--keystone", choices=("22", "30"), default="22", help="keystone's release (%(default)s)")
    chosen = parser.parse_args(words)
    unknown = set(chosen.ways) - {way.name for way in WAYS}
    if unknown:
        sys.exit(f"bench/failover: there is no way {', '.join(sorted(unknown))}")
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} before the start; keystone {chosen.keystone}")
    print("ours: its defaults, but for minimum_stay and cap_per_hour: here one fault comes after another")
    print("seconds from the fault, median (worst), of glance and placement the later", flush=True)
    lab = Lab()
    faults = ("hole", "cut") if chosen.fault == "both" else (chosen.fault,)
    with _region(lab, chosen.keystone):
        for way in WAYS:
            if chosen.ways and way.name not in chosen.ways:
                continue
            way.prepare(lab)
            runs = []
            for number in range(chosen.runs):
                fault = faults[number % len(faults)]
                runs.append(once(lab, way, fault))
                lab.command("heal")
                way.back(lab)
                steps = ", ".join(f"{name} {value:.1f}" for name, value in runs[-1].steps.items())
                print(f"  {way.name} {number + 1} ({fault}): {steps}; load {os.getloadavg()[0]:.1f}", flush=True)
            print(_told(way, runs), flush=True)
            if way.watches and chosen.blips:
                moved = sum(blip(lab, way, faults[number % len(faults)]) for number in range(chosen.blips))
                print(f"{way.says:50} moved for {moved} of {chosen.blips} blips of {_BLIP} s", flush=True)
    if not os.environ.get("OPENSTACK_REGIONS_KEEP_LAB"):
        subprocess.run([str(failing.LAB / "down")], check=True, stdout=subprocess.DEVNULL)
