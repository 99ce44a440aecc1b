"""How a value is written so that its reader has just that, and what no INI file can hold."""

from __future__ import annotations

import re

from osregions.conf.scan import DocumentError


def written(value: str, paste: bool) -> list[str]:
    """The lines in which a value is written so that it reads back as it is."""
    _check_characters(value, "that value")
    first, *more = value.split("\n")
    if "\r" in value or any(not line or line != line.strip() for line in more):
        raise DocumentError(
            "a value of several lines can't have empty lines, or white space at the ends of a line",
            remedy="join its lines",
        )
    if paste:
        if first != first.strip() or any(line[0] in "#;" for line in more):
            raise DocumentError(
                "a PasteDeploy file can't hold that value", remedy="begin and end it with no white space"
            )
        return [line.replace("%", "%%") for line in (first, *more)]
    if first != first.strip() or (first and first[0] == first[-1] and first[0] in "\"'"):
        first = f'"{first}"'
    return [first, *more]


def check_names(section: str, option: str) -> None:
    _check_characters(section + option, "that name")
    if not section or section != section.strip() or re.search(r"[\r\n]", section):
        raise DocumentError(f"{section!r} can't be the name of a section", remedy="write it without brackets")
    if not option or option != option.strip() or option[0] in "[#;" or re.search(r"[=:\r\n]", option):
        raise DocumentError(f"{option!r} can't be the name of an option", remedy="give its bare name, such as `driver`")


def _check_characters(text: str, name: str) -> None:
    """Raise DocumentError for what would make the file binary, or could not be written to it at all."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise DocumentError(f"no file can hold {name}: half a character is in it", remedy="write it anew") from None
    if "\0" in text:
        raise DocumentError(f"no INI file can hold {name}: a NUL is in it", remedy="leave the NUL out")
