"""TCP and UDP sockets of this machine and the processes that hold them, out of /proc (proc(5): /proc/net/tcp)."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ESTABLISHED, _TIME_WAIT, _LISTEN, _UDP_BOUND = "01", "06", "0A", "07"


@dataclass(frozen=True)
class Process:
    """A process by its number and the command it was started as."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


@dataclass(frozen=True)
class Connection:
    """An established TCP connection, and the process that holds this end of it."""

    process: Process
    local: str
    remote: str


@dataclass(frozen=True)
class _Row:
    local: tuple[str, int]
    remote: tuple[str, int]
    state: str
    inode: str


def listening(kind: str = "tcp", proc: str | Path = "/proc") -> list[tuple[str, int]]:
    """The addresses and ports on which this machine listens, for `tcp` or for `udp`."""
    state = _LISTEN if kind == "tcp" else _UDP_BOUND
    return [row.local for row in _rows(Path(proc, "self"), kind) if row.state == state]


def connections(pids: Iterable[int], servers: Iterable[str], proc: str | Path = "/proc") -> list[Connection]:
    """The connections that these processes hold to any of these servers (`host:port`)."""
    wanted = {target for server in servers for target in resolved(server)}
    found = []
    for pid in pids:
        folder = Path(proc, str(pid))
        inodes = _inodes(folder)
        if not inodes:
            continue
        process = Process(pid, name(pid, proc))
        for row in _rows(folder, "tcp"):
            if row.state == _ESTABLISHED and row.inode in inodes and row.remote in wanted:
                found.append(Connection(process, _shown(row.local), _shown(row.remote)))
    return found


def ports(pids: Iterable[int], proc: str | Path = "/proc") -> dict[tuple[str, int], int]:
    """The addresses and ports on which these processes listen, each with one that does."""
    found = {}
    for pid in pids:
        folder = Path(proc, str(pid))
        inodes = _inodes(folder)
        if inodes:
            found.update(
                {row.local: pid for row in _rows(folder, "tcp") if row.state == _LISTEN and row.inode in inodes}
            )
    return found


def owners(pids: Iterable[int], proc: str | Path = "/proc") -> frozenset[str]:
    """The numbers of the users that these processes run as, as the kernel's tables of sockets have them."""
    found = set()
    for pid in pids:
        try:
            found.add(str(os.stat(Path(proc, str(pid))).st_uid))
        except OSError:
            continue  # it ended
    return frozenset(found)


def peers(pid: int, users: Container[str], ports: Iterable[int], proc: str | Path = "/proc") -> set[tuple[str, int]]:
    """The far ends, at some ports, of the connections that users have in the network of a process.

    Quick enough to catch a connection of a few milliseconds when it is called over and over: whose a connection is
    tells the user's number beside it, and not the processes' open files.
    """
    marks = tuple(f":{port:04X} " for port in ports)
    found = set()
    for line in _lines(Path(proc, str(pid)), "tcp"):
        if any(mark in line for mark in marks):
            words = line.split()
            if words[7] in users and words[3] not in (_LISTEN, _TIME_WAIT) and f"{words[2]} ".endswith(marks):
                found.add(_endpoint(words[2]))
    return found


def connected(port: int, proc: str | Path = "/proc") -> bool:
    """Whether anybody in this network is connected with a port of somebody's."""
    return any(row.state == _ESTABLISHED and row.remote[1] == port for row in _rows(Path(proc, "self"), "tcp"))


def pids(proc: str | Path = "/proc") -> list[int]:
    """Every process that there is."""
    return sorted(int(entry.name) for entry in Path(proc).iterdir() if entry.name.isdigit())


def command(pid: int, proc: str | Path = "/proc") -> str:
    """A process's command line; empty when it ended."""
    try:
        return (Path(proc, str(pid)) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def network(pid: int, proc: str | Path = "/proc") -> str:
    """The network namespace that a process lives in; empty when it ended."""
    try:
        return os.readlink(Path(proc, str(pid)) / "ns" / "net")
    except OSError:
        return ""


def name(pid: int, proc: str | Path = "/proc") -> str:
    """A process's name as a person knows it: what it calls itself, such as `(wsgi:keystone-pu`, else its program."""
    words = command(pid, proc).split()
    return words[0].rsplit("/", 1)[-1] if words else "?"


def split(server: str) -> tuple[str, int]:
    """Take `host:port`, `[v6]:port` or python-memcached's `inet6:[v6]:port` apart; the port is 11211 when not named."""
    text = server.removeprefix("inet6:").removeprefix("inet:")
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.lstrip(":")
    elif text.count(":") == 1:
        host, port = text.split(":")
    else:
        host, port = text, ""
    return host, int(port) if port.isdigit() else 11211


def resolved(server: str) -> set[tuple[str, int]]:
    """The addresses that a server's name stands for; empty when it can't be resolved."""
    host, port = split(server)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {(_plain(str(item[4][0]).partition("%")[0]), port) for item in found}


def _inodes(folder: Path) -> set[str]:
    found = set()
    try:
        for entry in os.scandir(folder / "fd"):
            try:
                target = os.readlink(entry.path)
            except OSError:
                continue  # closed while we looked
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    except OSError:
        return set()  # the process ended, or belongs to somebody who keeps it to himself
    return found


def _lines(folder: Path, kind: str) -> Iterator[str]:
    for table in (kind, f"{kind}6"):
        try:
            yield from (folder / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue  # a kernel without IPv6, or a process that ended


def _rows(folder: Path, kind: str) -> Iterator[_Row]:
    for line in _lines(folder, kind):
        words = line.split()
        yield _Row(_endpoint(words[1]), _endpoint(words[2]), words[3], words[9])


def _endpoint(text: str) -> tuple[str, int]:
    """Read `0100007F:2BCB`: each 32-bit word of the address stands in this machine's byte order."""
    digits, port = text.split(":")
    words = [int(digits[place : place + 8], 16).to_bytes(4, sys.byteorder) for place in range(0, len(digits), 8)]
    return _plain(str(ipaddress.ip_address(b"".join(words)))), int(port, 16)


def _plain(address: str) -> str:
    """An IPv4 address that an IPv6 socket carries, as IPv4."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


def _shown(endpoint: tuple[str, int]) -> str:
    address, port = endpoint
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
