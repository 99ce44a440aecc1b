"""The line between the databases encrypted: home's account must use it, and home's certificate is checked."""

from __future__ import annotations

import subprocess

import pytest

from osregions.errors import RegionsError
from osregions.replication import link, observe
from osregions.replication.dialect import Tls
from osregions.replication.server import view
from tests.servers.test_replication_replica import arrives, here
from tests.support import pairs
from tests.support.mariadb import MariaDB


def certificates(folder, name):
    """An authority, and a server's certificate for 127.0.0.1 that it signed; the paths of ca, cert and key."""
    folder.mkdir()
    ca, ca_key, cert, key, request, more = (
        folder / one for one in ("ca.pem", "ca.key", "cert.pem", "cert.key", "cert.csr", "more")
    )
    more.write_text("subjectAltName = IP:127.0.0.1\n")
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    signing = ["openssl", "x509", "-req", "-days", "2", "-CA", ca, "-CAkey", ca_key, "-CAcreateserial"]
    for command in (
        [*new, "-x509", "-days", "2", "-subj", f"/CN={name} CA", "-keyout", ca_key, "-out", ca],
        [*new, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request],
        [*signing, "-in", request, "-extfile", more, "-out", cert],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return ca, cert, key


@pytest.fixture
def pair(tmp_path):
    ca, cert, key = certificates(tmp_path / "home-pki", "home")
    pair = pairs.Pair("mariadb", tmp_path)
    pair.home.own = MariaDB(
        tmp_path / "home", *pair.home.own.options, f"--ssl-ca={ca}", f"--ssl-cert={cert}", f"--ssl-key={key}"
    )
    pair.ca = ca
    with pair:
        yield pair


def test_the_line_is_encrypted_where_pillar_says_so(pair):
    tls = {"tls": {"ca": str(pair.ca)}}
    assert any("must use TLS" in one for one in here(pair, "RegionOne", tls).primary(dry=False).changes["accounts"])
    region = here(pair, "RegionTwo", tls)
    region.replica(dry=False)
    assert observe.status(region)["tls"] is True and observe.status(region)["ok"]
    pair.home.project("p2", "blue")
    arrives(pair, "SELECT name FROM project WHERE id = 'p2'", (("blue",),))


def test_another_authoritys_certificate_is_refused(pair, tmp_path):
    other, _, _ = certificates(tmp_path / "other-pki", "other")
    here(pair, "RegionOne", {"tls": {"ca": str(pair.ca)}}).primary(dry=False)
    region = here(pair, "RegionTwo", {"tls": {"ca": str(other)}})
    with pytest.raises(RegionsError, match="certificate"):
        region.problems()
    wish = link.Wish("127.0.0.1", pair.home.own.port, "osr_regiontwo", "s3cr3t of the line", tls=Tls(str(other)))
    with pair.region.session() as session, pytest.raises(RegionsError, match="does not run"):
        link.act(session, wish, link.plan(view(session), wish), wait=2)
