"""The page: well formed whatever minions say, without scripts or anything from elsewhere, and with enough contrast."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osregions.status import history, page, plots
from osregions.status.page_template import STYLE
from tests.support.status import HOME, MEMBER, NODES, NOW, Cloud
from tests.unit.test_status_findings import FAULTS

# The faults in which a line between two regions is drawn as broken, or as one of which nobody knows.
BROKEN = ("the replication is stopped", "there is none", "home's keystone is down", "home's database is not reached")


def parsed(text):
    """The page as a tree: it is HTML that is XML, too."""
    assert text.startswith("<!DOCTYPE html>\n<html ")
    return ET.fromstring(text)


def words(tree):
    return " ".join("".join(tree.itertext()).split())


def records(count=50):
    """Readings, one in a minute; RegionTwo was away for some of them."""
    found = []
    for number in range(count):
        away = 20 <= number < 30
        region = {
            "lag": None if away else 0.001 * number,
            "sign_in": 0.3,
            "identity": "local" if away else "home",
            "epoch": 1,
        }
        found.append({"at": NOW - 60 * (count - number), "regions": {HOME: {"sign_in": 0.2}, MEMBER: region}})
    return found


def test_a_healthy_cloud():
    tree = parsed(page.render(Cloud().shown))
    assert "Nothing is wrong." in words(tree) and "What is wrong" not in words(tree)
    for said in ("RegionOne (home)", "uses its own keystone", "uses RegionOne's keystone", "0.002 s behind"):
        assert said in words(tree)
    assert not tree.findall(".//*[@class='way broken']")


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_and_its_remedy_are_on_it(fault):
    cloud = Cloud()
    FAULTS[fault][0](cloud)
    tree = parsed(page.render(cloud.shown, records()))
    text = words(tree)
    for one in cloud.findings:
        assert one.code in text
        assert " ".join(one.sentence.split()) in text and " ".join(one.remedy.split()) in text
    broken = tree.findall(".//*[@class='way broken']")
    assert bool(broken) == (fault in BROKEN)


def test_a_region_by_itself_is_drawn_so():
    cloud = Cloud()
    for minion in NODES[MEMBER]:
        cloud.moved(minion)
    text = words(parsed(page.render(cloud.shown)))
    assert "RegionTwo uses its own keystone" in text


def test_a_home_that_is_cut_off_is_said_to_do_nothing():
    cloud = Cloud()
    for minion in NODES[HOME]:
        del cloud.said[minion]
    text = words(parsed(page.render(cloud.shown)))
    assert "RegionOne does not answer." in text and "2 nodes, 2 silent" in text


def picture(text, kind):
    """The classes of the picture's boxes or lines, in their order."""
    (svg,) = (one for one in parsed(text).iter("svg") if one.get("class") == "cloud")
    drawn = "rect" if kind == "box" else "path"
    return [(group.get("class"), one.get("class")) for group in svg.iter("g") for one in group.findall(drawn)]


def test_a_line_that_is_cut_is_drawn_so_on_both_sides():
    cloud = Cloud()
    for minion in NODES[MEMBER]:
        del cloud.said[minion]
    text = page.render(cloud.shown)
    assert "RegionTwo does not answer; replica: replica unknown." in words(parsed(text))
    assert picture(text, "line")[0] == ("warning", "way broken"), "what is not known is not said to be broken"

    cloud = Cloud()
    for minion in NODES[MEMBER]:
        for one in cloud.part(minion, "keystones"):
            one["problem"] = "timed out" if one["region"] == HOME else ""
    cloud.fail(NODES[MEMBER][0], "behind", "no answer within 2 s")
    cloud.nodes = {HOME: (), MEMBER: NODES[MEMBER]}  # as RegionTwo's own master has it
    text = page.render(cloud.shown)
    assert "RegionOne is not seen from here." in words(parsed(text))
    assert picture(text, "box") == [("error", "box"), ("error", "box")], "its keystone does not answer"
    assert [one for one in picture(text, "line") if one[1] != "head"] == [
        ("warning", "way broken"),
        ("error", "way broken"),
    ]
    assert words(parsed(text)).count("its services validate at") == 1, "a table of no nodes"


def test_a_region_of_whom_nothing_is_seen_is_not_said_to_be_well():
    cloud = Cloud()
    cloud.nodes = {HOME: (), MEMBER: NODES[MEMBER]}
    assert picture(page.render(cloud.shown), "box")[0] == ("unseen", "box")


def test_the_past_is_drawn_with_its_gaps_and_moves():
    tree = parsed(page.render(Cloud().shown, records()))
    lag = plots.of(records(), MEMBER, "lag")
    assert len(lag.pieces) == 2 and [where for _, where in lag.marks] == ["local", "home"]
    assert len(tree.findall(".//polyline")) == 4, "lag in two pieces, and two sign-ins"
    assert "How far the replica is behind: 0.049 s at last." in words(tree)
    assert plots.of(records(1), MEMBER, "lag") is None
    assert plots.of(records(3000), MEMBER, "lag").pieces[0].count(",") <= 401


def test_a_cut_that_nobody_saw_is_marked_by_its_epoch():
    """At home it is silent while it is cut, and home again afterwards: two moves."""
    kept = records()
    for number, one in enumerate(kept):
        away = 10 <= number < 20
        one["regions"][MEMBER].update(identity=None if away else "home", epoch=None if away else 2 * (number >= 20))
    assert [where for _, where in plots.of(kept, MEMBER, "sign_in").marks] == ["moved 2x"]


def test_moves_that_followed_at_once_have_no_words_upon_each_other():
    kept = records(60)
    for number in range(40, 46):
        kept[number]["regions"][MEMBER]["identity"] = "local" if number % 2 else "home"
    marks = plots.of(kept, MEMBER, "sign_in").marks
    assert len(marks) == 8
    words_at = [x for x, where in marks if where]
    assert words_at[0] == marks[0][0] and all(two - one >= 32 for one, two in itertools.pairwise(words_at))


def test_nothing_comes_from_elsewhere_and_nothing_runs():
    text = page.render(Cloud().shown, records())
    tree = parsed(text)
    assert {one.tag for one in tree.iter()}.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "image"})
    assert not [name for one in tree.iter() for name in one.attrib if name.startswith("on") or name in ("src", "href")]
    assert "url(" not in STYLE and "@import" not in STYLE
    assert not set(STYLE) & set("\"'<>&"), "what the template escapes means nothing within a style"
    policy = tree.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_it_can_be_read_by_those_who_hear_it():
    tree = parsed(page.render(Cloud().shown, records()))
    assert tree.get("lang") == "en"
    levels = [int(one.tag[1]) for one in tree.iter() if re.fullmatch(r"h\d", str(one.tag))]
    assert levels[0] == 1 and all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    for one in tree.iter():
        for name in (one.get("aria-labelledby") or "").split():
            assert name in ids
        if one.tag == "svg":
            assert one.get("aria-label") or one.get("aria-labelledby")
        if one.tag == "th":
            assert one.get("scope")


def _luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """As WCAG 2.1 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_has_the_contrast_that_wcag_aa_asks_for():
    themes = [dict(re.findall(r"--(\w+): (#\w{6});", part)) for part in STYLE.split("@media")]
    assert len(themes) == 2 and themes[0].keys() == themes[1].keys()
    for theme in themes:
        for name in ("text", "quiet", "error", "warning", "info", "ok"):
            for ground in ("ground", "raised"):
                assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)
        assert contrast(theme["line"], theme["ground"]) >= 3


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["reason", "by"]))
def test_what_a_minion_says_is_text_and_nothing_else(said, key):
    cloud = Cloud()
    cloud.moved(NODES[MEMBER][0], **{key: f"</p><script>{said}"})
    cloud.part(NODES[MEMBER][1], "conf")["services"][0]["project"] = f"\x00'\"><b>{said}"
    tree = parsed(page.render(cloud.shown, records()))
    assert {"script", "b"}.isdisjoint({one.tag for one in tree.iter()})


def test_the_past_is_kept_and_bounded(tmp_path):
    place = tmp_path / "kept" / "history.jsonl"
    shown = Cloud().shown
    for number in range(25):
        history.keep({**shown, "at": NOW + number}, place, most=10)
    found = history.read(place)
    assert 10 <= len(found) <= 20 and found[-1]["at"] == NOW + 24
    assert [one["at"] for one in found] == sorted(one["at"] for one in found)
    assert found[-1]["regions"][MEMBER] == {"lag": 0.002, "sign_in": 0.31, "identity": "home", "epoch": 0, "silent": 0}
    assert place.stat().st_mode & 0o777 == 0o600
    # A full disk cut the last line off.
    place.write_bytes(place.read_bytes()[:-20])
    history.keep({**shown, "at": NOW + 30}, place, most=10)
    kept = history.read(place)
    assert kept[-1]["at"] == NOW + 30 and len(kept) <= 10
    place.write_text('null\n{"at": 5}\nnonsense\n')
    assert history.read(place) == [] and history.read(tmp_path / "none") == []
