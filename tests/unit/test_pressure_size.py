"""The size in memcached's own file: read by the place that wins, and changed to the digit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.errors import SettingsError
from osregions.pressure import size
from osregions.tokens import memcached_conf

RDO = 'PORT="11211"\nUSER="memcached"\nMAXCONN="1024"\nCACHESIZE="64"\nOPTIONS=""\n'

READ = [
    ("debian", "-d\n-m 64\n-p 11211\n", 64),
    ("debian", "-d\n# -m 32\n", None),
    ("debian", "-m 64\n-m 128 # wins\n", 128),
    ("debian", "--memory-limit=96\n", 96),
    ("sysconfig", RDO, 64),
    ("sysconfig", 'CACHESIZE=95\nOPTIONS="-m 256"\n', 256),
    ("sysconfig", 'OPTIONS=""\n', None),
    ("sysconfig", "", None),
]


@pytest.mark.parametrize(("style", "text", "expected"), READ)
def test_what_the_file_sets(style, text, expected):
    assert size.present(text, style) == expected


WRITTEN = [
    pytest.param("debian", "-d\n-m 64\n", "-d\n-m 256\n", id="Debian"),
    pytest.param("debian", "  -m   64   # ours, -m 32 once\n", "  -m   256   # ours, -m 32 once\n", id="remarks stay"),
    pytest.param("debian", "-m64\n", "-m256\n", id="without a space"),
    pytest.param("debian", "-m=64\n", "-m=256\n", id="with an equals sign"),
    pytest.param("debian", "-d -m 64 -u root\n", "-d -m 256 -u root\n", id="several on one line"),
    pytest.param("debian", "--memory-limit=64\n", "--memory-limit=256\n", id="the long name"),
    pytest.param("debian", "--memory-limit 64", "--memory-limit 256", id="no line end"),
    pytest.param("debian", '-m "64"\r\n-v\r\n', '-m "256"\r\n-v\r\n', id="quotes and DOS line ends"),
    pytest.param("debian", "-m 32\n-m 64\n", "-m 32\n-m 256\n", id="the last one wins"),
    pytest.param("debian", "# -m 32\n-d\n", "# -m 32\n-m 256\n-d\n", id="below its example"),
    pytest.param("debian", "-d\n", "-d\n-m 256\n", id="not set yet"),
    pytest.param("debian", "-o hash_algorithm=-m\n-m 64\n", "-o hash_algorithm=-m\n-m 256\n", id="another's value"),
    pytest.param("sysconfig", RDO, RDO.replace("64", "256"), id="RDO"),
    pytest.param("sysconfig", " CACHESIZE=64\n# 64\n", " CACHESIZE=256\n# 64\n", id="RHEL, no quotes"),
    pytest.param("sysconfig", "export CACHESIZE='64'\n", "export CACHESIZE='256'\n", id="exported"),
    pytest.param(
        "sysconfig",
        'CACHESIZE="64"\nOPTIONS="-l ::1 -m 128"\n',
        'CACHESIZE="64"\nOPTIONS="-l ::1 -m 256"\n',
        id="OPTIONS wins",
    ),
    pytest.param("sysconfig", "CACHESIZE=1\nCACHESIZE=64\n", "CACHESIZE=1\nCACHESIZE=256\n", id="set twice"),
    pytest.param("sysconfig", "#CACHESIZE=32\n", '#CACHESIZE=32\nCACHESIZE="256"\n', id="RHEL, not set yet"),
    pytest.param("sysconfig", 'CACHESIZE=""\n', 'CACHESIZE="256"\n', id="RHEL, empty"),
]


@pytest.mark.parametrize(("style", "text", "expected"), WRITTEN)
def test_what_is_written(style, text, expected):
    assert size.resized(text, style, 256) == expected
    assert size.resized(expected, style, 256) == expected
    assert size.present(expected, style) == 256


@pytest.mark.parametrize(
    ("style", "text"), [("debian", "-d\n-v\n"), ("debian", "# -m 32\n-d\n"), ("sysconfig", 'OPTIONS="-U 0"\n')]
)
def test_one_that_was_added_is_taken_out_to_the_byte(style, text):
    assert size.resized(size.resized(text, style, 256), style, None) == text


@pytest.mark.parametrize("value", [7, 0, -1, True, "64", 64.0, None, (1 << 20) + 1])
def test_a_size_that_can_not_be_is_refused(value):
    with pytest.raises(SettingsError, match="no number of megabytes from 8 to 1048576"):
        size.checked(value, "`size`")


lines = st.lists(
    st.sampled_from(
        [
            "-d",
            "-m 64",
            "-m 512 # here",
            "--memory-limit=96",
            "# -m 9",
            "-u root",
            "",
            "-v -m 33",
            "\udce9\udcff # odd",
            "-c 9",
        ]
    ),
    max_size=8,
)
variables = st.lists(
    st.sampled_from(["PORT=1", "CACHESIZE=64", 'CACHESIZE="96"', 'OPTIONS="-m 7 -U 0"', "OPTIONS=''", "# odd \udcff"]),
    max_size=8,
)
texts = st.one_of(st.tuples(st.just("debian"), lines), st.tuples(st.just("sysconfig"), variables))


@given(texts, st.sampled_from(["\n", "\r\n"]), st.integers(8, 1 << 20))
def test_only_digits_change_and_what_is_written_is_what_is_read(file, end, megabytes):
    style, words = file
    text = "".join(f"{word}{end}" for word in words)
    before = memcached_conf.read(text, style)
    was = size.present(text, style)
    new = size.resized(text, style, megabytes)
    after = memcached_conf.read(new, style)
    assert after.megabytes == megabytes
    assert (after.port, after.listen, after.udp_port) == (before.port, before.listen, before.udp_port)
    if was is not None:
        assert re.sub(r"\d", "", new) == re.sub(r"\d", "", text)
        assert size.resized(new, style, was) == text
    else:
        assert len(new.splitlines()) - len(text.splitlines()) in (0, 1)
