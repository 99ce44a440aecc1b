"""Writing options into configuration files, and taking them back; all files of one change, or none.

One writer at a time on a machine. The ledger of what options said before is written first, then the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from osregions import files
from osregions.conf import ledger as ledgers
from osregions.conf.document import Document, section_key
from osregions.conf.ledger import Ledger, Note
from osregions.conf.options import OptionChange
from osregions.errors import Refused

_OPTION = re.compile(r"^(?P<lead>\s*)(?P<option>[^=:]*?)(?P<sign>\s*[=:][^\S\r\n]*)")


def apply(changes: Iterable[OptionChange], ledger: str, backups: str | Path = files.BACKUPS) -> list[str]:
    """Write the changes, remembered in the ledger of that name; return the backups.

    Raises Refused when an option says something else by now than when the changes were planned.
    """
    changes = tuple(changes)
    if not changes:
        return []
    with files.locked(backups):
        documents = {path: Document.read(path) for path in dict.fromkeys(change.path for change in changes)}
        for change in changes:
            if documents[change.path].get(change.section, change.replaces or change.option) != change.before:
                raise Refused(
                    f"{change.name} was changed by somebody else meanwhile",
                    change.path,
                    "run this again: it looks anew",
                )
        known = ledgers.read(ledger, backups)
        known = known.with_notes(_notes(changes, documents, known))
        written = _texts(changes, documents, known)
        ledgers.write(ledger, known.stamped(written), backups)
        kept = files.replace_all(written, backups)
        # Once more: what was started between the two moments has read the earlier text.
        ledgers.write(ledger, known.stamped(written), backups)
    return kept


def undo_plan(ledger: str, backups: str | Path = files.BACKUPS) -> tuple[OptionChange, ...]:
    """What has to be written to take a ledger's changes back.

    An option that says something else by now was changed by somebody else since, and is left alone.
    """
    return tuple(change for _, change in _taken_back(ledgers.read(ledger, backups)))


def undo(ledger: str, backups: str | Path = files.BACKUPS) -> list[str]:
    """Take a ledger's changes back, and forget them; return the backups of what the files said until now."""
    with files.locked(backups):
        known = ledgers.read(ledger, backups)
        documents: dict[str, Document] = {}
        for note, change in _taken_back(known):
            document = documents.get(note.path) or Document.read(note.path)
            documents[note.path] = _restored(document, note, change)
        for note in known.notes:
            if note.new_section and note.path in documents:
                documents[note.path] = documents[note.path].without_empty(note.section, gap=note.gap)
        texts = {path: document.encode() for path, document in documents.items()}
        if texts:
            ledgers.write(ledger, known.stamped(texts), backups)
        kept = files.replace_all(texts, backups)
        if known.notes:
            ledgers.write(ledger, Ledger((), known.stamped(texts).written), backups)
    return kept


def _texts(changes: Iterable[OptionChange], documents: dict[str, Document], known: Ledger) -> dict[str, bytes]:
    """The files' new texts."""
    by_path: dict[str, list[OptionChange]] = {}
    for change in changes:
        by_path.setdefault(change.path, []).append(change)
    texts = {}
    for path, those in by_path.items():
        document, edits = documents[path], {}
        for change in those:
            if change.replaces is None:
                values = document.get_all(change.section, change.option)[:-1]
                edits[change.section, change.option] = () if change.after is None else (*values, change.after)
        changed = document.with_values(edits)
        for change in those:
            if change.replaces is not None:
                changed = _in_place_of(changed, change, change.replaces)
                continue
            note = known.of(*change.key)
            if note is not None and note.replaces is None and note.text and change.after == note.before:
                # It says again what it said at first: in the same bytes, quotes, spaces and all.
                changed = _restored(changed, note, change)
        texts[path] = changed.encode()
    return texts


def _in_place_of(document: Document, change: OptionChange, replaced: str) -> Document:
    """Let an option take over the line of another, so that taking it back finds the place."""
    number = len(document.raw(change.section, replaced)) - 1
    line = document.raw(change.section, replaced)[number]
    match = _OPTION.match(line)
    assert match is not None  # it is an option's line: the document says so
    ending = line[len(line.rstrip("\r\n")) :]
    written = (change.after or "").replace("%", "%%") if document.paste else change.after or ""
    text = f"{match['lead']}{change.option}{match['sign']}{written}{ending}"
    return document.with_raw(change.section, replaced, number, text)


def _notes(changes: Iterable[OptionChange], documents: dict[str, Document], known: Ledger) -> Iterator[Note]:
    """What each option says before the changes, so that they can be taken back."""
    come: dict[str, list[str]] = {}  # the sections that are new, by path, in the order in which they are appended
    for change in changes:
        document, new = documents[change.path], come.setdefault(change.path, [])
        gap = False
        if not document.has_section(change.section) and (key := section_key(change.section)) not in new:
            gap = bool(new) or document.gap_above(change.section)
            new.append(key)
        yield _note(change, document, known, gap)


def _note(change: OptionChange, document: Document, known: Ledger, gap: bool) -> Note:
    note = known.of(*change.key)
    # What it said before the first change is what undoing means, unless somebody else had a hand in between.
    if note is not None and change.before in note.written:
        return Note(**{**vars(note), "written": (change.before, change.after)})
    lines = document.raw(change.section, change.replaces or change.option)
    return Note(
        change.path,
        change.section,
        change.option,
        change.before,
        lines[-1] if lines else None,
        (change.after,),
        new_section=not document.has_section(change.section),
        gap=gap,
        replaces=change.replaces,
    )


def _taken_back(known: Ledger) -> list[tuple[Note, OptionChange]]:
    found = []
    documents: dict[str, Document] = {}
    for note in known.notes:
        if not Path(note.path).exists():
            continue
        document = documents.setdefault(note.path, Document.read(note.path))
        now = document.get(note.section, note.option)
        if now not in note.written or (now == note.before and note.replaces is None):
            continue
        line = document.line_of(note.section, note.option) or document.place_of(note.section, note.option)
        found.append((note, OptionChange(note.path, note.section, note.option, now, note.before, line, note.replaces)))
    return found


def _restored(document: Document, note: Note, change: OptionChange) -> Document:
    lines = document.raw(note.section, note.option)
    if not lines:
        return document.set(note.section, note.option, note.before) if note.before is not None else document
    text = note.text or ""
    last = lines[-1]
    if text and not last.endswith(("\n", "\r")):
        text = text.rstrip("\r\n")  # it is the file's last line now, and that ends without a newline
    elif text and not text.endswith(("\n", "\r")):
        text += last[len(last.rstrip("\r\n")) :]  # it was, and something stands below it by now
    return document.with_raw(note.section, note.option, len(lines) - 1, text)
