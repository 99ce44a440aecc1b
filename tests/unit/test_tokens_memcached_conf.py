"""memcached's own files: what they say, and that it listens where it is told to and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import SettingsError
from osregions.tokens import memcached_conf
from osregions.tokens.memcached_conf import WARNING, Memcached, Wish

DEBIAN = """\
# Run memcached as a daemon.
-d
logfile /var/log/memcached.log
-m 64
# Default connection port is 11211
-p 11211
-u memcache
# Specify which IP address to listen on, such as
# -l 10.0.0.1
-l 127.0.0.1
-P /var/run/memcached/memcached.pid
"""
RDO = 'PORT="11211"\nUSER="memcached"\nMAXCONN="1024"\nCACHESIZE="64"\nOPTIONS=""\n'


def after(text: str, style: str, **wish) -> str:
    present = memcached_conf.read(text, style)
    return memcached_conf.edited(text, style, memcached_conf.wanted(present, Wish(**wish)))


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        ("debian", DEBIAN, Memcached(11211, 64, ("127.0.0.1",), None)),
        ("debian", "-p 11311\n-l 127.0.0.1 -l ::1\n-m 512\n-U 0\n", Memcached(11311, 512, ("127.0.0.1", "::1"), 0)),
        ("debian", "--port=1\n--listen 10.0.0.1,10.0.0.2 # ours\n", Memcached(1, 64, ("10.0.0.1", "10.0.0.2"), None)),
        ("debian", "-l10.0.0.1\n-P /run/-l/pid\n", Memcached(11211, 64, ("10.0.0.1",), None)),
        ("debian", "", Memcached(11211, 64, (), None)),
        ("sysconfig", RDO, Memcached(11211, 64, (), None)),
        (
            "sysconfig",
            "PORT=11311\nCACHESIZE='95'\nOPTIONS=\"-l 127.0.0.1,::1 -U 0 -t 4\"\n",
            Memcached(11311, 95, ("127.0.0.1", "::1"), 0),
        ),
        ("sysconfig", 'PORT="11211"\nOPTIONS="-p 11400"\n', Memcached(11400, 64, (), None)),
    ],
)
def test_what_the_file_says(style, text, expected):
    assert memcached_conf.read(text, style) == expected


@pytest.mark.parametrize(
    ("style", "text", "wish", "expected"),
    [
        pytest.param("debian", DEBIAN, {}, DEBIAN + "-U 0\n", id="Debian: only UDP is left to do"),
        pytest.param("debian", "-l 0.0.0.0\n-U 0\n", {}, "-l 127.0.0.1\n-U 0\n", id="never everywhere by default"),
        pytest.param("debian", "-U 0\n", {}, "-U 0\n-l 127.0.0.1\n", id="no address is everywhere"),
        pytest.param("debian", "-l 10.0.0.5\n-U 0\n", {}, "-l 10.0.0.5\n-U 0\n", id="an address of its own stays"),
        pytest.param(
            "debian",
            "-l 10.0.0.5\n# between\n-l 10.0.0.6\n-U 11211\n",
            {"listen": ("127.0.0.1", "10.0.0.5")},
            "-l 127.0.0.1,10.0.0.5\n# between\n-U 0\n",
            id="the addresses named, on one line",
        ),
        pytest.param("debian", "-d -l 0.0.0.0 -U 0", {}, "-d -l 127.0.0.1 -U 0", id="several on one line"),
        pytest.param(
            "debian",
            "# -l 10.0.0.1\n# words\n-U 0\n",
            {},
            "# -l 10.0.0.1\n-l 127.0.0.1\n# words\n-U 0\n",
            id="below its example",
        ),
        pytest.param(
            "debian",
            "-l 127.0.0.1\n-U 0\n",
            {"listen": ("0.0.0.0",)},
            f"{WARNING}\n-l 0.0.0.0\n-U 0\n",
            id="everywhere when it is named, with a warning",
        ),
        pytest.param(
            "debian", f"{WARNING}\n-l 0.0.0.0\n-U 0\n", {}, "-l 127.0.0.1\n-U 0\n", id="the warning goes again"
        ),
        pytest.param(
            "debian",
            "-p 11211\n-m 64\n-l ::1\n-U 0\n",
            {"port": 11311, "megabytes": 256},
            "-p 11311\n-m 256\n-l ::1\n-U 0\n",
            id="port and size when they are given",
        ),
        pytest.param(
            "sysconfig", RDO, {}, RDO.replace('OPTIONS=""', 'OPTIONS="-l 127.0.0.1 -U 0"'), id="RDO as it is installed"
        ),
        pytest.param(
            "sysconfig",
            'PORT="11211"\nOPTIONS="-l 127.0.0.1,::1 -t 4 -U 0"\n',
            {},
            'PORT="11211"\nOPTIONS="-l 127.0.0.1,::1 -t 4 -U 0"\n',
            id="RHEL 8 as it is installed",
        ),
        pytest.param(
            "sysconfig",
            'PORT="11211"\nOPTIONS="-l ::1 -U 0"\n',
            {"port": 11311, "megabytes": 128},
            'PORT="11311"\nOPTIONS="-l ::1 -U 0"\nCACHESIZE="128"\n',
            id="RHEL: port and size when they are given",
        ),
        pytest.param("sysconfig", "", {}, 'OPTIONS="-l 127.0.0.1 -U 0"\n', id="an empty file"),
        pytest.param(
            "sysconfig",
            'OPTIONS="-U 0"\n',
            {"listen": ("0.0.0.0",)},
            f'{WARNING}\nOPTIONS="-U 0 -l 0.0.0.0"\n',
            id="RHEL: everywhere when it is named, with a warning",
        ),
    ],
)
def test_what_is_written(style, text, wish, expected):
    written = after(text, style, **wish)
    assert written == expected
    assert after(written, style, **wish) == written


arguments = st.lists(
    st.sampled_from(
        [
            "-d",
            "-l 10.0.0.1",
            "-l 0.0.0.0",
            "--listen=::",
            "-p 11311",
            "-m 512",
            "-U 11211",
            "# -l 1.2.3.4",
            "-c 9",
            "",
            "-v",
        ]
    ),
    max_size=8,
).map(lambda lines: "".join(f"{line}\n" for line in lines))
options = st.lists(
    st.sampled_from(["-l 10.0.0.1", "-l 0.0.0.0", "-p 11311", "-U 11211", "-t 4", "-vv"]), max_size=5
).map(lambda words: f'PORT="11211"\n# words\nOPTIONS="{" ".join(words)}"\n')
wishes = st.builds(
    Wish,
    listen=st.sampled_from([None, ("127.0.0.1",), ("10.0.0.1", "::1"), ("0.0.0.0",)]),
    port=st.sampled_from([None, 11211, 11411]),
    megabytes=st.sampled_from([None, 64, 1024]),
)


@given(st.one_of(st.tuples(st.just("debian"), arguments), st.tuples(st.just("sysconfig"), options)), wishes)
def test_what_is_written_is_what_is_read_back_and_the_rest_stays(file, wish):
    style, text = file
    wanted = memcached_conf.wanted(memcached_conf.read(text, style), wish)
    written = memcached_conf.edited(text, style, wanted)
    assert memcached_conf.read(written, style) == wanted
    assert memcached_conf.edited(written, style, wanted) == written
    assert wanted.udp_port == 0
    assert wanted.everywhere == (wish.listen == ("0.0.0.0",))
    for word in ("-c 9", "-t 4", "-vv", "# words", "# -l 1.2.3.4"):
        assert written.count(word) == text.count(word)


@pytest.mark.parametrize(
    ("listen", "server"),
    [
        ((), "127.0.0.1:11211"),
        (("0.0.0.0",), "127.0.0.1:11211"),
        (("10.0.0.5", "127.0.0.1"), "127.0.0.1:11211"),
        (("10.0.0.5",), "10.0.0.5:11211"),
        (("fd00::5",), "inet6:[fd00::5]:11211"),
    ],
)
def test_where_this_machine_reaches_it(listen, server):
    assert Memcached(listen=listen).local == server


@pytest.mark.parametrize("address", ["127.0.0.1; rm -rf /", "a b", "", "$(id)"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(SettingsError, match="no address"):
        memcached_conf.wanted(Memcached(), Wish(listen=(address,)))
