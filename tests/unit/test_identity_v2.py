"""Signing in where there is no v3. No keystone that old can be had: a small server answers as v2.0's reference says."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from osregions.identity import Identity, IdentityError

_OPENRC = {"OS_USERNAME": "admin", "OS_PASSWORD": "right", "OS_TENANT_NAME": "admin"}
_ENDPOINT = {
    "id": "e1",
    "region": "RegionOne",
    "publicURL": "http://one:9292",
    "internalURL": "http://in:9292",
    "adminURL": "http://ad:9292",
}
_ACCESS = {
    "access": {
        "token": {"id": "t0ken", "expires": "2026-11-23T12:00:00Z", "tenant": {"name": "admin"}},
        "user": {"name": "admin"},
        "serviceCatalog": [{"type": "image", "name": "glance", "endpoints": [_ENDPOINT]}],
    }
}


class _Keystone(BaseHTTPRequestHandler):
    seen: list[tuple[str, str]] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(200 if body["auth"].get("passwordCredentials", {}).get("password") == "right" else 401)

    def do_GET(self):
        self._answer(200 if self.headers["X-Auth-Token"] == "t0ken" else 401)

    do_DELETE = do_GET

    def _answer(self, status):
        self.seen.append((self.command, self.path))
        status = status if self.path.startswith("/v2.0/tokens") else 404
        data = json.dumps(_ACCESS if status == 200 else {}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args):
        pass


@pytest.fixture
def url():
    _Keystone.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Keystone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v2.0"
    server.shutdown()
    server.server_close()


def test_a_token_is_issued_validated_and_revoked(url):
    identity = Identity(_OPENRC, url=url)
    token = identity.issue()
    assert (token.id, token.user, token.project) == ("t0ken", "admin", "admin")
    assert identity.validate(token)["user"]["name"] == "admin"
    identity.revoke(token)
    assert _Keystone.seen == [
        ("POST", "/v3/auth/tokens"),
        ("POST", "/v2.0/tokens"),
        ("GET", "/v2.0/tokens/t0ken"),
        ("DELETE", "/v2.0/tokens/t0ken"),
    ]


def test_the_catalog_comes_in_the_form_of_v3(url):
    (service,) = Identity(_OPENRC, url=url).issue().catalog
    assert (service["type"], service["name"]) == ("image", "glance")
    assert {(item["interface"], item["url"], item["region_id"]) for item in service["endpoints"]} == {
        ("public", "http://one:9292", "RegionOne"),
        ("internal", "http://in:9292", "RegionOne"),
        ("admin", "http://ad:9292", "RegionOne"),
    }


def test_a_wrong_password_is_told_without_it(url):
    with pytest.raises(IdentityError) as caught:
        Identity({**_OPENRC, "OS_PASSWORD": "wr0ng"}, url=url).issue()
    assert "wr0ng" not in str(caught.value)
    assert caught.value.status == 401 and "/v2.0/tokens" in str(caught.value)


def test_a_token_never_stands_in_an_error(url):
    identity = Identity(_OPENRC, url=url)
    token = identity.issue()
    object.__setattr__(token, "id", "0ther")
    with pytest.raises(IdentityError) as caught:
        identity.validate(token)
    assert "0ther" not in str(caught.value)
