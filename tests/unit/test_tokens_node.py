"""What is read of a machine: keystone's files and release, processes, sockets, memcached's words."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from osregions import keystone_node
from osregions.errors import RegionsError
from osregions.identity import Identity, IdentityError, base_url
from osregions.tokens import memcached, sockets, units

ADMIN = {"OS_USERNAME": "admin", "OS_PASSWORD": "pa55word", "OS_PROJECT_NAME": "admin"}


def test_the_files_are_read_in_keystones_order(tmp_path):
    for name in ("etc/keystone/keystone.conf.d", "usr/share/keystone"):
        (tmp_path / name).mkdir(parents=True)
    for name, value in {
        "usr/share/keystone/keystone-dist.conf": "dist",
        "etc/keystone/keystone.conf": "main",
        "etc/keystone/keystone.conf.d/20-b.conf": "late",
        "etc/keystone/keystone.conf.d/10-a.conf": "early",
        "etc/keystone/keystone.conf.d/notes.txt": "not read",
    }.items():
        (tmp_path / name).write_text(f"[token]\nprovider = {value}\n")
    options = keystone_node.options(root=tmp_path)
    assert [path.rsplit("/", 1)[1] for path in options.files] == [
        "keystone-dist.conf",
        "keystone.conf",
        "10-a.conf",
        "20-b.conf",
    ]
    assert options.get("token", "provider") == "late"


def test_a_machine_without_keystone_is_said(tmp_path):
    with pytest.raises(RegionsError, match=r"etc/keystone/keystone\.conf"):
        keystone_node.options(root=tmp_path)


def venv(folder, version):
    """A virtual environment with a keystone, as pip leaves it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (folder / "bin" / "python3").symlink_to(sys.executable)
    (folder / "lib/python3.11/site-packages" / f"keystone-{version}.dist-info").mkdir(parents=True)
    (folder / "lib/python3.11/site-packages" / f"keystonemiddleware-9.{version}.dist-info").mkdir()
    manage = folder / "bin" / "keystone-manage"
    manage.write_text(f"#!{folder}/bin/python3\nraise SystemExit('not to be run')\n")
    return manage


@pytest.mark.parametrize(("version", "major"), [("30.0.0", 30), ("8.1.2", 8), ("27.0.0.0rc1", 27)])
def test_the_release_is_the_installed_packages(tmp_path, version, major):
    assert keystone_node.release(manage=str(venv(tmp_path, version))).major == major


def test_a_script_that_starts_another_keystone_manage_stands_for_it(tmp_path):
    manage = venv(tmp_path / "venv", "28.0.0")
    wrapper = tmp_path / "keystone-manage"
    wrapper.write_text(f'#!/bin/sh\nexec {manage} "$@"\n')
    assert keystone_node.release(manage=str(wrapper)).major == 28


@pytest.mark.parametrize("output", ["echo 8.1.2", "echo 8.1.2 >&2", "echo 'some warning 3.4 times'; echo 8.1.2"])
def test_else_keystone_manage_is_asked(tmp_path, output):
    manage = tmp_path / "keystone-manage"
    manage.write_text(f"#!/bin/sh\n{output}\n")
    manage.chmod(0o755)
    assert keystone_node.release(manage=str(manage)).major == 8


@pytest.mark.parametrize("words", ["echo broken; exit 1", "true"])
def test_a_keystone_manage_that_names_no_release_is_an_error(tmp_path, words):
    manage = tmp_path / "keystone-manage"
    manage.write_text(f"#!/bin/sh\n{words}\n")
    manage.chmod(0o755)
    with pytest.raises(RegionsError, match="names no release") as failed:
        keystone_node.release(manage=str(manage))
    assert "give the `release`" in str(failed.value)


def test_a_release_given_is_taken_and_an_unknown_one_refused():
    assert keystone_node.release(given="22.0.2").major == 22
    with pytest.raises(RegionsError, match="keystone 7 is not among the releases known"):
        keystone_node.release(given=7)


def test_a_process_started_before_a_file_was_written_is_told_from_one_after(tmp_path):
    early, late = tmp_path / "early.conf", tmp_path / "late.conf"
    early.write_text("")
    time.sleep(0.05)
    process = subprocess.Popen(["sleep", "60"])
    try:
        moment = units.started(process.pid)
        # psutil counts from a boot time in whole seconds.
        assert abs(moment - psutil.Process(process.pid).create_time()) < 1.5
        assert abs(moment - time.time()) < 1
        unit = units.Unit("sleep", True, True, True, process.pid, moment)
        assert unit.older_than([early]) is None
        time.sleep(0.05)
        late.write_text("")
        assert unit.older_than([early, late]) == str(late)
        os.utime(late, (time.time() + 3600, time.time() + 3600))
        assert unit.older_than([early, late]) is None  # a file from the future would ask for ever
    finally:
        process.kill()
        process.wait()
    assert units.started(process.pid) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_connection_is_found_with_the_process_that_holds_it(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        assert (address, port) in sockets.listening()
        name = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        assert sockets.connections([os.getpid()], [name]) == []
        with socket.create_connection((address, port)) as client:
            (found,) = sockets.connections([os.getpid()], [name])
            assert found.process.pid == os.getpid()
            assert "python" in found.process.name
            assert found.remote == name
            assert found.local.endswith(f":{client.getsockname()[1]}")
        assert sockets.connections([os.getpid()], [name]) == []


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("10.0.0.1:11311", ("10.0.0.1", 11311)),
        ("localhost", ("localhost", 11211)),
        ("[fd00::1]:1", ("fd00::1", 1)),
        ("inet6:[fd00::1]:1", ("fd00::1", 1)),
        ("fd00::1", ("fd00::1", 11211)),
    ],
)
def test_a_server_is_named_in_several_ways(server, expected):
    assert sockets.split(server) == expected


def test_a_name_that_nobody_knows_has_no_address():
    assert sockets.resolved("no-such-host.invalid:11211") == set()


def test_with_whom_users_are_connected():
    me = sockets.owners([os.getpid()])
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = ("127.0.0.1", server.getsockname()[1])
        assert sockets.peers(os.getpid(), me, [there[1]]) == set()
        with socket.create_connection(there):
            assert sockets.peers(os.getpid(), me, [there[1]]) == {there}
            assert sockets.peers(os.getpid(), {"4242"}, [there[1]]) == set()
            assert sockets.peers(os.getpid(), me, [there[1] - 1]) == set()


@pytest.fixture
def speaker():
    """A server that reads once and says what it is given; None: it stays silent."""
    opened = []

    def start(words):
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)

        def serve():
            while True:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                opened.append(link)
                link.recv(65536)
                if words is not None:
                    link.sendall(words)
                    link.close()

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    yield start
    for item in opened:
        item.close()


@pytest.mark.parametrize(
    ("words", "expected"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no memcached"), (None, "took too long")]
)
def test_what_answers_in_memcacheds_place_is_not_taken_for_it(speaker, words, expected):
    with pytest.raises(RegionsError, match=expected):
        memcached.stats(f"127.0.0.1:{speaker(words)}", timeout=0.3)


def test_a_silent_keystone_is_given_up_and_no_secret_is_told(speaker):
    port = speaker(None)
    client = Identity(ADMIN, url=f"http://127.0.0.1:{port}/v3", timeout=0.3)
    with pytest.raises(IdentityError, match="it took too long") as late:
        client.issue()
    assert f"POST http://127.0.0.1:{port}/v3/auth/tokens" in str(late.value)
    assert "pa55word" not in str(late.value)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("401 Unauthorized", "mend the user"),
        ("403 Forbidden", "no role"),
        ("404 Not Found", "no keystone at that URL"),
        ("500 Internal Server Error", "token driver or provider"),
        ("503 Service Unavailable", "not ready"),
        ("418 I'm a teapot", "see keystone's log"),
    ],
)
def test_each_refusal_has_its_remedy(speaker, status, remedy):
    port = speaker(f"HTTP/1.0 {status}\r\n\r\n".encode())
    with pytest.raises(IdentityError) as refused:
        Identity(ADMIN, url=f"http://127.0.0.1:{port}").issue()
    assert refused.value.status == int(status[:3])
    assert remedy in refused.value.remedy


@pytest.mark.parametrize("answer", [b"HTTP/1.0 200 OK\r\n\r\nhello", b"HTTP/1.0 201 Created\r\n\r\n{}"])
def test_what_is_no_keystone_is_told(speaker, answer):
    with pytest.raises(IdentityError):
        Identity(ADMIN, url=f"http://127.0.0.1:{speaker(answer)}").issue()


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://h:5000", "http://h:5000"),
        ("http://h:5000/v3/", "http://h:5000"),
        ("http://h:35357/v2.0", "http://h:35357"),
        ("https://h/identity/v3", "https://h/identity"),
    ],
)
def test_a_url_without_its_version(url, base):
    assert base_url(url) == base


@pytest.mark.parametrize("missing", ["OS_USERNAME", "OS_PASSWORD", "OS_AUTH_URL"])
def test_what_an_openrc_file_lacks_is_named(missing):
    complete = {**ADMIN, "OS_AUTH_URL": "http://h:5000"}
    del complete[missing]
    with pytest.raises(IdentityError, match=rf"{missing} is missing \(/root/openrc\)"):
        Identity(complete, where="/root/openrc")


def test_a_keystone_that_does_not_serve_is_told_from_one_that_does(speaker):
    assert keystone_node.answer("http://127.0.0.1:9") == "Connection refused"
    assert (
        keystone_node.answer(f"http://127.0.0.1:{speaker(b'HTTP/1.0 300 Multiple Choices' + bytes([13, 10] * 2))}")
        is None
    )
    assert (
        keystone_node.answer(f"http://127.0.0.1:{speaker(b'HTTP/1.0 503 No' + bytes([13, 10] * 2))}")
        == "it answers 503"
    )


@pytest.mark.parametrize(
    ("place", "text", "holds"),
    [
        ("etc/httpd/conf.d/10-keystone_wsgi_main.conf", "  WSGIDaemonProcess keystone_main user=keystone\n", True),
        ("etc/apache2/sites-enabled/keystone.conf", "WSGIScriptAlias / /usr/bin/keystone-wsgi-public\n", True),
        ("etc/apache2/sites-enabled/proxy.conf", "ProxyPass / uwsgi://127.0.0.1/keystone\n", False),
        ("etc/apache2/sites-enabled/old.conf", "#WSGIScriptAlias / /usr/bin/keystone-wsgi-public\n", False),
        ("etc/httpd/conf.d/horizon.conf", "WSGIScriptAlias /dashboard /usr/share/openstack-dashboard/wsgi.py\n", False),
    ],
)
def test_a_web_server_serves_keystone_when_a_site_of_it_says_so(tmp_path, place, text, holds):
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(text)
    (tmp_path / place).with_name("dangling.conf").symlink_to("nowhere")
    places = [name for names in keystone_node.WEB_SERVERS.values() for name in names]
    assert keystone_node._holds_keystone(places, tmp_path) is holds


def test_a_file_that_left_keystone_conf_d_counts_as_a_change(tmp_path):
    conf = tmp_path / "keystone.conf"
    conf.write_text("")
    (tmp_path / "keystone.conf.d").mkdir()
    (tmp_path / "keystone.conf.d" / "a.conf").write_text("")
    assert str(tmp_path / "keystone.conf.d") in keystone_node.watched(str(conf))
    time.sleep(0.05)
    unit = units.Unit("keystone", True, True, True, 1, time.time())
    assert unit.older_than(keystone_node.watched(str(conf))) is None
    time.sleep(0.05)
    (tmp_path / "keystone.conf.d" / "a.conf").unlink()
    assert unit.older_than(keystone_node.watched(str(conf))) == str(tmp_path / "keystone.conf.d")
