"""PasteDeploy files, read as configparser reads them, and changed without touching anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.conf.document import Document, DocumentError
from tests.support import judge

HEADER = "[filter:authtoken]\n"
lines = st.sampled_from(
    [
        "auth_url = http://a:5000",
        "auth_url=b",
        "  password : p%%w",
        "use = egg:swift#proxy",
        "set log_name = swift",
        "    deeper",
        "\tdeeper still",
        "# a comment",
        "   # an indented comment",
        "; another",
        "",
        "   ",
        "[app:main]",
        "[filter:authtoken]",
        "Auth_URL = c",
        "quoted = 'q'",
    ]
)
texts = st.builds(
    lambda some, newline, last: newline.join([HEADER.strip(), *some]) + (newline if last else ""),
    st.lists(lines, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
values = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8).map(str.strip)


def ours(document):
    """The last value of each option, as configparser keeps it."""
    return {(entry.section, entry.option): entry.value for entry in document.entries}


def judged(text):
    found = judge.readings(text.encode())
    return None if found is None else {key: values[-1] for key, values in found.items()}


@given(texts)
def test_read_as_configparser_reads_it(text):
    with contextlib.suppress(DocumentError):
        document = Document.parse(text)
        assert document.paste
        assert str(document) == text
        assert ours(document) == judged(text)
        return
    assert judged(text) is None


@given(texts, st.sampled_from(["auth_url", "password", "new"]), values)
def test_exactly_one_option_changes(text, option, value):
    with contextlib.suppress(DocumentError):
        document = Document.parse(text)
        before = judged(text)
        changed = document.set("filter:authtoken", option, value)
        after = judged(str(changed))
        assert after == {**before, ("filter:authtoken", option): value}


def test_a_percent_sign_is_doubled():
    assert str(Document.parse(HEADER).set("filter:authtoken", "password", "a%b")) == f"{HEADER}password = a%%b\n"


@pytest.mark.parametrize("text", ["[app:a]\nno sign here\n", "x = 1\n[app:a]\n"])
def test_what_configparser_refuses_is_refused_with_its_line(text):
    with pytest.raises(DocumentError, match=r"f\.ini, line \d"):
        Document.parse(text, "f.ini")


def test_section_names_tell_case_apart():
    document = Document.parse("[filter:A]\nx = 1\n[filter:a]\nx = 2\n")
    assert (document.get("filter:A", "x"), document.get("filter:a", "x")) == ("1", "2")
