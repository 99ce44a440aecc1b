"""The commands of the lab; each file in lab/ calls one function of this module."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import wraps

from . import image
from .progress import Progress
from .settings import DEFAULT_KEYSTONE, DEFAULT_SALT, KEYSTONE_RANGES, SALT_RANGES, Versions
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


@command
def build_image(arguments: list[str]) -> int:
    """lab/image: build what is missing of the image and print where its parts are."""
    parser = argparse.ArgumentParser(prog="lab/image", description=build_image.__doc__)
    _versions(parser)
    parser.add_argument("--path", action="store_true", help="print only the Debian root's folder (usable with chroot)")
    chosen = parser.parse_args(arguments)
    progress = Progress(sys.stderr)
    with image.locked():
        built = image.build(Versions(chosen.salt, chosen.keystone), progress)
    if chosen.path:
        print(built.debian.path)
    else:
        for layer in built.layers:
            print(layer)
    return 0
