"""What a running memcached says of itself, in its text protocol (doc/protocol.txt of memcached, `stats`)."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

from osregions.errors import RegionsError
from osregions.tokens import sockets

_COUNTERS = ("cmd_get", "cmd_set", "get_hits", "total_connections", "total_items")


def stats(server: str, timeout: float = 3, more: Sequence[str] = ()) -> Mapping[str, str]:
    """Every figure that the memcached at `host:port` gives; `more` names further lists of it, `items` or `slabs`.

    Raises RegionsError when it does not answer.
    """
    asked = [b"stats", *(f"stats {name}".encode() for name in more)]
    said = _said(server, asked, timeout)
    pairs = [line.split(" ", 2) for line in said.splitlines() if line.startswith("STAT ")]
    figures = {words[1]: words[2] for words in pairs if len(words) == 3}
    if "version" not in figures:
        raise RegionsError("what answers there is no memcached", server, "mend the port in `servers`")
    return figures


def take_size(server: str, megabytes: int, timeout: float = 3) -> str:
    """Tell a running memcached how much it may hold (since 1.4.27); return what it said, `OK` when it obeys."""
    return _said(server, [f"cache_memlimit {megabytes}".encode()], timeout).strip()


def _said(server: str, commands: Sequence[bytes], timeout: float) -> str:
    host, port = sockets.split(server)
    try:
        with socket.create_connection((host, port), timeout=timeout) as link:
            link.sendall(b"".join(command + b"\r\n" for command in (*commands, b"quit")))
            said = b""
            while piece := link.recv(65536):
                said += piece
    except OSError as err:
        words = "it took too long" if isinstance(err, TimeoutError) else err.strerror or str(err)
        raise RegionsError(
            f"memcached does not answer: {words}", server, "is it running, on that address and port, with no firewall?"
        ) from err
    return said.decode("utf-8", "replace")


def counters(server: str, timeout: float = 3) -> dict[str, int]:
    """The counters that move when somebody uses it, and its process id, by which a restart shows."""
    figures = stats(server, timeout)
    return {name: int(figures.get(name, "0")) for name in (*_COUNTERS, "pid")}
