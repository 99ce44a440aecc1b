"""A look at a keystone that misbehaves: each way has its name, ends in time, and shows no token."""

import json
import socket
import ssl
import subprocess
import threading
import time

import pytest

from osregions.reach import probe

TOKEN = "gAAAA-a-secret-that-nobody-sees"
VALID = json.dumps({"token": {"expires_at": "2030-01-01T00:00:00Z", "user": {"name": "admin"}}}).encode()


def answer(status="200 OK", body=VALID, more=b""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode() + more + b"\r\n" + body


@pytest.fixture
def server():
    """`server(talk) -> port`: something that accepts, and hands each connection to `talk`, which may do as it likes."""
    made = []

    def start(talk, backlog=16):
        listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        made.append(listener)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in made:
        listener.close()


def says(*parts, wait=0.0):
    """A talk: the request is read, then this is said, in parts with a wait before each."""

    def talk(connection):
        with connection:
            connection.recv(65536)
            for part in parts:
                time.sleep(wait)
                try:
                    connection.sendall(part)
                except OSError:
                    return

    return talk


def look(port, timeout=1.0, **named):
    seen = probe.look(f"http://127.0.0.1:{port}/v3", TOKEN, timeout, **named)
    assert TOKEN not in repr(seen)
    assert seen.seconds < timeout + 0.5
    return seen


def test_good_answer(server):
    seen = look(server(says(answer())))
    assert (seen.kind, seen.serves, seen.detail) == (probe.OK, True, "")
    assert seen.life is not None and seen.life <= seen.seconds


def test_the_question_is_that_of_a_token_about_itself(server):
    asked = []

    def talk(connection):
        with connection:
            asked.append(connection.recv(65536).decode())
            connection.sendall(answer())

    look(server(talk))
    first, *headers = asked[0].split("\r\n")
    assert first == "GET /v3/auth/tokens?nocatalog HTTP/1.1"
    assert {f"X-Auth-Token: {TOKEN}", f"X-Subject-Token: {TOKEN}"} <= set(headers)


def test_slow_answer(server):
    assert look(server(says(answer(), wait=0.3)), slow=0.2).kind == probe.SLOW
    assert look(server(says(answer(), wait=0.3)), slow=0.8).kind == probe.OK


def test_nobody_listens(server):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    seen = look(port)
    assert (seen.kind, seen.detail) == (probe.REFUSED, "Connection refused")
    assert seen.life is not None


def test_it_breaks_off(server):
    assert look(server(lambda connection: connection.close())).kind == probe.REFUSED


def test_no_connection_in_time():
    """A full queue of connections: the kernel drops what comes on top, as a silent line does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(3):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            waiting.append(one)
        seen = look(port, timeout=0.4)
        for one in waiting:
            one.close()
    assert (seen.kind, seen.detail, seen.life) == (probe.SILENT, "no connection in 0.4 s", None)


def test_it_accepts_and_says_nothing(server):
    seen = look(server(lambda connection: time.sleep(5)), timeout=0.4)
    assert (seen.kind, seen.detail) == (probe.SILENT, "connected, and no answer in 0.4 s")
    assert seen.life is not None and seen.life < 0.2


def test_dribble_does_not_outlast_the_time(server):
    """Each byte comes in time, the answer does not."""
    text = answer()
    began = time.monotonic()
    seen = look(server(says(*(text[at : at + 1] for at in range(len(text))), wait=0.05)), timeout=0.5)
    assert seen.kind == probe.SILENT
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"])
def test_its_own_faults(server, status):
    seen = look(server(says(answer(status, b"<html>"))))
    assert (seen.kind, seen.detail) == (probe.SERVER_ERROR, f"it answers {status[:3]}")


def test_token_is_not_taken(server):
    body = json.dumps({"error": {"code": 401, "message": TOKEN, "title": "Unauthorized"}}).encode()
    assert look(server(says(answer("401 Unauthorized", body)))).kind == probe.UNAUTHORIZED


@pytest.mark.parametrize(
    "text",
    [
        answer("401 Unauthorized", b"who are you"),
        answer("200 OK", b"<html>welcome"),
        answer("200 OK", b'{"token": null}'),
        answer("200 OK", b"[1]"),
        answer("200 OK", b"[" * 100_000),
        answer("404 Not Found", b"{}"),
        answer("302 Found", b"", b"Location: http://portal.example/\r\n"),
        answer("204 No Content", b""),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00" * 70000,
    ],
    ids=["401 of another", "page", "no token", "list", "deep", "404", "portal", "nothing", "ssh", "binary"],
)
def test_it_is_no_keystone(server, text):
    assert look(server(says(text)), timeout=5).kind == probe.WRONG


def test_name_is_not_resolved():
    seen = probe.look("http://keystone.invalid:5000", TOKEN, 3)
    assert (seen.kind, seen.life) == (probe.NAME, None)


def test_resolver_does_not_answer(monkeypatch):
    """It can't be interrupted: the look ends without it, and the next does not ask a second time."""
    asked = []

    def hang(*_args, **_named):
        asked.append(1)
        time.sleep(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    for _ in range(3):
        seen = probe.look("http://silent.example:5000", TOKEN, 0.5)
        assert (seen.kind, seen.detail) == (probe.NAME, "the resolver does not answer in 0.5 s")
    assert len(asked) == 1


def test_name_is_resolved(server):
    assert probe.look(f"http://localhost:{server(says(answer()))}", TOKEN, 2).kind == probe.OK


@pytest.mark.parametrize("url", ["", "keystone", "ftp://127.0.0.1:1", "http://"])
def test_no_url_of_a_keystone(url):
    assert probe.look(url, TOKEN, 1).kind == probe.WRONG


def test_token_of_another_kind_is_no_way_into_the_request(server):
    assert probe.look(f"http://127.0.0.1:{server(says(answer()))}", "bad\u2603", 1).kind == probe.WRONG


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """`certificate(name) -> path`: certificate and key in one file, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")

    def make(name, days="2"):
        path = folder / f"{name}.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, "-subj", f"/CN={name}"),
                *(
                    "-addext",
                    f"subjectAltName=DNS:{name},IP:127.0.0.1" if name == "right" else f"subjectAltName=DNS:{name}",
                ),
                *("-keyout", str(path), "-out", f"{path}.crt"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        with path.open("a") as file:
            file.write((folder / f"{name}.pem.crt").read_text())
        return path

    return make


def secure(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def talk(connection):
        try:
            with context.wrap_socket(connection, server_side=True) as inner:
                says(answer())(inner)
        except OSError:
            return

    return talk


def tls(server_port, context=None):
    return probe.look(f"https://127.0.0.1:{server_port}", TOKEN, 3, tls=context)


def test_tls(server, certificate):
    path = certificate("right")
    port = server(secure(path))
    assert tls(port, ssl.create_default_context(cafile=str(path))).kind == probe.OK
    seen = tls(port)
    assert seen.kind == probe.TLS
    assert "certificate is not accepted: self-signed certificate" in seen.detail
    assert seen.life is not None


def test_tls_of_another_name(server, certificate):
    path = certificate("other.example")
    seen = tls(server(secure(path)), ssl.create_default_context(cafile=str(path)))
    assert seen.kind == probe.TLS
    assert "IP address mismatch" in seen.detail


def test_no_tls_at_all(server):
    assert tls(server(says(answer()))).kind == probe.TLS


def test_tls_handshake_that_never_ends(server):
    seen = probe.look(f"https://127.0.0.1:{server(lambda connection: time.sleep(5))}", TOKEN, 0.4)
    assert (seen.kind, seen.detail) == (probe.SILENT, "connected, and no answer in 0.4 s")
