"""Deciding how a region gets another name (P4): a pure function from a picture to a list of changes."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from osregions.catalog.names import check_region_name, same_name
from osregions.catalog.view import Filter, RenamePicture
from osregions.errors import Refused
from osregions.lines import listed
from osregions.model import Change, DeleteRow, InsertRow, UpdateColumn, UpdateRow


def plan(picture: RenamePicture, old: str, new: str) -> tuple[Change, ...]:
    """List what turns `old` into `new` everywhere; empty when nothing names `old` any more.

    Raises Refused, before anything is touched, when the picture leaves room for doubt.
    """
    check_region_name(new)
    if same_name(old, new):
        raise Refused(
            f"{old} and {new} differ in case alone, or not at all",
            picture.place,
            "keystone's tables hold such names to be one; choose a name that differs in more",
        )
    before = next((row for row in picture.regions if same_name(row.id, old)), None)
    after = next((row for row in picture.regions if same_name(row.id, new)), None)
    if before is not None and before.id != old:
        raise Refused(
            f"there is no region {old}, but one called {before.id}", picture.place, "name it as it is written there"
        )
    if after is not None and after.id != new:
        raise Refused(f"there is a region {after.id} already, {new} in other case", picture.place, f"use {after.id}")
    if before is None and after is None:
        raise Refused(
            f"there is no region {old}", picture.place, f"name one of those there: {listed(picture.region_ids)}"
        )
    _refuse_unknown_columns(picture, old)
    changes: list[Change] = []
    if before is not None and after is not None:
        _refuse_two_regions(picture, old, new)
    elif before is not None:
        parent = new if before.parent_region_id == old else before.parent_region_id
        changes.append(InsertRow("region", asdict(replace(before, id=new, parent_region_id=parent))))
    changes += _columns(picture, old, new)
    changes += [change for row in picture.filters if (change := _filter(row, picture.place, old, new)) is not None]
    if before is not None:
        changes.append(DeleteRow("region", asdict(before)))
    return tuple(changes)


def names_region(text: str, region: str) -> bool:
    """Whether the JSON in an endpoint group's filter names a region."""
    try:
        found = json.loads(text)
    except ValueError:
        return region.casefold() in text.casefold()
    return isinstance(found, dict) and same_name(str(found.get("region_id") or ""), region)


def _columns(picture: RenamePicture, old: str, new: str) -> list[Change]:
    for reference in picture.references:
        if reference.old_rows and len(new) > reference.length:
            raise Refused(
                f"{new!r} has {len(new)} characters, {reference.name} holds {reference.length}",
                picture.place,
                "choose a shorter name",
            )
    return [
        UpdateColumn(reference.table, reference.column, old, new, reference.old_rows)
        for reference in picture.references
        if reference.old_rows
    ]


def _filter(row: Filter, place: str, old: str, new: str) -> Change | None:
    if not names_region(row.text, old):
        return None
    try:
        found = json.loads(row.text)
    except ValueError:
        raise Refused(
            f"endpoint group {row.id} names {old} in a filter that is not JSON",
            f"{place}, endpoint_group.filters",
            "mend or delete that endpoint group first",
        ) from None
    return UpdateRow("endpoint_group", row.id, "filters", row.text, json.dumps({**found, "region_id": new}))


def _refuse_unknown_columns(picture: RenamePicture, old: str) -> None:
    unknown = [f"{item.name} ({item.old_rows} rows)" for item in picture.references if item.old_rows and not item.known]
    if unknown:
        raise Refused(
            f"{old} stands in columns that no known keystone has: {', '.join(unknown)}",
            picture.place,
            "find out what wrote them; nothing is guessed about them",
        )


def _refuse_two_regions(picture: RenamePicture, old: str, new: str) -> None:
    """Both names are there: an attempt by hand that stopped half-way, or two regions. Only an unused row is certain."""
    used = [f"{item.name} ({item.new_rows} rows)" for item in picture.references if item.new_rows]
    used += [f"endpoint_group {row.id}" for row in picture.filters if names_region(row.text, new)]
    if used:
        raise Refused(
            f"both {old} and {new} are there, and {new} is in use: {', '.join(used)}",
            picture.place,
            f"if an attempt by hand stopped half-way, restore the backup made before it, or give {old} its endpoints"
            f" back and delete {new}",
        )
