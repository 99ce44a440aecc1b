"""Signing in at a keystone, with nothing but the standard library: to prove that it works, and see what it serves.

Speaks the v3 API, and v2.0 where there is no v3. What was read: the API reference of Identity v3 (POST, GET and DELETE
/v3/auth/tokens) and of v2.0 (/v2.0/tokens). No password and no token ever shows in an error or a representation.
"""

from __future__ import annotations

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from osregions.errors import RegionsError

_VERSION = re.compile(r"/v(?:2\.0|3)/?$")
_TRUE = ("1", "true", "yes", "on")
_REMEDIES = {
    400: "keystone did not understand the request: look at the openrc file's project and domains",
    401: "mend the user, the password or the project in the openrc file; or the keystone does not know them",
    403: "the user has no role on that project: give it one, or name another project in the openrc file",
    404: "there is no keystone at that URL: mend OS_AUTH_URL in the openrc file, or `url`",
    500: "see keystone's log: a token driver or provider that can't be loaded, missing keys, a database that can't be"
    " reached or written answer so, though keystone started",
    502: "the web server can't reach keystone: is it running?",
    503: "keystone is not ready, or its database or memcached can't be reached: see its log",
}


class IdentityError(RegionsError):
    """Keystone could not be reached, or did not do what it was asked; `status` is its answer's, if there was one."""

    def __init__(self, problem: str, where: str = "", remedy: str = "", status: int | None = None) -> None:
        super().__init__(problem, where, remedy)
        self.status = status


@dataclass(frozen=True)
class Token:
    """A token that was issued; its id is a secret."""

    id: str = field(repr=False)
    expires: str
    user: str
    project: str | None
    catalog: tuple[Mapping[str, Any], ...] = field(repr=False)


class Identity:
    """One keystone and the credentials to sign in with, as an openrc file names them (OS_USERNAME ...)."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        url: str | None = None,
        timeout: float = 10,
        where: str = "the openrc file",
    ) -> None:
        """Take the credentials; `url` is the keystone's when it is not OS_AUTH_URL, with or without a version.

        `where` is what they were read from. Raises IdentityError when something is missing to sign in.
        """
        self._credentials = dict(credentials)
        wanted = [name for name in ("OS_USERNAME", "OS_PASSWORD") if not self._any(name)]
        if wanted and not (self._any("OS_USER_ID") and self._any("OS_PASSWORD")):
            several = len(wanted) > 1
            raise IdentityError(
                f"{' and '.join(wanted)} {'are' if several else 'is'} missing",
                where,
                f"write {'them' if several else 'it'} there",
            )
        address = url or self._any("OS_AUTH_URL")
        if not address:
            raise IdentityError("OS_AUTH_URL is missing", where, "write it there, or give `url`")
        self.url = base_url(address)
        self._timeout = timeout
        self.tls = self._tls()
        self._opener = urllib.request.build_opener(
            # A keystone that is to be proved is asked itself, whatever proxy this shell may have set.
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.tls),
        )
        self._v2 = False

    def issue(self) -> Token:
        """Sign in and return a token of its own. Raises IdentityError."""
        if not self._v2:
            try:
                return self._issue_v3()
            except IdentityError as err:
                if err.status != 404:
                    raise
                # A keystone without v3 answers 404 there; so does something that is no keystone at all.
                first = err
            try:
                token = self._issue_v2()
            except IdentityError as err:
                if err.status != 404:
                    raise
                raise first from None
            self._v2 = True
            return token
        return self._issue_v2()

    def validate(self, token: Token) -> Mapping[str, Any]:
        """Have keystone say what a token is worth; returns its own description. Raises IdentityError."""
        if self._v2:
            answer: Mapping[str, Any] = self._ask("GET", f"/v2.0/tokens/{token.id}", token, shown="/v2.0/tokens/...")[1]
            return answer.get("access", {})  # type: ignore[no-any-return]
        headers = {"X-Subject-Token": token.id}
        return self._ask("GET", "/v3/auth/tokens", token, headers=headers)[1].get("token", {})  # type: ignore[no-any-return]

    def revoke(self, token: Token) -> None:
        """Have keystone forget a token. Raises IdentityError."""
        if self._v2:
            self._ask("DELETE", f"/v2.0/tokens/{token.id}", token, shown="/v2.0/tokens/...")
        else:
            self._ask("DELETE", "/v3/auth/tokens", token, headers={"X-Subject-Token": token.id})

    def _issue_v3(self) -> Token:
        headers, answer = self._ask("POST", "/v3/auth/tokens", body={"auth": self._auth_v3()})
        token = answer.get("token")
        ident = headers.get("X-Subject-Token")
        if not ident or not isinstance(token, Mapping):
            raise IdentityError("the answer holds no token", f"{self.url}/v3/auth/tokens", "is that a keystone?")
        return Token(
            id=ident,
            expires=str(token.get("expires_at")),
            user=str(token.get("user", {}).get("name")),
            project=token.get("project", {}).get("name"),
            catalog=tuple(token.get("catalog") or ()),
        )

    def _issue_v2(self) -> Token:
        auth: dict[str, Any] = {
            "passwordCredentials": {"username": self._any("OS_USERNAME"), "password": self._any("OS_PASSWORD")}
        }
        tenant = self._any("OS_TENANT_NAME", "OS_PROJECT_NAME")
        if tenant:
            auth["tenantName"] = tenant
        access = self._ask("POST", "/v2.0/tokens", body={"auth": auth})[1].get("access", {})
        token = access.get("token") or {}
        if not token.get("id"):
            raise IdentityError("the answer holds no token", f"{self.url}/v2.0/tokens", "is that a keystone?")
        return Token(
            id=token["id"],
            expires=str(token.get("expires")),
            user=str(access.get("user", {}).get("name")),
            project=token.get("tenant", {}).get("name"),
            catalog=tuple(_service_v3(entry) for entry in access.get("serviceCatalog") or ()),
        )

    def _auth_v3(self) -> dict[str, Any]:
        user: dict[str, Any] = {"password": self._any("OS_PASSWORD")}
        if self._any("OS_USER_ID"):
            user["id"] = self._any("OS_USER_ID")
        else:
            user |= {"name": self._any("OS_USERNAME"), "domain": self._domain("OS_USER_DOMAIN")}
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
        if project := self._any("OS_PROJECT_ID", "OS_TENANT_ID"):
            auth["scope"] = {"project": {"id": project}}
        elif project := self._any("OS_PROJECT_NAME", "OS_TENANT_NAME"):
            auth["scope"] = {"project": {"name": project, "domain": self._domain("OS_PROJECT_DOMAIN")}}
        elif self._any("OS_SYSTEM_SCOPE") == "all":
            auth["scope"] = {"system": {"all": True}}
        elif self._any("OS_DOMAIN_ID", "OS_DOMAIN_NAME"):
            auth["scope"] = {"domain": self._domain("OS_DOMAIN")}
        return auth

    def _domain(self, prefix: str) -> dict[str, str]:
        if name := self._any(f"{prefix}_NAME"):
            return {"name": name}
        # An openrc file of v2.0 names no domain; its users live in the one that has this id.
        return {"id": self._any(f"{prefix}_ID", "OS_DEFAULT_DOMAIN_ID", "OS_DEFAULT_DOMAIN") or "default"}

    def _any(self, *names: str) -> str | None:
        return next((self._credentials[name] for name in names if self._credentials.get(name)), None)

    def _tls(self) -> ssl.SSLContext:
        if (self._any("OS_INSECURE") or "").lower() in _TRUE:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        path = self._any("OS_CACERT")
        try:
            return ssl.create_default_context(cafile=path)
        except OSError as err:
            raise IdentityError(
                f"OS_CACERT can't be read: {err.strerror}", str(path), "name a file of certificates"
            ) from err

    def _ask(
        self,
        method: str,
        path: str,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        shown: str | None = None,
    ) -> tuple[Mapping[str, str], dict[str, Any]]:
        where = f"{method} {self.url}{shown or path}"
        request = urllib.request.Request(self.url + path, method=method, headers={"Accept": "application/json"})
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if token is not None:
            request.add_header("X-Auth-Token", token.id)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                text = response.read()
                answer = json.loads(text) if text else {}
                return response.headers, answer if isinstance(answer, dict) else {}
        except urllib.error.HTTPError as err:
            # The answer's body is keystone's, and may repeat what it was asked: only its number is passed on.
            remedy = _REMEDIES.get(err.code, "see keystone's log")
            raise IdentityError(f"keystone answered {err.code} {err.reason}", where, remedy, err.code) from None
        except (OSError, ValueError) as err:
            reason = getattr(err, "reason", None) or err
            words = "it took too long" if isinstance(reason, TimeoutError) else type(reason).__name__
            if isinstance(reason, OSError) and reason.strerror:
                words = reason.strerror
            elif isinstance(err, ValueError):
                words = "what came back is no JSON"
            raise IdentityError(
                f"keystone can't be reached: {words}", where, "is it running there, and is the URL right?"
            ) from None


def base_url(url: str) -> str:
    """A keystone's URL without its version: `http://host:5000`, or with a path such as `/identity`."""
    return _VERSION.sub("", url.rstrip("/")).rstrip("/")


def _service_v3(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of a v2.0 catalog, in the form of v3."""
    endpoints = [
        {
            "id": endpoint.get("id"),
            "interface": interface,
            "region": endpoint.get("region"),
            "region_id": endpoint.get("region"),
            "url": endpoint[f"{interface}URL"],
        }
        for endpoint in entry.get("endpoints") or ()
        for interface in ("public", "internal", "admin")
        if endpoint.get(f"{interface}URL")
    ]
    return {"type": entry.get("type"), "name": entry.get("name"), "endpoints": endpoints}
