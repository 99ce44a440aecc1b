"""One question to a keystone that means something: is this token good? And what to call what came back.

A token is validated by itself (`GET /v3/auth/tokens`, twice the same token), so the answer needs no second account.
What was read: the Identity API reference, v3; keystone/api/auth.py of 22.0.2. The time-out is one of the whole: name,
connection, TLS, answer. No token ever shows in what is returned.
"""

from __future__ import annotations

import errno
import http.client
import io
import ipaddress
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from osregions.identity import base_url

OK, SLOW, UNAUTHORIZED = "ok", "slow", "unauthorized"
REFUSED, SILENT, SERVER_ERROR, WRONG, TLS = "refused", "silent", "server_error", "wrong", "tls"
UNREACHABLE, NAME = "unreachable", "name"
KINDS = (OK, SLOW, UNAUTHORIZED, REFUSED, SILENT, SERVER_ERROR, WRONG, TLS, UNREACHABLE, NAME)
SERVES = (OK, SLOW)

SHALLOW = "/v3/auth/tokens?nocatalog"
# What keystone must read from its database to answer, whatever it caches. 22 reads it to validate a token too, for the
# revocations; whether every release does was not tried.
DEEP = "/v3/auth/domains"
_ENOUGH = 1 << 20  # bytes of an answer: a token without its catalog has about a thousand
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL)


@dataclass(frozen=True)
class Seen:
    """What one look at a keystone showed.

    `seconds` is what it took; `life` when, in seconds from its beginning, the host last showed any sign of life, a
    connection accepted or refused say; None: never.
    """

    kind: str
    seconds: float
    detail: str = ""
    life: float | None = None

    @property
    def serves(self) -> bool:
        """Whether that keystone does its work."""
        return self.kind in SERVES


class _Said(Exception):
    """What ends a look before there is an answer: its kind and detail."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


class _Clock:
    """The time that one look has, and when the other side was last heard of."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.began = time.monotonic()
        self.life: float | None = None

    @property
    def passed(self) -> float:
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """What is left of it; raises TimeoutError when nothing is."""
        left = self.timeout - self.passed
        if left <= 0:
            raise TimeoutError
        return left

    def alive(self) -> None:
        self.life = self.passed


def look(
    url: str,
    token: str | None,
    timeout: float,
    slow: float | None = None,
    tls: ssl.SSLContext | None = None,
    path: str = SHALLOW,
) -> Seen:
    """Ask the keystone at a URL what a token is worth, and never raise.

    `slow` is the limit in seconds beyond which a good answer is called so; `tls` what a https URL is checked by.
    Without a token a keystone answers `unauthorized`, which tells it from everything that is none.
    """
    clock = _Clock(timeout)
    try:
        status, body = _exchange(urlsplit(base_url(url)), token, clock, tls, path)
        kind, detail = _judged(status, body, path)
    except _Said as said:
        kind, detail = said.kind, said.detail
    except TimeoutError:
        kind, detail = SILENT, "no connection" if clock.life is None else "connected, and no answer"
        detail += f" in {timeout:g} s"
    except ssl.SSLError as err:
        kind, detail = TLS, _tls_words(err)
        clock.alive()
    except OSError as err:
        kind, detail = _os_words(err, clock)
    except (http.client.HTTPException, ValueError) as err:
        kind, detail = WRONG, f"what came back is no HTTP ({type(err).__name__})"
    seconds = clock.passed
    if kind == OK and slow is not None and seconds > slow:
        kind, detail = SLOW, f"more than {slow:g} s"
    return Seen(kind, round(seconds, 4), detail, None if clock.life is None else round(clock.life, 4))


def _exchange(
    url: SplitResult, token: str | None, clock: _Clock, tls: ssl.SSLContext | None, path: str
) -> tuple[int, bytes]:
    host = url.hostname
    if url.scheme not in ("http", "https") or not host:
        raise _Said(WRONG, "that is no URL of a keystone's")
    port = url.port or (443 if url.scheme == "https" else 80)
    connection = _connected(_addresses(host, port, clock), clock)
    try:
        clock.alive()
        if url.scheme == "https":
            connection.settimeout(clock.left)
            connection = (tls or _usual_tls()).wrap_socket(connection, server_hostname=host)
            clock.alive()
        connection.settimeout(clock.left)
        connection.sendall(_request(url, path, token))
        return _answer(connection, clock)
    finally:
        connection.close()


@lru_cache(maxsize=1)
def _usual_tls() -> ssl.SSLContext:
    """What the system trusts: reading it takes longer than a look may."""
    return ssl.create_default_context()


def _request(url: SplitResult, path: str, token: str | None) -> bytes:
    lines = [
        f"GET {url.path}{path} HTTP/1.1",
        f"Host: {url.netloc.rpartition('@')[2]}",
        "Accept: application/json",
        "User-Agent: openstack-regions",
        "Connection: close",
    ]
    if token:
        lines += [f"X-Auth-Token: {token}", f"X-Subject-Token: {token}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class _Bytes(io.RawIOBase):
    """A socket as a stream on which each read has what is left of the whole time, so that no dribble outlasts it."""

    def __init__(self, connection: socket.socket, clock: _Clock) -> None:
        self._connection, self._clock = connection, clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._clock.left)
        count = self._connection.recv_into(buffer)
        if count:
            self._clock.alive()
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def _answer(connection: socket.socket, clock: _Clock) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(_Bytes(connection, clock), method="GET")  # type: ignore[arg-type]
    try:
        response.begin()
        return response.status, response.read(_ENOUGH)
    finally:
        response.close()


def _judged(status: int, body: bytes, path: str) -> tuple[str, str]:
    if status >= 500:
        return SERVER_ERROR, f"it answers {status}"
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    said = said if isinstance(said, dict) else {}
    if status == 200:
        wanted = {SHALLOW: "token", DEEP: "domains"}[path]
        good = isinstance(said.get(wanted), (dict, list))
        return (OK, "") if good else (WRONG, "it answers 200, and not as a keystone does")
    error = said.get("error")
    if status == 401 and isinstance(error, dict) and error.get("code") == 401:
        return UNAUTHORIZED, "it does not take the token"
    return WRONG, f"it answers {status}, and not as a keystone does"


def _connected(addresses: list[tuple[int, Any]], clock: _Clock) -> socket.socket:
    """A connection with the first address that takes one; each has its share of the time."""
    problem: OSError | None = None
    for position, (family, address) in enumerate(addresses):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(clock.left / (len(addresses) - position))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as err:
            connection.close()
            problem = err
        else:
            return connection
    raise problem or _Said(NAME, "its name has no address")


class _Lookup(threading.Thread):
    """One question to the resolver, which can't be interrupted: whoever asks meanwhile waits for the same answer."""

    running: dict[tuple[str, int], _Lookup] = {}
    lock = threading.Lock()

    def __init__(self, host: str, port: int) -> None:
        super().__init__(name=f"name of {host}", daemon=True)
        self.key = (host, port)
        self.found: list[tuple[int, Any]] = []
        self.problem: str | None = None

    @classmethod
    def of(cls, host: str, port: int) -> _Lookup:
        with cls.lock:
            one = cls.running.get((host, port))
            # After a fork the thread of the parent's is not there any more.
            if one is None or not one.is_alive():
                one = cls.running[host, port] = cls(host, port)
                one.start()
            return one

    def run(self) -> None:
        try:
            self.found = _resolve(*self.key, 0)
        except (OSError, UnicodeError) as err:
            self.problem = getattr(err, "strerror", None) or type(err).__name__


def _resolve(host: str, port: int, flags: int) -> list[tuple[int, Any]]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys((int(family), address) for family, _, _, _, address in answers))


def _addresses(host: str, port: int, clock: _Clock) -> list[tuple[int, Any]]:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    else:
        return _resolve(host, port, socket.AI_NUMERICHOST)
    lookup = _Lookup.of(host, port)
    lookup.join(clock.left)
    if lookup.is_alive():
        raise _Said(NAME, f"the resolver does not answer in {clock.timeout:g} s")
    if lookup.problem:
        raise _Said(NAME, f"its name is not resolved: {lookup.problem}")
    return lookup.found


def _tls_words(err: ssl.SSLError) -> str:
    if isinstance(err, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {err.verify_message}"
    return f"no TLS with it: {(err.reason or type(err).__name__).replace('_', ' ').lower()}"


def _os_words(err: OSError, clock: _Clock) -> tuple[str, str]:
    words = err.strerror or type(err).__name__
    if err.errno in _NO_WAY:
        return UNREACHABLE, words
    if isinstance(err, ConnectionError):
        # It is somebody who says no: the host lives.
        clock.alive()
        return REFUSED, words if isinstance(err, ConnectionRefusedError) else f"it broke off: {words}"
    return UNREACHABLE, words
