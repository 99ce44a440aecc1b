"""Runs in a controller, on Debian's Python alone: gives a fresh keystone its services, endpoints, people and an image.

What to make comes as JSON on standard input, because it holds passwords. Made through keystone's and glance's
HTTP interfaces, each piece only when it is not there yet.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any


class Cloud:
    """One keystone and the services it lists, as its admin."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url
        self.token = ""
        name = {"name": "admin", "domain": {"id": "default"}}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": {**name, "password": password}}},
                "scope": {"project": name},
            }
        }
        _, headers = self.call("POST", f"{url}/auth/tokens", body)
        self.token = headers["X-Subject-Token"]

    def call(self, method: str, url: str, body: Any = None, kind: str = "application/json") -> tuple[Any, Any]:
        """One request: the answer's JSON and its headers; RuntimeError with the server's words otherwise."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": kind, "X-Auth-Token": self.token}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return (json.loads(text) if text else None), answer.headers
        except urllib.error.HTTPError as err:
            said = err.read().decode(errors="replace")[:400]
            raise RuntimeError(f"{method} {url} was answered {err.code}: {said}") from None

    def have(self, one: str, many: str, **properties: Any) -> str:
        """The id of the object that has this name (or type and interface), made when there is none."""
        known, _ = self.call("GET", f"{self.url}/{many}")
        telling = {
            key: properties[key] for key in ("name", "service_id", "interface", "region_id") if key in properties
        }
        for candidate in known[many]:
            if all(candidate.get(key) == value for key, value in telling.items()):
                return str(candidate["id"])
        made, _ = self.call("POST", f"{self.url}/{many}", {one: properties})
        return str(made[one]["id"])

    def grant(self, project: str, user: str, role: str) -> None:
        """Give a user a role on a project."""
        self.call("PUT", f"{self.url}/projects/{project}/users/{user}/roles/{role}")


def identity(cloud: Cloud, wish: dict[str, Any]) -> None:
    """Services with their endpoints and users, then the cluster's own project and person."""
    service_project = cloud.have("project", "projects", name="service", domain_id="default")
    admin = cloud.have("role", "roles", name="admin")
    member = cloud.have("role", "roles", name="member")
    for service in wish["services"]:
        number = cloud.have("service", "services", name=service["name"], type=service["type"])
        for interface in ("public", "internal", "admin"):
            cloud.have(
                "endpoint",
                "endpoints",
                service_id=number,
                interface=interface,
                region_id=wish["region"],
                url=service["url"],
            )
        user = cloud.have("user", "users", name=service["name"], domain_id="default", password=service["password"])
        cloud.grant(service_project, user, admin)
    person = wish["person"]
    project = cloud.have("project", "projects", name=person["project"], domain_id="default")
    user = cloud.have("user", "users", name=person["name"], domain_id="default", password=person["password"])
    cloud.grant(project, user, member)


def image(cloud: Cloud, wish: dict[str, Any]) -> None:
    """An image of the cluster's own, through its glance."""
    glance = wish["image"]["url"]
    known, _ = cloud.call("GET", f"{glance}/v2/images")
    if any(one["name"] == wish["image"]["name"] for one in known["images"]):
        return
    described = {
        "name": wish["image"]["name"],
        "disk_format": "raw",
        "container_format": "bare",
        "visibility": "public",
    }
    made, _ = cloud.call("POST", f"{glance}/v2/images", described)
    content = bytes.fromhex(wish["image"]["content"])
    cloud.call("PUT", f"{glance}/v2/images/{made['id']}/file", content, "application/octet-stream")


def main() -> int:
    """Do the part named on the command line: identity or image."""
    wish = json.load(sys.stdin)
    began = time.monotonic()
    try:
        cloud = Cloud(wish["keystone"], wish["password"])
        {"identity": identity, "image": image}[sys.argv[1]](cloud, wish)
    except (RuntimeError, OSError) as err:
        print(err, file=sys.stderr)
        return 1
    print(f"{sys.argv[1]}: {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
