"""Proof, by real tokens, that services accept them and validate at the keystone intended.

keystonemiddleware validates at the catalog's identity endpoint, not at auth_url: the admin one up to Ussuri, since then
the internal one, or what `interface` says. So both are looked at, and who is asked while a service has a token before
it that it never saw.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osregions.conf import keystones as ks
from osregions.errors import RegionsError
from osregions.identity import Identity, Token, base_url
from osregions.services import act
from osregions.services.sign_ins import SignIn
from osregions.services.view import Unit, listening
from osregions.tokens import sockets, units

_SAMPLE = 0.0003  # seconds between two looks at a service's connections
_TRIES = 3  # tokens that are tried until it was seen whom the service asks
_NOT_THERE = (300, 404)  # what an API says to a path of a version that it has not


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and what was seen of it."""

    service: str
    name: str
    ok: bool
    evidence: str
    remedy: str = ""


def prove(
    sign_ins: Sequence[SignIn],
    running: Iterable[Unit],
    target: ks.Keystone,
    others: Sequence[ks.Keystone],
    ports: Callable[[str], Iterable[tuple[str, int]]] = listening,
    members: Callable[[str], Sequence[int]] = units.members,
) -> tuple[Check, ...]:
    """Sign in as each service does, and have each API of this machine validate a token that it never saw."""
    checks: list[Check] = []
    for one in sign_ins:
        checks += _signs_in(one, target)
    for unit in running:
        for program in unit.programs:
            service = program.service
            if service.probe is None or not unit.state.up:
                continue
            as_whom = next((one for one in sign_ins if one.project == program.project and one.validates), None)
            if as_whom is None:
                continue  # it trusts somebody else to validate, or nobody: its files name no keystone
            where = _port(unit, service.port, ports(unit.name))
            if where is None:
                remedy = f"see `journalctl -u {unit.name}`"
                checks.append(Check(service.name, "listens", False, f"{unit.name} listens nowhere", remedy))
                continue
            checks += _validates(service.name, service.probe, where, as_whom, target, others, members(unit.name))
    return tuple(checks)


def _signs_in(one: SignIn, target: ks.Keystone) -> Iterator[Check]:
    """That an account signs in where it should, and what it is told there of whom to validate with."""
    name, service = "signs in", one.project or one.place
    named = ks.pointed(one.url, (target,), "internal")
    if named is None or named.region != target.region:
        seen = f"{one.place} signs in at {one.url}, which is not the keystone of {target.region}"
        yield Check(service, name, False, seen, "apply regions.services")
        return
    try:
        token = Identity(one.credentials, url=one.url, where=one.place).issue()
    except RegionsError as err:
        remedy = f"has {one.user} that password, and a role on that project, at {target.region}'s keystone?"
        yield Check(service, name, False, f"{one.place} as {one.user}: {err.problem} ({err.where})", remedy)
        return
    yield Check(service, name, True, f"{one.place} as {one.user} at {base_url(one.url)}")
    if one.validates:
        yield _told(service, one, token, target)


def _told(service: str, one: SignIn, token: Token, target: ks.Keystone) -> Check:
    name = "validates at"
    found = identity_endpoints(token.catalog, one.region, one.interface)
    if not found:
        seen = f"the catalog has no identity endpoint of {one.region or 'any region'} for {one.place}"
        return Check(service, name, False, seen, "is the region's name right, and its identity in home's catalog?")
    wrong = [
        url for url in found if (at := ks.pointed(url, (target,), "internal")) is None or at.region != target.region
    ]
    if wrong:
        seen = f"the catalog sends {one.place} to {', '.join(wrong)}"
        remedy = (
            f"that must be {target.region}'s keystone: on home's master, salt-run regions.join REGION, by the name of"
            " the region that joined"
        )
        return Check(service, name, False, seen, remedy)
    if one.region is None:
        seen = f"{one.place} names no region, and so takes the first endpoint of any"
        return Check(service, name, False, seen, "apply regions.services")
    return Check(service, name, True, f"the catalog sends {one.place} to {', '.join(found)}")


def identity_endpoints(catalog: Sequence[Mapping[str, Any]], region: str | None, interface: str | None) -> list[str]:
    """The identity endpoints that keystonemiddleware may take: of the interface named, else of those it defaults to."""
    wanted = [one.strip() for one in (interface or "internal,admin").split(",")]
    found = []
    for one in wanted:
        urls = [
            str(endpoint.get("url"))
            for entry in catalog
            if entry.get("type") == "identity"
            for endpoint in entry.get("endpoints") or ()
            if endpoint.get("interface") == one and region in (None, endpoint.get("region_id"), endpoint.get("region"))
        ]
        found += urls[:1]
    return list(dict.fromkeys(found))


def _port(unit: Unit, usual: int | None, heard: Iterable[tuple[str, int]]) -> tuple[str, int] | None:
    """Where a unit's API listens: at its usual port, else at the first of its own."""
    places = sorted(heard, key=lambda place: (place[1] != usual, place[1]))
    if unit.shared:
        places = [place for place in places if place[1] == usual]
    return places[0] if places else None


def _validates(
    service: str,
    probes: str,
    where: tuple[str, int],
    as_whom: SignIn,
    target: ks.Keystone,
    others: Sequence[ks.Keystone],
    pids: Sequence[int],
) -> Iterator[Check]:
    shown = f"{where[0]}:{where[1]}"
    try:
        identity = Identity(as_whom.credentials, url=as_whom.url)
        token = identity.issue()
        project = (identity.validate(token).get("project") or {}).get("id") or ""
    except RegionsError:
        return  # told above: it does not sign in
    false, path, probe = None, probes, probes
    for probe in probes.split():
        path = probe.replace("{project_id}", str(project))
        false = act.status(*where, path=path, headers={"X-Auth-Token": secrets.token_hex(16)}, timeout=30)
        if false not in _NOT_THERE:
            break
    refused = false == 401
    remedy = "is keystonemiddleware in its pipeline, and auth_strategy keystone?"
    yield Check(
        service, "refuses a false token", refused, f"{shown}{probe} answers {false} to one", "" if refused else remedy
    )
    for _ in range(_TRIES):
        with _watched(pids, (target, *others)) as seen:
            real = act.status(*where, path=path, headers={"X-Auth-Token": token.id}, timeout=30)
        if seen or real is None or real == 401 or real >= 500:
            break
        token = identity.issue()  # one that is in no cache
    accepted = real is not None and real != 401 and real < 500
    remedy = "see its log: it could not have the token validated"
    text = f"{shown}{probe} answers {real} to a token that {target.region}'s keystone has just issued"
    yield Check(service, "accepts a real token", accepted, text, "" if accepted else remedy)
    yield _asks(service, accepted, seen, target, _strangers(token, others), len(others))


def _asks(
    service: str, accepted: bool, seen: Mapping[str, str], target: ks.Keystone, strangers: Sequence[str], others: int
) -> Check:
    """Whom a service asked, by its connections (a keystone's region by its address), and by who knows the token."""
    name = f"asks {target.region}'s keystone"
    elsewhere = [address for address, region in seen.items() if region != target.region]
    met = " and ".join(f"{address} ({region})" for address, region in sorted(seen.items()))
    text = f"meanwhile it was connected with {met or 'no keystone that was seen'}"
    if strangers:
        text += f"; the keystone of {', '.join(strangers)} does not know that token"
    if not accepted:
        return Check(service, name, False, text, "see its log")
    if elsewhere:
        return Check(service, name, False, text, "it still runs with its earlier configuration: restart it")
    if not seen and len(strangers) < others:
        return Check(service, name, False, text, "run this again when the service is less busy, or see keystone's log")
    return Check(service, name, True, text)


def _strangers(token: Token, keystones: Iterable[ks.Keystone]) -> list[str]:
    """The regions whose keystones would not have taken the token for good."""
    return [one.region for one in keystones if not _knows(one, token)]


def _knows(keystone: ks.Keystone, token: Token) -> bool:
    request = urllib.request.Request(
        f"{base_url(keystone.public)}/v3/auth/tokens", headers={"X-Auth-Token": token.id, "X-Subject-Token": token.id}
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=3) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError as err:
        return err.code not in (401, 404)
    except (OSError, ValueError):
        return True  # it was not reached: nothing is known


def _places(keystones: Iterable[ks.Keystone]) -> dict[tuple[str, int], tuple[str, str]]:
    """By address and port of each keystone how it is written, and its region."""
    found = {}
    for keystone in keystones:
        for url in (keystone.public, keystone.internal, keystone.admin):
            named = ks.address(url)
            if named:
                written = f"[{named.host}]:{named.port}" if ":" in named.host else f"{named.host}:{named.port}"
                found.update(dict.fromkeys(sockets.resolved(written), (written, keystone.region)))
    return found


@contextlib.contextmanager
def _watched(pids: Sequence[int], keystones: Iterable[ks.Keystone]) -> Iterator[dict[str, str]]:
    """Collect the keystones with which these processes are connected while something goes on: address to region."""
    places = _places(keystones)
    ports = {port for _, port in places}
    users = sockets.owners(pids)
    seen: dict[str, str] = {}
    done = threading.Event()

    def look() -> None:
        while True:
            last = done.is_set()
            for pid in pids[:1]:  # one will do: all of a unit's processes share a network
                seen.update(places[peer] for peer in sockets.peers(pid, users, ports) if peer in places)
            if last:
                return
            time.sleep(_SAMPLE)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
