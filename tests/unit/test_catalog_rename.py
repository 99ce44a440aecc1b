"""P4, deciding: what turns one region's name into another, and what is refused before anything is touched."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osregions.catalog import act, rename, view
from osregions.errors import Refused, RegionsError
from osregions.model import DeleteRow, InsertRow, Region, UpdateColumn, UpdateRow

COLUMNS = {
    ("endpoint", "region_id"): 255,
    ("limit", "region_id"): 64,
    ("policy_association", "region_id"): 64,
    ("region", "parent_region_id"): 255,
    ("registered_limit", "region_id"): 64,
}


class Tables:
    """A model of the tables that name regions, with the same rules as the server: one transaction, foreign keys."""

    def __init__(self, regions, references=None, filters=None, unknown=()):
        self.regions = {row.id: row for row in regions}
        self.references = {key: list((references or {}).get(key, ())) for key in [*COLUMNS, *unknown]}
        self.references["region", "parent_region_id"] = []  # they are in the rows themselves
        self.filters = dict(filters or {})

    def picture(self, old, new):
        def references():
            for (table, column), values in self.references.items():
                if (table, column) == ("region", "parent_region_id"):
                    values = [row.parent_region_id for row in self.regions.values()]
                yield view.Reference(
                    table=table,
                    column=column,
                    length=COLUMNS.get((table, column), 255),
                    known=(table, column) in COLUMNS,
                    old_rows=values.count(old),
                    new_rows=values.count(new),
                )

        wanted = {old.casefold(), new.casefold()}
        return view.RenamePicture(
            place="keystone at here",
            regions=tuple(row for row in self.regions.values() if row.id.casefold() in wanted),
            region_ids=tuple(self.regions),
            references=tuple(references()),
            filters=tuple(view.Filter(*item) for item in self.filters.items()),
        )

    def carry_out(self, changes):
        for change in changes:
            if isinstance(change, InsertRow):
                assert change.table == "region" and change.row["id"] not in self.regions
                self.regions[change.row["id"]] = Region(**change.row)
            elif isinstance(change, DeleteRow):
                assert change.table == "region"
                assert change.row["id"] not in self.references["endpoint", "region_id"], "a foreign key forbids it"
                assert self.regions.pop(change.row["id"]).description == change.row["description"]
            elif isinstance(change, UpdateColumn) and (change.table, change.column) == ("region", "parent_region_id"):
                hits = [row for row in self.regions.values() if row.parent_region_id == change.old]
                assert len(hits) == change.rows
                for row in hits:
                    self.regions[row.id] = Region(row.id, row.description, change.new, row.extra)
            elif isinstance(change, UpdateColumn):
                values = self.references[change.table, change.column]
                assert values.count(change.old) == change.rows
                if (change.table, change.column) == ("endpoint", "region_id"):
                    assert change.new in self.regions, "a foreign key forbids it"
                assert len(change.new) <= COLUMNS[change.table, change.column]
                values[:] = [change.new if value == change.old else value for value in values]
            else:
                assert isinstance(change, UpdateRow) and self.filters[change.key] == change.old
                self.filters[change.key] = change.new

    def said(self, old, new):
        """Everything, as it would be with every `old` written as `new`."""

        def other(value):
            return new if value == old else value

        return {
            "regions": {
                other(row.id): (row.description, other(row.parent_region_id), row.extra)
                for row in self.regions.values()
            },
            "references": {
                key: [other(value) for value in values]
                for key, values in self.references.items()
                if key != ("region", "parent_region_id")
            },
            "filters": {
                key: {name: other(value) for name, value in json.loads(text).items()}
                for key, text in self.filters.items()
            },
        }


ONE = Region("RegionOne", "the first", None, "{}")
CHILD = Region("Child", "", "RegionOne", None)


def full():
    return Tables(
        [ONE, CHILD],
        {
            ("endpoint", "region_id"): ["RegionOne"] * 3 + ["Child", None],
            ("policy_association", "region_id"): ["RegionOne", None],
            ("registered_limit", "region_id"): ["RegionOne"] * 2,
            ("limit", "region_id"): ["Child"],
        },
        {"g1": '{"region_id": "RegionOne", "interface": "public"}', "g2": '{"service_id": "RegionOne"}', "g3": "{}"},
    )


def test_every_place_that_names_a_region_gets_the_new_name_and_nothing_else_changes():
    tables = full()
    changes = rename.plan(tables.picture("RegionOne", "RegionTwo"), "RegionOne", "RegionTwo")
    assert changes == (
        InsertRow("region", {"id": "RegionTwo", "description": "the first", "parent_region_id": None, "extra": "{}"}),
        UpdateColumn("endpoint", "region_id", "RegionOne", "RegionTwo", 3),
        UpdateColumn("policy_association", "region_id", "RegionOne", "RegionTwo", 1),
        UpdateColumn("region", "parent_region_id", "RegionOne", "RegionTwo", 1),
        UpdateColumn("registered_limit", "region_id", "RegionOne", "RegionTwo", 2),
        UpdateRow(
            "endpoint_group",
            "g1",
            "filters",
            '{"region_id": "RegionOne", "interface": "public"}',
            '{"region_id": "RegionTwo", "interface": "public"}',
        ),
        DeleteRow("region", {"id": "RegionOne", "description": "the first", "parent_region_id": None, "extra": "{}"}),
    )
    assert isinstance(changes[0], InsertRow) and isinstance(changes[-1], DeleteRow), "foreign keys ask for this order"
    tables.carry_out(changes)
    assert "RegionOne" not in str(tables.regions)
    assert json.loads(tables.filters["g2"]) == {"service_id": "RegionOne"}


def test_changes_are_shown_by_column_with_old_and_new():
    tables = full()
    shown = act.shown(rename.plan(tables.picture("RegionOne", "RegionTwo"), "RegionOne", "RegionTwo"))
    assert shown["endpoint.region_id"] == {"old": "RegionOne", "new": "RegionTwo", "rows": 3}
    assert shown["region RegionOne"]["new"] is None and shown["region RegionOne"]["old"]["description"] == "the first"
    assert shown["endpoint_group g1 filters"]["new"] == '{"region_id": "RegionTwo", "interface": "public"}'


@pytest.mark.parametrize(
    ("tables", "old", "new", "words"),
    [
        (Tables([ONE]), "RegionX", "RegionTwo", "there is no region RegionX"),
        (Tables([]), "RegionOne", "RegionTwo", "there is no region RegionOne"),
        (Tables([ONE]), "RegionOne", "regionone", "differ in case alone"),
        (Tables([ONE]), "RegionOne", "RegionOne", "differ in case alone, or not at all"),
        (Tables([ONE]), "regionone", "RegionTwo", "but one called RegionOne"),
        (Tables([ONE, Region("regiontwo", "", None, None)]), "RegionOne", "RegionTwo", "RegionTwo in other case"),
        (Tables([ONE]), "RegionOne", "x" * 256, "256 characters is too long"),
        (Tables([ONE]), "RegionOne", "", "is no name of a region"),
        (Tables([ONE]), "RegionOne", "x'; DROP TABLE region; --", "can't be a region's name"),
        (Tables([ONE]), "RegionOne", "Region Two", "can't be a region's name"),
        (Tables([ONE]), "RegionOne", "RegionTwo\n", "can't be a region's name"),
        (
            Tables([ONE, Region("RegionTwo", "", None, None)], {("endpoint", "region_id"): ["RegionTwo"]}),
            "RegionOne",
            "RegionTwo",
            "RegionTwo is in use: endpoint.region_id (1 rows)",
        ),
        (
            Tables([ONE, Region("RegionTwo", "", None, None)], filters={"g": '{"region_id": "RegionTwo"}'}),
            "RegionOne",
            "RegionTwo",
            "RegionTwo is in use: endpoint_group g",
        ),
        (
            Tables([ONE], {("thing", "region_name"): ["RegionOne"]}, unknown=[("thing", "region_name")]),
            "RegionOne",
            "RegionTwo",
            "columns that no known keystone has: thing.region_name (1 rows)",
        ),
        (
            Tables([ONE], {("policy_association", "region_id"): ["RegionOne"]}),
            "RegionOne",
            "R" * 65,
            "has 65 characters, policy_association.region_id holds 64",
        ),
        (Tables([ONE], filters={"g": "not json: RegionOne"}), "RegionOne", "RegionTwo", "endpoint group g names"),
    ],
)
def test_doubt_is_refused_with_its_own_words(tables, old, new, words):
    with pytest.raises(RegionsError) as caught:
        rename.plan(tables.picture(old, new), old, new)
    assert words in str(caught.value)
    assert caught.value.remedy or caught.value.where, "an operator must be told where, or what to do"


@pytest.mark.parametrize(
    "tables",
    [
        Tables([ONE], filters={"g": "not json, and of no region"}),
        Tables([ONE], {("thing", "region_name"): ["elsewhere"]}, unknown=[("thing", "region_name")]),
        Tables([ONE], {("endpoint", "region_id"): ["RegionOne"]}),  # 65 characters fit there
    ],
)
def test_what_does_not_name_the_region_does_not_stand_in_the_way(tables):
    changes = rename.plan(tables.picture("RegionOne", "R" * 65), "RegionOne", "R" * 65)
    assert [type(change) for change in changes if change.table == "region"] == [InsertRow, DeleteRow]


def test_a_leftover_row_of_the_new_name_that_nothing_uses_is_taken_up():
    tables = full()
    tables.regions["RegionTwo"] = Region("RegionTwo", "left by hand", None, None)
    changes = rename.plan(tables.picture("RegionOne", "RegionTwo"), "RegionOne", "RegionTwo")
    assert not [change for change in changes if isinstance(change, InsertRow)]
    tables.carry_out(changes)
    assert tables.regions["RegionTwo"].description == "left by hand"
    assert "RegionOne" not in tables.regions


def test_a_rename_that_someone_finished_but_for_one_row_is_finished():
    tables = full()
    tables.carry_out(rename.plan(tables.picture("RegionOne", "RegionTwo"), "RegionOne", "RegionTwo"))
    tables.references["registered_limit", "region_id"].append("RegionOne")
    assert rename.plan(tables.picture("RegionOne", "RegionTwo"), "RegionOne", "RegionTwo") == (
        UpdateColumn("registered_limit", "region_id", "RegionOne", "RegionTwo", 1),
    )


names = st.sampled_from(["RegionOne", "Child", "North", "South.1", "a_b"])
maybe = st.one_of(st.none(), names)
filters = st.fixed_dictionaries(
    {}, optional={"region_id": names, "interface": st.sampled_from(["public", "admin"]), "service_id": st.text()}
)


@st.composite
def tables(draw):
    ids = ["RegionOne", *draw(st.lists(st.sampled_from(["Child", "North", "South.1"]), unique=True))]
    rows = [
        Region(ident, draw(st.text()), draw(st.sampled_from([None, *ids])), draw(st.sampled_from([None, "{}"])))
        for ident in ids
    ]
    present = st.sampled_from([None, *ids])
    return Tables(
        rows,
        {key: draw(st.lists(present, max_size=6)) for key in COLUMNS},
        {f"g{number}": json.dumps(item) for number, item in enumerate(draw(st.lists(filters, max_size=4)))},
    )


@given(tables(), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", fullmatch=True))
def test_nothing_but_the_name_changes_a_second_run_finds_nothing_and_the_way_back_restores(made, new):
    if new.casefold() in {name.casefold() for name in ("RegionOne", "Child", "North", "South.1", "a_b")}:
        return
    before = copy.deepcopy(made)
    made.carry_out(rename.plan(made.picture("RegionOne", new), "RegionOne", new))
    assert made.said("", "") == before.said("RegionOne", new) or _differs_by_service(made, before, new)
    assert rename.plan(made.picture("RegionOne", new), "RegionOne", new) == ()
    made.carry_out(rename.plan(made.picture(new, "RegionOne"), new, "RegionOne"))
    assert made.said("", "") == before.said("", "")


def _differs_by_service(made, before, new):
    """A service may be called as a region is: that name must stay."""
    for key, text in before.filters.items():
        was, now = json.loads(text), json.loads(made.filters[key])
        assert {**was, "region_id": None} == {**now, "region_id": None}
        assert now.get("region_id") == (new if was.get("region_id") == "RegionOne" else was.get("region_id"))
    renamed, expected = made.said("", ""), before.said("RegionOne", new)
    return {**renamed, "filters": None} == {**expected, "filters": None}


@given(st.text(max_size=300))
def test_any_name_is_either_refused_or_safe_everywhere(name):
    try:
        changes = rename.plan(Tables([ONE]).picture("RegionOne", name), "RegionOne", name)
    except Refused:
        assert name.casefold() == "regionone"
    except RegionsError as err:
        assert err.remedy
    else:
        assert (
            changes
            and name.isascii()
            and not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
        )
