"""Changing the catalog: a list of changes is carried out in one transaction, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from osregions.database import Account, Session, is_collision, quoted, session
from osregions.errors import Refused
from osregions.model import Change, DeleteRow, InsertRow, UpdateColumn, UpdateRow

_TRIES = 4


def apply(
    account: Account,
    decide: Callable[[Session], Sequence[Change]],
    before: Callable[[Sequence[Change]], None],
) -> tuple[Change, ...]:
    """Look, decide and change inside one transaction; return what was changed.

    `decide` looks at the rows and says what to change, `before` prepares for it (a backup) and may raise: then nothing
    is changed. A transaction that had to give way to another session's is begun anew, looking again.
    """
    for attempt in range(1, _TRIES + 1):
        with session(account) as db, db.alone():
            try:
                with db.transaction():
                    changes = tuple(decide(db))
                    if changes:
                        before(changes)
                    for change in changes:
                        _carry_out(db, change)
                return changes
            except Exception as err:
                if attempt == _TRIES or not is_collision(err):
                    raise
    raise AssertionError("unreachable")


def _carry_out(db: Session, change: Change) -> None:
    table = quoted(change.table)
    if isinstance(change, InsertRow):
        names = ", ".join(quoted(name) for name in change.row)
        marks = ", ".join(["%s"] * len(change.row))
        _expect(db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(change.row.values())), 1, change)
    elif isinstance(change, DeleteRow):
        _expect(db.execute(f"DELETE FROM {table} WHERE id = %s", (change.row["id"],)), 1, change)
    elif isinstance(change, UpdateColumn):
        column = quoted(change.column)
        found = db.execute(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", (change.new, change.old))
        _expect(found, change.rows, change)
    elif isinstance(change, UpdateRow):
        column = quoted(change.column)
        found = db.execute(
            f"UPDATE {table} SET {column} = %s WHERE id = %s AND {column} = %s", (change.new, change.key, change.old)
        )
        _expect(found, 1, change)


def _expect(found: int, expected: int, change: Change) -> None:
    """The rows changed between the look and the act: then the whole transaction is given up."""
    if found != expected:
        raise Refused(
            f"{found} rows of {change.table} were there to change, {expected} had been seen",
            remedy="somebody else was changing them; nothing was done, run this again",
        )


def shown(changes: Sequence[Change]) -> dict[str, dict[str, object]]:
    """The changes as Salt shows them: by table and row or column, each with `old` and `new`."""
    found: dict[str, dict[str, object]] = {}
    for change in changes:
        if isinstance(change, InsertRow):
            found[f"{change.table} {change.row['id']}"] = {"old": None, "new": dict(change.row)}
        elif isinstance(change, DeleteRow):
            found[f"{change.table} {change.row['id']}"] = {"old": dict(change.row), "new": None}
        elif isinstance(change, UpdateColumn):
            found[f"{change.table}.{change.column}"] = {"old": change.old, "new": change.new, "rows": change.rows}
        else:
            found[f"{change.table} {change.key} {change.column}"] = {"old": change.old, "new": change.new}
    return found
