"""Lists of colleagues as spreadsheets write them: comma, semicolon or tab, with or without a heading. A pure module."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

ROWS_AT_MOST: Final = 2_000
COLUMNS: Final = ("address", "name", "title", "role", "team")
# What spreadsheets call these columns, in the languages we speak.
_HEADINGS: Final = {
    "address": ("address", "email", "e-mail", "mail", "mail address", "email address", "adresse", "e-mail-adresse"),
    "name": ("name", "full name", "vorname nachname"),
    "title": ("title", "job", "job title", "position", "funktion", "aufgabe", "stelle"),
    "role": ("role", "rolle"),
    "team": ("team", "group", "gruppe", "abteilung", "department"),
}


class NotUnderstood(ValueError):
    """The list has no rows, too many of them, or no column with addresses."""


@dataclass(frozen=True)
class Row:
    """One line of the list: its number as a spreadsheet counts, and what stands in each of COLUMNS."""

    number: int
    values: Mapping[str, str]


def decoded(content: bytes) -> str:
    """The text of a file from a spreadsheet: UTF-8, or else what Windows writes."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(text: str) -> list[Row]:
    """Every row that is not empty. Without a heading the columns are COLUMNS in this order. Raises `NotUnderstood`."""
    lines = text.lstrip("\ufeff").replace("\0", "").splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows = [
        (number, [cell.strip() for cell in cells])
        for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), 1)
    ]
    rows = [(number, cells) for number, cells in rows if any(cells)]
    if not rows or len(rows) > ROWS_AT_MOST + 1:
        raise NotUnderstood("empty" if not rows else "long")
    columns = _columns(rows[0][1])
    if columns is None:
        columns = COLUMNS
    else:
        rows = rows[1:]
    if "address" not in columns or not any("@" in cell for _number, cells in rows for cell in cells):
        raise NotUnderstood("no addresses")
    nothing = dict.fromkeys(COLUMNS, "")
    return [Row(number, {**nothing, **dict(zip(columns, cells, strict=False))}) for number, cells in rows]


def written(rows: Iterable[Row]) -> str:
    """These rows as `read` understands them again, under a heading."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [COLUMNS, *([row.values[column] for column in COLUMNS] for row in rows)]
    )
    return text.getvalue()


def _columns(heading: list[str]) -> tuple[str, ...] | None:
    """What each column is, by the first row; None when that is somebody already."""
    if any("@" in cell for cell in heading):
        return None
    known = {word: name for name, words in _HEADINGS.items() for word in words}
    return tuple(known.get(cell.casefold(), f"unknown {place}") for place, cell in enumerate(heading))
