"""Repointed and taken back, on generated files: to the byte, and what an operator wrote in between survives."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from osregions.conf import operations
from osregions.conf.document import Document
from tests.support import corpus, judge

URLS = (
    "http://10.13.131.137:5000",
    "http://10.13.131.137:35357/v2.0/",
    "http://localhost:5000/v3",
    '"http://controller:5000/v3"',
    "https://vip.example.com/identity/v3",
    "http://10.13.32.19:5000/v3",
)
OPTIONS = (
    *(f"{name} = {url}" for name in ("auth_url", "auth_uri", "www_authenticate_uri") for url in URLS),
    *(f"identity_uri:{url}" for url in URLS[:2]),
    "auth_host = 10.13.131.137",
    "auth_port=35357",
    "auth_protocol : http",
    "auth_type = password",
    "username = nova",
    "username = neutron",
    "password = it's $$5 = 100%",
    "admin_password=",
    "admin_user = nova",
    "tenant_name = service",
    "project_domain_id = default",
    "user_domain_id = 0815",
    "region_name = RegionOne",
    "region_name =",
    "os_region_name=RegionNine",
    "debug = true",
    "alias = a",
    "alias = b\n\tmore of b",
    "servers = one,\n  two\n  ",
)
LINES = ("", "", "# words", "; region_name = there", "#auth_url = http://localhost:5000/", "#region_name = <None>")
SECTIONS = ("DEFAULT", "keystone_authtoken", "Keystone_Authtoken", "neutron", "placement", "cinder", "service_user")
NOTE = "# the operator's own line"

line = st.one_of(st.sampled_from(OPTIONS), st.sampled_from(OPTIONS), st.sampled_from(LINES))
section = st.tuples(st.sampled_from(SECTIONS), st.lists(line, max_size=9))


@st.composite
def texts(draw):
    lines = [one for name, those in draw(st.lists(section, max_size=6)) for one in (f"[{name}]", *those)]
    text = "\n".join(lines)
    text += draw(st.sampled_from(["", "\n", "\n\n"])) if text else ""
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    return text.replace("\n", newline).encode()


def node(folder, text):
    place = Path(folder, "node", "etc", "nova")
    place.mkdir(parents=True)
    (place / "nova.conf").write_bytes(text)
    return corpus.machine(Path(folder, "node")), place / "nova.conf"


@settings(max_examples=150)
@given(texts())
def test_to_the_byte(text):
    with tempfile.TemporaryDirectory() as folder:
        machine, path = node(folder, text)
        planned = corpus.repoint(machine, dry=True)
        assert corpus.repoint(machine).changes == planned.changes
        assert corpus.repoint(machine).changes == {}
        changed = {
            (section, option) for section, those in judge.differing(text, path.read_bytes()).items() for option in those
        }
        named = {name for names in planned.changes.values() for name in names}
        assert {f"[{section}] {option}".lower() for section, option in changed} <= {name.lower() for name in named}
        corpus.repoint(machine, at="RegionTwo")
        corpus.repoint(machine)
        operations.undo(machine.backups)
        assert path.read_bytes() == text


@settings(max_examples=150)
@given(texts(), st.lists(st.integers(0, 200), max_size=4))
def test_what_an_operator_wrote_meanwhile_survives(text, places):
    with tempfile.TemporaryDirectory() as folder:
        machine, path = node(folder, text)
        corpus.repoint(machine)
        lines = path.read_bytes().splitlines(keepends=True)
        # A section that was put in, and that somebody else writes in, stays: the lines up to the first such one count.
        old = {name.lower() for name in Document.parse(text).sections}
        ours = (
            n for n, one in enumerate(lines) if one[:1] == b"[" and one.strip(b"[]\r\n").decode().lower() not in old
        )
        end = next(ours, len(lines) + 1) - 1
        for place in sorted(places, reverse=True):
            # Not in the midst of a value of several lines: that would be another value.
            if place < end and lines[place][:1] not in (b" ", b"\t"):
                lines.insert(place, NOTE.encode() + (b"\r\n" if b"\r\n" in text else b"\n"))
        path.write_bytes(b"".join(lines))
        operations.undo(machine.backups)
        now = path.read_bytes().splitlines(keepends=True)
        theirs = [one for one in now if one.startswith(NOTE.encode())]
        assert len(theirs) == sum(one.startswith(NOTE.encode()) for one in lines)
        kept = b"".join(one for one in now if one not in theirs)
        if now and now[-1] in theirs and not text.endswith(b"\n"):
            kept = kept[: -len(b"\r\n" if b"\r\n" in text else b"\n")]  # what ended the file is followed by a line now
        assert kept == text
