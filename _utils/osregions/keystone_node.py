"""What keystone is on this machine: its files and options, its release, the service that runs it, where it answers."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from osregions import releases
from osregions.conf.options import Options
from osregions.errors import RegionsError
from osregions.tokens import sockets, units

CONFIG = "/etc/keystone/keystone.conf"
DISTRIBUTION = "/usr/share/keystone/keystone-dist.conf"  # RDO's own defaults, read first
PORT = 5000
# Units that are keystone's own, then the web servers that may hold it. RDO up to Mitaka: openstack-keystone; RDO later:
# httpd; Debian: keystone (uwsgi); Ubuntu: apache2; devstack: devstack@keystone.
_OWN_UNITS = ("openstack-keystone", "keystone", "keystone-wsgi-public", "devstack@keystone")
WEB_SERVERS = {
    "httpd": ("/etc/httpd/conf.d",),
    "apache2": ("/etc/apache2/sites-enabled", "/etc/apache2/conf-enabled"),
}
_SITE = re.compile(r"^\s*(?:WSGIScriptAlias|WSGIDaemonProcess)\b.*keystone", re.MULTILINE | re.IGNORECASE)
_METADATA = ("keystone-*.dist-info", "keystone-*.egg-info")
_VERSION = re.compile(r"^keystone-(\d[\w.]*?)(?:-py[\d.]+)?\.(?:dist|egg)-info$")


def files(config: str | None = None, root: str | Path = "/") -> tuple[str, ...]:
    """The files that keystone reads, in its order: the distribution's, its own, and those in keystone.conf.d.

    As oslo.config finds them (find_config_files and find_config_dirs); the last one that sets an option wins.
    """
    main = Path(config) if config else Path(root, CONFIG.lstrip("/"))
    if not main.is_file():
        raise RegionsError(
            "keystone has no configuration here", str(main), "is this a keystone node? Name its `config`"
        )
    found = [main, *sorted(Path(f"{main}.d").glob("*.conf"))]
    distribution = Path(root, DISTRIBUTION.lstrip("/"))
    if distribution.is_file():
        found.insert(0, distribution)
    return tuple(str(path) for path in found)


def watched(config: str | None = None, root: str | Path = "/") -> tuple[str, ...]:
    """What shows, by its time of change, that keystone must read anew: its files and the directory of them."""
    read = files(config, root)
    return (*read, f"{config or Path(root, CONFIG.lstrip('/'))}.d")


def options(config: str | None = None, root: str | Path = "/") -> Options:
    """Keystone's options as it reads them, over all its files. Raises RegionsError when there are none to read."""
    return Options.read(files(config, root), defaults=[str(Path(root, DISTRIBUTION.lstrip("/")))])


def release(given: str | int | None = None, manage: str | None = None) -> releases.Release:
    """Keystone's release: as given, else by the metadata of its Python package, else by `keystone-manage --version`.

    `manage` is the path of keystone-manage, for a keystone that lives in a virtual environment.
    """
    if given is not None:
        return releases.parse(given)
    program = manage_program(manage)
    if program is None:
        raise RegionsError(
            "keystone's release can't be told: there is no keystone-manage",
            manage or "PATH",
            "give the path of keystone-manage as `manage`, or the `release`",
        )
    return releases.parse(_installed(program) or _asked(program))


def manage_program(manage: str | None = None) -> str | None:
    """The keystone-manage of this machine; a shell script that only starts another one stands for that one."""
    program = manage or shutil.which("keystone-manage", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")
    if not program or not Path(program).is_file():
        return None
    text = Path(program).read_bytes()[:4096].decode("utf-8", "replace")
    match = re.search(r"^exec\s+(/\S*keystone-manage)\b", text, re.MULTILINE)
    return match.group(1) if match and Path(match.group(1)).is_file() else program


def python_of(program: str) -> str | None:
    """The Python that runs a program, by its first line."""
    with open(program, "rb") as file:
        first = file.readline(4096)
    match = re.match(rb"#!\s*(/\S*python[\d.]*)", first)
    return match.group(1).decode() if match else None


def _installed(program: str) -> str | None:
    """The version in the metadata of the package that brought a keystone-manage: reading it takes no Python start."""
    python = python_of(program)
    if python is None:
        return None
    prefix = Path(python).parent.parent
    if (prefix / "pyvenv.cfg").exists():
        places = [*prefix.glob("lib/python*/site-packages"), *prefix.glob("lib64/python*/site-packages")]
    elif python.startswith("/usr/bin/"):
        places = [
            Path("/usr/lib/python3/dist-packages"),
            Path("/usr/lib/python2.7/dist-packages"),
            *Path("/usr/lib").glob("python[23].*/site-packages"),
        ]
    else:
        return None
    named = {found.name for place in places for pattern in _METADATA for found in place.glob(pattern)}
    versions = {match.group(1) for name in named if (match := _VERSION.match(name))}
    # Two of them (a pip install over a package's) can't be told apart here: then keystone-manage is asked.
    return versions.pop() if len(versions) == 1 else None


def _asked(program: str) -> str:
    try:
        done = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise RegionsError(f"{program} --version does not run", str(err)[:200], "give the `release`") from err
    # Python 2's argparse prints a version on the error output.
    match = re.search(r"^\s*(\d+\.\d[\w.]*)\s*$", f"{done.stdout}\n{done.stderr}", re.MULTILINE)
    if not match:
        raise RegionsError(f"{program} --version names no release", f"status {done.returncode}", "give the `release`")
    return match.group(1)


def service(given: str | None = None, root: str | Path = "/") -> units.Unit:
    """The unit that serves keystone: as given, else one of its own, else a web server whose site names keystone.

    Raises RegionsError when none is found, or the given one is not known to systemd.
    """
    if given:
        unit = units.view(given)
        if not unit.loaded:
            raise RegionsError(f"systemd knows no unit {given}", "`service`", "name the one that serves keystone")
        return unit
    seen = [units.view(name) for name in _OWN_UNITS]
    seen += [units.view(name) for name, places in WEB_SERVERS.items() if _holds_keystone(places, root)]
    known = [unit for unit in seen if unit.loaded]
    for wanted in (lambda unit: unit.active, lambda unit: unit.enabled, lambda unit: True):
        for unit in known:
            if wanted(unit):
                return unit
    raise RegionsError(
        "no service here serves keystone",
        f"looked for {', '.join([*_OWN_UNITS, *WEB_SERVERS])}",
        "name its systemd unit as `service`",
    )


def _holds_keystone(places: Sequence[str], root: str | Path) -> bool:
    for place in places:
        for site in Path(root, place.lstrip("/")).glob("*"):
            try:
                if _SITE.search(site.read_text(errors="replace")):
                    return True
            except OSError:
                continue  # a dangling link, or a directory
    return False


def local_listener(port: int = PORT) -> str | None:
    """The URL at which something listens at keystone's port on this machine, or None."""
    heard = sorted(address for address, listening in sockets.listening() if listening == port)
    if not heard:
        return None
    if any(address in ("0.0.0.0", "::", "127.0.0.1") for address in heard):  # noqa: S104
        return f"http://127.0.0.1:{port}"
    return f"http://[{heard[0]}]:{port}" if ":" in heard[0] else f"http://{heard[0]}:{port}"


def local_url(port: int = PORT) -> str:
    """Where keystone answers on this machine: what listens at its port, else where it will."""
    return local_listener(port) or f"http://127.0.0.1:{port}"


def answer(url: str, timeout: float = 5) -> str | None:
    """Ask a keystone for its versions, without signing in: None when it answers as it should, else what was wrong."""
    said = asked(url if url.rstrip("/").endswith(("/v3", "/v2.0")) else f"{url}/", timeout)
    # 300 Multiple Choices is the right answer of an unversioned URL.
    return None if said in (200, 300) else f"it answers {said}" if isinstance(said, int) else said


def asked(url: str, timeout: float) -> int | str:
    """The HTTP status of an answer, without signing in or going where it points to; or why there is none."""
    context = ssl.create_default_context()
    # Whether somebody is up is the question here, not whether its certificate names this address.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect()
    )
    try:
        with opener.open(url, timeout=timeout) as response:
            return int(response.status)
    except urllib.error.HTTPError as err:
        return err.code
    except (OSError, ValueError) as err:
        reason = getattr(err, "reason", None) or err
        return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def wait(url: str, timeout: float = 60) -> float:
    """Wait until keystone answers; return how many seconds that took.

    Its unit is of the simple type: a restart returns seconds before anything listens. Raises RegionsError.
    """
    began = time.monotonic()
    while True:
        wrong = answer(url)
        took = time.monotonic() - began
        if wrong is None:
            return round(took, 1)
        if took >= timeout:
            raise RegionsError(
                f"keystone does not answer within {timeout:g} s: {wrong}",
                url,
                "see its log, and `journalctl -u` of its unit; or give the `url` at which it listens",
            )
        time.sleep(0.25)


def wait_here(url: str | None = None, timeout: float = 60) -> tuple[str, float]:
    """Wait until this machine's keystone answers, at `url` or where it comes to listen; return where, and seconds."""
    began = time.monotonic()
    while url is None and local_listener() is None and time.monotonic() - began < timeout:
        time.sleep(0.25)
    where = url or local_url()
    left = max(timeout - (time.monotonic() - began), 1)
    wait(where, left)
    return where, round(time.monotonic() - began, 1)


def processes(unit: str | None = None, pattern: str | None = None) -> tuple[int, ...]:
    """Keystone's own processes: those of its unit, and of a web server's only the ones that say keystone.

    Without systemd, or with a `pattern`, by their command lines in this network.
    """
    if pattern is None and unit is not None:
        found = units.members(unit)
        named = tuple(pid for pid in found if "keystone" in sockets.command(pid))
        return named or found
    wanted = pattern or "keystone"
    network = os.readlink("/proc/self/ns/net")
    return tuple(
        pid
        for pid in sockets.pids()
        if pid != os.getpid() and sockets.network(pid) == network and wanted in sockets.command(pid)
    )


def fernet_keys(options: Options, default: str) -> int:
    """How many fernet keys there are; none when their directory is missing."""
    directory = Path(options.get("fernet_tokens", "key_repository") or default)
    return sum(1 for key in directory.glob("*") if key.name.isdigit() and key.stat().st_size)


def can_import(module: str, manage: str | None = None) -> bool | None:
    """Whether keystone's Python has a module; None when its Python is not known."""
    program = manage_program(manage)
    python = python_of(program) if program else None
    if python is None:
        return None
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    if "python2" in os.path.realpath(python):
        code = f"import {module}"
    try:
        done = subprocess.run(
            [python, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.returncode == 0
