"""The INI text: read as oslo.config reads it, changed without touching anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg

from osregions.conf.document import Document, DocumentError

SECTIONS = ("DEFAULT", "token", "Token", "cache")
OPTIONS = ("driver", "Driver", "servers")

# ---- what oslo.config, the judge, makes of a text ----


def judged(path, text: str) -> dict[tuple[str, str], list[str]] | None:
    """Return every value that oslo.config gives each option, or None when it refuses the text."""
    path.write_bytes(text.encode())
    conf = cfg.ConfigOpts()
    for section in ("DEFAULT", "token", "cache"):
        conf.register_opts([cfg.MultiStrOpt(name) for name in OPTIONS], group=section)
    try:
        conf(["--config-file", str(path)])
    except cfg.ConfigFileParseError:
        return None
    return {(section, name): conf[section][name] or [] for section in ("DEFAULT", "token", "cache") for name in OPTIONS}


def ours(text: str) -> dict[tuple[str, str], list[str]] | None:
    try:
        document = Document.parse(text)
    except DocumentError:
        return None
    return {
        (section, name): list(document.get_all(section, name))
        for section in ("DEFAULT", "token", "cache")
        for name in OPTIONS
    }


words = st.sampled_from(["memcache", "a,b", "x = y", "'q'", '"', '"it\'s"', "# no comment", "h:1", "é", "a  b", "[x]"])
line = st.one_of(
    st.sampled_from([f"[{name}]" for name in SECTIONS]),
    st.builds(
        "{}{}{}".format, st.sampled_from(OPTIONS), st.sampled_from(["=", " = ", ":", " : ", " ="]), words | st.just("")
    ),
    st.builds("{}{}".format, st.sampled_from(["    ", "\t"]), words),
    st.builds("{}{}".format, st.sampled_from(["#", "# ", ";"]), st.sampled_from(["driver = sql", "words", ""])),
    st.sampled_from(["", "   ", "[token]  ", "[]", "[open", "nothing", "= no name"]),
)
endings = st.sampled_from(["\n", "\r\n"])
texts = st.builds(
    lambda lines, newline, last: newline.join(lines) + (newline if last else ""), st.lists(line), endings, st.booleans()
)
values = st.one_of(
    words,
    st.text(alphabet=st.characters(exclude_characters="\r\n$\0", codec="utf-8"), max_size=12),
    st.lists(words.filter(lambda word: word == word.strip()), min_size=2, max_size=3).map("\n".join),
)


@given(texts)
@settings(max_examples=400, deadline=None)
def test_reads_what_oslo_config_reads(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "read.conf"
    assert ours(text) == judged(path, text)


@given(texts)
def test_keeps_every_byte(text):
    with contextlib.suppress(DocumentError):  # what is refused is held against oslo.config above
        assert str(Document.parse(text)) == text


@given(texts, st.sampled_from(SECTIONS), st.sampled_from(OPTIONS), values)
@settings(max_examples=400, deadline=None)
def test_oslo_config_reads_what_was_set_and_all_the_rest_as_before(tmp_path_factory, text, section, option, value):
    path = tmp_path_factory.getbasetemp() / "set.conf"
    before = judged(path, text)
    if before is None:
        return
    changed = Document.parse(text).set(section, option, value)
    after = judged(path, str(changed))
    key = (section if section == "DEFAULT" else section.lower(), option)
    # Among several values the last one is set, the others stay.
    assert after == {**before, key: [*before[key][:-1], value]}
    assert changed.get(section, option) == value
    assert changed.set(section, option, value) is changed


@given(texts, st.sampled_from(SECTIONS), st.sampled_from(OPTIONS), values)
@settings(max_examples=400)
def test_setting_a_new_option_only_adds_lines_and_unsetting_takes_just_those_out(text, section, option, value):
    try:
        document = Document.parse(text)
    except DocumentError:
        return
    if document.get_all(section, option) or section.lower() not in [name.lower() for name in document.sections]:
        return
    if section == "DEFAULT" and section not in document.sections:
        return
    changed = document.set(section, option, value)
    assert len(str(changed)) > len(text)
    assert str(changed.unset(section, option)) == text


@given(texts, st.sampled_from(SECTIONS), st.sampled_from(OPTIONS))
@settings(deadline=None)
def test_oslo_config_does_not_read_what_was_unset(tmp_path_factory, text, section, option):
    path = tmp_path_factory.getbasetemp() / "unset.conf"
    before = judged(path, text)
    if before is None:
        return
    after = judged(path, str(Document.parse(text).unset(section, option)))
    assert after == {**before, (section if section == "DEFAULT" else section.lower(), option): []}


SAMPLE = """\
[DEFAULT]

#
# From keystone
#

# The base public endpoint. (string value)
#public_endpoint = <None>

# Log there. (string value)
log_dir = /var/log/keystone


# ---- tokens ----

[token]
# Entrypoint for the token persistence backend driver. (string value)
#driver = sql
provider=uuid
"""


@pytest.mark.parametrize(
    ("section", "option", "value", "before", "after"),
    [
        pytest.param(
            "DEFAULT",
            "public_endpoint",
            "http://h:5000",
            "#public_endpoint = <None>\n",
            "#public_endpoint = <None>\npublic_endpoint = http://h:5000\n",
            id="below its commented default",
        ),
        pytest.param(
            "DEFAULT",
            "debug",
            "true",
            "log_dir = /var/log/keystone\n",
            "log_dir = /var/log/keystone\ndebug = true\n",
            id="at the section's end, above the next section's comment",
        ),
        pytest.param(
            "token", "provider", "fernet", "provider=uuid", "provider=fernet", id="in place, spaced as it was"
        ),
        pytest.param(
            "token",
            "caching",
            "true",
            "provider=uuid\n",
            "provider=uuid\ncaching = true\n",
            id="at the end of the file",
        ),
        pytest.param(
            "cache",
            "enabled",
            "true",
            "provider=uuid\n",
            "provider=uuid\n\n[cache]\nenabled = true\n",
            id="in a section that was not there",
        ),
    ],
)
def test_the_place_of_a_value(section, option, value, before, after):
    assert str(Document.parse(SAMPLE).set(section, option, value)) == SAMPLE.replace(before, after)


def test_the_last_of_two_sections_and_of_two_values_is_the_one_that_is_set():
    text = "[token]\ndriver = a\n[cache]\nx = 1\n[token]\ndriver = b\ndriver = c\n"
    assert str(Document.parse(text).set("token", "driver", "sql")) == text.replace("driver = c", "driver = sql")


def test_a_value_of_several_lines_gives_way_whole():
    text = "[cache]\r\nservers = a,\r\n    b,\r\n    c\r\nenabled = true\r\n"
    assert str(Document.parse(text).set("cache", "servers", "d")) == "[cache]\r\nservers = d\r\nenabled = true\r\n"


def test_an_absent_last_newline_stays_absent():
    assert str(Document.parse("[token]\r\ndriver = a").set("token", "provider", "b")) == (
        "[token]\r\ndriver = a\r\nprovider = b"
    )


def test_bytes_that_are_no_text_survive():
    data = b"[DEFAULT]\n# Universit\xe9\nlog_dir = /var\n"
    changed = Document.parse(data).set("DEFAULT", "log_dir", "/srv").encode()
    assert changed == data.replace(b"/var", b"/srv")


@pytest.mark.parametrize("value", ["a\n\nb", "a\n b", "a\nb ", "a\rb"])
def test_a_value_that_no_ini_file_can_hold_is_refused(value):
    with pytest.raises(DocumentError, match="several lines"):
        Document.parse("[a]\n").set("a", "b", value)


@pytest.mark.parametrize("option", ["", "#x", "a=b", "a:b", " a", "[a]", "a\nb"])
def test_a_name_that_no_ini_file_can_hold_is_refused(option):
    with pytest.raises(DocumentError, match="name of an option"):
        Document.parse("[a]\n").set("a", option, "b")


def test_a_broken_text_is_refused_with_its_line_and_without_its_words():
    with pytest.raises(DocumentError) as refused:
        Document.parse("[database]\nconnection\n  pa55word\npa55word\n", "/etc/keystone/keystone.conf")
    assert "/etc/keystone/keystone.conf, line 2" in str(refused.value)
    assert "pa55word" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DocumentError, match=r"nothing\.conf"):
        Document.read(tmp_path / "nothing.conf")


@given(texts, values)
def test_a_section_that_was_put_in_goes_again_without_a_trace(text, value):
    with contextlib.suppress(DocumentError):
        document = Document.parse(text)
        gap = document.gap_above("brand new")
        changed = document.set("brand new", "option", value).unset("brand new", "option")
        assert str(changed.without_empty("brand new", gap=gap)) == text


def test_a_section_with_anything_in_it_stays():
    text = "[a]\n# words\n[b]\nx = 1\n"
    assert str(Document.parse(text).without_empty("a").without_empty("b").without_empty("c")) == text


# ---- many at once, several values, and the very text ----


def multi(text, option="driver"):
    return [entry.value for entry in Document.parse(text).entries if entry.option == option]


@given(texts, st.lists(words, max_size=4))
def test_a_whole_list_is_set_and_nothing_else(tmp_path_factory, text, wanted):
    path = tmp_path_factory.mktemp("judge") / "f.conf"
    before = judged(path, text)
    with contextlib.suppress(DocumentError):
        changed = Document.parse(text).set_all("token", "driver", wanted)
        after = judged(path, str(changed))
        assert after == {**before, ("token", "driver"): wanted}


def test_of_several_values_the_others_stay_where_they_are():
    text = "[pci]\nalias = a\n# words\nalias = b\nalias = c\nx = 1\n"
    document = Document.parse(text)
    assert str(document.remove("pci", "alias", "b")) == "[pci]\nalias = a\n# words\nalias = c\nx = 1\n"
    assert str(document.add("pci", "alias", "d")) == text.replace("alias = c\n", "alias = c\nalias = d\n")
    assert document.add("pci", "alias", "b") is document
    assert str(document.set_all("pci", "alias", ["a", "B", "c"])) == text.replace("= b", "= B")
    assert str(document.set("pci", "alias", "z")) == text.replace("= c", "= z")


def test_many_options_at_once_each_at_its_place():
    text = "[a]\n#x = 0\n#y = 0\n\n[b]\nz = 1\n"
    edits = {("a", "y"): ("2",), ("a", "x"): ("1",), ("c", "n"): ("3",), ("b", "z"): (), ("c", "m"): ("4",)}
    assert (
        str(Document.parse(text).with_values(edits))
        == "[a]\n#x = 0\nx = 1\n#y = 0\ny = 2\n\n[b]\n\n[c]\nn = 3\nm = 4\n"
    )


@given(texts, st.sampled_from(OPTIONS), values)
def test_the_old_text_comes_back_to_the_byte(text, option, value):
    with contextlib.suppress(DocumentError):
        document = Document.parse(text)
        before = document.raw("token", option)
        gap = document.gap_above("token")
        added = not document.has_section("token")
        changed = document.set("token", option, value)
        number = len(changed.raw("token", option)) - 1
        old = before[-1] if before else ""
        if old and not changed.raw("token", option)[number].endswith(("\n", "\r")):
            old = old.rstrip("\r\n")
        back = changed.with_raw("token", option, number, old)
        if added:
            back = back.without_empty("token", gap=gap)
        assert str(back) == text


def test_lines_are_told_as_people_count_them():
    document = Document.parse("# c\n[a]\n#x = 5\ny = 1\ny = 2\n")
    assert (document.line_of("a", "y"), document.line_of("a", "x"), document.place_of("a", "x")) == (5, None, 3)
    assert document.commented("a", "x") == "5"
    assert document.commented("a", "y") is None


def test_a_binary_is_refused_by_name():
    with pytest.raises(DocumentError, match=r"binary \(/etc/nova/nova.conf\)"):
        Document.parse(b"[a]\nx = \0\n", "/etc/nova/nova.conf")


def test_a_form_feed_and_its_kin_end_no_line(tmp_path):
    text = "[token]\ndriver = a\x0cb\x85c\u2028d\n"
    assert ours(text) == judged(tmp_path / "f.conf", text)


@given(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=10).map(str.strip))
def test_a_secret_reads_back_whatever_is_in_it(tmp_path_factory, secret):
    """`$` names another option, in oslo.config; the judge substitutes."""
    from osregions.conf.options import quoted

    path = tmp_path_factory.mktemp("judge") / "f.conf"
    document = Document.parse("[token]\n")
    with contextlib.suppress(DocumentError):
        path.write_text(str(document.set("token", "driver", quoted(secret, document))))
        conf = cfg.ConfigOpts()
        conf.register_opts([cfg.StrOpt("driver")], group="token")
        conf(["--config-file", str(path)])
        assert conf.token.driver == secret
