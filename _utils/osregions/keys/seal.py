"""Keys in transit: sealed by home's node for one other node each, so that what passes by holds ciphertext alone.

The receiver makes an X25519 key pair for this one time. Its private half stays in a file (0600) under /run, which is
memory, until the answer comes, and no longer; its public half goes to the master, which hands it to home's node. That
derives a key (X25519 with a pair of its own for this one time, HKDF-SHA256) and encrypts all repositories at once
(ChaCha20-Poly1305). The header is authenticated with it: for whom (minion, region), in answer to which request, from
whom, when. Both messages are signed by the Salt key of the minion that sends them, and the master, between the two,
checks them against the keys that it accepted.

What that protects against:

- Whoever reads what passes or is kept: the master's job cache, events, returners, logs, the process list; and the other
  minions, which share one session key and can read each other's publications. Nor does the private half, gone by then,
  help anyone who kept the ciphertext.
- A minion that answers in another's name, to get the keys or to give some of its own: it can't sign as that one.
- An old answer sent again: it fits no request that is open, and a request is used up by the first answer, and by time.
- An older set than the node had from home before, which is refused unless it is asked for.

What it does not protect against: the master itself, or root on a node, who can read the keys there in any case. To
install is a command, and a minion takes commands from its master (or from minions that `peer` in the master's
configuration allows to publish): the receiver checks no signature of home's. And the master sends keys to those whom
`targets:keystone` names, by grains, which a minion says of itself: where minions are not trusted to tell the truth,
name them there by their ids too (`... and L@one-controller,two-controller`).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osregions import files
from osregions.errors import BackupError, Refused, RegionsError

REQUESTS = "/run/openstack-regions"
MAX_AGE = 600.0  # seconds for which an answer to a request is taken
VERSION = 1
_HEADER = ("version", "minion", "region", "request", "source", "at", "public", "nonce")
_INFO = b"openstack-regions keys 1"
# What is signed of each message; the first word keeps one kind from being taken for the other.
_REQUEST = ("openstack-regions request 1", "minion", "region", "request", "public")
_SEALED = ("openstack-regions sealed 1", *_HEADER, "box")
_DOUBT = "see `salt-key -f`; if that minion is what it should be, restart it, and run this again"
Sets = Mapping[str, Mapping[int, bytes]]


def request(minion: str, region: str, signing_key: str | Path, folder: str | Path = REQUESTS) -> dict[str, str]:
    """Open a request: keep the private half, return the public one, signed by the minion's Salt key."""
    crypto = _crypto()
    pair = crypto.x25519.X25519PrivateKey.generate()
    name = secrets.token_hex(16)
    said = {"minion": minion, "region": region, "request": name, "public": _text(_raw(pair.public_key()))}
    said["signature"] = _sign(_signed(_REQUEST, said), signing_key)
    try:
        directory = files.private_directory(folder)
        for entry in directory.glob("request-*"):
            # Those that nobody answered: a master that was stopped midway.
            if time.time() - entry.stat().st_mtime > MAX_AGE:
                entry.unlink(missing_ok=True)
        files.write(directory / f"request-{name}", _private(crypto, pair))
    except OSError as err:
        raise BackupError(
            f"a request for keys can't be kept: {err.strerror}", str(folder), "make room or give the right there"
        ) from None
    return said


def check_request(said: Mapping[str, Any], minion: str, region: str, accepted: str | None) -> None:
    """Raise Refused unless a request comes from this minion: signed by the Salt key that the master accepted for it."""
    if (said.get("minion"), said.get("region")) != (minion, region):
        raise Refused(f"its request says that it is {said.get('minion')} of {said.get('region')}", minion, _DOUBT)
    _check(_signed(_REQUEST, said), said.get("signature"), "its request for keys", minion, accepted)


def seal(sets: Sets, said: Mapping[str, Any], source: str, signing_key: str | Path) -> dict[str, Any]:
    """Encrypt the sets, by kind and number, for the one who made a request."""
    crypto = _crypto()
    pair = crypto.x25519.X25519PrivateKey.generate()
    try:
        theirs = crypto.x25519.X25519PublicKey.from_public_bytes(_bytes(said["public"]))
        header: dict[str, Any] = {name: str(said[name]) for name in ("minion", "region", "request")}
        key = _key(crypto, pair, theirs, _raw(pair.public_key()), _raw(theirs))
    except (KeyError, TypeError, ValueError):
        raise RegionsError("this is no request for keys", remedy="have it made by keystone_keys.request") from None
    nonce = os.urandom(12)
    header |= {"version": VERSION, "source": source, "at": f"{time.time():.3f}"}
    header |= {"public": _text(_raw(pair.public_key())), "nonce": _text(nonce)}
    plain = {kind: {str(number): _text(key) for number, key in keys.items()} for kind, keys in sets.items()}
    box = crypto.ChaCha20Poly1305(key).encrypt(nonce, json.dumps(plain).encode(), _associated(header))
    sealed = {**header, "box": _text(box)}
    return {**sealed, "signature": _sign(_signed(_SEALED, sealed), signing_key)}


def check_sealed(sealed: Mapping[str, Any], minion: str, source: str, accepted: str | None) -> None:
    """Raise Refused unless a sealed set for a minion comes from home's node: signed by the Salt key accepted for it."""
    if (sealed.get("minion"), sealed.get("source")) != (minion, source):
        raise Refused(
            f"the keys are {sealed.get('source')}'s for {sealed.get('minion')}", f"{source} to {minion}", _DOUBT
        )
    _check(_signed(_SEALED, sealed), sealed.get("signature"), "the sealed set", source, accepted)


def opened(
    sealed: Mapping[str, Any], minion: str, region: str, folder: str | Path = REQUESTS
) -> dict[str, dict[int, bytes]]:
    """Decrypt what came in answer to an open request, which is used up by that. Raises Refused for anything else."""
    crypto = _crypto()
    again = "have the keys sent anew: regions_identity.keys_spread"
    try:
        version, to, name = sealed["version"], (sealed["minion"], sealed["region"]), str(sealed["request"])
    except (KeyError, TypeError):
        raise Refused("this is no sealed set of keys", remedy=again) from None
    if version != VERSION:
        raise Refused(f"these keys are sealed in form {version}, not {VERSION}", remedy="sync the same modules to all")
    if to != (minion, region):
        raise Refused(f"these keys are for {to[0]} of {to[1]}", f"this is {minion} of {region}", again)
    private = _take(name, Path(folder))
    if private is None:
        raise Refused("these keys answer no request that is open here", f"request {name[:32]}", again)
    try:
        pair = crypto.x25519.X25519PrivateKey.from_private_bytes(private)
        theirs = crypto.x25519.X25519PublicKey.from_public_bytes(_bytes(sealed["public"]))
        key = _key(crypto, pair, theirs, _raw(theirs), _raw(pair.public_key()))
        plain = crypto.ChaCha20Poly1305(key).decrypt(
            _bytes(sealed["nonce"]), _bytes(sealed["box"]), _associated(sealed)
        )
        found = json.loads(plain)
        return {str(kind): {int(number): _bytes(key) for number, key in keys.items()} for kind, keys in found.items()}
    except (crypto.InvalidTag, ValueError, KeyError, TypeError, AttributeError):
        # Without a cause: what failed to parse must not be quoted anywhere.
        raise Refused("these keys can't be opened: they were changed on their way", remedy=again) from None


def _take(name: str, folder: Path) -> bytes | None:
    """The private half of a request, which is over with that; None when there is no such request, or it is too old."""
    if not name.isalnum():
        return None
    path = folder / f"request-{name}"
    try:
        age = time.time() - path.stat().st_mtime
        private = path.read_bytes()
        path.unlink()
    except FileNotFoundError:
        return None
    return private if abs(age) <= MAX_AGE else None


def _key(crypto: Any, mine: Any, theirs: Any, sender: bytes, receiver: bytes) -> bytes:
    hkdf = crypto.HKDF(algorithm=crypto.hashes.SHA256(), length=32, salt=sender + receiver, info=_INFO)
    return bytes(hkdf.derive(mine.exchange(theirs)))


def _associated(header: Mapping[str, Any]) -> bytes:
    # One form for one header, whatever carried it: carriers differ in how they write numbers.
    return json.dumps([str(header[name]) for name in _HEADER]).encode()


def _signed(what: tuple[str, ...], said: Mapping[str, Any]) -> bytes:
    return json.dumps([what[0], *(str(said.get(name)) for name in what[1:])]).encode()


def _check(message: bytes, signature: Any, what: str, minion: str, accepted: str | None) -> None:
    crypto = _crypto()
    if not accepted:
        raise Refused("this master has accepted no Salt key of it", minion, "accept it: salt-key -a")
    try:
        key = crypto.serialization.load_pem_public_key(accepted.encode())
        key.verify(_bytes(signature), message, *_padding(crypto))
    except (crypto.InvalidSignature, ValueError, TypeError, AttributeError):
        raise Refused(f"{what} is not signed by the key that this master accepted for it", minion, _DOUBT) from None


def _sign(message: bytes, signing_key: str | Path) -> str:
    crypto = _crypto()
    try:
        key = crypto.serialization.load_pem_private_key(Path(signing_key).read_bytes(), password=None)
        return _text(key.sign(message, *_padding(crypto)))
    except (OSError, ValueError, TypeError, AttributeError):
        raise RegionsError(
            "the message can't be signed: this minion's Salt key can't be read",
            str(signing_key),
            "run this on a minion that its master has accepted, as root",
        ) from None


def _padding(crypto: Any) -> tuple[Any, Any]:
    sha256 = crypto.hashes.SHA256()
    return crypto.padding.PSS(mgf=crypto.padding.MGF1(sha256), salt_length=32), sha256


def _raw(public: Any) -> bytes:
    raw = _crypto().serialization
    return bytes(public.public_bytes(raw.Encoding.Raw, raw.PublicFormat.Raw))


def _private(crypto: Any, pair: Any) -> bytes:
    raw = crypto.serialization
    return bytes(pair.private_bytes(raw.Encoding.Raw, raw.PrivateFormat.Raw, raw.NoEncryption()))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


class _Crypto:
    """What is used of `cryptography`."""

    def __init__(self) -> None:
        from cryptography.exceptions import InvalidSignature, InvalidTag
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, x25519
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        self.InvalidSignature, self.InvalidTag = InvalidSignature, InvalidTag
        self.hashes, self.serialization, self.padding, self.x25519 = hashes, serialization, padding, x25519
        self.ChaCha20Poly1305, self.HKDF = ChaCha20Poly1305, HKDF


def _crypto() -> Any:
    # Imported when needed: a machine without it can still look at its keys.
    try:
        return _Crypto()
    except ImportError as err:
        raise RegionsError(
            "the keys can't be sealed: Salt's Python lacks the library cryptography",
            str(err)[:200],
            "install it there: salt-pip install cryptography (3.1 or newer)",
        ) from None
