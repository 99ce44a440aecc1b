"""The proof that services follow: keystones and services of real sockets, each right or wrong in one way."""

from __future__ import annotations

import http.server
import json
import os
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager

import pytest

from osregions.conf import keystones as ks
from osregions.conf.catalogue import Service
from osregions.services import proof, view
from osregions.services.sign_ins import SignIn

PASSWORD = "s3cr3t"


@contextmanager
def listening(answer):
    """A server on this machine; `answer(handler)` gives status, headers and body."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.body = json.loads(self.rfile.read(length)) if length else None
            status, headers, body = answer(self)
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = handle_one

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Keystone:
    """A keystone that knows one user, the tokens that it issued, and where its catalog sends people."""

    def __init__(self):
        self.tokens, self.identity = set(), None

    def __call__(self, request):
        if request.command == "POST":
            user = request.body["auth"]["identity"]["password"]["user"]
            if user["password"] != PASSWORD:
                return 401, {}, {}
            token = f"token-{len(self.tokens)}"
            self.tokens.add(token)
            return 201, {"X-Subject-Token": token}, self.told()
        time.sleep(0.05)  # as long as a real one takes
        if request.headers.get("X-Auth-Token") not in self.tokens:
            return 401, {}, {}
        return (200, {}, self.told()) if request.headers.get("X-Subject-Token") in self.tokens else (404, {}, {})

    def told(self):
        endpoints = [
            {"interface": one, "region_id": "RegionTwo", "region": "RegionTwo", "url": f"{self.identity}/v3"}
            for one in ("public", "internal", "admin")
        ]
        return {
            "token": {
                "user": {"name": "glance"},
                "project": {"name": "service", "id": "p1"},
                "catalog": [{"type": "identity", "endpoints": endpoints}],
            }
        }


def service(keystone, mode="right"):
    """A service's API, which validates at a keystone as keystonemiddleware does, or goes wrong in one way."""

    def answer(request):
        if mode == "accepts anything":
            return 200, {}, []
        if mode == "has no v3" and request.path.startswith("/v3/"):
            return 300, {}, {}
        if mode == "can't reach it":
            return (401 if len(request.headers.get("X-Auth-Token", "")) > 20 else 503), {}, {}
        token = request.headers.get("X-Auth-Token")
        ask = urllib.request.Request(
            f"{keystone}/v3/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}
        )
        try:
            with urllib.request.urlopen(ask, timeout=5):
                return 200, {}, []
        except urllib.error.HTTPError:
            return 401, {}, {}

    return answer


@pytest.fixture
def cloud():
    """Two keystones, home's and the region's own, and what makes a service's API."""
    with ExitStack() as stack:
        home, own = Keystone(), Keystone()
        home.other = own
        urls = [stack.enter_context(listening(one)) for one in (home, own)]
        home.identity, own.identity = urls
        yield stack, home, urls


def keystone(region, url):
    return ks.Keystone(region, url, url, url)


def prove(cloud, mode="right", at=0, password=PASSWORD, url=None, region="RegionTwo"):
    stack, _, urls = cloud
    api = stack.enter_context(listening(service(urls[at], mode)))
    place = ("127.0.0.1", int(api.rsplit(":", 1)[1]))
    sign_in = SignIn(
        "glance",
        "/etc/glance/glance-api.conf",
        "keystone_authtoken",
        url or urls[0],
        "glance",
        {"OS_USERNAME": "glance", "OS_PASSWORD": password, "OS_PROJECT_NAME": "service"},
        region,
        None,
        True,
    )
    program = view.Program(
        "glance",
        Service("glance-api", (), (), type="image", port=9292, probe="/v3/{project_id}/images /v2/{project_id}/images"),
    )
    unit = view.Unit("glance-api", (program,), view.State("active", "running", True, 1, 0), 1.0)
    checks = proof.prove(
        [sign_in],
        [unit],
        keystone("RegionOne", urls[0]),
        [keystone("RegionTwo", urls[1])],
        ports=lambda name: [place],
        members=lambda name: (os.getpid(),),
    )
    assert PASSWORD not in str(checks) and "token-" not in str(checks)
    return {check.name: check for check in checks}


def failing(checks):
    return sorted(name for name, check in checks.items() if not check.ok)


def test_all_as_it_should_be(cloud):
    checks = prove(cloud)
    assert failing(checks) == []
    assert list(checks) == [
        "signs in",
        "validates at",
        "refuses a false token",
        "accepts a real token",
        "asks RegionOne's keystone",
    ]
    seen = checks["asks RegionOne's keystone"].evidence
    assert cloud[2][0].removeprefix("http://") in seen
    assert "RegionTwo does not know that token" in seen


def test_a_service_that_is_older_than_the_newest_path(cloud):
    checks = prove(cloud, "has no v3")
    assert failing(checks) == []
    assert "/v2/{project_id}/images answers 200" in checks["accepts a real token"].evidence


def test_a_service_that_accepts_anything(cloud):
    assert failing(prove(cloud, "accepts anything")) == ["refuses a false token"]


def test_a_service_that_can_not_have_a_token_validated(cloud):
    assert "accepts a real token" in failing(prove(cloud, "can't reach it"))


def test_a_service_that_still_asks_its_own_keystone(cloud):
    failed = failing(prove(cloud, at=1))
    assert "accepts a real token" in failed and "asks RegionOne's keystone" in failed


def test_a_service_that_asks_its_own_keystone_which_knows_the_token_too(cloud):
    """A replica with home's keys, and a service that was not restarted: only who was asked tells."""
    cloud[1].other.tokens = cloud[1].tokens
    checks = prove(cloud, at=1)
    assert failing(checks) == ["asks RegionOne's keystone"]
    assert "still runs with its earlier configuration" in checks["asks RegionOne's keystone"].remedy


def test_a_catalog_that_sends_services_elsewhere(cloud):
    cloud[1].identity = cloud[2][1]
    checks = prove(cloud)
    assert failing(checks) == ["validates at"]
    assert cloud[2][1] in checks["validates at"].evidence


def test_a_section_that_names_no_region_or_one_that_is_not_there(cloud):
    assert failing(prove(cloud, region=None)) == ["validates at"]
    assert "no identity endpoint of RegionNine" in prove(cloud, region="RegionNine")["validates at"].evidence


def test_a_wrong_password_is_told_by_file_section_and_user(cloud):
    check = prove(cloud, password="wrong-s3")["signs in"]
    assert not check.ok
    assert "/etc/glance/glance-api.conf [keystone_authtoken] as glance" in check.evidence
    assert "wrong-s3" not in str(check)


def test_a_section_that_signs_in_elsewhere(cloud):
    check = prove(cloud, url=cloud[2][1])["signs in"]
    assert not check.ok and "is not the keystone of RegionOne" in check.evidence
