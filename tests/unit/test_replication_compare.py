"""What a difference means, when it counts, and what the numbers of a region are. No server is asked."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions import releases
from osregions.errors import SettingsError
from osregions.replication import numbers
from osregions.replication.checksums import Table
from osregions.replication.compare import Report, Row, Rules, classify, remedy
from osregions.replication.compare_run import common, expired, persists

NOW = datetime.datetime(2026, 11, 25, 12, 0)
OLD, YOUNG = NOW - datetime.timedelta(hours=2), NOW - datetime.timedelta(minutes=5)
ZED = Rules(releases.parse("22").bookkeeping(), numbers.base(3), expired(NOW))
LIBERTY = Rules(releases.parse("8").bookkeeping(), None, expired(NOW))


def event(ident, where, revoked_at=YOUNG, columns=()):
    return Row("revocation_event", (("id", ident),), where, columns, revoked_at)


@pytest.mark.parametrize(
    ("row", "rules", "kind", "words"),
    [
        (Row("user", (("id", "u"),), "both", ("last_active_at",)), ZED, "bookkeeping", "last_active_at"),
        (Row("user", (("id", "u"),), "both", ("last_active_at",)), LIBERTY, "divergence", "last_active_at"),
        (Row("user", (("id", "u"),), "both", ("last_active_at", "enabled")), ZED, "divergence", "enabled"),
        (Row("user", (("id", "u"),), "both", ("extra",)), ZED, "divergence", "extra"),
        (
            Row("local_user", (("id", 1),), "both", ("failed_auth_at", "failed_auth_count")),
            ZED,
            "bookkeeping",
            "failed_auth_count",
        ),
        (Row("local_user", (("id", 1),), "both", ("name",)), ZED, "divergence", "name"),
        (Row("password", (("id", 1),), "both", ("password_hash",)), ZED, "divergence", "password_hash"),
        (Row("project", (("id", "p"),), "home"), ZED, "divergence", "at home and not here"),
        (Row("project", (("id", "p"),), "region"), ZED, "divergence", "here and not at home"),
        (Row("user", (("id", "u"),), "region"), ZED, "divergence", "here and not at home"),
        (Row("odd", (("(digest)", "ab12"),), "both"), ZED, "divergence", "the row as a whole"),
        # numbers of its own, and the first of the next region
        (event(220_000_000, "region"), ZED, "bookkeeping", "was revoked here"),
        (event(229_999_999, "region"), ZED, "bookkeeping", "was revoked here"),
        (event(219_999_999, "region"), ZED, "divergence", "here and not at home"),
        (event(230_000_000, "region"), ZED, "divergence", "here and not at home"),
        (event(220_000_000, "home"), ZED, "divergence", "at home and not here"),
        (event(220_000_000, "both", columns=("user_id",)), ZED, "divergence", "user_id"),
        # pruned on one side
        (event(5, "home", OLD), ZED, "bookkeeping", "pruned here"),
        (event(5, "region", OLD), ZED, "bookkeeping", "pruned at home"),
        (event(5, "home", YOUNG), ZED, "divergence", "at home and not here"),
        (event(5, "home", None), ZED, "divergence", "at home and not here"),
        # random ids
        (event("a1b2", "region"), LIBERTY, "bookkeeping", "random id"),
        (event("a1b2", "region"), ZED, "divergence", "here and not at home"),
        (event("a1b2", "home"), LIBERTY, "divergence", "at home and not here"),
    ],
)
def test_what_a_difference_means(row, rules, kind, words):
    found = classify(row, rules)
    assert (found.kind, words in found.reason) == (kind, True)
    assert found.shown.startswith(row.table)


def test_a_report_is_clean_with_bookkeeping_alone():
    mine = classify(event(220_000_000, "region"), ZED)
    bad = classify(Row("project", (("id", "p"),), "region"), ZED)
    lost = classify(Row("project", (("id", "p"),), "home"), ZED)
    assert Report((mine,)).clean
    assert not Report((mine, bad)).clean
    assert not Report(schema=("the table x is here alone",)).clean
    assert not Report(beyond=("user",)).clean
    assert remedy((mine,)) == ""
    assert "somebody wrote here" in remedy((mine, bad, lost))
    assert "passed over" in remedy((lost,))


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([("a", "b")], True),
        ([("a", "b"), ("a", "b")], True),
        ([("a", "b"), ("a", "a")], False),
        ([("a", None), ("a", "a")], False),
        ([(None, "a"), (None, None)], False),
        ([("a", "b"), ("c", "a")], False),  # the region follows, home went on
        ([("a", None), (None, "a")], False),
        ([("a", "b"), ("c", "b"), ("c", "b")], True),
        ([("a", "b"), ("c", "b"), ("c", "c")], False),
        ([("a", "b"), ("a", "c"), ("a", "c")], True),
    ],
)
def test_only_what_persists_counts(looks, expected):
    assert persists(looks) is expected


@given(st.lists(st.text("abc", max_size=1), min_size=3, max_size=12), st.integers(1, 3), st.integers(0, 3))
def test_a_row_on_its_way_never_counts_once_it_has_come(values, lag, still):
    """The region shows what home had `lag` looks ago; at last home stands still."""
    at_home = [value or None for value in values] + [values[-1] or None] * (lag + still)
    looks = [(at_home[at], at_home[max(0, at - lag)]) for at in range(len(at_home))]
    assert not persists(looks)


def table(name, *columns, key=("id",)):
    return Table(name, tuple((column, "varchar") for column in columns), key)


def test_what_one_end_has_alone_is_told_and_the_rest_compared():
    found, schema = common(
        {"a": table("a", "id", "x"), "b": table("b", "id"), "token": table("token", "id"), "d": table("d", "id")},
        {"a": table("a", "id", "y"), "c": table("c", "id"), "d": table("d", "id", key=())},
        ("token",),
    )
    assert [(one.name, one.columns, one.key) for one in found] == [
        ("a", (("id", "varchar"),), ("id",)),
        ("d", (("id", "varchar"),), ()),
    ]
    assert schema == (
        "the column a.x is at home alone",
        "the column a.y is here alone",
        "the table b is at home alone",
        "the table c is here alone",
        "the key of d is another at home than here",
    )


def test_ranges_pass_over_what_has_no_order():
    one = Table("assignment", (("type", "enum"), ("actor_id", "varchar")), ("type", "actor_id"))
    assert (one.prefix, one.ranged) == (("type",), "actor_id")
    assert Table("x", (("type", "enum"),), ("type",)).ranged == "type"
    assert Table("x", (("type", "enum"),), ()).ranged is None


def test_each_region_counts_from_a_base_of_its_own():
    bases = [numbers.base(number) for number in range(1, numbers.REGIONS + 1)]
    assert len(bases) == 194
    assert bases[0] == 200_000_000
    assert bases[-1] + numbers.STEP <= 2**31 - 1
    assert len(set(bases)) == len(bases)
    for wrong in (0, -1, numbers.REGIONS + 1, True, "1"):
        with pytest.raises(SettingsError, match="is no region's number"):
            numbers.base(wrong)


@pytest.mark.parametrize(
    ("view", "anchor", "expected"),
    [
        (numbers.View(True, 5, False, False), False, ("the next revocation_event is 210000000",)),
        (numbers.View(True, 210_000_000, False, False), True, ()),
        (numbers.View(True, 210_000_007, True, False), False, ()),
        (numbers.View(True, 210_000_007, True, False), True, ("an anchor at 210000000",)),
        (numbers.View(True, 210_000_007, True, True), True, ()),
        # another region's numbers
        (numbers.View(True, 200_000_001, False, False), False, ("the next revocation_event is 210000000",)),
        (numbers.View(True, 220_000_000, False, False), False, ("the next revocation_event is 210000000",)),
        # random ids
        (numbers.View(False, 0, True, False), True, ()),
    ],
)
def test_the_numbers_are_set_where_they_are_not_as_they_should_be(view, anchor, expected):
    assert numbers.plan(view, numbers.base(2), anchor).shown == expected
