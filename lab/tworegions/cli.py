"""The commands of the lab; each file in lab/ calls one function of this module."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import wraps

from . import demo, image, lab, machine, network, snapshot
from .progress import Progress
from .settings import DEFAULT_KEYSTONE, DEFAULT_SALT, HOSTS, KEYSTONE_RANGES, SALT_RANGES, Versions, host
from .shell import LabError


def command(main: Callable[[list[str]], int]) -> Callable[[], int]:
    """A function of this module as a program: arguments in, exit status out, faults as one text."""

    @wraps(main)
    def program() -> int:
        try:
            return main(sys.argv[1:])
        except LabError as err:
            print(f"\nlab: {err}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nlab: interrupted", file=sys.stderr)
            return 130

    return program


def _versions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--salt", choices=sorted(SALT_RANGES), default=DEFAULT_SALT, help="release of Salt (%(default)s)"
    )
    parser.add_argument(
        "--keystone",
        choices=sorted(KEYSTONE_RANGES),
        default=DEFAULT_KEYSTONE,
        help="keystone's release: 22 is Debian's, 30 is built from the Python index (%(default)s)",
    )


def _horizon(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--horizon", action="store_true", help="with a dashboard in each region's controller")


@command
def build_image(arguments: list[str]) -> int:
    """lab/image: build what is missing of the image and print where its parts are."""
    parser = argparse.ArgumentParser(prog="lab/image", description=build_image.__doc__)
    _versions(parser)
    parser.add_argument("--path", action="store_true", help="print only the Debian root's folder (usable with chroot)")
    _horizon(parser)
    chosen = parser.parse_args(arguments)
    versions = Versions(chosen.salt, chosen.keystone)
    built = image.describe(versions)
    if not built.ready or (chosen.horizon and not image.dashboard(versions).ready):
        with image.locked():
            built = image.build(versions, Progress(sys.stderr))
            if chosen.horizon:
                image.build_dashboard(versions, Progress(sys.stderr))
    if chosen.path:
        print(built.debian.path)
    else:
        for layer in built.layers:
            print(layer)
    return 0


@command
def up(arguments: list[str]) -> int:
    """lab/up: two standalone clusters, or the lab as a snapshot kept it; one that is up is replaced."""
    parser = argparse.ArgumentParser(prog="lab/up", description=up.__doc__)
    _versions(parser)
    parser.add_argument(
        "--from",
        dest="origin",
        default=snapshot.STANDALONE,
        help="snapshot to start from: standalone, joined, or a name given to lab/freeze; "
        "the first two are made when they are missing (%(default)s)",
    )
    _horizon(parser)
    chosen = parser.parse_args(arguments)
    progress = Progress()
    with image.locked():
        lab.up(chosen.origin, Versions(chosen.salt, chosen.keystone), progress, horizon=chosen.horizon)
    progress.plain(f"lab up after {progress.elapsed:.1f} s")
    return 0


@command
def down(arguments: list[str]) -> int:
    """lab/down: take the lab away, also after a crash; image and snapshots stay in the cache."""
    argparse.ArgumentParser(prog="lab/down", description=down.__doc__).parse_args(arguments)
    progress = Progress()
    with image.locked(), progress.step("lab down"):
        lab.down()
    return 0


@command
def execute(arguments: list[str]) -> int:
    """lab/exec HOST COMMAND...: run a command in a host; input, output and exit status are the command's own."""
    asked = arguments[:1] in (["-h"], ["--help"])
    if len(arguments) < 2 or arguments[0].startswith("-"):
        usage = f"usage: lab/exec HOST COMMAND...\nhosts: {', '.join(one.name for one in HOSTS)}"
        print(usage, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        chosen = host(arguments[0])
    except ValueError as err:
        raise LabError(str(err)) from None
    argv = machine.enter(chosen, arguments[1:])
    sys.stdout.flush()
    return os.execvp(argv[0], argv)


@command
def status(arguments: list[str]) -> int:
    """lab/status: what is up, from which snapshot, and how the line between the regions is."""
    argparse.ArgumentParser(prog="lab/status", description=status.__doc__).parse_args(arguments)
    print("\n".join(lab.status()))
    return 0


@command
def freeze(arguments: list[str]) -> int:
    """lab/freeze NAME: keep the running lab as a snapshot for `lab/up --from NAME`."""
    parser = argparse.ArgumentParser(prog="lab/freeze", description=freeze.__doc__)
    parser.add_argument("name", help="name of the snapshot: letters, digits and _, not beginning with a digit")
    name = parser.parse_args(arguments).name
    if not name.isidentifier():
        raise LabError(f"{name!r} is no name for a snapshot; use letters, digits and _, not beginning with a digit")
    progress = Progress()
    with image.locked():
        versions = Versions(**lab.known()["versions"])
        lab.freeze(snapshot.find(name, versions), progress)
    return 0


def _line(name: str, action: Callable[[], None], said: str) -> Callable[[], int]:
    @command
    def program(arguments: list[str]) -> int:
        parser = argparse.ArgumentParser(prog=f"lab/{name}", description=action.__doc__)
        if action is not network.heal:
            parser.add_argument("--seconds", type=float, help="and have it whole again after so many")
        seconds = getattr(parser.parse_args(arguments), "seconds", None)
        progress = Progress()
        with progress.step(said):
            action()
        if seconds is not None:
            time.sleep(seconds)
            network.heal()
        print(f"line between the regions: {network.state()}")
        return 0

    return program


cut = _line("cut", network.cut, "RegionTwo's leg of the router goes down")
hole = _line("hole", network.hole, "the router forwards nothing, silently")
heal = _line("heal", network.heal, "the line between the regions is whole again")


@command
def lose(arguments: list[str]) -> int:
    """lab/lose [PERCENT]: lose so many of the packets between the regions, each by itself, until lab/heal."""
    parser = argparse.ArgumentParser(prog="lab/lose", description=lose.__doc__)
    parser.add_argument(
        "percent",
        nargs="?",
        type=int,
        default=30,
        choices=range(1, 101),
        metavar="PERCENT",
        help="how many of a hundred packets, 1 to 100 (%(default)s)",
    )
    percent = parser.parse_args(arguments).percent
    progress = Progress()
    with progress.step(f"the router loses {percent} % of what it forwards"):
        network.lose(percent)
    print(f"line between the regions: {network.state()}")
    return 0


@command
def run_demo(arguments: list[str]) -> int:
    """lab/demo: from nothing to one cloud of two regions, every step shown and verified."""
    parser = argparse.ArgumentParser(prog="lab/demo", description=run_demo.__doc__)
    _versions(parser)
    parser.add_argument("--fresh", action="store_true", help="forget image and snapshots first, as on a new machine")
    chosen = parser.parse_args(arguments)
    progress = Progress()
    with image.locked():
        if chosen.fresh:
            with progress.step("image and snapshots of earlier runs are forgotten"):
                lab.forget()
        demo.run(Versions(chosen.salt, chosen.keystone), progress)
    progress.plain(f"\nlab/demo: every step held; {progress.elapsed:.1f} s in all")
    return 0
